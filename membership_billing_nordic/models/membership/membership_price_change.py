from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import float_round, format_date

AT_ONCE = 300  # memberships worked out while somebody waits for the button
BATCH = 500
WORKING = ("preparing", "confirmed")
RELEASED = ("confirmed", "printing", "done", "undone")


class MembershipPriceChange(models.Model):
    """Many members get another price on one day: preview, approval, notice, and undo."""

    _name = "membership.price.change"
    _inherit = ["mail.thread", "billing.preview.mixin", "billing.prepared.mixin"]
    _description = "Price Change"
    _order = "date desc, id desc"
    _check_company_auto = True

    _run_chunk_size = 50
    _run_cron = "membership_billing_nordic.ir_cron_price_change"
    _released_states = RELEASED

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id", store=True)
    state = fields.Selection(
        [
            ("draft", "New"),
            ("preparing", "Being Prepared"),
            ("preview", "Preview"),
            ("confirmed", "Telling the Members"),
            ("printing", "Letters to Print"),
            ("done", "Decided"),
            ("undone", "Undone"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        index=True,
        tracking=True,
        help="Decided: everybody who is concerned was told or keeps the old price, and the new one "
        "holds from the day on.",
    )
    date = fields.Date(
        string="Takes Effect",
        required=True,
        index=True,
        help="Periods that begin on this day or later cost the new price.",
    )
    scope = fields.Selection(
        [("plan", "The price list of plans"), ("contract", "Own prices of chosen memberships")],
        string="What Changes",
        required=True,
        default="plan",
        help="Price list: for all members of the plans, new ones included. Own prices: for the "
        "chosen memberships only, whatever the price list says.",
    )
    plan_ids = fields.Many2many("membership.plan", string="Plans", check_company=True)
    contract_ids = fields.Many2many(
        "membership.contract",
        "membership_price_change_chosen_rel",
        "change_id",
        "contract_id",
        string="Memberships",
        check_company=True,
    )
    method = fields.Selection(
        [("percent", "By per cent"), ("amount", "By an amount"), ("price", "To a price")],
        required=True,
        default="percent",
        help="Below zero, per cent and amount make it cheaper.",
    )
    value = fields.Float(string="By / To", digits="Product Price", required=True)
    rounding = fields.Float(
        string="Rounded To", digits="Product Price", help="1 for whole, 5 for fives. 0: the cent."
    )
    keep_bound = fields.Boolean(
        string="Bound Members Keep Their Price",
        default=True,
        help="Who cannot leave yet keeps the present price to the end of the binding period.",
    )
    notice_days = fields.Integer(
        string="Notice",
        default=30,
        help="Members are told so many days before it takes effect, at least. Who could not be "
        "told keeps the present price. 0: nobody is told.",
    )
    prepared_until = fields.Integer(readonly=True, copy=False)
    line_ids = fields.One2many("membership.price.change.line", "change_id", readonly=True)
    new_line_ids = fields.One2many(
        "membership.price.change.line",
        "change_id",
        string="Who Gets the New Price",
        domain=[("state", "in", ("pending", "told", "print"))],
        readonly=True,
    )
    out_line_ids = fields.One2many(
        "membership.price.change.line",
        "change_id",
        string="Who Keeps the Present Price",
        domain=[("state", "in", ("left_out", "held"))],
        readonly=True,
    )
    price_ids = fields.One2many("membership.plan.price", "change_id", string="New Prices")
    new_count = fields.Integer(string="Get the New Price", compute="_compute_counts")
    out_count = fields.Integer(string="Keep the Present Price", compute="_compute_counts")
    held_count = fields.Integer(string="Could Not Be Told", compute="_compute_counts")
    print_count = fields.Integer(string="Letters to Print", compute="_compute_counts")
    total_before = fields.Monetary(string="A Period, Present Prices", compute="_compute_counts")
    total_after = fields.Monetary(string="A Period, New Prices", compute="_compute_counts")

    _days_positive = models.Constraint(
        "CHECK (notice_days >= 0 AND rounding >= 0)", "Notice and rounding cannot be negative."
    )

    @api.depends("date", "plan_ids.name", "scope")
    def _compute_name(self):
        for change in self:
            plans = ", ".join(change.plan_ids.mapped("name")) if change.scope == "plan" else ""
            change.name = change.env._(
                "New prices %(date)s %(plans)s",
                date=fields.Date.to_string(change.date) or "",
                plans=plans,
            ).strip()

    @api.depends("plan_ids", "contract_ids", "company_id")
    def _compute_currency_id(self):
        for change in self:
            change.currency_id = (change.plan_ids.currency_id | change.contract_ids.currency_id)[
                :1
            ] or change.company_id.currency_id

    @api.depends("line_ids.state")
    def _compute_counts(self):
        sums = {
            (change, state): values
            for change, state, *values in self.env["membership.price.change.line"]._read_group(
                [("change_id", "in", self.ids)],
                ["change_id", "state"],
                ["__count", "amount_before:sum", "amount_after:sum"],
            )
        }
        for change in self:
            nothing = (0, 0.0, 0.0)
            new = [sums.get((change, state), nothing) for state in ("pending", "told", "print")]
            out = [sums.get((change, state), nothing) for state in ("left_out", "held")]
            change.new_count, change.total_before, change.total_after = map(
                sum, zip(*new, strict=True)
            )
            change.out_count = sum(count for count, *_sums in out)
            change.held_count = out[1][0]
            change.print_count = new[2][0]

    @api.constrains("plan_ids", "contract_ids")
    def _check_one_currency(self):
        for change in self:
            if len(change.plan_ids.currency_id | change.contract_ids.currency_id) > 1:
                raise ValidationError(self.env._("Change the prices of one currency at a time."))

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_settings_only(vals)
        return super().create(vals_list)

    def write(self, vals):
        """What was approved stays as it is: only the code goes on with it."""
        if self.env.su or all(name.startswith(("message_", "activity_")) for name in vals):
            return super().write(vals)
        self._check_settings_only(vals)
        if any(change.state in RELEASED for change in self):
            raise UserError(self.env._("This price change is decided. Undo it to change it."))
        result = super().write(vals)
        self.filtered(lambda change: change.state == "preview")._back_to_draft()
        return result

    @api.model
    def _check_settings_only(self, vals):
        kept = [
            name
            for name in vals
            if name in self._fields
            and self._fields[name].readonly
            and not name.startswith(("message_", "activity_"))
        ]
        if kept and not self.env.su:
            raise AccessError(
                self.env._(
                    "A price change keeps this by itself: %(fields)s. Use its buttons.",
                    fields=", ".join(sorted(kept)),
                )
            )

    def _back_to_draft(self):
        self.sudo().line_ids.unlink()
        self.sudo().state = "draft"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_released(self):
        if any(change.state in RELEASED for change in self):
            raise UserError(
                self.env._("A price change that is decided cannot be deleted. Undo it.")
            )

    @api.model
    def _form_for(self, scope, **defaults):
        """The form of a new price change of ``scope``."""
        self.check_access("create")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Prices"),
            "res_model": self._name,
            "views": [(False, "form")],
            "context": {"default_scope": scope, **defaults},
        }

    # ------------------------------------------------------------------ the preview

    def _start_preview(self):
        self.ensure_one()
        self._check_can_begin()
        self.line_ids.unlink()
        self.write({"state": "preparing", "prepared_until": 0, "prepared_by_id": self.env.uid})
        if self.env["membership.contract"].search_count(self._concerned()) <= AT_ONCE:
            while self._prepare_batch():
                pass
        else:
            self._trigger_work()

    def _check_can_begin(self):
        if not (self.plan_ids if self.scope == "plan" else self.contract_ids):
            raise UserError(self.env._("Choose whose prices change."))
        if self.date <= self.company_id._billing_today():
            raise UserError(self.env._("Choose a day to come."))
        if self.scope == "plan" and self.plan_ids.company_id != self.company_id:
            raise UserError(
                self.env._("The prices of a plan are changed by the company that sells it.")
            )
        later = self.plan_ids.price_ids.filtered(lambda price: price.valid_from >= self.date)
        if self.scope == "plan" and later:
            raise UserError(
                self.env._(
                    "%(price)s is in the price list already. Remove it, or choose a later day.",
                    price=later[0].display_name,
                )
            )
        if self.scope == "plan" and not self._old_prices():
            raise UserError(self.env._("The plans have no price that could change on that day."))

    def _old_prices(self):
        """The rows of the price lists that hold on the day before."""
        before = self.date - timedelta(days=1)
        return self.plan_ids.price_ids.filtered(
            lambda price: (
                price.valid_from <= before and (not price.valid_to or price.valid_to > before)
            )
        )

    def _concerned(self):
        running = [
            ("state", "in", ("confirmed", "paused")),
            ("company_id", "child_of", self.company_id.id),
        ]
        if self.scope == "contract":
            return [*running, ("id", "in", self.contract_ids.ids)]
        plans = self.plan_ids.ids
        return [*running, "|", ("plan_id", "in", plans), ("next_plan_id", "in", plans)]

    def _prepare(self):
        """Make the lines, in batches. False when the time of the scheduled action is over."""
        while self._run_lock() and self.state == "preparing":
            if not self._prepare_batch():
                break
            if not self.env["ir.cron"]._commit_progress(BATCH):
                return False
            self.env.invalidate_all()
        return True

    def _prepare_batch(self):
        """Make the lines of the next memberships. False when there are none: the preview is ready."""
        contracts = self.env["membership.contract"].search(
            [*self._concerned(), ("id", ">", self.prepared_until)], order="id", limit=BATCH
        )
        if not contracts:
            self._finish_preview()
            return False
        lines = self.env["membership.price.change.line"]
        lines.create(lines._prepare_all(self, contracts))
        self.prepared_until = contracts[-1].id
        return True

    def _finish_preview(self):
        total = self.env["membership.price.change.line"].search_count(
            [("change_id", "=", self.id), ("is_done", "=", False)]
        )
        self._run_begin(total, state="preview")

    def _new_amount(self, amount):
        """What a price of ``amount`` becomes."""
        ways = {
            "percent": lambda: amount * (1 + self.value / 100),
            "amount": lambda: amount + self.value,
            "price": lambda: self.value,
        }
        new = max(ways[self.method](), 0.0)
        step = self.rounding or self.currency_id.rounding
        return self.currency_id.round(float_round(new, precision_rounding=step))

    # ------------------------------------------------------------------ approval

    def _release(self):
        """Tell the members, and let the new prices hold when all are told."""
        self.ensure_one()
        if self.state != "preview":
            raise UserError(self.env._("%(change)s has no preview to approve.", change=self.name))
        self._check_second_person()
        self._check_can_begin()
        earliest = self.company_id._billing_today() + timedelta(days=self.notice_days)
        if self.new_count and self.date < earliest:
            raise UserError(
                self.env._(
                    "With %(days)s days of notice it can take effect on %(day)s at the earliest.",
                    days=self.notice_days,
                    day=format_date(self.env, earliest),
                )
            )
        self.state = "confirmed"
        self._trigger_work()

    def _run_take(self, limit):
        return self.env["membership.price.change.line"].search(
            [("change_id", "=", self.id), ("is_done", "=", False)], order="id", limit=limit
        )

    def _run_process(self, rows):
        rows._carry_out()
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _run_fail(self, rows, message):
        rows._hold("error", message)

    def _run_finish(self):
        self.state = "printing" if self.print_count else "done"
        if self.state == "done":
            self._put_in_force()

    def _put_in_force(self):
        """All are told or keep their price: the new one is in the price list."""
        self.state = "done"
        if self.scope == "plan":
            self._make_prices()
        self.message_post(
            body=self.env._(
                "%(new)s memberships get the new price, %(out)s keep the present one.",
                new=self.new_count,
                out=self.out_count,
            )
        )
        self._tell_held()

    def _make_prices(self):
        old = self._old_prices()
        new = [
            price.copy_data(
                {
                    "valid_from": self.date,
                    "amount": self._new_amount(price.amount),
                    "change_id": self.id,
                    "replaced_id": price.id,
                }
            )[0]
            for price in old
        ]
        old.valid_to = self.date - timedelta(days=1)
        old.flush_recordset()
        self.env["membership.plan.price"].create(new)

    def _tell_held(self):
        desk = self.env["billing.exception"]
        if not self.held_count:
            desk._close(self, "price_change_held")
            return
        desk._open(
            self,
            "price_change_held",
            self.env._(
                "%(change)s: %(count)s members could not be told and keep the present price",
                change=self.name,
                count=self.held_count,
            ),
            self.env._("Correct their addresses and make a price change for them."),
        )

    # ------------------------------------------------------------------ letters, what came back

    def _print(self):
        """The letters that wait, as one document; they count as told."""
        lines = self.line_ids.filtered(lambda line: line.state == "print")
        if not lines:
            raise UserError(self.env._("There are no letters to print."))
        lines._note_told("letter")
        if self.state == "printing":
            self._put_in_force()
        report = self.env.ref("membership_billing_nordic.report_price_change")
        return report.report_action(lines, config=False)

    def _follow(self):
        """Members who were not reached in time keep the present price."""
        today = self.company_id._billing_today()
        lines = self.env["membership.price.change.line"]
        lines._hold_returned(self)
        late = today > self.date - timedelta(days=self.notice_days)
        if self.state == "printing" and late:
            waiting = lines.search([("change_id", "=", self.id), ("state", "=", "print")])
            waiting._hold("late", self.env._("The letter was not printed in time."))
            self._put_in_force()
        elif self.state == "done":
            self._tell_held()

    # ------------------------------------------------------------------ undo

    def _undo(self):
        """Take it back before it takes effect."""
        self.ensure_one()
        if self.state not in ("printing", "done"):
            raise UserError(self.env._("%(change)s is not decided.", change=self.name))
        if self.company_id._billing_today() >= self.date:
            raise UserError(self.env._("It has taken effect. Make another price change instead."))
        self._check_not_billed()
        self._take_back_prices()
        own = self.env["membership.contract.price"]
        own.search([("change_id", "=", self.id)])._take_back()
        ended = [
            ("contract_id", "in", self.line_ids.contract_id.ids),
            ("plan_id", "in", self.plan_ids.ids),
            ("valid_to", "=", self.date - timedelta(days=1)),
        ]
        own.search(ended).filtered(lambda price: not price._is_followed()).valid_to = False
        self.env["billing.exception"]._close(self, "price_change_held")
        self.state = "undone"

    def _take_back_prices(self):
        """The old prices hold again. A new one that periods name, though void, gets their amount."""
        named = self.env["membership.period"].search([("price_id", "in", self.price_ids.ids)])
        named = named.price_id
        for price in named:
            price.amount = price.replaced_id.amount
        new = self.price_ids - named
        old = {price.replaced_id: price.valid_to for price in new}
        new.unlink()
        self.env.flush_all()
        for price, valid_to in old.items():
            price.valid_to = valid_to

    def _check_not_billed(self):
        prices = {line.contract_id: line.price_after for line in self.new_line_ids}
        periods = self.env["membership.period"].search(
            [
                ("contract_id", "in", self.line_ids.contract_id.ids),
                ("date_from", ">=", self.date),
                ("state", "!=", "void"),
            ]
        )
        billed = periods.filtered(
            lambda period: (
                period.price_id in self.price_ids
                or (
                    self.scope == "contract" and period.price_unit == prices.get(period.contract_id)
                )
            )
        )
        if billed:
            raise UserError(
                self.env._(
                    "%(count)s periods are invoiced with the new price already. Undo their billing "
                    "run first.",
                    count=len(billed),
                )
            )

    # ------------------------------------------------------------------ buttons

    def action_print(self):
        """Print the letters to those who are reached by letter only."""
        self._check_manager()
        self.ensure_one()
        return self.sudo()._in_company()._print()

    def action_undo(self):
        """Take the price change back before it takes effect."""
        self._check_manager()
        for change in self.sudo():
            change._in_company()._undo()
        return True

    def _check_manager(self):
        self._run_check_manager(self.env._("Only a billing manager can change prices."))

    # ------------------------------------------------------------------ scheduled action

    @api.model
    def _cron_work(self):
        """Go on with price changes, and follow those that have not taken effect."""
        for change in self.search([("state", "in", WORKING)], order="id"):
            if not change._in_company()._go_on():
                return
        for change in self.search([("state", "in", ("printing", "done"))], order="id"):
            if change.date > change.company_id._billing_today():
                change._in_company()._follow()
                self.env["ir.cron"]._commit_progress(1)

    def _go_on(self):
        return self._prepare() if self.state == "preparing" else self._run_work()


class MembershipPlanPrice(models.Model):
    _inherit = "membership.plan.price"

    change_id = fields.Many2one(
        "membership.price.change",
        string="Price Change",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    replaced_id = fields.Many2one(
        "membership.plan.price",
        string="In the Place of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )


class MembershipContractPrice(models.Model):
    _inherit = "membership.contract.price"

    change_id = fields.Many2one(
        "membership.price.change",
        string="Price Change",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    def _is_followed(self):
        """Does another own price follow at once, or was its end agreed on?"""
        self.ensure_one()
        following = self.valid_to + timedelta(days=1)
        same = self.contract_id.own_price_ids.filtered(
            lambda price: price.plan_id == self.plan_id and price.valid_from == following
        )
        line = self.change_id.line_ids.filtered(lambda one: one.contract_id == self.contract_id)
        return bool(same) or line.keep_until == self.valid_to

    def _take_back(self):
        """These prices do not come to hold; what they replaced goes on."""
        for price in self:
            day, until, contract, plan = (
                price.valid_from,
                price.valid_to,
                price.contract_id,
                price.plan_id,
            )
            price.unlink()
            self.env.flush_all()
            before = contract.own_price_ids.filtered(
                lambda one, plan=plan, day=day: (
                    one.plan_id == plan and one.valid_to == day - timedelta(days=1)
                )
            )
            before.valid_to = until


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def _is_own_price_agreed(self, plan, day):
        """Has the member an own price on ``day`` that is more than an earlier price list kept?"""
        self.ensure_one()
        own = self.own_price_ids.filtered(
            lambda price: (
                price.plan_id == plan
                and price.valid_from <= day
                and (not price.valid_to or day <= price.valid_to)
            )
        )
        return bool(own) and own.change_id.scope != "plan"

    def action_change_prices(self):
        """Begin a price change for these memberships."""
        self.check_access("read")
        return self.env["membership.price.change"]._form_for(
            "contract", default_contract_ids=self.ids
        )


class MembershipPlan(models.Model):
    _inherit = "membership.plan"

    def action_change_prices(self):
        """Begin a price change of these plans."""
        self.check_access("read")
        return self.env["membership.price.change"]._form_for("plan", default_plan_ids=self.ids)


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[("price_change_held", "Members not told of a new price")],
        ondelete={"price_change_held": "cascade"},
    )
