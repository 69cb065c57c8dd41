from odoo import api, fields, models
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

    mbn_money_standing = fields.Monetary(
        string="Money Standing",
        compute="_compute_mbn_money_standing",
        currency_field="mbn_standing_currency_id",
        compute_sudo=True,
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="What stands to this payer, in the company's currency, and is not being paid back.",
    )
    mbn_standing_currency_id = fields.Many2one(
        "res.currency",
        string="Currency",
        compute="_compute_mbn_money_standing",
        compute_sudo=True,
    )

    @api.depends_context("company")
    def _compute_mbn_money_standing(self):
        refunds, company = self.env["bank.refund"], self.env.company
        for partner in self:
            credits = refunds._standing(company, partner, company.currency_id)
            partner.mbn_standing_currency_id = company.currency_id
            partner.mbn_money_standing = -sum(credits.mapped("amount_residual_currency"))

    def action_mbn_refund(self):
        """Propose to pay back what stands to this payer."""
        self.env["bank.refund"]._check_may_propose()
        self.check_access("read")
        self.ensure_one()
        company = self.env.company
        return self.env["bank.refund.propose"]._open_for(
            company, self, company.currency_id, self.mbn_money_standing
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
