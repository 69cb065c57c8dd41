import logging
import time
from datetime import timedelta

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .error_text import error_text

_logger = logging.getLogger(__name__)


class BillingRunMixin(models.AbstractModel):
    """Long work in chunks, each committed: killed anywhere and run again, the same result.

    A model that inherits this says what is pending (:meth:`_run_take`), how a chunk of it
    is done (:meth:`_run_process`), and what to note on rows that fail
    (:meth:`_run_fail`). What is pending must be told by the rows themselves, so that a
    chunk that was committed is never taken again.

    The run's own row is locked while a chunk is worked on. What a person decides meanwhile
    is left where :meth:`_run_stopped` finds it between two chunks.
    """

    _name = "billing.run.mixin"
    _description = "Resumable Run"

    _run_chunk_size = 100
    _run_usual_seconds = 0.05  # for a row, before anything was measured

    run_total = fields.Integer(string="To Do in All", readonly=True, copy=False)
    run_done = fields.Integer(string="Done", readonly=True, copy=False)
    run_failed = fields.Integer(string="Failed", readonly=True, copy=False)
    run_progress = fields.Float(string="Progress", compute="_compute_run_progress")
    run_started = fields.Datetime(string="Started", readonly=True, copy=False)
    run_finished = fields.Datetime(string="Finished", readonly=True, copy=False)
    run_seconds = fields.Float(
        string="Seconds Worked",
        readonly=True,
        copy=False,
        help="How long the work has taken so far, without the time it stood still.",
    )
    run_ready = fields.Datetime(
        string="Ready At About",
        compute="_compute_run_ready",
        help="When the work will be done at the speed measured so far.",
    )

    @api.depends("run_total", "run_done", "run_failed")
    def _compute_run_progress(self):
        for run in self:
            worked = run.run_done + run.run_failed
            run.run_progress = 100.0 * worked / run.run_total if run.run_total else 0.0

    @api.depends("run_total", "run_done", "run_failed", "run_seconds")
    def _compute_run_ready(self):
        now = fields.Datetime.now()
        for run in self:
            left = run._run_left()
            run.run_ready = left and now + timedelta(seconds=left * run._run_seconds_each())

    def action_refresh(self):
        """Read the form again, to see how far the work is."""
        self.check_access("read")
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _run_begin(self, total, **vals):
        """Count anew, for work on ``total`` rows; ``vals`` are written along."""
        self.write(
            {
                "run_total": total,
                "run_done": 0,
                "run_failed": 0,
                "run_seconds": 0.0,
                "run_started": False,
                "run_finished": False,
                **vals,
            }
        )
        self.env.flush_all()

    def _run_left(self):
        """How many rows are still to be worked on."""
        return max(self.run_total - self.run_done - self.run_failed, 0)

    def _run_seconds_each(self):
        """Seconds a row takes: as measured in this run, else what is usual."""
        worked = self.run_done + self.run_failed
        if worked and self.run_seconds:
            return self.run_seconds / worked
        return self._run_usual_seconds

    def _in_company(self):
        """The run as its company's office works on it: its time zone, language and accounts."""
        company = self.company_id
        return self.sudo().with_company(company).with_context(**company._billing_context())

    def _run_take(self, limit):
        """The next rows to work on, about ``limit``; empty when nothing is left."""
        raise NotImplementedError

    def _run_take_by_payer(self, model, pending, payer, limit):
        """A :meth:`_run_take` that takes all rows of a payer together.

        :param model: that of the rows
        :param pending: the domain of those that are pending
        :param payer: their field with the payer
        """
        rows = model.search(pending, order=f"{payer}.id, id", limit=limit)
        if len(rows) < limit:
            return rows
        same = Domain(payer, "=", rows[-1][payer].id) & Domain("id", ">", rows[-1].id)
        return rows + model.search(Domain(pending) & same, order="id")

    def _run_check_manager(self, problem):
        """May the user work on this run?

        :param problem: what to tell who may not
        """
        self.check_access("write")
        manager = "membership_billing_nordic.group_billing_manager"
        if not (self.env.su or self.env.user.has_group(manager)):
            raise AccessError(problem)

    def _run_process(self, rows):
        """Do ``rows`` as one unit. May raise; then its parts are tried (:meth:`_run_split`).

        :return: how many of ``rows`` it noted as failed itself; None is none
        """
        raise NotImplementedError

    def _run_fail(self, rows, message):
        """Note on ``rows`` why they failed, so that :meth:`_run_take` leaves them out."""
        raise NotImplementedError

    def _run_split(self, rows):
        """The parts of ``rows`` to try one by one after an error; one part when it is a unit."""
        return list(rows)

    def _run_stopped(self):
        """Whether somebody wants the work to stop here."""
        return False

    def _run_finish(self):
        """Nothing is pending any more: set the end state, write the summary."""
        raise NotImplementedError

    def _run_work(self):
        """Work off what is pending.

        :return: True when all is done, False when the time of this scheduled run is over.
        """
        self.ensure_one()
        if not self._run_lock():
            return True
        if not self.run_started:
            self.run_started = fields.Datetime.now()
        while not (stopped := self._run_stopped()):
            rows = self._run_take(self._run_chunk_size)
            if not rows:
                break
            self._run_count(rows)
            if not self.env["ir.cron"]._commit_progress(len(rows), remaining=self._run_left()):
                return False
            self.env.invalidate_all()
            if not self._run_lock():
                return True
        if not stopped:
            self._run_end()
        self.env["ir.cron"]._commit_progress(remaining=0)
        return True

    def _run_at_once(self):
        """Work off a short run within this transaction: nothing is committed."""
        self.run_started = fields.Datetime.now()
        while rows := self._run_take(self._run_chunk_size):
            self._run_count(rows)
        self._run_end()

    def _run_lock(self):
        """Lock the run against other workers; what refers to it can still be created."""
        return bool(self.try_lock_for_update(allow_referencing=True))

    def _run_count(self, rows):
        begun = time.monotonic()
        failed = self._run_chunk(rows)
        self.write(
            {
                "run_done": self.run_done + len(rows) - failed,
                "run_failed": self.run_failed + failed,
                "run_seconds": self.run_seconds + time.monotonic() - begun,
            }
        )

    def _run_end(self):
        self._run_finish()
        self.run_finished = fields.Datetime.now()

    def _run_chunk(self, rows):
        """Do a chunk in a savepoint and, on an error, its parts. Returns how many failed."""
        try:
            with self.env.cr.savepoint():
                return self._run_process(rows) or 0
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            parts = self._run_split(rows)
            if len(parts) == 1:
                self._run_note_failure(rows, error)
                return len(rows)
            _logger.info("%s %s: chunk failed, going part by part", self._name, self.id)
        return sum(self._run_chunk(part) for part in parts)

    def _run_note_failure(self, rows, error):
        if not isinstance(error, UserError):
            _logger.exception("%s %s: %s failed", self._name, self.id, rows)
        self.env.invalidate_all(flush=False)
        self._run_fail(rows, self._run_text(error))

    def _run_text(self, error):
        """What a person is told about ``error``."""
        return error_text(self, error)
