from odoo import api, fields, models

SEEN_BY = (
    "membership_billing_nordic.group_billing_front_desk,"
    "membership_billing_nordic.group_billing_auditor"
)
OPEN = ("overdue", "reminded", "noticed", "collection", "paid")


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_claim_ids = fields.One2many(
        "dunning.claim", "invoice_id", string="Reminders", groups=SEEN_BY, readonly=True
    )
    mbn_dunning_level_id = fields.Many2one(
        "dunning.policy.level",
        string="Last Reminder",
        compute="_compute_mbn_dunning",
        compute_sudo=True,
        groups=SEEN_BY,
    )
    mbn_dunning_next_id = fields.Many2one(
        "dunning.policy.level",
        string="Next Reminder",
        compute="_compute_mbn_dunning",
        compute_sudo=True,
        groups=SEEN_BY,
    )
    mbn_dunning_next_date = fields.Date(
        string="Next Reminder On",
        compute="_compute_mbn_dunning",
        compute_sudo=True,
        groups=SEEN_BY,
    )
    mbn_dunning_hold = fields.Char(
        string="Reminders on Hold",
        compute="_compute_mbn_dunning",
        compute_sudo=True,
        groups=SEEN_BY,
    )

    @api.depends(
        "mbn_claim_ids.level_id",
        "mbn_claim_ids.next_date",
        "mbn_claim_ids.hold_text",
        "mbn_claim_ids.state",
    )
    def _compute_mbn_dunning(self):
        for move in self:
            claims = move.mbn_claim_ids.filtered(lambda claim: claim.state in OPEN)
            coming = claims.filtered("next_date").sorted("next_date")[:1]
            move.mbn_dunning_level_id = claims.level_id.sorted("sequence")[-1:]
            move.mbn_dunning_next_id = coming.next_level_id
            move.mbn_dunning_next_date = coming.next_date
            move.mbn_dunning_hold = claims.filtered("hold_text")[:1].hold_text

    def action_mbn_claims(self):
        """Show how far the reminders of this invoice have come."""
        self.env["dunning.claim"].check_access("read")
        return self.env["dunning.claim"]._action([("invoice_id", "in", self.ids)])

    # ------------------------------------------------------------------ for rooms that know more

    def _mbn_claim_kind(self):
        """What kind of claim the invoice is: ``fee`` is owed, ``lapse`` and ``donation`` are not."""
        self.ensure_one()
        return "fee"

    def _mbn_fee_clause_agreed(self):
        """Since when the payer has agreed to fees for reminders; None: never."""
        self.ensure_one()
        return self._mbn_fee_clauses_agreed()[self.id]

    def _mbn_fee_clauses_agreed(self):
        """``{id: since when the payer has agreed to fees for reminders, or None}``"""
        self.fetch(["company_id"])
        return {move.id: move.company_id.mbn_dunning_clause_from or None for move in self}

    def _mbn_claim_about(self):
        """What the invoice is for, in a few words."""
        self.ensure_one()
        names = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        return (names[:1].name or "").split("\n")[0]
