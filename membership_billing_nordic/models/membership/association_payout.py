"""Shares of fees are paid out: proposed, approved, set off, transferred."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_amount, format_date

from ..debit.direct_debit_order import AT_THE_BANK

_MANAGER = "membership_billing_nordic.group_billing_manager"
DESK = "membership_payout_to_approve"
# A refund in these states has not paid, and does not go on by itself.
_STOPPED = ("refused", "returned", "cancelled")


class MembershipPayout(models.Model):
    """What one association gets up to a day: its shares, less what it owes us.

    Approving it books one entry: the shares are used up, the set-off pays the association's
    invoices, and what is left stands on its payable until the bank has paid it.
    """

    _name = "membership.payout"
    _description = "Pay-out to an Association"
    _inherit = ["bank.approval.mixin"]
    _order = "date_to desc, id desc"
    _check_company_auto = True
    _approval_amount = "amount_total"

    name = fields.Char(compute="_compute_name", store=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    association_id = fields.Many2one(
        "membership.association", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Paid To", compute="_compute_partner_id", store=True, index=True
    )
    date_to = fields.Date(
        string="Shares Until", required=True, readonly=True, help="Shares booked up to this day."
    )
    date_opening = fields.Date(
        string="Last Statement", readonly=True, help="The last day of the pay-out before this one."
    )
    state = fields.Selection(
        [
            ("draft", "To approve"),
            ("approved", "Approved"),
            ("cancelled", "Cancelled"),
            ("undone", "Undone"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
    )
    pay_state = fields.Selection(
        [
            ("none", "Not approved"),
            ("waiting", "Under way"),
            ("stopped", "Not paid"),
            ("paid", "Paid"),
        ],
        string="Payment",
        compute="_compute_pay_state",
        store=True,
        help="Under way: the bank has not reported it as paid. Not paid: the bank refused it or "
        "it came back; pay it again. Paid: transferred, paid by hand, or set off as a whole.",
    )
    method = fields.Selection(
        [("transfer", "Payment file"), ("manual", "By hand")],
        string="Paid By",
        default="transfer",
        required=True,
        readonly=True,
        help="Payment file: as refunds are paid, by the agreement that takes payment files. By "
        "hand: it stands to the association until you register the payment.",
    )
    share_ids = fields.One2many("membership.share", "payout_id", string="Shares", readonly=True)
    share_count = fields.Integer(string="Number of Shares", compute="_compute_amounts", store=True)
    amount_opening = fields.Monetary(
        string="Opening Balance",
        compute="_compute_amounts",
        store=True,
        help="What was left over from before the last statement.",
    )
    amount_shares = fields.Monetary(string="New Shares", compute="_compute_amounts", store=True)
    amount_taken_back = fields.Monetary(
        string="Taken Back",
        compute="_compute_amounts",
        store=True,
        help="Shares of fees that were credited, reversed or charged back.",
    )
    amount_total = fields.Monetary(string="In All", compute="_compute_amounts", store=True)
    amount_owed = fields.Monetary(
        string="Owed to Us",
        compute="_compute_set_off",
        compute_sudo=True,
        help="What is open of invoices to the association and of fees it was paid.",
    )
    is_set_off = fields.Boolean(
        string="Set Off",
        default=True,
        help="Take what the association owes us off the payment, the oldest first.",
    )
    amount_set_off = fields.Monetary(
        string="Set Off Against", compute="_compute_set_off", compute_sudo=True
    )
    amount_to_pay = fields.Monetary(string="To Pay", compute="_compute_set_off", compute_sudo=True)
    set_off_line_ids = fields.One2many(
        "membership.payout.set.off", "payout_id", string="Set-offs", readonly=True
    )
    move_id = fields.Many2one(
        "account.move", string="Entry", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    rest_line_id = fields.Many2one(
        "account.move.line",
        string="Stands to the Association",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    refund_ids = fields.One2many("bank.refund", "mbn_payout_id", string="Transfers", readonly=True)

    _one_draft = models.UniqueIndex(
        "(company_id, association_id, currency_id) WHERE state = 'draft'",
        "A pay-out to this association waits for approval already.",
    )

    # ------------------------------------------------------------------ computes

    @api.depends("association_id", "date_to")
    def _compute_name(self):
        for payout in self:
            payout.name = f"{payout.association_id.name} {payout.date_to}"

    @api.depends("association_id")
    def _compute_partner_id(self):
        for payout in self:
            payout.partner_id = payout.association_id.partner_id.commercial_partner_id

    @api.depends("share_ids.amount", "date_opening")
    def _compute_amounts(self):
        for payout in self:
            before, new = payout._split_shares()
            gained = new.filtered(lambda share: share.amount > 0)
            payout.share_count = len(payout.share_ids)
            payout.amount_opening = sum(before.mapped("amount"))
            payout.amount_shares = sum(gained.mapped("amount"))
            payout.amount_taken_back = sum((new - gained).mapped("amount"))
            payout.amount_total = sum(payout.share_ids.mapped("amount"))

    def _split_shares(self):
        """(what was left over from before the last statement, what came since)"""
        before = self.share_ids.filtered(
            lambda share: self.date_opening and share.date <= self.date_opening
        )
        return before, self.share_ids - before

    @api.depends("amount_total", "is_set_off", "state", "set_off_line_ids.amount")
    def _compute_set_off(self):
        for payout in self:
            set_off = sum(payout.set_off_line_ids.mapped("amount"))
            payout.amount_owed = set_off
            if payout.state == "draft":
                payout.amount_owed = sum(payout._owed_lines().mapped("amount_residual_currency"))
                wanted = payout.amount_owed if payout.is_set_off else 0.0
                set_off = max(min(wanted, payout.amount_total), 0.0)
            payout.amount_set_off = set_off
            payout.amount_to_pay = payout.amount_total - set_off

    @api.depends("state", "move_id", "rest_line_id.reconciled", "refund_ids.state")
    def _compute_pay_state(self):
        for payout in self:
            last = payout.refund_ids.sorted("id")[-1:]
            if payout.state != "approved":
                payout.pay_state = "none"
            elif last.state in _STOPPED:
                payout.pay_state = "stopped"
            elif not payout.rest_line_id or payout.rest_line_id.reconciled:
                payout.pay_state = "paid"
            else:
                payout.pay_state = "waiting"

    # ------------------------------------------------------------------ proposing

    @api.model
    def _check_manager(self):
        if not (self.env.su or self.env.user.has_group(_MANAGER)):
            raise AccessError(self.env._("Only billing managers may pay associations."))

    @api.model
    def _propose(self, company, date_to, associations=None, method="transfer"):
        """Propose to pay out the shares up to ``date_to``; what is not above zero waits.

        :param associations: those to pay; all when empty
        :return: the new pay-outs
        """
        self._check_manager()
        domain = [
            ("company_id", "=", company.id),
            ("payout_id", "=", False),
            ("date", "<=", date_to),
        ]
        if associations:
            domain.append(("association_id", "in", associations.ids))
        office = self.sudo().with_company(company)
        groups = office.env["membership.share"]._read_group(
            domain, ["association_id", "currency_id"], ["id:recordset", "amount:sum"]
        )
        waiting = office.search([("company_id", "=", company.id), ("state", "=", "draft")])
        taken = {(payout.association_id, payout.currency_id) for payout in waiting}
        payouts = office.browse()
        for association, currency, shares, amount in groups:
            above = currency.compare_amounts(amount, 0.0) > 0
            if above and (association, currency) not in taken:
                payouts += office._propose_one(
                    company, association, currency, shares, date_to, method
                )
        payouts._put_to_approve()
        return payouts.with_env(self.env)

    @api.model
    def _propose_one(self, company, association, currency, shares, date_to, method):
        last = self.search(
            [
                ("company_id", "=", company.id),
                ("association_id", "=", association.id),
                ("currency_id", "=", currency.id),
                ("state", "=", "approved"),
            ],
            limit=1,
        )
        locked = shares.try_lock_for_update(allow_referencing=True)
        locked.invalidate_recordset(["payout_id"])
        if locked != shares or locked.payout_id:
            raise UserError(
                self.env._(
                    "Somebody else is paying out the shares of %(name)s. Try again shortly.",
                    name=association.name,
                )
            )
        return self.create(
            {
                "company_id": company.id,
                "association_id": association.id,
                "currency_id": currency.id,
                "date_to": date_to,
                "date_opening": last.date_to,
                "method": method,
                "proposed_by_id": self.env.uid,
                "share_ids": [Command.link(share.id) for share in shares],
            }
        )

    def _put_to_approve(self):
        self.env["billing.exception"]._open_all(
            {
                payout: self.env._(
                    "Pay %(amount)s to %(association)s?",
                    amount=format_amount(self.env, payout.amount_to_pay, payout.currency_id),
                    association=payout.association_id.name,
                )
                for payout in self
            },
            DESK,
            self.env._("A billing manager approves the pay-out, or cancels it."),
        )

    def action_cancel(self):
        """Do not pay these out: the shares go into the next pay-out."""
        self._check_manager()
        self.check_access("read")
        payouts = self._locked()
        payouts.write({"state": "cancelled", "share_ids": [Command.clear()]})
        self.env["billing.exception"]._close(payouts, DESK)

    def action_set_off(self):
        """Take what the association owes us off the payment, or do not."""
        self._check_manager()
        self.check_access("read")
        for payout in self._locked():
            payout.is_set_off = not payout.is_set_off

    def _locked(self):
        locked = self.sudo().try_lock_for_update()
        locked.invalidate_recordset()
        if locked != self or any(payout.state != "draft" for payout in locked):
            raise UserError(
                self.env._("Somebody else has decided on it, or is doing so. Reload the page.")
            )
        return locked

    # ------------------------------------------------------------------ approving

    def action_approve(self):
        """Book the pay-outs, set off what is owed to us, and hand the rest to the bank.

        :raises UserError: it needs another person, or there is no way to pay
        """
        self._check_manager()
        self.check_access("read")
        approver = self.env.user
        for payout in self._locked():
            payout._check_second_person()
            office = payout.with_company(payout.company_id)
            office._book()
            office._note_approval()
            self.env["billing.exception"]._close(office, DESK)
            if office.rest_line_id and office.method == "transfer":
                office._order_transfer(approver)

    def _owed_lines(self):
        """What the association owes us: open receivable lines, the oldest first.

        What the bank is collecting is left to it.
        """
        self.ensure_one()
        lines = self.env["account.move.line"].search(
            [
                *self.env["bank.refund"]._receivables(
                    self.company_id, self.partner_id, self.currency_id
                ),
                ("amount_residual_currency", ">", 0),
            ],
            order="date_maturity, id",
        )
        orders = lines.move_id._mbn_live_orders()
        at_bank = orders.filtered(lambda order: order.state in AT_THE_BANK).line_ids.invoice_id
        return lines.filtered(lambda line: line.move_id not in at_bank)

    def _book(self):
        """One entry: the shares are used up, invoices are paid, the rest stands as a credit."""
        shares = self.share_ids.move_line_id
        if not shares or self.currency_id.compare_amounts(self.amount_total, 0.0) <= 0:
            raise UserError(
                self.env._("Nothing is to be paid to %(name)s.", name=self.association_id.name)
            )
        parts = self._set_off_parts()
        set_off = sum(amount for _line, amount in parts)
        sums = {
            account: sum(lines.mapped("amount_residual_currency"))
            for account, lines in shares.grouped("account_id").items()
        }
        if self.currency_id.compare_amounts(-sum(sums.values()), self.amount_total):
            raise UserError(
                self.env._(
                    "The payable of %(name)s was changed by hand: it does not agree with the "
                    "shares any more. Undo what was reconciled with them.",
                    name=self.association_id.name,
                )
            )
        rest = self.currency_id.round(self.amount_total - set_off)
        used = [(account, -amount, shares) for account, amount in sums.items()]
        owed = [(line.account_id, -amount, line) for line, amount in parts]
        account = self.association_id._share_account(self.company_id)
        left = [(account, -rest, None)] if rest else []
        self._book_entry(used, owed, left)
        self.env["membership.payout.set.off"].create(
            [
                {"payout_id": self.id, "move_line_id": line.id, "amount": amount}
                for line, amount in parts
            ]
        )

    def _book_entry(self, used, owed, left):
        parts = used + owed + left
        writer = self.env["membership.share"]
        company, day = self.company_id, self.company_id._billing_today()
        lines = []
        for account, amount, _lines in parts:
            balance = self.currency_id._convert(amount, company.currency_id, company, day)
            lines.append(
                writer._entry_line(
                    self.currency_id,
                    (amount, balance),
                    1,
                    account_id=account.id,
                    partner_id=self.partner_id.id,
                    name=self.env._("Pay-out %(name)s", name=self.name),
                )
            )
        entry = writer._post_entry(
            company, day, self.env._("Pay-out %(name)s", name=self.name), lines
        )
        booked = entry.line_ids.sorted("id")
        for (account, _amount, lines), line in zip(parts, booked, strict=True):
            if lines:
                (line + lines.filtered(lambda one, a=account: one.account_id == a)).reconcile()
        self.move_id = entry
        self.rest_line_id = booked[-1] if left else False

    def _set_off_parts(self):
        """List of (receivable line, amount): what is set off against the shares."""
        if not self.is_set_off:
            return []
        lines = self._owed_lines()
        if lines.try_lock_for_update() != lines:
            raise UserError(
                self.env._(
                    "Somebody else is working on the account of %(payer)s. Try again shortly.",
                    payer=self.partner_id.name,
                )
            )
        parts, left = [], self.amount_total
        for line in lines:
            amount = self.currency_id.round(min(line.amount_residual_currency, left))
            if amount:
                parts.append((line, amount))
                left = self.currency_id.round(left - amount)
        return parts

    def _order_transfer(self, approver):
        """Hand the rest to those who pay refunds: approved here, so approved there."""
        refunds = self.env["bank.refund"].with_context(mbn_credit_accounts="liability_payable")
        refund = refunds._propose(
            self.company_id,
            self.partner_id,
            self.currency_id,
            -self.rest_line_id.amount_currency,
            self.env._("Shares of fees until %(day)s", day=format_date(self.env, self.date_to)),
            credits=self.rest_line_id,
        )
        refund.write({"mbn_payout_id": self.id, "proposed_by_id": self.proposed_by_id.id})
        if refund.state == "proposed":
            refund.with_user(approver).action_approve()

    def action_pay_again(self):
        """Order the transfer anew after the bank has refused it, or it was cancelled."""
        self._check_manager()
        self.check_access("read")
        for payout in self.sudo():
            if payout.pay_state != "stopped" or payout.rest_line_id.reconciled:
                raise UserError(
                    self.env._(
                        "Only a pay-out that the bank has not paid is paid again. One that came "
                        "back stands to the association: refund it from there."
                    )
                )
            payout.with_company(payout.company_id)._order_transfer(self.env.user)

    # ------------------------------------------------------------------ statement

    def _for_statement(self):
        """These as superuser: the statement names members whom its reader may not see otherwise."""
        self.check_access("read")
        return self.sudo()

    def _statement_rows(self):
        """The movements of the statement, the oldest first: dicts."""
        self.ensure_one()
        rows = []
        for share in self._split_shares()[1].sorted(lambda share: (share.date, share.id)):
            what = self.env._("Share") if share.amount > 0 else self.env._("Taken back")
            rows.append(
                {
                    "date": share.date,
                    "member": share.member_id.name or "",
                    "plan": share.plan_id.name or "",
                    "from": share.period_id.date_from,
                    "to": share.period_id.date_to,
                    "what": what,
                    "amount": share.amount,
                }
            )
        if self.state == "draft" and self.amount_set_off:
            rows.append(self._set_off_row(self.date_to, "", self.amount_set_off))
        for part in self.set_off_line_ids:
            rows.append(self._set_off_row(self.move_id.date, part.move_id.name, part.amount))
        return rows

    def _set_off_row(self, day, document, amount):
        return {
            "date": day,
            "member": document or "",
            "plan": "",
            "from": False,
            "to": False,
            "what": self.env._("Set off"),
            "amount": -amount,
        }

    def action_view_shares(self):
        """Show the shares that are paid out."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_membership_share"
        )
        return action | {"domain": [("payout_id", "in", self.ids)], "context": {}}


