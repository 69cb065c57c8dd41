from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_amount


class BankApprovalMixin(models.AbstractModel):
    """Money that leaves: one person proposes it and, above a limit, another one approves it."""

    _name = "bank.approval.mixin"
    _inherit = ["mail.thread"]
    _description = "Approved by a Second Person"

    _approval_amount = "amount"  # the field with what is paid

    proposed_by_id = fields.Many2one("res.users", required=True, readonly=True)
    approved_by_id = fields.Many2one("res.users", readonly=True, tracking=True)
    approved_on = fields.Datetime(readonly=True)
    needs_second_person = fields.Boolean(compute="_compute_needs_second_person")

    @api.depends(lambda self: (self._approval_amount, "company_id", "proposed_by_id"))
    @api.depends_context("uid")
    def _compute_needs_second_person(self):
        for proposed in self:
            company = proposed.company_id
            amount = proposed.currency_id._convert(
                proposed[self._approval_amount],
                company.currency_id,
                company,
                company._billing_today(),
            )
            above = company.currency_id.compare_amounts(amount, company.mbn_refund_limit) > 0
            proposed.needs_second_person = above and proposed.proposed_by_id == self.env.user

    def _check_second_person(self):
        """:raise UserError: when who proposed it must not approve it"""
        if self.needs_second_person:
            company = self.company_id
            raise UserError(
                self.env._(
                    "You proposed “%(what)s”: above %(limit)s another person approves.",
                    what=self.display_name,
                    limit=format_amount(self.env, company.mbn_refund_limit, company.currency_id),
                )
            )

    def _note_approval(self, **vals):
        self.write(
            {
                "state": "approved",
                "approved_by_id": self.env.uid,
                "approved_on": fields.Datetime.now(),
                **vals,
            }
        )
