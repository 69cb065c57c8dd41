from odoo import api, fields, models

from ..debit.debit_planning import usable_mandates
from .billing_fee import Fees


class BillingRunLine(models.Model):
    """The fee for an invoice, on the first of its memberships. It is decided in the preview."""

    _name = "billing.run.line"
    _inherit = ["billing.run.line", "billing.fee.line"]

    @api.model
    def _add_fees(self, run):
        """Put the fees of the invoices into the finished preview of ``run``."""
        self._put_fees([("run_id", "=", run.id)], Fees(run.company_id, run.date))

    def _fee_plan(self):
        return self.plan_id

    def _prepare_charge(self, sale, period_id):
        vals = super()._prepare_charge(sale, period_id)
        if sale.kind == "invoice_fee":
            vals["is_kept"] = not self.fee_rule_id.is_credited
        return vals

    def _with_fee(self, bill, sales):
        """``bill`` with the fee that the preview showed."""
        return sales.with_fee(bill, self.fee_rule_id, self.contract_id, self.plan_id)


class MembershipCharge(models.Model):
    _inherit = "membership.charge"

    is_kept = fields.Boolean(
        string="Owed All the Same",
        readonly=True,
        help="A fee for the invoice that is not credited together with what was invoiced.",
    )

    @api.model
    def _credit(self, amounts, text, quiet=False):
        return super()._credit(amounts | self._fees_to_credit(amounts), text, quiet)

    @api.model
    def _fees_to_credit(self, amounts):
        """The fees of invoices of which nothing else is left after ``amounts`` are credited."""
        invoices = self.browse().union(*amounts).invoice_id
        charges = self.sudo().search([("invoice_id", "in", invoices.ids), ("state", "!=", "void")])
        fees = charges.filtered(lambda row: row.kind == "invoice_fee" and not row.is_kept)
        fees = fees.filtered(lambda row: row not in amounts)
        if not fees:
            return {}
        credited = charges._credited_amounts()
        stays = charges.filtered(
            lambda row: (
                row.kind != "invoice_fee"
                and row.currency_id.compare_amounts(
                    row.amount, amounts.get(row, 0.0) + credited.get(row, 0.0)
                )
                > 0
            )
        )
        left = {fee: fee.amount - credited.get(fee, 0.0) for fee in fees}
        return {
            fee: left[fee]
            for fee in fees
            if fee.invoice_id not in stays.invoice_id
            and fee.currency_id.compare_amounts(left[fee], 0.0) > 0
        }


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def _invoiced_before(self):
        """Those of these memberships that had an invoice already, here or elsewhere."""
        charges = self.env["membership.charge"].sudo()
        groups = charges._read_group(
            [("contract_id", "in", self.ids), ("invoice_id", "!=", False)], ["contract_id"]
        )
        here = self.browse([contract.id for (contract,) in groups])
        return here | self.filtered(lambda contract: contract.billed_from > contract.date_start)

    def _fee_rule(self, day):
        """The rule for the fee of the next invoice, when a run of ``day`` makes it."""
        self.ensure_one()
        fees = Fees(self.company_id, day)
        if not fees or self.claim_kind == "donation" or self._shares_fee(day):
            return self.env["billing.invoice.fee"]
        lines = self.env["billing.run.line"]
        agreement = lines._agreement(self) or self.company_id._mbn_sale_journal().mbn_agreement_id
        is_debited = agreement.sudo().debit_out and usable_mandates(
            agreement.sudo(), self.payer_id.sudo()
        )
        return fees.rule(
            self.plan_id.id,
            fees.channel_of(self.payer_id),
            "debit" if is_debited else "payer",
            self.currency_id,
            not self._invoiced_before(),
        )

    def _shares_fee(self, day):
        """Whether the fee is on the line of another membership of a common invoice."""
        payer = self.payer_id
        wish = payer.mbn_common_invoice
        is_common = wish == "together" or (not wish and self.company_id.mbn_common_invoice)
        if not is_common or not self._origin:
            return False
        return bool(
            self.search_count(
                [
                    ("payer_id", "=", payer.id),
                    ("company_id", "=", self.company_id.id),
                    ("claim_kind", "=", self.claim_kind),
                    ("currency_id", "=", self.currency_id.id),
                    ("state", "!=", "draft"),
                    ("next_invoice_date", "<=", day),
                    ("id", "<", self._origin.id),
                ],
                limit=1,
            )
        )
