"""What a call agency reached: its list, shown row by row before it counts."""

import hashlib
import re
from datetime import date

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date

from ..formats.references import has_check_digit
from ..models.debit.direct_debit_call import OPEN, OUTCOMES
from .direct_debit_call_export import COLUMNS

_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<day>\d{1,2})[./-](?P<month>\d{1,2})[./-](?P<year>\d{4})"),
)


class _WrongCell(Exception):
    """A cell of the list that cannot be used: its column, and what is wrong."""

    def __init__(self, column, text):
        super().__init__(text)
        self.column = column
        self.text = text


class DirectDebitCallImport(models.TransientModel):
    """Records what a call agency reached."""

    _name = "direct.debit.call.import"
    _inherit = ["billing.list.import.mixin"]
    _description = "Import Answers of a Call Agency"
    _list_columns = COLUMNS

    content = fields.Binary(help="The list that was handed out, filled in by the agency.")
    line_ids = fields.One2many("direct.debit.call.import.line", "import_id", readonly=True)
    outcomes = fields.Char(compute="_compute_outcomes", string="Known Outcomes")

    def _compute_outcomes(self):
        self.outcomes = ", ".join(dict(OUTCOMES))

    def _check_may_import(self):
        self.env["direct.debit.call"]._check_may_record()

    def _show(self, answers):
        lines = [answer | {"is_wrong": bool(answer["error"])} for answer in answers]
        return super()._show(lines) | {"context": {"dialog_size": "extra-large"}}

    def _show_imported(self, answers):
        return {"type": "ir.actions.act_window_close"}

    # -- doing it ----------------------------------------------------------------------------

    def _work(self, rows):
        """What became of each row, as values of the preview's lines."""
        seen = {}
        return [
            self._work_row(number, cells, seen)
            for number, cells in rows
            if cells.keys() & {"outcome", "next_contact", "note"}
        ]

    def _work_row(self, number, cells, seen):
        line = {"row": number, "who": cells.get("name", ""), "error": False}
        try:
            call = self._call_of(cells.get("row", ""))
            line["who"] = call.partner_id.name
            if call in seen:
                raise _WrongCell(
                    "row", self.env._("It is in line %(number)s already.", number=seen[call])
                )
            line |= self._apply(call, cells)
            seen[call] = number
            return line
        except _WrongCell as wrong:
            return line | {"column": wrong.column, "error": wrong.text}

    def _call_of(self, text):
        digits = re.sub(r"\D", "", text)
        calls = self.env["direct.debit.call"]
        if len(digits) > 1 and digits == text and has_check_digit(digits, "mod10"):
            calls = calls.search([("id", "=", int(digits[:-1]))])
        if not calls or not calls.handed_out_on:
            raise _WrongCell(
                "row",
                self.env._("“%(text)s” is no row that was handed out to an agency.", text=text),
            )
        return calls

    def _apply(self, call, cells):
        """Record one row of the list: what was done, as values of the preview's line."""
        outcome = self._outcome_of(cells.get("outcome", ""))
        day = self._date_of(cells.get("next_contact", ""))
        note = cells.get("note", "")
        key = call._answer_key(outcome, day, note)
        answer = {"outcome": outcome}
        if call.contact_ids.filtered(lambda contact: contact.import_key == key):
            return answer | {"known": True, "result": self.env._("Imported before")}
        self._check_open(call)
        if outcome == "new_date" and not day:
            raise _WrongCell("next_contact", self.env._("A new date needs the date."))
        if day and day < call._today():
            raise _WrongCell("next_contact", self.env._("This day has passed."))
        try:
            with self.env.cr.savepoint():
                contact = call._record_answer(outcome, day, note, key)
        except (UserError, ValidationError) as error:
            raise _WrongCell("next_contact" if day else "row", str(error)) from error
        return answer | {"result": contact.result, "next_contact": contact.next_contact}

    def _check_open(self, call):
        if call.state in OPEN:
            return
        labels = dict(call._fields["outcome"]._description_selection(self.env))
        raise _WrongCell(
            "row",
            self.env._(
                "Closed on %(day)s meanwhile: %(why)s",
                day=format_date(self.env, call.closed_on),
                why=labels.get(call.outcome, ""),
            ),
        )

    def _outcome_of(self, text):
        translated = (
            self.env["direct.debit.call"]._fields["outcome"]._description_selection(self.env)
        )
        known = {label.lower(): key for key, label in translated if key in dict(OUTCOMES)}
        known |= {label.lower(): key for key, label in OUTCOMES} | {
            key: key for key, _l in OUTCOMES
        }
        if text.lower() not in known:
            raise _WrongCell(
                "outcome",
                self.env._(
                    "“%(text)s” is no outcome. Known are: %(known)s.",
                    text=text,
                    known=", ".join(dict(OUTCOMES)),
                ),
            )
        return known[text.lower()]

    def _date_of(self, text):
        if not text:
            return False
        for pattern in _DATES:
            if found := pattern.fullmatch(text):
                try:
                    return date(**{name: int(part) for name, part in found.groupdict().items()})
                except ValueError:
                    break
        raise _WrongCell(
            "next_contact",
            self.env._("“%(text)s” is no day: write it as 2027-01-31.", text=text),
        )


class DirectDebitCallImportLine(models.TransientModel):
    """What becomes of one row of the agency's list."""

    _name = "direct.debit.call.import.line"
    _description = "Answer of a Call Agency"
    _order = "is_wrong desc, row"

    import_id = fields.Many2one(
        "direct.debit.call.import", required=True, ondelete="cascade", index=True
    )
    row = fields.Integer(string="Line")
    who = fields.Char(string="Payer")
    outcome = fields.Selection(OUTCOMES)
    known = fields.Boolean(string="Imported Before")
    next_contact = fields.Date()
    result = fields.Char(string="What Is Done")
    column = fields.Char(string="Field")
    error = fields.Char(string="What Is Wrong")
    is_wrong = fields.Boolean(help="The row is left out.")


class DirectDebitCall(models.Model):
    _inherit = "direct.debit.call"

    def _answer_key(self, outcome, day, note):
        """What an agency's answer says, so that it counts once for each time it was asked."""
        facts = (self.handed_out_on, outcome, day, note)
        return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()

    def _record_answer(self, outcome, day, note, key):
        """Record what an agency reached. What only the office can do is to be called about."""
        call = self._lock_open()
        result, next_contact = False, day or call._call_again_on()
        if outcome == "new_date":
            result, next_contact = call._agree_on_date(day)
        elif outcome in ("lower_amount", "leave"):
            result, next_contact = self.env._("To be done by the office"), day or call._today()
        return call._keep_outcome(
            outcome, next_contact, note=note, result=result, by_agency=True, import_key=key
        )
