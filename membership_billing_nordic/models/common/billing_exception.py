import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import UserError

from .error_text import error_text

_logger = logging.getLogger(__name__)


class BillingException(models.Model):
    """The to-do desk: one open row per kind and record, closed by the code that resolves it."""

    _name = "billing.exception"
    _description = "Billing To-do"
    _order = "create_date desc, id desc"
    _check_company_auto = True

    name = fields.Text(string="What is wrong", required=True)
    kind = fields.Selection(
        selection=[("cron_problem", "Scheduled action stands still")], required=True, index=True
    )
    next_action = fields.Text(help="What a person should do to resolve it.")
    state = fields.Selection(
        [("open", "Open"), ("done", "Done")], default="open", required=True, index=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    user_id = fields.Many2one("res.users", string="Responsible", index=True)
    res_model = fields.Char(string="Model", required=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, index=True
    )
    record_name = fields.Char(string="Concerns", compute="_compute_record_name")
    closed_on = fields.Datetime(readonly=True)

    _open_once = models.UniqueIndex(
        "(kind, res_model, res_id) WHERE state = 'open'",
        "This to-do is already open for this record.",
    )

    @api.depends("res_model", "res_id")
    def _compute_record_name(self):
        for exception in self:
            record = exception._record()
            readable = record and record.has_access("read")
            exception.record_name = record.display_name if readable else False

    def _record(self):
        """The record this row is about; empty when it is gone or its model is."""
        self.ensure_one()
        if self.res_model not in self.env:
            return self.env[self._name]
        return self.env[self.res_model].browse(self.res_id).exists()

    @api.model
    def _open(self, record, kind, name, next_action="", user=None):
        """Put ``record`` on the desk, or refresh the row that is already there.

        :param record: one record; the row is of its company, if it has one
        :return: the open row
        """
        record.ensure_one()
        values = {"name": name, "next_action": next_action}
        row = self._open_rows(record, kind)
        if row:
            row.write(values)
            return row
        return self.sudo().create(
            values
            | {
                "kind": kind,
                "res_model": record._name,
                "res_id": record.id,
                "company_id": self._company_of(record).id,
                "user_id": user.id if user else False,
            }
        )

    def _company_of(self, record):
        own = record.company_id if "company_id" in record._fields else None
        return own or self.env.company

    @api.model
    def _open_all(self, names, kind, next_action=""):
        """Put many records of one model on the desk at once, or refresh their rows.

        :param names: dict of record with a ``company_id`` → what is wrong with it
        """
        if not names:
            return
        records = next(iter(names)).union(*names)
        rows = {row.res_id: row for row in self._open_rows(records, kind)}
        for record in names:
            if row := rows.get(record.id):
                row.write({"name": names[record], "next_action": next_action})
        self.sudo().create(
            [
                {
                    "name": name,
                    "next_action": next_action,
                    "kind": kind,
                    "res_model": record._name,
                    "res_id": record.id,
                    "company_id": record.company_id.id,
                }
                for record, name in names.items()
                if record.id not in rows
            ]
        )

    @api.model
    def _close(self, records, kind):
        """Take ``records`` off the desk for ``kind``, because it is resolved."""
        self._open_rows(records, kind).action_close()

    @api.model
    def _open_rows(self, records, kind):
        return self.sudo().search(
            [
                ("kind", "=", kind),
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("state", "=", "open"),
            ]
        )

    @api.model
    def _try(self, record, kind, work, next_action=""):
        """Let ``work`` happen, or nothing of it: then ``record`` is on the desk and says why.

        :param work: called without arguments
        :return: did it succeed?
        """
        try:
            with self.env.cr.savepoint():
                work()
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                _logger.exception("%s %s: %s", record._name, record.id, kind)
            self.env.invalidate_all(flush=False)
            self._open(record, kind, error_text(record, error), next_action)
            return False
        self._close(record, kind)
        return True

    @api.model
    def _settled_since(self, record, kind, moment):
        """Whether the last row of ``record`` was closed after ``moment``."""
        last = self.sudo().search(
            [("kind", "=", kind), ("res_model", "=", record._name), ("res_id", "=", record.id)],
            order="id desc",
            limit=1,
        )
        return bool(last.closed_on and last.closed_on > moment)

    def _of_kinds(self, model, kinds):
        """The records of ``model`` that open rows of these kinds are about."""
        rows = self.filtered(lambda row: row.kind in kinds and row.state == "open")
        return self.env[model].browse(rows.mapped("res_id")).exists()

    def action_start_cron(self):
        """Start scheduled actions that stand still."""
        self.check_access("read")
        self._of_kinds("ir.cron", ("cron_problem",))._mbn_start_again()

    def action_close(self):
        """Take rows off the desk by hand."""
        self.check_access("write")
        self.write({"state": "done", "closed_on": fields.Datetime.now()})

    def action_open_record(self):
        """Show the record the row is about."""
        self.check_access("read")
        self.ensure_one()
        # The record knows which of its forms is the right one.
        return self.env[self.res_model].browse(self.res_id).get_formview_action()
