from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...formats.references import mod10_digit

OPEN = ("to_call", "waiting")
# What people record; the agency's list may name these too.
OUTCOMES = [
    ("new_date", "New date"),
    ("link_sent", "Link sent"),
    ("lower_amount", "Lower amount"),
    ("leave", "Wants to leave"),
    ("no_answer", "No answer"),
]
ENDS = [("paid", "Paid or credited"), ("mandate", "New mandate"), ("closed", "Closed by a person")]
# What those who have no more than the list may change directly.
_BY_HAND = {"user_id", "next_contact"}


class DirectDebitCall(models.Model):
    """A payer to call about debits that failed, or about a mandate that the bank refused.

    A payer has one open row per agreement. It closes by itself when all that it lists is
    paid, credited or cancelled, and opens again when the money goes back.
    """

    _name = "direct.debit.call"
    _description = "Failed Debit"
    _order = "next_contact, id"
    _rec_names_search = ["partner_id"]

    number = fields.Char(
        string="Row",
        compute="_compute_number",
        help="By this a call agency's answer names the row; its last digit is a check digit.",
    )
    agreement_id = fields.Many2one(
        "bank.agreement", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(
        related="agreement_id.company_id", store=True, precompute=True, index=True
    )
    currency_id = fields.Many2one(related="agreement_id.currency_id", store=True, precompute=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    mandate_id = fields.Many2one(
        "direct.debit.mandate", readonly=True, index="btree_not_null", ondelete="set null"
    )
    failure_count = fields.Integer(related="mandate_id.failure_count")
    order_ids = fields.Many2many("direct.debit.order", string="Failed Debits", readonly=True)
    order_count = fields.Integer(string="Number of Debits", compute="_compute_order_count")
    claim_ids = fields.Many2many(
        "account.move.line",
        "direct_debit_call_claim_rel",
        "call_id",
        "claim_id",
        string="Claims",
        readonly=True,
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="The receivable lines that are to be paid.",
    )
    invoice_names = fields.Char(
        string="Invoices", compute="_compute_invoice_names", compute_sudo=True
    )
    amount = fields.Monetary(
        string="Open",
        readonly=True,
        aggregator="sum",
        help="What is open of the invoices that could not be collected.",
    )
    failed_on = fields.Date(string="Last Failure", readonly=True)
    meaning = fields.Char(
        string="Why It Failed", readonly=True, help="What the bank's last answer means."
    )
    reason = fields.Char(string="Why Listed", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        index="btree_not_null",
        ondelete="set null",
        domain="[('share', '=', False)]",
        help="Who calls the payer.",
    )
    next_contact = fields.Date(index=True, help="When the payer is to be called.")
    outcome = fields.Selection(
        OUTCOMES + ENDS, string="Last Outcome", readonly=True, help="What came of the last contact."
    )
    promised_on = fields.Date(
        readonly=True, help="Until when the payer has promised to pay the invoices."
    )
    attempts = fields.Integer(
        string="Calls Without Answer", readonly=True, help="Since the payer was last spoken to."
    )
    state = fields.Selection(
        [("to_call", "To call"), ("waiting", "Waiting"), ("done", "Done")],
        required=True,
        default="to_call",
        readonly=True,
        index=True,
        help="Waiting: nothing is to be done before the next contact. Done: nothing is open any "
        "more, or a person closed it.",
    )
    closed_on = fields.Date(readonly=True)
    handed_out_on = fields.Datetime(
        readonly=True, help="When the row was last exported for a call agency."
    )
    handed_out_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    contact_ids = fields.One2many(
        "direct.debit.call.contact", "call_id", string="History", readonly=True
    )

    _one_open_row = models.UniqueIndex(
        "(agreement_id, partner_id) WHERE state != 'done'",
        "This payer is on the call list for the agreement already.",
    )

    # ------------------------------------------------------------------ computes

    def _compute_number(self):
        for call in self:
            digits = str(call._origin.id or "")
            call.number = digits and digits + mod10_digit(digits)

    @api.depends("order_ids")
    def _compute_order_count(self):
        for call in self:
            call.order_count = len(call.order_ids)

    @api.depends("claim_ids.move_id.name")
    def _compute_invoice_names(self):
        for call in self:
            names = [name for name in call.claim_ids.move_id.sorted("id").mapped("name") if name]
            call.invoice_names = ", ".join(names)

    @api.depends("partner_id", "agreement_id")
    def _compute_display_name(self):
        for call in self:
            call.display_name = call.partner_id.name

    # ------------------------------------------------------------------ listing

    @api.model
    def _list(self, orders=None, mandates=None, reason=""):
        """Put payers on the call list, or bring their open rows up to date.

        Doing it again with the same debits changes nothing. Debits of which nothing is open
        are left out.

        :param orders: ``direct.debit.order`` that failed or were paid back
        :param mandates: ``direct.debit.mandate`` that were refused or ended
        :param reason: why, in plain words
        :return: the open rows of these payers
        """
        nothing = self.sudo().browse()
        listed = self._by_payer(orders, "orders")
        for key, found in self._by_payer(mandates, "mandates").items():
            listed[key] = listed.get(key, {}) | found
        rows = nothing._open_rows(listed)
        return nothing.union(
            *(
                rows.get(key, nothing)._list_payer(*key, **found, reason=reason)
                for key, found in listed.items()
            )
        ).with_env(self.env)

    @api.model
    def _by_payer(self, records, name):
        found = {}
        for record in (records or self.browse()).sudo():
            key = (record.agreement_id, record.partner_id)
            found[key] = {name: found[key][name] | record if key in found else record}
        return found

    @api.model
    def _open_rows(self, keys):
        """``{(agreement, payer): open row}`` of those that have one."""
        rows = self.search(
            [
                ("agreement_id", "in", [agreement.id for agreement, _payer in keys]),
                ("partner_id", "in", [payer.id for _agreement, payer in keys]),
                ("state", "in", OPEN),
            ]
        )
        return {(row.agreement_id, row.partner_id): row for row in rows}

    def _list_payer(self, agreement, payer, orders=None, mandates=None, reason=""):
        """List debits and mandates of one payer on this open row, or on a new one."""
        given = orders or self.order_ids.browse()
        orders = (given - self.order_ids).filtered(lambda order: order._open_amount() > 0)
        mandates = (mandates or self.mandate_id.browse()) - self.mandate_id
        if not orders and not mandates:
            self._list_again(given & self.order_ids, reason)
            return self
        claims = orders.line_ids.move_line_id
        if mandates:
            claims |= self._open_claims(agreement, payer)
        row = self or self.create({"agreement_id": agreement.id, "partner_id": payer.id})
        row.write(
            {
                "order_ids": [(4, order.id) for order in orders],
                "claim_ids": [(4, claim.id) for claim in claims],
                "state": "to_call",
                "next_contact": row._today(),
                "reason": reason or row.reason,
            }
            | row._failure_values(orders, mandates)
        )
        row._take_amounts()
        row._note("listed", note=reason, result=row.meaning)
        return row

    def _list_again(self, orders, reason):
        """What is listed already has failed once more, or is listed for another reason."""
        values = {"reason": reason} if reason and self else {}
        if orders:
            failure = self._failure_values(orders, None)
            day = failure["failed_on"]
            values |= failure if day and (not self.failed_on or day > self.failed_on) else {}
        if values:
            self.write(values)

    @api.model
    def _failure_values(self, orders, mandates):
        """When the last of it failed and why; refusals of mandates come last."""
        if mandates:
            mandate = mandates.sorted("id")[-1]
            return {
                "mandate_id": mandate.id,
                "failed_on": mandate.valid_to or mandate._today(),
                "meaning": mandate.ended_meaning,
            }
        order = orders.sorted(lambda order: (order.failed_on or order.due_date, order.id))[-1]
        return {
            "mandate_id": order.mandate_id.id,
            "failed_on": order.failed_on,
            "meaning": order.meaning,
        }

    @api.model
    def _open_claims(self, agreement, payer):
        """What is open of invoices of ``payer`` that are paid to ``agreement``."""
        claims = self.env["account.move.line"]
        return claims.search(
            [
                ("move_id.mbn_agreement_id", "=", agreement.id),
                ("move_id.move_type", "=", "out_invoice"),
                ("partner_id", "=", payer.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        ).filtered(lambda line: line.amount_residual_currency > 0)

    def _take_amounts(self):
        """Set the amounts to what is open of the claims now."""
        for call in self.sudo():
            amount = sum(
                max(claim.amount_residual_currency, 0)
                for claim in call.claim_ids
                if claim.parent_state == "posted"
            )
            if call.currency_id.compare_amounts(call.amount, amount):
                call.amount = amount

    def _today(self):
        return self.company_id._billing_today()

    # ------------------------------------------------------------------ history and ends

    def _note(self, outcome, **values):
        """Add a line to the history of each of these rows."""
        now = fields.Datetime.now()
        return (
            self.env["direct.debit.call.contact"]
            .sudo()
            .create(
                [
                    {"call_id": call.id, "date": now, "user_id": self.env.uid, "outcome": outcome}
                    | values
                    for call in self
                ]
            )
        )

    def _finish(self, outcome, note=""):
        """Nothing more is to be done for these rows."""
        for company, calls in self.grouped("company_id").items():
            calls.write(
                {"state": "done", "outcome": outcome, "closed_on": company._billing_today()}
            )
        self._note(outcome, note=note)

    # ------------------------------------------------------------------ rights

    def _check_may_record(self):
        """Front desk and billing users work with the list."""
        if not self.env.user.has_group("membership_billing_nordic.group_billing_front_desk"):
            raise AccessError(self.env._("Only the front desk and billing users may do this."))
        self.check_access("read")

    def write(self, vals):
        """People change who calls and when; all else follows from what happens."""
        if not self.env.su and not vals.keys() <= _BY_HAND:
            raise AccessError(
                self.env._("Record an outcome instead of changing the row of the call list.")
            )
        result = super().write(vals)
        if not self.env.su and "next_contact" in vals:
            self.sudo()._set_state()
        return result

    def _set_state(self):
        """To call from the day of the next contact on."""
        for company, calls in self.grouped("company_id").items():
            today = company._billing_today()
            for call in calls.filtered(lambda row: row.state in OPEN):
                waits = call.next_contact and call.next_contact > today
                state = "waiting" if waits else "to_call"
                if call.state != state:
                    call.state = state

    def _lock_open(self):
        """Lock and re-read; a clear message when one of them is done or worked on."""
        locked = self.sudo().try_lock_for_update()
        locked.invalidate_recordset()
        for call in self:
            if call not in locked or call.state not in OPEN:
                raise UserError(
                    self.env._(
                        "The row of %(payer)s is closed or being worked on. Reload the page.",
                        payer=call.partner_id.display_name,
                    )
                )
        return locked

    # ------------------------------------------------------------------ by time

    @api.model
    def _cron_due(self):
        """Rows whose next contact has come are to be called."""
        waiting = self._read_group([("state", "=", "waiting")], ["company_id"])
        for (company,) in waiting:
            due = [
                ("company_id", "=", company.id),
                ("state", "=", "waiting"),
                ("next_contact", "<=", company._billing_today()),
            ]
            while calls := self.search(due, limit=500).try_lock_for_update():
                calls.state = "to_call"
                if not self.env["ir.cron"]._commit_progress(len(calls)):
                    return