class MembershipPayoutSetOff(models.Model):
    """What a pay-out has paid of what an association owed us."""

    _name = "membership.payout.set.off"
    _description = "Set-off of a Pay-out"
    _order = "id"

    payout_id = fields.Many2one(
        "membership.payout", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="payout_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="payout_id.currency_id")
    move_line_id = fields.Many2one(
        "account.move.line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    move_id = fields.Many2one(related="move_line_id.move_id", string="Invoice or Entry")
    amount = fields.Monetary(required=True, readonly=True)


class MembershipShare(models.Model):
    _inherit = "membership.share"

    payout_id = fields.Many2one(
        "membership.payout",
        string="Pay-out",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The pay-out it went into.",
    )

    _unpaid_idx = models.Index("(company_id, association_id) WHERE payout_id IS NULL")


class BankRefund(models.Model):
    _inherit = "bank.refund"

    mbn_payout_id = fields.Many2one(
        "membership.payout",
        string="Pay-out",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The pay-out of an association's shares that it transfers.",
    )

    def action_propose_again(self):
        """Order the transfer of a pay-out anew; others are proposed anew."""
        if self.mbn_payout_id and self.state == "refused":
            return self.mbn_payout_id.action_pay_again()
        return super().action_propose_again()


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[(DESK, "Pay-out to approve")],
        ondelete={DESK: "cascade"},
    )
