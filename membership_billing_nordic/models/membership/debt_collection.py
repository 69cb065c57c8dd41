"""What collection by an agency means to memberships: suspended until it is paid."""

from odoo import api, fields, models

from .debit_failure import SEEN_BY

# The agency did not get the money, and the debt stays: so does what it suspended.
_IN_VAIN = ("uncollectible", "returned", "insolvency", "statute_barred", "deceased", "disputed")


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

    @api.depends(
        "collection_case_ids.is_open",
        "collection_case_ids.close_code",
        "collection_case_ids.amount_open",
    )
    def _compute_member_status(self):
        return super()._compute_member_status()

    def _payment_status_on(self, today, due):
        status, reason, change = super()._payment_status_on(today, due)
        if reason not in ("paid", "first_payment") and self._suspending_cases():
            return "suspended", "collection", None
        return status, reason, change

    def _suspending_cases(self):
        """Cases with an agency, and those that ended in vain, as long as they are not settled."""
        return self.sudo().collection_case_ids.filtered(
            lambda case: case.amount_open and (case.is_open or case.close_code in _IN_VAIN)
        )

    def _describe_collection(self, due):
        if not any(self._suspending_cases().mapped("is_open")):
            return self.env._(
                "Suspended: a collection agency did not get the fee. Active again as soon as it "
                "is paid or credited."
            )
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

    def _mbn_delivered_by(self):
        rows = (
            self.env["billing.delivery"]
            .sudo()
            .search(
                [("move_id", "=", self.id), ("document", "=", "invoice"), ("state", "=", "sent")],
                order="id desc",
                limit=1,
            )
        )
        return rows.channel or super()._mbn_delivered_by()

    def _mbn_collection_period(self):
        charges = self.sudo().mbn_charge_ids.filtered(lambda row: row.date_from and row.date_to)
        if not charges:
            return super()._mbn_collection_period()
        return min(charges.mapped("date_from")), max(charges.mapped("date_to"))


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_collection_birth_date(self):
        return self.sudo().mbn_birth_date or super()._mbn_collection_birth_date()
