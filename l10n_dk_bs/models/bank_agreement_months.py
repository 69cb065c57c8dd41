from collections import defaultdict

from dateutil.relativedelta import relativedelta
from markupsafe import Markup
from odoo import api, fields, models
from odoo.tools import format_date

from ..formats.payment_days import payment_day
from .bank_connection import SCHEME

_AHEAD = 6
_MONTH = relativedelta(months=1)


class BankAgreement(models.Model):
    """The months ahead: when they close, and what is in them by now."""

    _inherit = "bank.agreement"

    l10n_dk_months = fields.Html(
        string="Months Ahead",
        compute="_compute_l10n_dk_months",
        sanitize=False,
        help="Until when collections of a month are taken, and what is planned for it.",
    )

    @api.depends("scheme", "debit_lead_days", "debit_cutoff")
    @api.depends_context("lang")
    def _compute_l10n_dk_months(self):
        for agreement in self:
            collects = agreement.scheme == SCHEME and agreement.debit_out and agreement.id
            agreement.l10n_dk_months = agreement._dk_months_table() if collects else False

    def _dk_months_table(self):
        heads = (
            self.env._("Month"),
            self.env._("Closes On"),
            self.env._("First Banking Day"),
            self.env._("Debits"),
            self.env._("Amount"),
        )
        ends = [_cell(Markup("th"), text, place > 2) for place, text in enumerate(heads)]
        rows = [
            Markup("<tr>%s</tr>")
            % Markup().join(_cell(Markup("td"), text, place > 2) for place, text in enumerate(row))
            for row in self._dk_months()
        ]
        table = Markup(
            '<table class="table table-sm"><thead><tr>%s</tr></thead><tbody>%s</tbody></table>'
        )
        return table % (Markup().join(ends), Markup().join(rows))

    def _dk_months(self):
        """The texts of a row for each month."""
        first = self._debit_first_due(fields.Datetime.now()).replace(day=1)
        totals = self._dk_planned(first)
        for month in (first + _MONTH * place for place in range(_AHEAD)):
            count, amount = totals[month]
            yield (
                format_date(self.env, month, date_format="MMMM y"),
                self._debit_clock(self._debit_deadline(month)),
                format_date(self.env, payment_day(month)),
                str(count),
                self.currency_id.format(amount),
            )

    def _dk_planned(self, first):
        """``{first day of a month: (number, sum)}`` of the debits from ``first`` on.

        Payment slips wait for no month to close.
        """
        rows = (
            self.env["direct.debit.order"]
            .sudo()
            ._read_group(
                [
                    ("agreement_id", "=", self.id),
                    ("is_form", "=", False),
                    ("state", "in", ("planned", "sent", "waiting")),
                    ("due_date", ">=", first),
                ],
                ["due_date:month"],
                ["__count", "amount:sum"],
            )
        )
        return defaultdict(lambda: (0, 0.0), {month: tuple(sums) for month, *sums in rows})


def _cell(tag, text, is_number):
    return Markup('<%s class="%s">%s</%s>') % (tag, "text-end" if is_number else "", text, tag)
