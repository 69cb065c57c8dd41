from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..debit.debit_planning import usable_mandates
from .association_rights import ADMINISTRATOR
from .billing_blocks import Blocks
from .billing_one_off import check_by_hand
from .billing_pricing import LeftOutError, Pricing, Quote
from .billing_sale import WHOLE

FEE = "invoice_fee"
USUAL_DAYS = 14  # to pay, for those without a plan that says otherwise
ROUNDED = ("payer_id", "journal_id", "agreement_id", "amount")  # what must not change


class Sold(NamedTuple):
    """One line of the invoice of one recipient."""

    item: object  # billing.one.off.item; empty for the fee of the invoice
    kind: str  # as posting rules ask for it
    plan: int  # id of the plan it is charged or ruled by; may be False
    product: object
    text: str
    price_unit: float
    quote: Quote
    date_from: object = False


class Facts:
    """What all recipients of a chunk have in common, read once."""

    def __init__(self, lines):
        self.one_off = lines.one_off_id
        self.company = self.one_off.company_id
        self.pricing = Pricing(self.company)
        self.blocks = Blocks(self.company, self.one_off.date)
        self.shared = self.one_off.item_ids
        self._payers = lines.contract_id.payer_id | lines.member_id
        self._mandates = {}

    def is_debited(self, agreement, payer):
        """Is there a mandate by which ``agreement`` collects from ``payer``?"""
        if not agreement.debit_out:
            return False
        if agreement not in self._mandates:
            self._mandates[agreement] = usable_mandates(agreement, self._payers)
        return (agreement.id, payer.id) in self._mandates[agreement]


