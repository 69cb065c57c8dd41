"""Rows from another program become records: new ones, changed ones, or the same as before."""

import logging

import psycopg2
from odoo.exceptions import AccessError, ConcurrencyError, UserError

from ..common.error_text import error_text
from . import arguments
from .arguments import ArgumentError

_logger = logging.getLogger(__name__)

# Odoo repeats a call that ended so; a row cannot help it.
_REPEATED = (psycopg2.OperationalError, psycopg2.InterfaceError, ConcurrencyError)


class Row:
    """One row that was passed, and what becomes of it."""

    def __init__(self, number, values):
        self.number, self.values = number, values
        self.record = None
        self.new = {}  # what is to be written
        self.outcome = "unchanged"
        self.error = ""

    @property
    def external_id(self):
        value = self.values.get("external_id") if isinstance(self.values, dict) else ""
        return value if isinstance(value, str) else ""


class Upsert:
    """Makes or changes one record per row, each row for itself.

    What the rows have in common is looked up at once, and all are written together; only when
    that fails is each written alone, so that a bad row never hinders a good one.
    """

    known = ()  # the fields a row may have
    id_name = ""  # of the record's id in the answer

    def __init__(self, env):
        self.env = env
        self.records = None

    def run(self, values_list):
        """:return: one answer per row, in order"""
        rows = [Row(number, values) for number, values in enumerate(values_list, 1)]
        self.learn([row.values for row in rows if isinstance(row.values, dict)])
        taken = set()
        for row in rows:
            self._attempt(row, self._read, row, taken)
        good = [row for row in rows if not row.error]
        new = [row for row in good if not row.record]
        changed = [row for row in good if row.record and row.new]
        self._together(new, self.make, "created")
        self._together(changed, self.alter, "updated")
        return [self._answer(row) for row in rows]

    # -- what members and contracts do for themselves --------------------------------

    def learn(self, rows):
        """Look up together what the rows name."""
        raise NotImplementedError

    def read(self, row):
        """Set the row's record, if there is one, and the values to write."""
        raise NotImplementedError

    def make(self, rows):
        """Create the rows' records."""
        raise NotImplementedError

    def alter(self, rows):
        """Write the rows' new values to their records."""
        raise NotImplementedError

    # -- how it is done --------------------------------------------------------------

    def _read(self, row, taken):
        values = arguments.mapping("rows", row.values, self.known)
        key = arguments.text("external_id", values.get("external_id"), required=True)
        if key in taken:
            raise ArgumentError("external_id", self.env._("one row for each"))
        taken.add(key)
        row.values = values | {"external_id": key}
        self.read(row)

    def _together(self, rows, work, outcome):
        if not rows:
            return
        try:
            with self.env.cr.savepoint():
                work(rows)
        except _REPEATED:
            raise
        except Exception as error:
            if len(rows) == 1:
                self._fail(rows[0], error)
                return
            for row in rows:
                self._together([row], work, outcome)
            return
        for row in rows:
            row.outcome = row.outcome if row.error else outcome

    def _attempt(self, row, work, *args):
        try:
            work(*args)
        except _REPEATED:
            raise
        except Exception as error:
            self._fail(row, error)

    def _fail(self, row, error):
        row.outcome = "error"
        if isinstance(error, ArgumentError):
            row.error = self.env._(
                "%(field)s: expected %(expected)s.", field=error.field, expected=error.expected
            )
        elif isinstance(error, AccessError):
            row.error = self.env._("Your rights do not allow this.")
        else:
            row.error = error_text(self.records, error)
            if not isinstance(error, (UserError, psycopg2.IntegrityError)):
                _logger.exception("Row %s of %s failed", row.number, self.records._name)
        row.record = row.record and row.record.exists()

    def _answer(self, row):
        return {
            "row": row.number,
            "external_id": row.external_id,
            self.id_name: row.record.id if row.record else 0,
            "outcome": row.outcome,
            "error": row.error,
        }
