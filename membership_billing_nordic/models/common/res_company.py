from datetime import date, datetime, timezone
from zoneinfo import ZoneInfo

from odoo import fields, models


class ResCompany(models.Model):
    _inherit = "res.company"

    def _billing_tz(self):
        """The company's own time zone; a bank's deadline is a local wall time."""
        self.ensure_one()
        return ZoneInfo(self.partner_id.tz or self.env.user.tz or "UTC")

    def _billing_context(self) -> dict:
        """Scheduled work reckons in the company's time zone and writes in its language."""
        self.ensure_one()
        lang = self.partner_id.lang or self.env.user.lang
        return {"tz": str(self._billing_tz()), "lang": lang}

    def _billing_today(self) -> date:
        """Today where the company is, whatever time zone the worker runs in."""
        return self._billing_day(fields.Datetime.now())

    def _billing_day(self, moment: datetime) -> date:
        """The day where the company is at ``moment``, a naive UTC time as the database keeps it."""
        return moment.replace(tzinfo=timezone.utc).astimezone(self._billing_tz()).date()
