from odoo import api, fields, models
from odoo.exceptions import ValidationError

LIVE = ("requested", "active")


class DirectDebitMandate(models.Model):
    """A payer's authority to debit, with one agreement.

    The payer's own number with the agreement identifies it: bank files name it, or a
    reference that is built from it. At most one mandate of it is requested or active.
    """

    _name = "direct.debit.mandate"
    _description = "Direct Debit Mandate"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True
    _rec_names_search = ["partner_id", "payer_number", "reference", "number"]

    agreement_id = fields.Many2one(
        "bank.agreement",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="The agreement whose invoices are collected with this mandate.",
    )
    company_id = fields.Many2one(
        related="agreement_id.company_id", store=True, precompute=True, index=True
    )
    scheme = fields.Selection(related="agreement_id.scheme")
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="Whose account is debited.",
    )
    payer_number = fields.Char(
        required=True,
        readonly=True,
        index=True,
        help="The payer's number with the agreement, by which the bank's files mean this mandate.",
    )
    reference = fields.Char(
        tracking=True,
        help="The payment reference the payer signed up with, if the bank tells it. Often it is "
        "that of an old invoice: debits go by the payer's part of it.",
    )
    number = fields.Char(
        string="Mandate Number",
        tracking=True,
        help="The number the bank gave the mandate, where it gives one.",
    )
    partner_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Payer's Account",
        index="btree_not_null",
        ondelete="restrict",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="The account that is debited, where the scheme tells or needs it.",
    )
    written_notice = fields.Selection(
        [("yes", "Yes"), ("no", "No")],
        tracking=True,
        help="Does the payer want a notice before each debit?",
    )
    valid_from = fields.Date(
        tracking=True, help="First day on which a debit may be due; empty is at once."
    )
    valid_to = fields.Date(
        tracking=True, help="Last day on which a debit may be due; empty is without an end."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("requested", "Requested"),
            ("active", "Active"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="Requested: the bank was asked for it, or will be with the next file. Active: debits "
        "can be sent. Rejected: the bank refused it. Cancelled: it was ended by the payer, the "
        "bank or you. Expired: it was not used for too long.",
    )
    ended_meaning = fields.Char(
        string="Why It Ended", readonly=True, copy=False, help="Why the bank or a person ended it."
    )
    failure_count = fields.Integer(
        string="Failures in a Row",
        readonly=True,
        copy=False,
        help="Debits that failed since the last one that was collected.",
    )
    event_ids = fields.One2many(
        "bank.mandate.event", "mandate_id", string="Messages of the Bank", readonly=True
    )

    _payer_number_unique = models.UniqueIndex(
        "(agreement_id, payer_number) WHERE state IN ('requested', 'active')",
        "This payer already has a mandate with the agreement.",
    )
    _number_unique = models.UniqueIndex(
        "(agreement_id, number) WHERE number IS NOT NULL AND state IN ('requested', 'active')",
        "Another mandate of the agreement has this number.",
    )

    @api.depends("partner_id", "payer_number")
    def _compute_display_name(self):
        for mandate in self:
            payer = mandate.partner_id.name or ""
            mandate.display_name = f"{payer} ({mandate.payer_number or '-'})"

    @api.constrains("valid_from", "valid_to")
    def _check_dates(self):
        for mandate in self:
            if mandate.valid_from and mandate.valid_to and mandate.valid_to < mandate.valid_from:
                raise ValidationError(
                    mandate.env._("A mandate cannot end before it begins: correct the dates.")
                )

    @api.constrains("partner_id")
    def _check_payer_is_commercial(self):
        for mandate in self:
            if mandate.partner_id.commercial_partner_id != mandate.partner_id:
                raise ValidationError(
                    mandate.env._(
                        "%(contact)s belongs to %(company)s, which would owe the money. Choose "
                        "%(company)s, or detach the contact first.",
                        contact=mandate.partner_id.name,
                        company=mandate.partner_id.commercial_partner_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        agreements = self.env["bank.agreement"].browse
        partners = self.env["res.partner"].browse
        for agreement_id in {
            vals.get("agreement_id") for vals in vals_list if not vals.get("payer_number")
        }:
            own = [vals for vals in vals_list if vals.get("agreement_id") == agreement_id]
            payers = partners({vals["partner_id"] for vals in own if vals.get("partner_id")})
            numbers = agreements(agreement_id).sudo()._payer_numbers(payers)
            for vals in own:
                vals.setdefault("payer_number", numbers.get(vals.get("partner_id")))
        return super().create(vals_list)

    @api.model
    def _find_usable(self, agreement, partners, day):
        """The mandates by which ``partners`` can be debited on ``day``.

        :return: dict of partner id → ``direct.debit.mandate``
        """
        found = self.search(
            [
                ("agreement_id", "=", agreement.id),
                ("partner_id", "in", partners.ids),
                ("state", "=", "active"),
                "|",
                ("valid_from", "=", False),
                ("valid_from", "<=", day),
                "|",
                ("valid_to", "=", False),
                ("valid_to", ">=", day),
            ]
        )
        return {mandate.partner_id.id: mandate for mandate in found}
