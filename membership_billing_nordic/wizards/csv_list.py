"""Lists that people bring: CSV with a line of headings, as spreadsheets write it."""

import base64
import csv
import io
import re

from odoo.exceptions import UserError

MOST_ROWS = 5000
_DELIMITERS = (";", "\t", ",")
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\d+\.\d+$).*[^\d\s()-]", re.DOTALL)


def read_rows(env, content, columns, uneven=None):
    """The rows of a list in ``content`` (base64): ``(line number, {column: text})`` each.

    Empty cells are left out, and rows without any.

    :param uneven: a list that gets the numbers of rows with too many or too few cells, which are
        then left out
    :raises UserError: it is empty or too long, has a column that is not in ``columns``, or a
        row with too many or too few cells
    """
    text = _text(env, content)
    heading = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=heading.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if unknown := [name for name in names if name not in columns]:
        raise UserError(
            env._(
                "The list has a column %(name)s. Known are: %(known)s.",
                name=unknown[0] or "?",
                known=", ".join(columns),
            )
        )
    reader.fieldnames = names
    rows = []
    for number, cells in enumerate(reader, 2):
        if number > MOST_ROWS + 1:
            raise UserError(
                env._("The list has more than %(limit)s rows: cut it.", limit=MOST_ROWS)
            )
        if None in cells or None in cells.values():
            if uneven is not None:
                uneven.append(number)
                continue
            raise UserError(
                env._("Row %(number)s has not as many cells as there are columns.", number=number)
            )
        row = {name: value.strip() for name, value in cells.items() if value.strip()}
        rows.append((number, row))
    return [(number, row) for number, row in rows if row]


def _text(env, content):
    content = base64.b64decode(content or b"")
    if not content.strip():
        raise UserError(env._("Choose a list that is not empty."))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def write_rows(columns, rows):
    """A list (base64) that spreadsheets open without asking: semicolons, UTF-8 with a mark.

    :param rows: ``{column: text}`` each
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _harmless(value) for name, value in row.items()})
    return base64.b64encode(out.getvalue().encode("utf-8-sig"))


def _harmless(value):
    """No cell is a formula to the spreadsheet that opens the list."""
    return f"'{value}" if _FORMULA.match(value) else value
