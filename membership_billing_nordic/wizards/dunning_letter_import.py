"""Letters of a previous system from a list, so that counts, caps and spacing go on."""

import re

from odoo import fields, models
from odoo.exceptions import UserError

from ..models.dunning.dunning_letter_earlier import EarlierLetter, letter_kinds
from ..models.dunning.dunning_letter_line import PARTS

_AMOUNTS = tuple(name for part in PARTS for name in (part, f"{part}_open"))
COLUMNS = (
    "invoice", "reference", "due_date", "letter", "kind", "sent_on", "deadline", *_AMOUNTS,
)  # fmt: skip


class DunningLetterImport(models.TransientModel):
    """Records a list of letters.

    A row is one letter about one invoice. One that is recorded already is left as it is.
    """

    _name = "dunning.letter.import"
    _inherit = ["billing.list.import.mixin"]
    _description = "Import Earlier Letters"
    _list_columns = COLUMNS

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    line_ids = fields.One2many("dunning.letter.import.line", "import_id", readonly=True)

    def _check_may_import(self):
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Choose a company that you work for."))

    def _show_imported(self, answers):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_dunning_letter"
        )
        return action | {"domain": [("is_imported", "=", True)], "context": {}}

    # ------------------------------------------------------------------ doing it

    def _work(self, rows):
        """What became of each row, as values of the preview's lines; the oldest letter first."""
        in_turn = sorted(rows, key=lambda row: row[1].get("sent_on", ""))
        return [self._record(number, cells) for number, cells in in_turn]

    def _record(self, number, cells):
        answer = {
            "row": number,
            "invoice": cells.get("invoice") or cells.get("reference", ""),
            "error": False,
        }
        try:
            with self.env.cr.savepoint():
                return answer | self._record_row(cells)
        except UserError as error:
            return answer | {"outcome": "error", "error": str(error)}

    def _record_row(self, cells):
        company = self.company_id
        office = self.sudo().with_company(company).with_context(**company._billing_context())
        earlier = self._earlier(cells)
        claim = office.env["dunning.claim"]._claim_to_count(
            company, cells.get("invoice"), cells.get("reference"), self._day(cells, "due_date")
        )
        made = office.env["dunning.letter"]._record_earlier(claim, earlier)
        self.env.flush_all()
        return {
            "partner_id": claim.partner_id.id,
            "kind": earlier.kind,
            "sent_on": earlier.sent_on,
            "currency_id": claim.currency_id.id,
            "fee": earlier.claimed.get("fee", 0.0),
            "next_level": claim.next_level_id.name or False,
            "next_date": claim.next_date,
            "outcome": "recorded" if made else "unchanged",
        }

    def _earlier(self, cells):
        kind = cells.get("kind", "reminder").lower()
        if kind not in letter_kinds():
            raise UserError(
                self.env._(
                    "%(kind)s is no kind of letter. Known are: %(known)s.",
                    kind=kind,
                    known=", ".join(letter_kinds()),
                )
            )
        sent_on = self._day(cells, "sent_on")
        if not sent_on:
            raise UserError(self.env._("The day of the letter (sent_on) is missing."))
        return EarlierLetter(
            kind,
            sent_on,
            self._day(cells, "deadline"),
            cells.get("letter", ""),
            {part: self._amount(cells, part) for part in PARTS if part in cells},
            {
                part: self._amount(cells, f"{part}_open")
                for part in PARTS
                if f"{part}_open" in cells
            },
        )

    def _day(self, cells, name):
        if name not in cells:
            return None
        try:
            return fields.Date.to_date(cells[name])
        except ValueError as error:
            raise UserError(
                self.env._(
                    "%(name)s: write the day like 2026-01-31, not %(value)s.",
                    name=name,
                    value=cells[name],
                )
            ) from error

    def _amount(self, cells, name):
        text = cells[name].replace(" ", "").replace(",", ".")
        if not re.fullmatch(r"\d{1,9}(\.\d{1,2})?", text):
            raise UserError(
                self.env._("%(name)s: %(value)s is no amount.", name=name, value=cells[name])
            )
        return float(text)


class DunningLetterImportLine(models.TransientModel):
    """What becomes of one row of the list."""

    _name = "dunning.letter.import.line"
    _description = "Row of an Imported List of Letters"
    _order = "error nulls last, row"

    import_id = fields.Many2one(
        "dunning.letter.import", required=True, ondelete="cascade", index=True
    )
    row = fields.Integer()
    invoice = fields.Char()
    partner_id = fields.Many2one("res.partner", string="Payer")
    kind = fields.Char()
    sent_on = fields.Date()
    currency_id = fields.Many2one("res.currency")
    fee = fields.Monetary()
    next_level = fields.Char(string="Next Letter")
    next_date = fields.Date(string="Next Letter On")
    outcome = fields.Selection(
        [
            ("recorded", "Is recorded"),
            ("unchanged", "Is recorded already"),
            ("error", "Left out"),
        ],
        string="What Becomes of It",
    )
    error = fields.Char(string="What Is Wrong")
