from odoo import fields, models
from odoo.exceptions import ValidationError


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_payer_number_ids = fields.One2many(
        "bank.payer.number",
        "partner_id",
        string="Payer Numbers",
        help="The numbers by which banks and payments know this payer, one per agreement.",
    )
    mbn_payment_count = fields.Integer(
        string="Bank Payments",
        compute="_compute_mbn_payment_count",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="Payments of bank files that were placed on this payer.",
    )

    def _compute_mbn_payment_count(self):
        counts = dict(
            self.env["bank.payment.allocation"]._read_group(
                [("partner_id", "in", self.ids), ("undone_move_id", "=", False)],
                ["partner_id"],
                ["payment_id:count_distinct"],
            )
        )
        for partner in self:
            partner.mbn_payment_count = counts.get(partner._origin, 0)

    def _mbn_check_own_payer(self):
        """A payer gets invoices of their own, not in the name of a company.

        :raises ValidationError: naming the payer, the company and what to do
        """
        for payer in self:
            if payer.commercial_partner_id != payer:
                raise ValidationError(payer._mbn_not_own_payer_text())

    def _mbn_not_own_payer_text(self):
        self.ensure_one()
        return self.env._(
            "%(payer)s is a contact of %(company)s: the invoices would be %(company)s's and its "
            "people would see them. Detach the contact, or let %(company)s itself pay.",
            payer=self.name,
            company=self.commercial_partner_id.name,
        )

    def action_mbn_payments(self):
        """Show the payments of bank files that were placed on this payer."""
        self.env["bank.payment"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_bank_payment"
        )
        return action | {"domain": [("allocation_ids.partner_id", "=", self.id)], "context": {}}
