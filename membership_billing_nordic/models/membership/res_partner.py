from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from . import schedule
from .membership_contract import MEMBER_STATUSES

# Of several memberships of one person the first of these is shown.
STATUS_RANK = ["active", "waiting", "suspended", "paused", "ended"]


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
        "membership_billing_nordic.group_association_administrator,"
        "membership_billing_nordic.group_outside_partner,"
        "membership_billing_nordic.group_billing_auditor",
        help="Prices with age bands are chosen by it.",
    )
    mbn_common_invoice = fields.Selection(
        [("together", "One invoice for all"), ("apart", "One invoice for each")],
        string="Several Memberships",
        help="For a payer of several memberships. Empty: as the company has it.",
    )
    mbn_contract_ids = fields.One2many("membership.contract", "member_id", string="Memberships")
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

    @property
    def _rec_names_search(self):
        return [*super()._rec_names_search, "mbn_member_number"]

    @api.depends("mbn_contract_ids.member_status", "mbn_contract_ids.paid_until")
    def _compute_mbn_membership(self):
        groups = self.env["membership.contract"]._read_group(
            [("member_id", "in", self.ids), ("member_status", "!=", False)],
            ["member_id", "member_status"],
            ["paid_until:max"],
        )
        found = {(member.id, status): until for member, status, until in groups}
        for partner in self:
            best = next(
                (status for status in STATUS_RANK if (partner._origin.id, status) in found), False
            )
            partner.mbn_member_status = best
            partner.mbn_paid_until = found.get((partner._origin.id, best), False)

    def _search_mbn_member_status(self, operator, value):
        if operator != "in":
            return NotImplemented
        known = Domain("mbn_contract_ids", "any", [("member_status", "in", STATUS_RANK)])
        found = Domain.FALSE
        for status in value:
            if status in STATUS_RANK:
                better = STATUS_RANK[: STATUS_RANK.index(status)]
                found |= Domain("mbn_contract_ids", "any", [("member_status", "=", status)]) & ~(
                    Domain("mbn_contract_ids", "any", [("member_status", "in", better)])
                )
            else:
                found |= ~known
        return found

    @api.constrains("mbn_birth_date")
    def _check_mbn_birth_date(self):
        for partner in self:
            if partner.mbn_birth_date and partner.mbn_birth_date > fields.Date.today():
                raise ValidationError(
                    self.env._(
                        "%(partner)s: the date of birth is in the future.", partner=partner.name
                    )
                )

    @api.constrains("parent_id", "is_company")
    def _check_mbn_stays_own_payer(self):
        contacts = self.filtered(lambda partner: partner.commercial_partner_id != partner)
        if not contacts:
            return
        paid = (
            self.env["membership.contract"]
            .sudo()
            ._read_group([("payer_id", "in", contacts.ids), ("state", "!=", "ended")], ["payer_id"])
        )
        self.browse([payer.id for (payer,) in paid])._mbn_check_own_payer()

    def action_mbn_detach(self):
        """Detach contacts from their company, so that invoices to them are their own.

        What they had only as part of the company (VAT number, terms) goes with it.
        """
        self.check_access("write")
        for partner in self.filtered("parent_id"):
            company = partner.commercial_partner_id
            inherited = [
                name for name in self._commercial_fields() if partner[name] == company[name]
            ]
            partner.parent_id = False
            partner.write(dict.fromkeys(inherited, False))

    def _mbn_give_member_numbers(self):
        """Give a number from the series to those who have none."""
        lacking = self.filtered(lambda partner: not partner.mbn_member_number)
        while lacking:
            numbers = self._mbn_take_member_numbers(len(lacking))
            for partner, number in zip(lacking, numbers, strict=False):
                partner.mbn_member_number = number
            lacking = lacking[len(numbers) :]

    @api.model
    def _mbn_take_member_numbers(self, count):
        """At most ``count`` numbers from the series; those that were imported are left out."""
        sequence = self.env.ref("membership_billing_nordic.seq_membership_member").sudo()
        numbers = [sequence.get_next_char(number) for number in sequence._mbn_take(count)]
        taken = self.sudo().with_context(active_test=False)
        used = set(taken.search([("mbn_member_number", "in", numbers)]).mapped("mbn_member_number"))
        return [number for number in numbers if number not in used]

    def _mbn_age_on(self, day):
        """Age in years on ``day``; None without a birth date."""
        born = self.sudo().mbn_birth_date
        return schedule.age_on(born, day) if born else None

    def action_mbn_view_contracts(self):
        """Show the contracts the partner has or pays for."""
        self.env["membership.contract"].check_access("read")
        self.check_access("read")
        return self.env["membership.contract"]._list_action(
            ["|", ("member_id", "in", self.ids), ("payer_id", "in", self.ids)],
            self.env._("Contracts"),
        )
