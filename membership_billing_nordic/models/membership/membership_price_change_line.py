from fractions import Fraction

from odoo import api, fields, models

from .billing_pricing import LeftOutError, Pricing
from .schedule import PeriodPlan

CAME_BACK = ("exception", "bounce")
TEMPLATES = {"email": "mail_template", "sms": "sms_template"}


class MembershipPriceChangeLine(models.Model):
    """One membership in a price change: what it costs before and after, and how it was told."""

    _name = "membership.price.change.line"
    _description = "Price Change of a Membership"
    _order = "id"
    _rec_name = "contract_id"
    _check_company_auto = True

    change_id = fields.Many2one(
        "membership.price.change", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="change_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="contract_id.currency_id")
    contract_id = fields.Many2one(
        "membership.contract", required=True, index=True, ondelete="cascade"
    )
    member_id = fields.Many2one(related="contract_id.member_id", store=True)
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, index=True, help="Who is told."
    )
    plan_id = fields.Many2one("membership.plan", required=True)
    price_before = fields.Monetary(help="As in the price list.")
    price_after = fields.Monetary(help="As in the price list.")
    amount_before = fields.Monetary(
        string="Pays Now", help="For a whole period, tax included, as the payer's taxes are."
    )
    amount_after = fields.Monetary(
        string="Pays Then", help="For a whole period, tax included, as the payer's taxes are."
    )
    next_date = fields.Date(string="First Period", help="The first period with the new price.")
    keep_until = fields.Date(string="Keeps It Until", help="Last day of the present price.")
    state = fields.Selection(
        [
            ("pending", "To Be Told"),
            ("told", "Told"),
            ("print", "Letter to Print"),
            ("held", "Not Told"),
            ("left_out", "Left Out"),
        ],
        required=True,
        default="pending",
        index=True,
        help="Not told: keeps the present price, as nobody could tell of the new one.",
    )
    reason = fields.Selection(
        [
            ("guarantee", "Price guarantee"),
            ("bound", "Bound"),
            ("own", "Has a price of its own"),
            ("ends", "Ends before"),
            ("same", "The price stays the same"),
            ("no_price", "No price"),
            ("changed", "Changed since the preview"),
            ("untold", "Cannot be reached"),
            ("returned", "The message came back"),
            ("late", "Not told in time"),
            ("error", "Error"),
        ],
        help="Why the present price stays.",
    )
    detail = fields.Char(string="More")
    is_done = fields.Boolean(readonly=True)
    channel = fields.Char(help="How the payer was told.")
    told_on = fields.Date()
    message_id = fields.Many2one("mail.message", index="btree_not_null", ondelete="set null")

    _once = models.Constraint(
        "UNIQUE (change_id, contract_id)", "A membership is in a price change once."
    )
    _pending_idx = models.Index("(change_id, id) WHERE is_done IS NOT TRUE")

    # ------------------------------------------------------------------ the preview

    @api.model
    def _prepare_all(self, change, contracts):
        """Values of the lines of ``contracts``."""
        pricing = Pricing(change.company_id)
        return [self._prepare(change, contract, pricing) for contract in contracts]

    @api.model
    def _prepare(self, change, contract, pricing):
        plan = contract._plan_on(change.date)
        vals = {
            "change_id": change.id,
            "contract_id": contract.id,
            "partner_id": contract.payer_id.id,
            "plan_id": plan.id,
        }
        try:
            vals |= self._prepare_amounts(change, contract, plan, pricing)
        except LeftOutError as left_out:
            return vals | self._left_out("no_price", str(left_out))
        return vals | self._exception(change, contract, plan, vals)

    @api.model
    def _left_out(self, reason, detail=False, until=False):
        return {"state": "left_out", "reason": reason, "detail": detail, "keep_until": until}

    @api.model
    def _prepare_amounts(self, change, contract, plan, pricing):
        """What a whole period costs before and after, and from when on."""
        rules = plan._rules()
        grid = rules.grid_from(contract.date_start, contract._plan_start_on(change.date))
        index = grid.index_of(change.date)
        first = grid.start(index if grid.start(index) == change.date else index + 1)
        first = max(filter(None, (first, contract.next_period_start)))
        number = grid.index_of(first) - grid.index_of(contract.date_start) + 1
        own = contract._own_price_on(plan.id, change.date)
        period = PeriodPlan(first, first, Fraction(1), max(number, 1), first, (), plan.id)
        price = pricing.price(contract, period)
        before = price.amount if own is None else own
        is_list = change.scope == "plan"
        after = change._new_amount(price.amount if is_list else before)
        position = pricing.fiscal_position(contract.payer_id)

        def pays(amount):
            product, currency = plan.product_id, contract.currency_id
            return pricing.quote(product, amount, position, Fraction(1), currency).amount

        return {
            "price_before": before,
            "price_after": after,
            "amount_before": pays(before),
            "amount_after": pays(after),
            "next_date": first,
        }

    @api.model
    def _exception(self, change, contract, plan, vals):
        """Why the membership keeps its price; empty when it gets the new one."""
        if change.scope == "plan" and plan not in change.plan_ids:
            return self._left_out("changed", self.env._("Has another plan then."))
        last = contract._last_day()
        if last and last < vals["next_date"]:
            return self._left_out("ends")
        if change.scope == "plan" and contract._is_own_price_agreed(plan, change.date):
            return self._left_out("own")
        if not contract.currency_id.compare_amounts(vals["price_before"], vals["price_after"]):
            return self._left_out("same")
        guarantee = contract.price_guaranteed_until
        if guarantee and guarantee >= vals["next_date"]:
            return self._left_out("guarantee", until=guarantee)
        bound = change.keep_bound and contract._binding_end(vals["next_date"])
        if bound:
            return self._left_out("bound", until=bound)
        return {}

    # ------------------------------------------------------------------ carrying it out

    def _carry_out(self):
        """Tell who gets the new price; let the others keep the present one."""
        out = self.filtered(lambda line: line.state == "left_out")
        out._keep()
        out.is_done = True
        for line in self - out:
            line._check_unchanged() and line._tell()
            line.is_done = True
        new = (self - out).filtered(lambda line: line.state in ("told", "print"))
        new._begin_new_prices()

    def _begin_new_prices(self):
        """Own prices of chosen memberships; for a price list, what was kept so far ends."""
        if not self:
            return
        change, own = self.change_id, self.env["membership.contract.price"]
        by_list = change.scope == "plan"
        prices = {line.contract_id: None if by_list else line.price_after for line in self}
        own._begin(self.contract_id, change.date, prices, change_id=change.id)

    def _check_unchanged(self):
        """Is the membership still as in the preview? Else it keeps its price."""
        fresh = self._prepare(self.change_id, self.contract_id, Pricing(self.company_id))
        names = ("partner_id", "plan_id")
        if (
            "state" not in fresh
            and all(self[name].id == fresh[name] for name in names)
            and self.currency_id.compare_amounts(self.amount_after, fresh["amount_after"]) == 0
        ):
            return True
        self._hold("changed", self.env._("Payer, plan or price changed since the preview."))
        return False

    def _hold(self, reason, detail):
        """These keep the present price: they were not told of the new one."""
        self.write({"state": "held", "reason": reason, "detail": detail, "is_done": True})
        if self.change_id.scope == "plan":
            self._keep()
        else:
            mine = [
                ("change_id", "in", self.change_id.ids),
                ("contract_id", "in", self.contract_id.ids),
            ]
            self.env["membership.contract.price"].search(mine)._take_back()

    def _keep(self):
        """Own prices for those whom the new price list does not concern, as long as that holds."""
        own = self.env["membership.contract.price"]
        keeping = self.filtered(
            lambda line: (
                line.change_id.scope == "plan"
                and line.reason not in ("own", "ends", "same", "no_price")
                and line.plan_id in line.change_id.plan_ids
            )
        )
        for line in keeping:
            contract, change = line.contract_id, line.change_id
            prices = {contract: line.price_before}
            until = line.keep_until or False
            own._begin(contract, change.date, prices, until, change_id=change.id)

    # ------------------------------------------------------------------ telling

    def _tell(self):
        """By the first channel of the payer that has an address; else nothing changes."""
        if not self.change_id.notice_days:
            self._note_told(False)
            return
        payer = self.partner_id
        steps = self.env["billing.delivery.step"]
        channels = payer._mbn_delivery_channels(self.company_id) or steps._channels(self.company_id)
        told_by = (*TEMPLATES, "letter")
        usable = [one for one in channels if one in told_by and payer._mbn_delivery_address(one)]
        if not usable:
            self._hold("untold", self.env._("There is no usable address."))
            return
        self.channel = usable[0]
        if self.channel == "letter":
            self.state = "print"
        else:
            self._note_told(self.channel, self._send("price_change"))

    def _note_told(self, channel, message=None):
        self.write(
            {
                "state": "told",
                "channel": channel,
                "told_on": self.company_id._billing_today(),
                "message_id": message.id if message else False,
            }
        )

    def _send(self, what):
        """Send the template for ``what`` by the line's channel; gives the ``mail.message``."""
        template = self.env.ref(f"membership_billing_nordic.{TEMPLATES[self.channel]}_{what}")
        contract = self.contract_id
        if self.channel == "email":
            return template._mbn_post(self, contract, self.partner_id, self.company_id)
        body = template.sudo()._render_field("body", self.ids, compute_lang=True)[self.id]
        return contract._message_sms(body, partner_ids=self.partner_id.ids, put_in_queue=True)

    @api.model
    def _hold_returned(self, change):
        """Who was not reached after all keeps the present price."""
        lost = [("notification_status", "in", CAME_BACK)]
        returned = self.search(
            [
                ("change_id", "=", change.id),
                ("state", "=", "told"),
                ("message_id", "any", [("notification_ids", "any", lost)]),
            ]
        )
        for line in returned:
            line._hold("returned", self.env._("The message came back."))
