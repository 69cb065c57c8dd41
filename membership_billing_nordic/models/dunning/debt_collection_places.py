"""What other models know of collection: nobody is asked twice, and money finds its case."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from .account_move import SEEN_BY


class BillingReference(models.Model):
    _inherit = "billing.reference"

    kind = fields.Selection(
        selection_add=[("case", "Collection case")],
        ondelete={"case": "cascade"},
    )
    case_id = fields.Many2one(
        "debt.collection.case", readonly=True, ondelete="set null", index="btree_not_null"
    )

    @api.model
    def _allot_case(self, case):
        """Give out a reference by which the agency pays a case.

        :return: its printed form; False when the agreement gives out none
        """
        printed = self._allot_letter(case.agreement_id, case.partner_id, "case")
        if printed:
            row = self.sudo().search(
                [("agreement_id", "=", case.agreement_id.id), ("printed", "=", printed)]
            )
            row.case_id = case
        return printed

    def _named_claims(self):
        claims = self.case_id.line_ids.claim_id.sorted("due_date").move_line_id
        return super()._named_claims() | claims


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_case_id = fields.Many2one(
        "debt.collection.case",
        string="With a Collection Agency",
        compute="_compute_mbn_case_id",
        compute_sudo=True,
        groups=SEEN_BY,
        help="The case by which an agency collects this invoice.",
    )

    @api.depends("mbn_claim_ids.case_id")
    def _compute_mbn_case_id(self):
        for move in self:
            move.mbn_case_id = move.mbn_claim_ids.case_id[:1]

    def _mbn_at_collection(self):
        """Those of these invoices that are with a collection agency."""
        lines = (
            self.env["debt.collection.line"]
            .sudo()
            .search([("invoice_id", "in", self.ids), ("is_handed", "=", True)])
        )
        return self & lines.invoice_id.with_env(self.env)

    def _mbn_is_guarded(self):
        return super()._mbn_is_guarded() or bool(self._mbn_at_collection())

    def _has_to_be_paid(self):
        """What is with an agency is paid there."""
        return super()._has_to_be_paid() and not self._mbn_at_collection()

    def _get_online_payment_error(self):
        if self._mbn_at_collection():
            return self.env._("This invoice is with a collection agency. Pay it there.")
        return super()._get_online_payment_error()

    def button_draft(self):
        """What an agency collects stays as it is."""
        if invoices := self._mbn_at_collection():
            raise UserError(
                self.env._(
                    "%(invoice)s is with a collection agency. Credit it, or call the case back "
                    "first.",
                    invoice=invoices[0].name,
                )
            )
        return super().button_draft()

    def _mbn_delivered_by(self):
        """How the invoice reached the payer, for rooms that know it."""
        self.ensure_one()
        return ""

    def _mbn_collection_period(self):
        """First and last day of what the invoice is for, for rooms that know it."""
        self.ensure_one()
        return False, False


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _debit_invoices(self, invoices):
        """Nothing is debited that is with a collection agency."""
        wanted = super()._debit_invoices(invoices)
        return wanted - wanted._mbn_at_collection()


class BankFile(models.Model):
    _inherit = "bank.file"

    @api.model
    def _receive(self, name, content, company=None, channel=None):
        """What comes in through an agency's channel is the agency's answer, no file of a bank."""
        if agency := self.env["debt.collection.agency"]._of_channel(channel):
            agency = agency._in_company()
            agency.env["debt.collection.file"]._receive(agency, name, content)
            return self.browse()
        return super()._receive(name, content, company=company, channel=channel)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_collection_identity(self):
        """The number the state knows the payer by; empty when none is recorded."""
        self.ensure_one()
        return self.company_registry or self.vat or ""

    def _mbn_collection_birth_date(self):
        """The date of birth, for rooms that know it."""
        return False


class BillingException(models.Model):
    _inherit = "billing.exception"

    kind = fields.Selection(
        selection_add=[
            ("debt_collection_ready", "Claims are ready for collection"),
            ("debt_collection_waiting", "Collection cases wait for approval"),
            ("debt_collection_deliver", "File for an agency to be delivered"),
            ("debt_collection_refused", "Agency refused a case"),
            ("debt_collection_over", "Case closed, invoices open"),
            ("debt_collection_trouble", "Agency's file could not be used"),
            ("debt_collection_account", "What an agency kept cannot be booked"),
            ("debt_collection_silent", "Agency has not answered"),
        ],
        ondelete={
            "debt_collection_ready": "cascade",
            "debt_collection_waiting": "cascade",
            "debt_collection_deliver": "cascade",
            "debt_collection_refused": "cascade",
            "debt_collection_over": "cascade",
            "debt_collection_trouble": "cascade",
            "debt_collection_account": "cascade",
            "debt_collection_silent": "cascade",
        },
    )
