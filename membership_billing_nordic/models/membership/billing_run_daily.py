from odoo import api, models
from odoo.exceptions import UserError

# A daily run in one of these is today's, or was taken back: it is not made once more.
MADE = ("preparing", "confirmed", "partly", "held", "done", "undoing", "undone")


class BillingRun(models.Model):
    """The run that a scheduled action makes every day, in the company's mode."""

    _inherit = "billing.run"

    @api.model
    def _cron_daily(self):
        """Make today's run of every company that has members, and release it as it wants."""
        groups = self.env["membership.contract"]._read_group(
            [("state", "!=", "draft"), ("next_invoice_date", "!=", False)], ["company_id"]
        )
        for (company,) in groups:
            self._make_daily(company)
            self.env["ir.cron"]._commit_progress(1)
        self._trigger_work()

    def _make_daily(self, company):
        """The company's run of today. One that still waits for approval is made anew."""
        today = company._billing_today()
        mine = [("company_id", "=", company.id), ("is_daily", "=", True)]
        if self.search_count([*mine, ("date", "=", today), ("state", "in", MADE)]):
            return
        run = self.search([*mine, ("state", "in", ("draft", "preview"))], limit=1)
        run = run or self.sudo().create({"company_id": company.id, "is_daily": True, "date": today})
        run = run._in_company()
        run.date = today
        try:
            with self.env.cr.savepoint():
                run._start_preview()
        except UserError as error:
            run._report_stop(str(error))
            return
        if run.state == "preview":
            run._try_release_daily()

    def _try_release_daily(self):
        try:
            with self.env.cr.savepoint():
                self._release_daily()
        except UserError as error:
            self._report_stop(str(error))

    def _release_daily(self):
        """Release, or let wait for approval, as the company's mode says."""
        self.env["billing.exception"]._close(self, "billing_run_stopped")
        if not self.run_total:
            self._finish_empty()
        elif self._may_release():
            self._release()
        else:
            self._report_waiting(self.run_total)

    def _finish_empty(self):
        if self.out_count:
            self.state = "done"
            self._report_failures()
        else:
            self.env["billing.exception"]._close(self, "billing_run_waiting")
            self.unlink()

    def _may_release(self):
        """Whether the company's mode lets the daily run go without a person."""
        company = self.company_id
        if company.mbn_billing_mode == "limit":
            return self.amount_total <= company.mbn_billing_limit
        return company.mbn_billing_mode == "automatic"

    def _report_stop(self, message):
        self.env["billing.exception"]._open(
            self,
            "billing_run_stopped",
            self.env._("%(run)s could not go on", run=self.name),
            message,
        )
