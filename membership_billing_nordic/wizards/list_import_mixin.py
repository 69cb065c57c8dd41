from odoo import api, fields, models

from .csv_list import read_rows


class ListImportMixin(models.AbstractModel):
    """Reads a list that somebody brings, shows what would become of each row, then does it.

    A wizard that inherits this names the columns, has lines (``line_ids`` with ``row`` and
    ``error``), and says who may (:meth:`_check_may_import`), what becomes of the rows
    (:meth:`_work`) and what is shown in the end (:meth:`_show_imported`). Each row stands for
    itself: a bad one hinders no other.
    """

    _name = "billing.list.import.mixin"
    _description = "Import of a List"

    _list_columns = ()

    content = fields.Binary(string="List (CSV)", help="A list with a line of headings on top.")
    file_name = fields.Char()
    good_count = fields.Integer(compute="_compute_counts")
    bad_count = fields.Integer(compute="_compute_counts")
    columns = fields.Char(compute="_compute_columns", string="Columns That Are Read")

    @api.depends("line_ids.error")
    def _compute_counts(self):
        for wizard in self:
            wizard.bad_count = len(wizard.line_ids.filtered("error"))
            wizard.good_count = len(wizard.line_ids) - wizard.bad_count

    def _compute_columns(self):
        self.columns = ", ".join(self._list_columns)

    def action_preview(self):
        """Show what would become of each row; nothing is kept of it."""
        with self.env.cr.savepoint() as savepoint:
            answers = self._answers()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        return self._show(answers)

    def action_import(self):
        """Import the good rows; those with an error are left out and shown again."""
        answers = self._answers()
        if bad := [answer for answer in answers if answer["error"]]:
            return self._show(bad)
        return self._show_imported(answers)

    def _check_may_import(self):
        """:raise UserError: when the user may not import this list"""
        raise NotImplementedError

    def _answers(self):
        self.check_access("write")
        self.ensure_one()
        self._check_may_import()
        return self._work(read_rows(self.env, self.content, self._list_columns))

    def _work(self, rows):
        """Do the rows of the list: what became of each, as values of a line."""
        raise NotImplementedError

    def _show_imported(self, answers):
        """What is shown when all rows were good."""
        raise NotImplementedError

    def _show(self, answers):
        self.line_ids.unlink()
        self.line_ids.create([{"import_id": self.id} | answer for answer in answers])
        return {
            "type": "ir.actions.act_window",
            "name": self.env["ir.model"]._get(self._name).name,
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }
