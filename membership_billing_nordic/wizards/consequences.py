"""What a dialog shows of what an operation brings with it."""

from markupsafe import Markup
from odoo.tools import format_date, formatLang

# Of more contracts than these, only sums are shown.
SHOWN_ONE_BY_ONE = 5
TONES = {
    "rule": "text-warning-emphasis",
    "problem": "text-danger",
    "early": "text-warning-emphasis",
    "after": "fw-bold",
    "end": "fw-bold",
    "left": "fw-bold",
    "stands": "fw-bold",
}
ROW = Markup(
    '<tr class="%s"><td class="ps-0">%s</td><td class="text-nowrap">%s</td>'
    '<td class="text-nowrap text-end pe-0">%s</td></tr>'
)


def table(contracts, rows):
    """The rows of ``membership.contract._consequences`` as a table."""
    if not rows:
        return False
    if len(contracts) > SHOWN_ONE_BY_ONE:
        return _table(_summed(contracts, rows))
    lines = []
    for contract in contracts:
        if len(contracts) > 1:
            name = contract.display_name
            lines.append(Markup('<tr><th class="ps-0 pt-3" colspan="3">%s</th></tr>') % name)
        lines += [_line(contract, row) for row in rows if row["contract_id"] == contract.id]
    return _table(lines)


def plain(env, rows, currency):
    """A table of rows of (text, day or None, amount or None, style)."""
    return _table(
        ROW
        % (
            style,
            text,
            format_date(env, day) if day else "",
            "" if amount is None else formatLang(env, amount, currency_obj=currency),
        )
        for text, day, amount, style in rows
    )


def _table(lines):
    head = Markup('<table class="table table-sm table-borderless mb-0">%s</table>')
    return head % Markup().join(lines)


def _line(contract, row):
    env, amount = contract.env, row["amount"]
    return ROW % (
        TONES.get(row["kind"], ""),
        row["text"],
        format_date(env, row["date"]) if row["date"] else "",
        "" if amount is None else formatLang(env, amount, currency_obj=contract.currency_id),
    )


def _summed(contracts, rows):
    """One line for each kind and currency: of how many, and the sum."""
    currencies = {contract.id: contract.currency_id for contract in contracts}
    labels = contracts._consequence_labels()
    sums = {}
    for row in rows:
        key = row["kind"], currencies[row["contract_id"]]
        count, amount = sums.get(key, (0, None))
        if row["amount"] is not None:
            amount = (amount or 0.0) + row["amount"]
        sums[key] = count + 1, amount
    return [
        ROW
        % (
            TONES.get(kind, ""),
            labels.get(kind, kind),
            count,
            "" if amount is None else formatLang(contracts.env, amount, currency_obj=currency),
        )
        for (kind, currency), (count, amount) in sums.items()
    ]
