from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError

_MODULE = "membership_billing_nordic"
_FAILURES = 2
_PATIENCE = timedelta(hours=1)
_LENGTHS = {
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
    "weeks": timedelta(weeks=1),
    "months": timedelta(days=30),
}


class IrCron(models.Model):
    """A watchdog: our scheduled actions that stand still are rows on the to-do desk."""

    _inherit = "ir.cron"

    @api.model
    def _mbn_crons(self):
        """The scheduled actions of this add-on and of those that build on it, running or not."""
        module = self.env["ir.module.module"].sudo().search([("name", "=", _MODULE)])
        modules = module | module.downstream_dependencies(exclude_states=("uninstalled",))
        data = (
            self.env["ir.model.data"]
            .sudo()
            .search([("model", "=", "ir.cron"), ("module", "in", modules.mapped("name"))])
        )
        return self.sudo().browse(data.mapped("res_id")).exists()

    def _mbn_problem(self, now):
        """What is wrong with a scheduled action, as a sentence; empty when nothing is."""
        self.ensure_one()
        interval = self.interval_number * _LENGTHS[self.interval_type]
        problems = (
            (not self.active, self.env._("%(name)s is switched off", name=self.name)),
            (
                self.failure_count >= _FAILURES,
                self.env._(
                    "%(name)s failed %(count)s times in a row",
                    name=self.name,
                    count=self.failure_count,
                ),
            ),
            (
                self.nextcall + max(_PATIENCE, interval) < now,
                self.env._("%(name)s has not run when it should have", name=self.name),
            ),
        )
        return next((text for applies, text in problems if applies), "")

    @api.model
    def _mbn_watch(self):
        """Put scheduled actions that are late, fail or are off on the desk; close what is well."""
        desk = self.env["billing.exception"]
        now = fields.Datetime.now()
        for cron in self._mbn_crons():
            if not cron.active and desk._settled_since(cron, "cron_problem", cron.write_date):
                continue  # a person has seen that it is off, and it is meant to be
            if problem := cron._mbn_problem(now):
                desk._open(
                    cron,
                    "cron_problem",
                    problem,
                    self.env._(
                        "Start it again. If it goes on, its error is in the log of the server."
                    ),
                )
            else:
                desk._close(cron, "cron_problem")

    def _mbn_start_again(self):
        """Switch scheduled actions on and run them soon, for a person who may."""
        if not self.env.user.has_group(f"{_MODULE}.group_billing_manager"):
            raise AccessError(self.env._("Only billing managers may start scheduled actions."))
        crons = self.sudo() & self._mbn_crons()
        crons.write({"active": True, "failure_count": 0, "first_failure_date": False})
        for cron in crons:
            cron.nextcall = max(cron.nextcall, fields.Datetime.now())
            cron._trigger()
        self.env["billing.exception"]._close(crons, "cron_problem")
