"""Fees that members paid to their club: the member is quit, and the club owes them to us."""

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from ..debit.direct_debit_order import AT_THE_BANK


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_paid_to_id = fields.Many2one(
        "membership.association",
        string="Paid To Association",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="By this entry a member's payment to the association became its debt.",
    )

    def action_mbn_paid_to_association(self):
        """Ask what of the invoice was paid to the member's association."""
        self._mbn_check_paid_to()
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Paid to the Association"),
            "res_model": "membership.association.paid",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_move_id": self.id},
        }

    def _mbn_check_paid_to(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(
                self.env._("Only a billing user can book what was paid to an association.")
            )

    def _mbn_book_paid_to(self, association, amount, day, note=""):
        """What ``association`` got for this invoice pays it, and is owed by the association.

        :return: the entry
        :raises UserError: it cannot have been paid so
        """
        self._mbn_check_paid_to()
        self.check_access("read")
        invoice = self.sudo().with_company(self.company_id)
        claims = invoice.line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        ).sorted(lambda line: (line.date_maturity, line.id))
        if invoice.try_lock_for_update() != invoice or claims.try_lock_for_update() != claims:
            raise UserError(self.env._("Somebody else is working on it. Try again shortly."))
        claims.invalidate_recordset(["amount_residual_currency", "reconciled"])
        invoice._mbn_check_paid_part(association, claims, amount)
        partner = association.partner_id.commercial_partner_id.with_company(invoice.company_id)
        text = self.env._(
            "%(invoice)s paid to %(association)s",
            invoice=invoice.name,
            association=association.name,
        )
        share = invoice.env["membership.share"]
        company, currency = invoice.company_id, invoice.currency_id
        balance = currency._convert(amount, company.currency_id, company, day)
        debtors = (
            (partner, partner.property_account_receivable_id, 1),
            (invoice.commercial_partner_id, claims.account_id, -1),
        )
        entry = share._post_entry(
            company,
            day,
            " · ".join(part for part in (text, note) if part),
            [
                share._entry_line(
                    currency,
                    (amount, balance),
                    sign,
                    account_id=account.id,
                    partner_id=debtor.id,
                    name=text,
                )
                for debtor, account, sign in debtors
            ],
        )
        entry.mbn_paid_to_id = association
        (entry.line_ids.sorted("id")[-1:] + claims).reconcile()
        return entry.with_env(self.env)

    def _mbn_check_paid_part(self, association, claims, amount):
        currency = self.currency_id
        open_amount = sum(claims.mapped("amount_residual_currency"))
        if self.move_type != "out_invoice" or self.state != "posted" or not claims:
            raise UserError(
                self.env._("Nothing is open of %(invoice)s.", invoice=self.display_name)
            )
        if not currency.compare_amounts(amount, 0.0) > 0 or (
            currency.compare_amounts(amount, open_amount) > 0
        ):
            raise UserError(
                self.env._(
                    "%(open)s is open of %(invoice)s: enter at most that.",
                    open=currency.format(open_amount),
                    invoice=self.name,
                )
            )
        if association.partner_id.commercial_partner_id in (
            self.company_id.partner_id,
            self.commercial_partner_id,
        ):
            raise UserError(
                self.env._("What is paid to %(name)s is paid to you.", name=association.name)
            )
        if any(order.state in AT_THE_BANK for order in self._mbn_live_orders()):
            raise UserError(
                self.env._(
                    "%(invoice)s is being collected: the debit is in a file. Stop the debit first.",
                    invoice=self.name,
                )
            )
