from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        result = super()._hook_if_success(moves_data, from_cron=from_cron)
        self._mbn_note(moves_data, "sent")
        return result

    @api.model
    def _hook_if_errors(self, moves_data, allow_raising=True):
        result = super()._hook_if_errors(moves_data, allow_raising=allow_raising)
        self._mbn_note(moves_data, "failed")
        return result

    def _mbn_note(self, moves_data, state):
        """Keep what became of membership invoices, whoever sent them."""
        moves = self.env["account.move"].union(*moves_data)
        moves.filtered("mbn_send_state").mbn_send_state = state
