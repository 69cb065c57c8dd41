from odoo import Command, api, fields, models
from odoo.exceptions import UserError


class BankEntryMixin(models.AbstractModel):
    """An entry on the account of a payer that no bank reported.

    It is never changed: taking it back is a reversal, and both stay visible.
    """

    _name = "bank.entry.mixin"
    _description = "Entry That Is Taken Back by a Reversal"
    _order = "id desc"
    _rec_name = "move_id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    amount = fields.Monetary(required=True, readonly=True)
    move_id = fields.Many2one(
        "account.move",
        string="Entry",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The entry that books it.",
    )
    date = fields.Date(related="move_id.date", store=True)
    undone_move_id = fields.Many2one(
        "account.move",
        string="Undone By",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The entry that took it back.",
    )

    @api.model
    def _post_entry(self, company, journal, text, lines):
        """The posted entry of today with ``lines``, a list of values."""
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": company._billing_today(),
                "ref": text,
                "line_ids": [Command.create(vals) for vals in lines],
            }
        )
        move.action_post()
        return move

    def action_undo(self):
        """Take these back by a reversal of today: what they settled is open again.

        :raises UserError: it was undone already, or cannot be
        """
        self.env["bank.refund"]._check_may_propose()
        self.check_access("read")
        for row in self.sudo():
            row._lock_to_undo()
            today = row.company_id._billing_today()
            ref = self.env._("Undone: %(what)s", what=row.move_id.ref)
            row.undone_move_id = row.move_id._reverse_moves(
                [{"date": today, "ref": ref}], cancel=True
            )

    def _lock_to_undo(self):
        locked = self.try_lock_for_update()
        locked.invalidate_recordset()
        if not locked or self.undone_move_id:
            raise UserError(self.env._("This was undone already, or somebody is working on it."))


class AccountMove(models.Model):
    _inherit = "account.move"

    def button_draft(self):
        if kept := self._mbn_undone_otherwise():
            raise UserError(
                self.env._(
                    "%(entries)s stay as they are: undo them under Billing, Money Standing.",
                    entries=", ".join(kept.mapped("name")),
                )
            )
        return super().button_draft()

    def _mbn_undone_otherwise(self):
        """Those entries that are taken back, or that take back, where they were made."""
        kept = self.browse()
        entries = self.filtered(lambda move: move.move_type == "entry")
        for name in self.env.registry.descendants(["bank.entry.mixin"], "_inherit"):
            rows = self.env[name].sudo()
            if entries and not rows._abstract:
                ours = ["|", ("move_id", "in", entries.ids), ("undone_move_id", "in", entries.ids)]
                found = rows.search(ours)
                kept |= (found.move_id | found.undone_move_id) & entries
        return kept