class BillingOneOffLine(models.Model):
    """One recipient of one-off invoices: what it comes to, or why there is no invoice."""

    _name = "billing.one.off.line"
    _description = "Recipient of One-off Invoices"
    _order = "id"
    _rec_name = "member_id"
    _check_company_auto = True

    one_off_id = fields.Many2one(
        "billing.one.off", required=True, index=True, ondelete="cascade", help="The invoices."
    )
    company_id = fields.Many2one(related="one_off_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="one_off_id.currency_id", store=True)
    contract_id = fields.Many2one(
        "membership.contract",
        string="Membership",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The membership it is about: its payer gets the invoice, by its bank agreement. "
        "Empty: the person.",
    )
    member_id = fields.Many2one(
        "res.partner",
        compute="_compute_member_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Whom it is about. Without a membership this person gets the invoice.",
    )
    own_item_ids = fields.One2many(
        "billing.one.off.item", "line_id", string="What", readonly=True, help="From the list."
    )
    source = fields.Char(readonly=True, help="Where in the list it stands.")
    payer_id = fields.Many2one(
        "res.partner", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    association_id = fields.Many2one(
        "membership.association", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    journal_id = fields.Many2one("account.journal", readonly=True, ondelete="restrict")
    agreement_id = fields.Many2one(
        "bank.agreement",
        readonly=True,
        ondelete="restrict",
        help="Where it is paid to, when it is not the journal's agreement.",
    )
    claim_kind = fields.Selection(
        [("fee", "Enforceable fee"), ("lapse", "Lapse-only fee"), ("donation", "Donation")],
        readonly=True,
    )
    date_due = fields.Date(string="Due", readonly=True)
    amount = fields.Monetary(readonly=True, help="What the payer pays, tax included.")
    channel = fields.Selection(
        selection="_selection_channel",
        string="Goes",
        readonly=True,
        help="How the invoice is to reach the payer. Empty: the payer wants nothing sent.",
    )
    means = fields.Char(string="Paid By", readonly=True)
    released = fields.Boolean(readonly=True)
    state = fields.Selection(
        [
            ("new", "New"),
            ("pending", "To Invoice"),
            ("done", "Invoiced"),
            ("left_out", "Left Out"),
            ("failed", "Failed"),
        ],
        default="new",
        required=True,
        readonly=True,
        help="Left out: found in the preview. Failed: found while the invoice was made.",
    )
    problem_kind = fields.Selection(
        [
            ("address", "No address"),
            ("email", "Wrong e-mail address"),
            ("blocked", "Blocked"),
            ("currency", "Currency without agreement"),
            ("payer", "Payer cannot be invoiced"),
            ("journal", "No sale journal"),
            ("amount", "Nothing to pay"),
            ("no_price", "No price"),
            ("no_birth_date", "Birth date missing"),
            ("row", "Wrong row in the list"),
            ("changed", "Changed since the preview"),
            ("error", "Error"),
        ],
        string="Reason",
        readonly=True,
    )
    problem = fields.Text(string="Why and What to Do", readonly=True)
    invoice_id = fields.Many2one(
        "account.move", readonly=True, index="btree_not_null", ondelete="set null"
    )

    _pending_idx = models.Index("(one_off_id, payer_id, id) WHERE state = 'pending'")

    @api.model
    def _selection_channel(self):
        return self.env["billing.delivery.step"]._selection_channel()

    @api.depends("contract_id")
    def _compute_member_id(self):
        for line in self:
            line.member_id = line.contract_id.member_id or line.member_id

    # ------------------------------------------------------------------ what a person may write

    @api.model_create_multi
    def create(self, vals_list):
        check_by_hand(self, vals_list)
        if not self.env.su:
            vals_list = [vals | {"state": "new", "released": False} for vals in vals_list]
        lines = super().create(vals_list)
        lines._after_change()
        return lines

    def write(self, vals):
        check_by_hand(self, [vals])
        result = super().write(vals)
        self._after_change()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_started(self):
        if not self.env.su:
            for one_off in self.one_off_id:
                one_off._check_open()

    def _after_change(self):
        if self.env.su:
            return
        for one_off in self.one_off_id:
            one_off._check_open()
        self._check_recipients()
        self.one_off_id._back_to_draft()

    def _check_recipients(self):
        """Everybody who gets an invoice must be the user's to see.

        :raise AccessError: saying what to do
        """
        if self.env.su:
            return
        part = self.env.user._mbn_has_part(ADMINISTRATOR)
        lines = self.filtered(lambda line: line.sudo().problem_kind != "row")
        hidden = any(
            not records.with_user(self.env.user).has_access("read")
            for records in (lines.sudo().contract_id, lines.sudo().member_id)
        )
        if hidden or (part and any(not line.sudo().contract_id for line in lines)):
            raise AccessError(
                self.env._(
                    "Somebody here is not among your members. Invoice memberships of your own "
                    "associations only."
                )
            )
        if any(not (line.contract_id or line.member_id) for line in lines.sudo()):
            raise UserError(self.env._("Choose a membership or a person for each invoice."))

    @api.model
    def _recipients(self, contracts, members=None):
        """Values of a line for each of ``contracts``, and for each of ``members``.

        A member with a running membership is invoiced for that: its payer, its agreement.
        """
        vals = [{"contract_id": contract.id} for contract in contracts]
        known = self._contracts_of(members) if members else {}
        for member in members or ():
            contract = known.get(member)
            vals.append({"contract_id": contract.id} if contract else {"member_id": member.id})
        return vals

    @api.model
    def _contracts_of(self, members):
        """Member to the running membership that the user sees; of several the first."""
        contracts = self.env["membership.contract"].search(
            [
                ("member_id", "in", members.ids),
                ("company_id", "=", self.env.company.id),
                ("state", "in", ("confirmed", "paused")),
            ],
            order="date_start, id",
        )
        return {member: own[0] for member, own in contracts.grouped("member_id").items()}

    # ------------------------------------------------------------------ buttons

    def action_fix(self):
        """Open what has to be corrected."""
        self.check_access("read")
        self.ensure_one()
        if self.problem_kind in ("address", "email"):
            return self.payer_id.action_mbn_correct()
        record = {"payer": self.payer_id, "no_birth_date": self.member_id}.get(
            self.problem_kind, self.contract_id or self.member_id
        )
        if not record:
            raise UserError(self.problem or self.env._("Correct the list and read it again."))
        return {
            "type": "ir.actions.act_window",
            "res_model": record._name,
            "res_id": record.id,
            "views": [(False, "form")],
        }

    def action_look(self):
        """Show the invoice as its payer will get it, or the one that was made."""
        self.env["billing.preview"].check_access("create")
        self.check_access("read")
        self.ensure_one()
        if self.invoice_id:
            return self.env["account.move"]._mbn_list_action(self.sudo().invoice_id)
        self._check_recipients()
        preview = self.env["billing.preview.maker"]._of_made(self, lambda line: line._make_now())
        return self.env["billing.preview"]._show(
            preview, self.env._("Invoice to %(payer)s", payer=preview.payer or self.member_id.name)
        )

    @api.model
    def _names_of(self, field):
        """What the values of ``field`` are called."""
        if field not in ("channel", "problem_kind"):
            return {}
        names = dict(self._fields[field]._description_selection(self.env))
        return names | {False: self.env._("Not sent")}

    # ------------------------------------------------------------------ preview

    def _prepare(self):
        """Work out what each of these recipients is invoiced.

        :return: how many are left out
        """
        facts, out = Facts(self), 0
        for line in self:
            try:
                vals, _sold = line._work_out(facts)
                line.write(vals | {"state": "pending", "fee_rule_id": False, "fee_amount": 0.0})
            except LeftOutError as left_out:
                line._leave_out("left_out", left_out)
                out += 1
        return out

    def _leave_out(self, state, left_out):
        payer = self.contract_id.payer_id or self.member_id
        self.write(
            {
                "state": state,
                "payer_id": payer.id,
                "amount": 0.0,
                "fee_rule_id": False,
                "fee_amount": 0.0,
                "problem_kind": left_out.kind,
                "problem": str(left_out),
            }
        )

    def _work_out(self, facts):
        """What the line would be, and what is sold: dict of values, list of :class:`Sold`.

        :raise LeftOutError: why there is no invoice; its text says what to do
        """
        payer = self.contract_id.payer_id or self.member_id
        self._check_payer(payer, facts)
        agreement = self.contract_id._chosen_agreement()
        journal = self.env["billing.run.line"]._journal(agreement, facts.pricing)
        paid_to = agreement or journal.mbn_agreement_id
        self._check_currency(paid_to, facts)
        channel = self._reach(payer, facts)
        items = facts.shared | self.own_item_ids
        sold = self._sell(items, payer, facts)
        vals = {
            "payer_id": payer.id,
            "association_id": self.contract_id.association_id.id,
            "journal_id": journal.id,
            "agreement_id": agreement.id,
            "claim_kind": self._kind_of(items),
            "date_due": self._due_day(facts),
            "amount": facts.one_off.currency_id.round(sum(one.quote.amount for one in sold)),
            "channel": channel,
            "means": self._means_text(paid_to, payer, facts),
        }
        if facts.one_off.currency_id.compare_amounts(vals["amount"], 0.0) <= 0:
            raise LeftOutError(
                "amount",
                self.env._("An invoice must come to more than zero. Enter what it costs."),
            )
        return vals, sold

    def _check_payer(self, payer, facts):
        contract = self.contract_id
        block = facts.blocks.of(contract) if contract else facts.blocks.of_person(payer)
        if block:
            raise LeftOutError("blocked", block._text())
        if payer.commercial_partner_id != payer:
            raise LeftOutError("payer", payer._mbn_not_own_payer_text())

    def _check_currency(self, agreement, facts):
        currency, own = facts.one_off.currency_id, self.contract_id.currency_id
        if own and own != currency:
            raise LeftOutError(
                "currency",
                self.env._(
                    "%(contract)s is in %(own)s, these invoices are in %(currency)s. Make invoices "
                    "of their own for it.",
                    contract=self.contract_id.display_name,
                    own=own.name,
                    currency=currency.name,
                ),
            )
        if agreement and not agreement._takes(currency):
            raise LeftOutError(
                "currency",
                self.env._(
                    "%(agreement)s takes no %(currency)s. Choose its currency, or another agreement "
                    "for the membership.",
                    agreement=agreement.display_name,
                    currency=currency.name,
                ),
            )

    def _reach(self, payer, facts):
        """By which channel the invoice goes; False when nothing is to be sent."""
        channels = payer._mbn_delivery_channels(facts.company)
        if not channels or channels[0] == "portal":
            return bool(channels) and "portal"
        for channel in channels:
            if channel != "portal" and payer._mbn_has_address(channel):
                return channel
        if facts.one_off.unreached:
            return "portal"
        if payer.email and not payer._mbn_email_address():
            raise LeftOutError(
                "email",
                self.env._(
                    "The e-mail address of %(payer)s is wrong, and no other channel reaches them. "
                    "Correct it.",
                    payer=payer.display_name,
                ),
            )
        names = self._names_of("channel")
        raise LeftOutError(
            "address",
            self.env._(
                "%(payer)s has no address for: %(channels)s. Enter one, or tick that those whom no "
                "channel reaches are invoiced, too.",
                payer=payer.display_name,
                channels=", ".join(names.get(one, one) for one in channels if one != "portal"),
            ),
        )

    def _sell(self, items, payer, facts):
        if not items:
            raise LeftOutError("amount", self.env._("Say what is invoiced."))
        position = facts.pricing.fiscal_position(payer)
        currency = facts.one_off.currency_id
        sold = []
        for item in items:
            product, price = item._product(), item._price(self)
            quote = facts.pricing.quote(product, price, position, WHOLE, currency, item.quantity)
            kind, plan = "fee" if item.plan_id else "single", item.plan_id or self._fee_plan()
            sold.append(Sold(item, kind, plan.id, product, item._text(self), price, quote))
        return sold

    def _kind_of(self, items):
        """Kind of claim: kinds never mix, so that of all plans charged must be one."""
        kinds = set(items.plan_id.mapped("claim_kind"))
        if len(kinds) > 1:
            raise LeftOutError(
                "amount",
                self.env._(
                    "The memberships on these invoices are claims of different kinds. Invoice them "
                    "apart."
                ),
            )
        return next(iter(kinds), self.contract_id.claim_kind)

    def _due_day(self, facts):
        plan = self.contract_id.plan_id
        days = plan.payment_term_days if plan else USUAL_DAYS
        return facts.one_off.date_due or facts.one_off.date + timedelta(days=days)

    def _means_text(self, agreement, payer, facts):
        if not agreement:
            return self.env._("Without a bank agreement")
        if facts.is_debited(agreement, payer):
            return self.env._("Direct debit, %(agreement)s", agreement=agreement.display_name)
        return self.env._("Payment reference, %(agreement)s", agreement=agreement.display_name)

    # ------------------------------------------------------------------ making the invoices

    def _make_now(self):
        """The invoice of this line, made; for a rehearsal.

        :raise LeftOutError: why there is none
        """
        facts = Facts(self)
        vals, sold = self._with_fee(*self._work_out(facts), facts)
        self.write(vals)
        self._make_invoices({self: sold}, facts)
        return self.invoice_id

    def _make(self):
        """Make the posted invoices of these lines.

        :return: how many could not be made because something changed
        """
        facts, bills = Facts(self), {}
        for line in self:
            try:
                vals, sold = line._with_fee(*line._work_out(facts), facts)
                line._check_unchanged(vals)
            except LeftOutError as left_out:
                line._leave_out("failed", left_out)
                continue
            bills[line] = sold
        self._make_invoices(bills, facts)
        made = self.browse().union(*bills)
        made.state = "done"
        return len(self) - len(made)

    def _check_unchanged(self, vals):
        """Invoice exactly what was looked through."""
        for name in ROUNDED:
            now = self[name].id if name.endswith("_id") else self[name]
            if now != vals[name]:
                raise LeftOutError(
                    "changed",
                    self.env._(
                        "Payer, agreement or price changed since the preview. Make a new one-off "
                        "invoice."
                    ),
                )

    @api.model
    def _make_invoices(self, bills, facts):
        """Create and post the invoices, and tie their lines to charges.

        :param bills: line to list of :class:`Sold`
        """
        groups = defaultdict(list)
        for line in bills:
            groups[line._invoice_key()].append(line)
        if not groups:
            return
        charges = self._make_charges(bills)
        invoices = self.env["billing.invoice.writer"]._create_posted(
            [self._prepare_invoice(lines, bills, charges, facts) for lines in groups.values()]
        )
        for lines, invoice in zip(groups.values(), invoices, strict=True):
            self.browse().union(*lines).invoice_id = invoice
            self._take_rounding(invoice, lines, bills, charges)
        self.env["membership.charge"]._tie_to_lines(invoices)

    def _invoice_key(self):
        """Lines with an equal one share an invoice."""
        wish = self.payer_id.mbn_common_invoice
        if not (wish == "together" or (not wish and self.company_id.mbn_common_invoice)):
            return self.id
        return self.payer_id, self.claim_kind, self.journal_id, self.agreement_id, self.date_due

    @api.model
    def _make_charges(self, bills):
        """A charge for each thing that belongs to a membership: dict of (line, item) to it."""
        keys = [(line, one) for line, sold in bills.items() for one in sold if line.contract_id]
        charges = self.env["membership.charge"].create(
            [line._prepare_charge(one) for line, one in keys]
        )
        return {(line, one.item): charge for (line, one), charge in zip(keys, charges, strict=True)}

    def _prepare_charge(self, sold):
        return {
            "kind": FEE if sold.kind == FEE else "single",
            "is_kept": sold.kind == FEE and not self.fee_rule_id.is_credited,
            "contract_id": self.contract_id.id,
            "payer_id": self.payer_id.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
            "claim_kind": self.claim_kind,
            "product_id": sold.product.id,
            "name": sold.item.name or sold.product.display_name,
            "quantity": sold.quote.quantity,
            "price_unit": sold.price_unit,
            "amount": sold.quote.amount,
            "date_invoice": self.one_off_id.date,
            "date_due": self.date_due,
            "state": "invoiced",
        }

    @api.model
    def _prepare_invoice(self, lines, bills, charges, facts):
        """``account.move`` values of the invoice for ``lines``."""
        line, one_off = lines[0], facts.one_off
        about = [one.contract_id.name for one in lines if one.contract_id]
        vals = {
            "move_type": "out_invoice",
            "company_id": facts.company.id,
            "journal_id": line.journal_id.id,
            "partner_id": line.payer_id.id,
            "currency_id": one_off.currency_id.id,
            "invoice_date": one_off.date,
            "invoice_date_due": line.date_due,
            "invoice_payment_term_id": False,
            "invoice_user_id": False,
            "invoice_origin": ", ".join(about) or one_off.name,
            "fiscal_position_id": facts.pricing.fiscal_position(line.payer_id).id,
            "mbn_one_off_id": one_off.id,
            "mbn_send_state": "waiting" if facts.company.mbn_send_invoices else False,
            "invoice_line_ids": [
                Command.create(
                    one._prepare_invoice_line(sold, charges.get((one, sold.item)))
                    | one._posting(sold, facts)
                )
                for one, sold in _fees_last(lines, bills)
            ],
        }
        if line.agreement_id:
            vals["mbn_agreement_id"] = line.agreement_id.id
        return vals

    def _prepare_invoice_line(self, sold, charge):
        plan = self.env["membership.plan"].browse(sold.plan)
        return {
            "product_id": sold.product.id,
            "name": sold.text,
            "quantity": sold.quote.quantity,
            "price_unit": sold.quote.price_unit,
            "tax_ids": [Command.set(sold.quote.taxes.ids)],
            "analytic_distribution": self.contract_id.analytic_distribution
            or plan.analytic_distribution,
            "mbn_charge_id": charge and charge.id,
            "mbn_one_off_line_id": self.id,
            "mbn_one_off_item_id": sold.item.id,
        }

    @api.model
    def _take_rounding(self, invoice, lines, bills, charges):
        """Let the largest charge take the cent by which ``invoice`` is off the sum of all."""
        sums = {line: sum(sold.quote.amount for sold in bills[line]) for line in lines}
        off = invoice.currency_id.round(invoice.amount_total - sum(sums.values()))
        if not off:
            return
        line = max(sums, key=sums.get)
        line.amount += off
        largest = max(bills[line], key=lambda sold: sold.quote.amount)
        if charge := charges.get((line, largest.item)):
            charge.amount += off


def _fees_last(lines, bills):
    """Line and :class:`Sold` of all that is on one invoice; what the invoice costs at the end."""
    sold = [(line, one) for line in lines for one in bills[line]]
    return sorted(sold, key=lambda row: row[1].kind == FEE)


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_one_off_id = fields.Many2one(
        "billing.one.off",
        string="One-off Invoices",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The one-off invoices this is one of.",
    )


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    mbn_one_off_line_id = fields.Many2one(
        "billing.one.off.line",
        string="One-off Recipient",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )
    mbn_one_off_item_id = fields.Many2one(
        "billing.one.off.item",
        string="One-off Line",
        readonly=True,
        copy=False,
        ondelete="restrict",
    )

    _mbn_one_off_once = models.UniqueIndex(
        "(mbn_one_off_line_id, mbn_one_off_item_id) WHERE mbn_one_off_line_id IS NOT NULL",
        "This was invoiced to this recipient already.",
    )


class BillingInvoiceSender(models.AbstractModel):
    _inherit = "billing.invoice.sender"

    def _send_chunk(self, moves):
        """What could not be sent of one-off invoices is on the desk like that of a run."""
        result = super()._send_chunk(moves)
        counts = defaultdict(dict)
        for one_off, state, count in self.env["account.move"]._read_group(
            [("mbn_one_off_id", "in", moves.mbn_one_off_id.ids), ("mbn_send_state", "!=", False)],
            ["mbn_one_off_id", "mbn_send_state"],
            ["__count"],
        ):
            counts[one_off][state] = count
        for one_off, states in counts.items():
            self._report_unsent(one_off, states.get("failed", 0), states.get("portal", 0))
            self._report_letters(one_off, states.get("print", 0))
        return result
