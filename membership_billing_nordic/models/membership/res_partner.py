from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, ValidationError

from .membership_contract import MEMBER_STATUSES


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_member_number = fields.Char(
        string="Member Number",
        copy=False,
        help="Unique. Given out from the number series when the first contract is "
        "confirmed, or imported.",
    )
    mbn_external_id = fields.Char(
        string="External ID",
        copy=False,
        help="The person's identifier in another system; unique.",
    )
    mbn_birth_date = fields.Date(
        string="Date of Birth",
        groups="membership_billing_nordic.group_billing_front_desk,"
        "membership_billing_nordic.group_billing_auditor",
        help="Prices with age bands are chosen by it.",
    )
    mbn_contract_ids = fields.One2many(
        "membership.contract", "member_id", string="Memberships"
    )
    mbn_payer_contract_ids = fields.One2many(
        "membership.contract", "payer_id", string="Memberships Paid For"
    )
    mbn_member_status = fields.Selection(
        MEMBER_STATUSES,
        string="Membership",
        compute="_compute_mbn_membership",
        search="_search_mbn_member_status",
        help="The best status among the member's contracts.",
    )
    mbn_paid_until = fields.Date(
        string="Paid Until",
        compute="_compute_mbn_membership",
        help="Last day up to which everything is paid.",
    )

    _mbn_member_number_unique = models.UniqueIndex(
        "(mbn_member_number) WHERE mbn_member_number IS NOT NULL",
        "Another member has this member number.",
    )
    _mbn_external_id_unique = models.UniqueIndex(
        "(mbn_external_id) WHERE mbn_external_id IS NOT NULL",
        "Another member has this external ID.",
    )
