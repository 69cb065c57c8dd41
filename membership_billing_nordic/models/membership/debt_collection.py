"""What collection by an agency means to memberships: suspended until it is paid."""

from odoo import api, fields, models

from .debit_failure import SEEN_BY


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    collection_case_ids = fields.Many2many(
        "debt.collection.case",
        "debt_collection_case_contract_rel",
        "contract_id",
        "case_id",
        string="Collection Cases",
        readonly=True,
        copy=False,
        groups=SEEN_BY,
        help="Cases with an agency that suspend the membership until they are paid.",
    )
    status_reason = fields.Selection(selection_add=[("collection", "With a collection agency")])

    @api.depends("collection_case_ids.is_open", "collection_case_ids.amount_open")
    def _compute_member_status(self):
        return super()._compute_member_status()

    def _payment_status_on(self, today, due):
        status, reason, change = super()._payment_status_on(today, due)
        if reason not in ("paid", "first_payment") and self._is_at_collection():
            return "suspended", "collection", None
        return status, reason, change

    def _is_at_collection(self):
        cases = self.sudo().collection_case_ids
        return any(case.is_open and case.amount_open for case in cases)

    def _describe_collection(self, due):
        return self.env._(
            "Suspended: the fee is with a collection agency. Active again as soon as it is paid."
        )


class DebtCollectionCase(models.Model):
    _inherit = "debt.collection.case"

    contract_ids = fields.Many2many(
        "membership.contract",
        "debt_collection_case_contract_rel",
        "case_id",
        "contract_id",
        string="Suspended Memberships",
        readonly=True,
    )

    def _on_handed_over(self):
        super()._on_handed_over()
        if not self.agency_id.suspends_membership:
            return
        contracts = self.line_ids.invoice_id.mbn_charge_ids.contract_id
        self.contract_ids = contracts.filtered(lambda contract: contract.state != "ended")
        for contract in self.contract_ids:
            contract._message_log(
                body=self.env._(
                    "Suspended until it is paid: %(agency)s collects what is open.",
                    agency=self.agency_id.name,
                )
            )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_collection_period(self):
        charges = self.sudo().mbn_charge_ids.filtered(lambda row: row.date_from and row.date_to)
        if not charges:
            return super()._mbn_collection_period()
        return min(charges.mapped("date_from")), max(charges.mapped("date_to"))


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_collection_birth_date(self):
        return self.sudo().mbn_birth_date or super()._mbn_collection_birth_date()
