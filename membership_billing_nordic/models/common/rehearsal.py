"""Doing something to see what comes of it: the real code runs, and nothing of it lasts."""

from collections import Counter
from contextlib import contextmanager

from odoo.tools import SQL


class NextNumbers:
    """The numbers that sequences would give out next. None is used up."""

    def __init__(self):
        self._given = Counter()

    def take(self, sequence, count):
        """:return: list of int, ascending"""
        [(last, is_used)] = sequence.env.execute_query(
            SQL(
                "SELECT last_value, is_called FROM %s",
                SQL.identifier(f"ir_sequence_{sequence.id:03d}"),
            )
        )
        first = last + is_used + self._given[sequence.id]
        self._given[sequence.id] += count
        return list(range(first, first + count))


@contextmanager
def rehearsal(records):
    """Gives ``records`` to work on; at the end everything is as it was before.

    Numbers of sequences are not used up either, and nothing is sent. What is to be kept of
    it must be plain values: records that were made do not exist any more.
    """
    with records.env.cr.savepoint() as savepoint:
        try:
            yield records.with_context(mbn_rehearsal=NextNumbers(), mail_notify_force_send=False)
        finally:
            savepoint.rollback()
            records.env.invalidate_all(flush=False)
