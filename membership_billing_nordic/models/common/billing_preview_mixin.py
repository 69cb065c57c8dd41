from odoo import api, models
from odoo.exceptions import UserError


class BillingPreviewMixin(models.AbstractModel):
    """A run whose preview a person looks through and releases; its buttons.

    A model that inherits this has the states *draft*, *preparing*, *preview* and *cancelled*
    and names those after the release (``_released_states``). It says who may press the buttons
    (:meth:`_check_manager`) and what begins with them (:meth:`_start_preview`,
    :meth:`_release`).
    """

    _name = "billing.preview.mixin"
    _inherit = ["billing.run.mixin"]
    _description = "Run with a Preview"

    _released_states = ()
    _run_cron = ""  # XML ID of the scheduled action that goes on with the work

    def action_preview(self):
        """Work out who is concerned and how, and who is left out and why."""
        self._check_manager()
        for run in self.sudo():
            if run.state not in ("draft", "preview"):
                raise UserError(self.env._("%(run)s was released already.", run=run.name))
            run._in_company()._start_preview()
        return True

    def action_confirm(self):
        """Release the preview: what it says is done."""
        self._check_manager()
        for run in self.sudo():
            run._in_company()._release_by_person()
        return True

    def action_cancel(self):
        """Give up a preview; nothing was done."""
        self._check_manager()
        for run in self:
            if run.state in self._released_states:
                raise UserError(
                    self.env._("%(run)s was released and cannot be cancelled.", run=run.name)
                )
        for run in self.sudo():
            run._cancel()
        return True

    def _check_manager(self):
        """:raise AccessError: when the user may not work on these runs"""
        self.check_access("write")

    def _start_preview(self):
        """Begin the preview anew."""
        raise NotImplementedError

    def _release(self):
        """Start what the preview says.

        :raise UserError: what stands in the way, and what to do
        """
        raise NotImplementedError

    def _release_by_person(self):
        self._release()

    def _cancel(self):
        self.state = "cancelled"

    @api.model
    def _trigger_work(self):
        self.env.ref(self._run_cron).sudo()._trigger()
