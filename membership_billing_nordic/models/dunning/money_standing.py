"""What reminders mean to money that stands to payers."""

from odoo import models

from .dunning_letter_line import PARTS


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    def _mbn_free_credits(self):
        """Not what was paid beyond an invoice for fees or interest that its letters claim."""
        free = super()._mbn_free_credits()
        if not free:
            return free
        owing = self.env["dunning.claim"]._read_group(
            [
                ("company_id", "in", free.company_id.ids),
                ("partner_id", "in", free.partner_id.ids),
                ("state", "=", "paid"),
                "|",
                "|",
                *((f"{part}_open", ">", 0) for part in PARTS),
            ],
            ["partner_id"],
            ["last_sent_on:min"],
        )
        since = dict(owing)
        return free.filtered(
            lambda line: (
                line.partner_id not in since
                or line.move_id.move_type != "entry"
                or (since[line.partner_id] and line.date < since[line.partner_id])
            )
        )

    def _mbn_not_disputed(self):
        wanted = super()._mbn_not_disputed()
        disputed = self.env["dunning.claim"].search(
            [("move_line_id", "in", wanted.ids), ("is_disputed", "=", True)]
        )
        return wanted - disputed.move_line_id
