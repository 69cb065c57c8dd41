import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import UserError

from .error_text import error_text

_logger = logging.getLogger(__name__)


class BillingRunMixin(models.AbstractModel):
    """Long work in chunks, each committed: killed anywhere and run again, the same result.

    A model that inherits this says what is pending (:meth:`_run_take`), how a chunk of it
    is done (:meth:`_run_process`), and what to note on a row that fails
    (:meth:`_run_fail`). What is pending must be told by the rows themselves, so that a
    chunk that was committed is never taken again.
    """

    _name = "billing.run.mixin"
    _description = "Resumable Run"

    _run_chunk_size = 100

    run_total = fields.Integer(string="To Do in All", readonly=True, copy=False)
    run_done = fields.Integer(string="Done", readonly=True, copy=False)
    run_failed = fields.Integer(string="Failed", readonly=True, copy=False)
    run_progress = fields.Float(string="Progress", compute="_compute_run_progress")
    run_started = fields.Datetime(string="Started", readonly=True, copy=False)
    run_finished = fields.Datetime(string="Finished", readonly=True, copy=False)

    @api.depends("run_total", "run_done", "run_failed")
    def _compute_run_progress(self):
        for run in self:
            worked = run.run_done + run.run_failed
            run.run_progress = 100.0 * worked / run.run_total if run.run_total else 0.0

    def _run_take(self, limit):
        """The next rows to work on, at most ``limit``; empty when nothing is left."""
        raise NotImplementedError

    def _run_process(self, rows):
        """Do ``rows`` as one unit. May raise; then they are tried one by one.

        :return: how many of ``rows`` it noted as failed itself; None is none
        """
        raise NotImplementedError

    def _run_fail(self, row, message):
        """Note on ``row`` why it failed, so that :meth:`_run_take` leaves it out."""
        raise NotImplementedError

    def _run_finish(self):
        """Nothing is pending any more: set the end state, write the summary."""
        raise NotImplementedError

    def _run_work(self):
        """Work off what is pending.

        :return: True when all is done, False when the time of this scheduled run is over.
        """
        self.ensure_one()
        if not self.try_lock_for_update():
            return True
        if not self.run_started:
            self.run_started = fields.Datetime.now()
        while rows := self._run_take(self._run_chunk_size):
            failed = self._run_chunk(rows)
            self.run_done += len(rows) - failed
            self.run_failed += failed
            left = max(self.run_total - self.run_done - self.run_failed, 0)
            if not self.env["ir.cron"]._commit_progress(len(rows), remaining=left):
                return False
            if not self.try_lock_for_update():
                return True
        self._run_finish()
        self.run_finished = fields.Datetime.now()
        self.env["ir.cron"]._commit_progress(remaining=0)
        return True

    def _run_chunk(self, rows):
        """Do a chunk in a savepoint and, on an error, row by row. Returns how many failed."""
        try:
            with self.env.cr.savepoint():
                return self._run_process(rows) or 0
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(rows) == 1:
                self._run_note_failure(rows, error)
                return 1
            _logger.info("%s %s: chunk failed, going row by row", self._name, self.id)
        return sum(self._run_chunk(row) for row in rows)

    def _run_note_failure(self, row, error):
        if not isinstance(error, UserError):
            _logger.exception("%s %s: %s failed", self._name, self.id, row)
        self.env.invalidate_all(flush=False)
        self._run_fail(row, self._run_text(error))

    def _run_text(self, error):
        """What a person is told about ``error``."""
        return error_text(self, error)
