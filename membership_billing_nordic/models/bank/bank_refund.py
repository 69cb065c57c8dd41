from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount

from ...formats.references import normalise

LIVE = ("asked", "proposed", "approved", "sent")
_USER = "membership_billing_nordic.group_billing_user"
_MANAGER = "membership_billing_nordic.group_billing_manager"
_DESK = ("refund_asked", "refund_to_approve", "refund_left_out", "refund_silent")
# A payment out books these, whatever was thought of them: the money has left.
_PAYABLE = ("approved", "sent", "refused")


class BankRefund(models.Model):
    """Money that stands to a payer and is paid back.

    It is proposed, approved, sent to the bank in a file and booked when the bank says that it
    has paid. Each credit it is for has one live refund at most; how it is paid is said by the
    agreement (``bank.agreement._refund_routes``).
    """

    _name = "bank.refund"
    _description = "Refund"
    _inherit = ["bank.approval.mixin"]
    _order = "id desc"
    _rec_names_search = ["reference", "reference_value", "partner_id"]

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="To whom the money goes back.",
    )
    amount = fields.Monetary(required=True, readonly=True, aggregator="sum")
    reason = fields.Char(readonly=True, help="Why it is paid back, for those who look later.")
    reference = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        help="What the bank's answers name. It is given out once.",
    )
    reference_value = fields.Char(
        string="Reference Compared As", compute="_compute_reference_value", store=True
    )
    agreement_id = fields.Many2one(
        "bank.agreement",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The agreement with the bank by which it is paid.",
    )
    route = fields.Selection(
        [("transfer", "Bank transfer to the payer's account")],
        string="Paid By",
        required=True,
        readonly=True,
        help="How the money reaches the payer.",
    )
    state = fields.Selection(
        [
            ("asked", "Account asked for"),
            ("proposed", "To approve"),
            ("approved", "Approved"),
            ("sent", "In a file"),
            ("paid", "Paid"),
            ("refused", "Refused"),
            ("returned", "Came back"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="proposed",
        readonly=True,
        index=True,
        tracking=True,
        help="Account asked for: the payer was asked to which account. Approved: goes with the next file. Paid: the bank has paid it. Refused: the bank did "
        "not pay it. Came back: it was paid, and returned by the payer's bank. What is refused, "
        "came back or is cancelled stands to the payer as before.",
    )
    pay_date = fields.Date(readonly=True, help="The day the bank was asked to pay it on.")
    file_id = fields.Many2one(
        "bank.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file it went out in.",
    )
    record = fields.Integer(string="Record No.", readonly=True, help="Its record in the file.")
    left_out = fields.Char(readonly=True, help="Why it was not put into the last file.")
    bank_code = fields.Char(readonly=True, help="The bank's own code of its last answer.")
    meaning = fields.Char(string="Why", readonly=True, help="What the bank's answer means.")
    payment_id = fields.Many2one(
        "bank.payment",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="What the bank reported when it had paid.",
    )
    returned_payment_id = fields.Many2one(
        "bank.payment", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    line_ids = fields.One2many("bank.refund.line", "refund_id", string="Money Standing")
    open_invoices = fields.Char(
        compute="_compute_open_invoices",
        compute_sudo=True,
        help="Invoices that the payer has not paid. The money could be used for them.",
    )

    _reference_once = models.Constraint("UNIQUE(reference)", "This reference was given out before.")
    _some_money = models.Constraint("CHECK(amount > 0)", "A refund is of an amount above zero.")
    _answered_by = models.Index("(agreement_id, reference_value)")
    _to_send = models.Index("(agreement_id) WHERE state = 'approved'")

    # ------------------------------------------------------------------ computes

    @api.depends("reference")
    def _compute_reference_value(self):
        for refund in self:
            refund.reference_value = normalise(refund.reference)

    @api.depends("partner_id", "amount", "reference")
    def _compute_display_name(self):
        for refund in self:
            parts = [refund.reference, refund.partner_id.name, f"{refund.amount:.2f}"]
            refund.display_name = " · ".join(part for part in parts if part)

    def _compute_open_invoices(self):
        for refund in self:
            refund.open_invoices = self._unpaid(
                refund.company_id, refund.partner_id, refund.currency_id
            )

    @api.model
    def _unpaid(self, company, partner, currency):
        """The numbers of invoices that ``partner`` has not paid, as text; empty for none."""
        claims = self.env["account.move.line"].search(
            [*self._receivables(company, partner, currency), ("amount_residual_currency", ">", 0)]
        )
        names = [name for name in claims.move_id.mapped("name") if name]
        return ", ".join(dict.fromkeys(names))

    # ------------------------------------------------------------------ what stands

    @api.model
    def _receivables(self, company, partner, currency):
        """Open lines of ``partner``; ``mbn_credit_accounts`` of the context names others."""
        kind = self.env.context.get("mbn_credit_accounts", "asset_receivable")
        return [
            ("company_id", "=", company.id),
            ("partner_id", "in", partner.commercial_partner_id.ids),
            ("account_type", "=", kind),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
            ("currency_id", "=", currency.id),
        ]

    @api.model
    def _standing(self, company, partner, currency):
        """The open credits of ``partner`` (one or more) that no live refund is for, the oldest first."""
        credits = self.env["account.move.line"].search(
            [*self._receivables(company, partner, currency), ("amount_residual_currency", "<", 0)],
            order="date, id",
        )
        return credits - self._live_lines(credits).move_line_id

    @api.model
    def _live_lines(self, credits):
        """What live refunds are for of these credits."""
        return self.env["bank.refund.line"].search(
            [("move_line_id", "in", credits.ids), ("is_live", "=", True)]
        )

    @api.model
    def _find_route(self, company, partner, currency):
        """(agreement, route) by which ``partner`` can be paid back; the agreement may be empty."""
        agreements = self.env["bank.agreement"].search(
            [("company_id", "=", company.id), ("currency_id", "=", currency.id)]
        )
        found = [
            (agreement, route)
            for agreement in agreements
            for route in agreement._refund_routes(partner)
        ]
        # A transfer needs an account to be known; the others do not.
        found.sort(key=lambda pair: pair[1] == "transfer")
        return found[0] if found else (agreements.browse(), False)

    # ------------------------------------------------------------------ proposing

    @api.model
    def _check_may_propose(self):
        if not self.env.user.has_group(_USER):
            raise AccessError(self.env._("Only billing users may propose refunds."))

    @api.model
    def _propose(self, company, partner, currency, amount, reason="", credits=None, account=None):
        """Propose to pay ``amount`` of what stands to ``partner`` back.

        :param credits: the open credits (``account.move.line``) it is for; the oldest when empty
        :param account: ``PayeeAccount`` it goes to, where it goes to one; without one, what is
            known of the payer, and where nothing is, the payer is asked
        :return: the refund
        :raises UserError: less stands, or there is no way to pay the payer
        """
        self._check_may_propose()
        office = self.sudo()
        partner = partner.commercial_partner_id
        standing = office._standing(company, partner, currency)
        if credits:
            standing &= credits.sudo()
        if standing.try_lock_for_update() != standing:
            raise UserError(
                self.env._(
                    "Somebody else is working on the account of %(payer)s. Try again shortly.",
                    payer=partner.name,
                )
            )
        parts = office._parts(standing, partner, currency, amount)
        agreement, route = office._find_route(company, partner, currency)
        if not agreement:
            raise UserError(self._no_route_text(partner, currency))
        refund = office.create(
            {
                "company_id": company.id,
                "currency_id": currency.id,
                "partner_id": partner.id,
                "amount": amount,
                "reason": reason,
                "reference": office.env["ir.sequence"].next_by_code("bank.refund"),
                "agreement_id": agreement.id,
                "route": route,
                "proposed_by_id": self.env.uid,
                "line_ids": [
                    (0, 0, {"move_line_id": credit.id, "amount": part}) for credit, part in parts
                ],
            }
        )
        refund._begin(account)
        return refund.with_env(self.env)

    def _begin(self, account):
        """What comes first after the proposal: here the approval."""
        self._put_to_approve()

    @api.model
    def _no_route_text(self, partner, currency):
        return self.env._(
            "There is no way to pay %(payer)s back: no agreement with a bank that pays refunds in "
            "%(currency)s reaches this payer.",
            payer=partner.name,
            currency=currency.name,
        )

    @api.model
    def _parts(self, credits, partner, currency, amount):
        """List of (credit, part of it) that make up ``amount``."""
        credits.invalidate_recordset(["amount_residual_currency", "reconciled"])
        parts, left = [], currency.round(amount)
        if currency.compare_amounts(left, 0) <= 0:
            raise UserError(self.env._("Enter an amount above zero."))
        for credit in credits:
            part = min(-credit.amount_residual_currency, left)
            if currency.compare_amounts(part, 0) > 0:
                parts.append((credit, part))
                left = currency.round(left - part)
        if not currency.is_zero(left):
            raise UserError(
                self.env._(
                    "Only %(standing)s stands to %(payer)s and is not being paid back already.",
                    standing=format_amount(self.env, amount - left, currency),
                    payer=partner.name,
                )
            )
        return parts

    def _put_to_approve(self):
        desk = self.env["billing.exception"]
        for refund in self:
            amount = format_amount(self.env, refund.amount, refund.currency_id)
            text = self.env._(
                "Pay %(amount)s back to %(payer)s?", amount=amount, payer=refund.partner_id.name
            )
            if refund.left_out:
                text = f"{text} {refund.left_out}"
            if refund.open_invoices:
                unpaid = self.env._(
                    "Not paid by this payer: %(invoices)s.", invoices=refund.open_invoices
                )
                text = f"{text} {unpaid}"
            desk._open(
                refund,
                "refund_to_approve",
                text,
                self.env._("A billing manager approves the refund, or cancels it."),
            )

    # ------------------------------------------------------------------ approving

    def _locked(self, states):
        """These refunds, locked and read again; a clear message when one is in another state."""
        locked = self.sudo().try_lock_for_update()
        locked.invalidate_recordset()
        labels = dict(self._fields["state"]._description_selection(self.env))
        for refund in self.sudo():
            if refund not in locked or refund.state not in states:
                raise UserError(
                    self.env._(
                        "Refund %(refund)s is in state “%(state)s”, or being worked on. Reload the "
                        "page.",
                        refund=refund.reference,
                        state=labels[refund.state],
                    )
                )
        return locked

    def action_approve(self):
        """Let these refunds be paid.

        :raises UserError: it needs another person, or the money does not stand any more
        """
        if not self.env.user.has_group(_MANAGER):
            raise AccessError(self.env._("Only billing managers may approve refunds."))
        self.check_access("read")
        for refund in self._locked(("proposed",)):
            refund._check_second_person()
            if problem := refund._problem():
                raise UserError(problem)
            refund._note_approval(left_out=False)
            refund._leave_desk()

    def _problem(self):
        """Why it cannot be paid as it is; empty when it can."""
        self.ensure_one()
        for line in self.line_ids:
            standing = max(-line.move_line_id.amount_residual_currency, 0)
            is_posted = line.move_line_id.parent_state == "posted"
            if not is_posted or self.currency_id.compare_amounts(standing, line.amount) < 0:
                return self.env._(
                    "The money of refund %(refund)s does not stand to %(payer)s any more: it was "
                    "used otherwise. Cancel it, and propose what is left.",
                    refund=self.reference,
                    payer=self.partner_id.name,
                )
        agreement = self.agreement_id
        if not agreement.active or self.route not in agreement._refund_routes(self.partner_id):
            return self._no_route_text(self.partner_id, self.currency_id)
        return ""

    def action_cancel(self):
        """Do not pay these back: the money stands to the payers as before."""
        self._check_may_propose()
        self.check_access("read")
        refunds = self._locked(("asked", "proposed", "approved"))
        refunds.write({"state": "cancelled"})
        refunds._leave_desk()

    def _leave_desk(self, kinds=_DESK):
        for kind in kinds:
            self.env["billing.exception"]._close(self, kind)

    def action_propose_again(self):
        """Open the proposal for the payer of a refund that was not paid in the end."""
        self._check_may_propose()
        self.check_access("read")
        self.ensure_one()
        return self.env["bank.refund.propose"]._open_for(
            self.company_id, self.partner_id, self.currency_id, self.amount, self.reason
        )

    # ------------------------------------------------------------------ what the bank says

    @api.model
    def _by_reference(self, agreements, values):
        """``{(agreement, normalised reference): refund}`` of those that have left."""
        found = self.search(
            [
                ("agreement_id", "in", agreements.ids),
                ("reference_value", "in", [value for value in values if value]),
                ("state", "not in", ("asked", "proposed")),
            ]
        )
        return {(refund.agreement_id, refund.reference_value): refund for refund in found}

    @api.model
    def _of_payments(self, payments, states, sign):
        """``{payment: refund}`` of payments of just the amount, ``sign`` -1 for money that left."""
        values = set(payments.mapped("reference_value"))
        known = self._by_reference(payments.agreement_id, values)
        found = {}
        for payment in payments:
            refund = known.pop((payment.agreement_id, payment.reference_value), None)
            if not refund or refund.state not in states:
                continue
            if refund.currency_id.compare_amounts(payment.amount, sign * refund.amount) == 0:
                found[payment] = refund
        return found

    @api.model
    def _paid_by(self, payments):
        return self._of_payments(payments, _PAYABLE, -1)

    @api.model
    def _brought_back_by(self, payments):
        return self._of_payments(payments, ("paid",), 1)

    @api.model
    def _comes_back_by(self, payments):
        """Like ``_brought_back_by``, before it is booked that they were paid at all."""
        return self._of_payments(payments, ("sent", "paid"), 1)

    def _refuse(self, code="", meaning=""):
        """The bank did not pay these: the money stands as before, and a person decides."""
        desk = self.env["billing.exception"]
        for refund in self.filtered(lambda row: row.state in ("approved", "sent")):
            refund.write({"state": "refused", "bank_code": code, "meaning": meaning})
            refund._leave_desk()
            desk._open(
                refund,
                "refund_refused",
                self.env._(
                    "The bank did not pay refund %(refund)s of %(payer)s. %(why)s",
                    refund=refund.reference,
                    payer=refund.partner_id.name,
                    why=meaning or code,
                ),
                self.env._("Ask the payer for another way, propose it again, or use the money."),
            )

    def _note_paid(self, payment):
        self.ensure_one()
        self.write(
            {
                "state": "paid",
                "payment_id": payment.id,
                "bank_code": payment.bank_code,
                "meaning": False,
            }
        )
        self._leave_desk((*_DESK, "refund_refused"))

    def _note_returned(self, payment):
        self.ensure_one()
        self.write({"state": "returned", "returned_payment_id": payment.id})
        self.env["billing.exception"]._open(
            self,
            "refund_refused",
            self.env._(
                "Refund %(refund)s of %(payer)s came back from the bank.",
                refund=self.reference,
                payer=self.partner_id.name,
            ),
            self.env._("Ask the payer for another way, propose it again, or use the money."),
        )
