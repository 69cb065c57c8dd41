"""A price change that was undone: who was told of the new price is told that the old one stays."""

import logging

from odoo import api, fields, models
from odoo.exceptions import UserError

_logger = logging.getLogger(__name__)


class MembershipPriceChange(models.Model):
    _inherit = "membership.price.change"

    undo_print_count = fields.Integer(
        string="Letters That It Stays", compute="_compute_undo_print_count"
    )

    @api.depends("line_ids.undo_state")
    def _compute_undo_print_count(self):
        for change in self:
            waiting = change.line_ids.filtered(lambda line: line.undo_state == "print")
            change.undo_print_count = len(waiting)

    def _undo(self):
        result = super()._undo()
        lines = self.line_ids
        lines.filtered(lambda line: line.state == "print").write(
            {"state": "held", "reason": "undone"}
        )
        told = lines.filtered(lambda line: line.state == "told" and line.channel)
        told.undo_state = "pending"
        if told:
            self._trigger_work()
        return result

    def _print(self):
        if self.state != "undone":
            return super()._print()
        lines = self.line_ids.filtered(lambda line: line.undo_state == "print")
        if not lines:
            raise UserError(self.env._("There are no letters to print."))
        lines._note_undo_told()
        report = self.env.ref("membership_billing_nordic.report_price_change")
        return report.report_action(lines, config=False)

    @api.model
    def _cron_work(self):
        result = super()._cron_work()
        self._tell_undone()
        return result

    @api.model
    def _tell_undone(self):
        """Tell in batches, as long as the scheduled action has time."""
        lines, waiting = self.env["membership.price.change.line"], [("undo_state", "=", "pending")]
        told = self.browse()
        while batch := lines.search(waiting, order="id", limit=self._run_chunk_size):
            for change, own in batch.grouped("change_id").items():
                own.with_env(change._in_company().env)._tell_undone()
            told |= batch.change_id
            told._tell_untold()
            self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()
            if not self.env["ir.cron"]._commit_progress(len(batch)):
                return

    def _tell_untold(self):
        desk = self.env["billing.exception"]
        for change in self:
            untold = change.line_ids.filtered(lambda line: line.undo_state == "untold")
            if not untold:
                continue
            desk._open(
                change,
                "price_change_held",
                self.env._(
                    "%(change)s was undone: %(count)s members who were told of the new price could "
                    "not be told that the present one stays",
                    change=change.name,
                    count=len(untold),
                ),
                self.env._("Tell them yourself: %(names)s", names=untold._some_names()),
            )


class MembershipPriceChangeLine(models.Model):
    _inherit = "membership.price.change.line"

    reason = fields.Selection(selection_add=[("undone", "Undone before it was told")])
    undo_state = fields.Selection(
        [
            ("pending", "To Be Told"),
            ("told", "Told"),
            ("print", "Letter to Print"),
            ("untold", "Not Told"),
        ],
        string="Told That It Stays",
        readonly=True,
        help="After an undo: whether the payer, who was told of the new price, was told by the same "
        "channel that the present one stays.",
    )
    undo_told_on = fields.Date(string="Told on That It Stays", readonly=True)

    _undo_pending_idx = models.Index("(id) WHERE undo_state = 'pending'")

    def _tell_undone(self):
        """By the channel by which each was told of the new price."""
        for line in self:
            try:
                with self.env.cr.savepoint():
                    line._tell_that_it_stays()
            except Exception:
                _logger.exception("price change line %s: not told of the undo", line.id)
                line.undo_state = "untold"

    def _tell_that_it_stays(self):
        if not self.partner_id._mbn_delivery_address(self.channel):
            self.undo_state = "untold"
        elif self.channel == "letter":
            self.undo_state = "print"
        else:
            self._send("price_change_undone")
            self._note_undo_told()

    def _note_undo_told(self):
        for line in self:
            line.write({"undo_state": "told", "undo_told_on": line.company_id._billing_today()})

    def _some_names(self, most=10):
        names = self[:most].partner_id.mapped("name")
        return ", ".join([*names, "…"] if len(self) > most else names)
