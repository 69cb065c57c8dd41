from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_billing_mode = fields.Selection(
        [
            ("approval", "Wait for approval"),
            ("limit", "Automatic up to an amount"),
            ("automatic", "Automatic"),
        ],
        string="Daily Billing",
        default="approval",
        required=True,
        help="What the daily action does with the invoices that are due: prepare them for "
        "somebody to release, or make them by itself.",
    )
    mbn_billing_limit = fields.Monetary(
        string="Automatic Up To",
        help="A daily run that comes to more than this, tax included, waits for approval.",
    )
    mbn_second_person = fields.Boolean(
        string="Second Person Releases",
        help="Who prepared a billing run cannot release it, managers included. The daily run is "
        "prepared by the system: any one manager may release it.",
    )
    mbn_sale_journal_id = fields.Many2one(
        "account.journal",
        string="Membership Journal",
        check_company=True,
        domain="[('type', '=', 'sale')]",
        ondelete="restrict",
        help="The journal of membership invoices, unless a bank agreement has its own. Empty: "
        "the company's first sale journal.",
    )
    mbn_common_invoice = fields.Boolean(
        string="One Invoice for Each Payer",
        help="Put several memberships of one payer on one invoice, as far as kind of claim, due "
        "date, currency and bank agreement are the same. A payer may want it otherwise.",
    )
    mbn_send_invoices = fields.Boolean(
        string="Send Membership Invoices",
        default=True,
        help="Send membership invoices as soon as they are posted, by the payer's channels. Members "
        "find them on the portal in any case.",
    )

    def _mbn_sale_journal(self, agreement=None):
        """The journal of membership invoices that are paid to ``agreement``; may be empty."""
        self.ensure_one()
        journals = self.env["account.journal"].search(
            [
                *self.env["account.journal"]._check_company_domain(self),
                ("type", "=", "sale"),
            ]
        )
        tied = journals.filtered(lambda journal: journal.mbn_agreement_id == agreement)
        preset = self.mbn_sale_journal_id or journals[:1]
        if not agreement or preset in tied:
            return preset
        return tied[:1] or preset
