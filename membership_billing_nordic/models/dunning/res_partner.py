from odoo import api, fields, models

from .account_move import OPEN, SEEN_BY


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_dunning_hold = fields.Boolean(
        string="No Reminders",
        groups=SEEN_BY,
        help="No reminder of any invoice goes out to this payer.",
    )
    mbn_dunning_why = fields.Char(string="Why No Reminders", groups=SEEN_BY)
    mbn_claim_count = fields.Integer(
        string="Overdue", compute="_compute_mbn_dunning", compute_sudo=True, groups=SEEN_BY
    )
    mbn_dunning_text = fields.Char(
        string="Reminder State", compute="_compute_mbn_dunning", compute_sudo=True, groups=SEEN_BY
    )

    @api.depends("mbn_dunning_hold", "mbn_dunning_why")
    def _compute_mbn_dunning(self):
        claims = self.env["dunning.claim"].search(
            [
                ("partner_id", "in", self.ids),
                ("state", "in", OPEN),
                ("company_id", "in", self.env.companies.ids),
            ]
        )
        of_payer = claims.grouped("partner_id")
        for partner in self:
            own = of_payer.get(partner._origin, claims[:0])
            partner.mbn_claim_count = len(own)
            partner.mbn_dunning_text = partner._mbn_dunning_words(own)

    def _mbn_dunning_words(self, claims):
        """In one line: how far reminders have come, and what is next."""
        if self.mbn_dunning_hold:
            return self.env._("On hold: %(why)s", why=self.mbn_dunning_why or "")
        last = claims.level_id.sorted("sequence")[-1:]
        coming = claims.filtered("next_date").sorted("next_date")[:1]
        words = [last.name] if last else []
        if coming:
            words.append(
                self.env._(
                    "next: %(letter)s on %(day)s",
                    letter=coming.next_level_id.name,
                    day=self.env["ir.qweb.field.date"].value_to_html(coming.next_date, {}),
                )
            )
        held = claims.filtered("hold_text")[:1].hold_text
        return ", ".join([*words, *([held] if held else [])])

    def action_mbn_claims(self):
        """Show the overdue claims of this payer."""
        self.env["dunning.claim"].check_access("read")
        return self.env["dunning.claim"]._action([("partner_id", "in", self.ids)])
