"""Mandates from a list: those the bank knows already, and new ones with their members."""

from odoo import api, fields, models
from odoo.exceptions import UserError

# What a column of the list is to other programs: of the mandate, of the person, of the contract.
MANDATE_COLUMNS = {
    "member_number": "payer_member_number",
    "external_id": "payer_external_id",
    "payer_number": "payer_number",
    "reference": "reference",
    "mandate_number": "mandate_number",
    "account": "account",
    "notice": "written_notice",
    "valid_from": "valid_from",
    "valid_to": "valid_to",
}
MEMBER_COLUMNS = (
    "name",
    "email",
    "phone",
    "street",
    "postcode",
    "city",
    "country",
    "birth_date",
    "language",
)
CONTRACT_COLUMNS = (
    "plan",
    "date_start",
    "billed_from",
    "association",
    "sales_channel",
    "campaign",
)
COLUMNS = (*MANDATE_COLUMNS, *MEMBER_COLUMNS, *CONTRACT_COLUMNS)
_FLAGS = {"yes": True, "y": True, "1": True, "j": True, "no": False, "n": False, "0": False}
_STATES = {"known": "active", "request": "requested", "wait": "draft"}


class DirectDebitMandateImport(models.TransientModel):
    """Makes the mandates of a list.

    A row of somebody who is not known needs a name and a plan: the person is signed up with
    a contract and the mandate.
    """

    _name = "direct.debit.mandate.import"
    _inherit = ["billing.list.import.mixin"]
    _description = "Import Mandates"
    _list_columns = COLUMNS

    agreement_id = fields.Many2one(
        "bank.agreement",
        required=True,
        default=lambda self: self._default_agreement_id(),
        help="The agreement the mandates belong to.",
    )
    kind = fields.Selection(
        [
            ("known", "The bank knows them already"),
            ("request", "Ask the bank for them"),
            ("wait", "The payers sign up with the bank themselves"),
        ],
        string="These Mandates",
        required=True,
        default="known",
        help="Mandates the bank knows are active at once. Others wait until the bank reports them.",
    )
    line_ids = fields.One2many("direct.debit.mandate.import.line", "import_id", readonly=True)

    @api.model
    def _default_agreement_id(self):
        agreements = self.env["bank.agreement"].search([("debit_out", "=", True)], limit=2)
        return agreements if len(agreements) == 1 else agreements.browse()

    def _check_may_import(self):
        self.env["direct.debit.mandate"]._check_may_change()

    def _show_imported(self, answers):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_mandate"
        )
        return action | {
            "domain": [("id", "in", [answer["mandate_id"] for answer in answers])],
            "context": {},
        }

    # -- doing it ----------------------------------------------------------------------------

    def _work(self, rows):
        """What became of each row, as values of the preview's lines."""
        signed_up = [self._sign_up(cells) for _number, cells in rows]
        asked = [
            (place, self._mandate_row(rows[place][1], answer))
            for place, answer in enumerate(signed_up)
            if not answer.get("error")
        ]
        api_model = self.env["billing.api"].with_company(self.agreement_id.company_id)
        answers = {}
        for start in range(0, len(asked), 1000):
            part = asked[start : start + 1000]
            answers |= dict(
                zip(
                    (place for place, _row in part),
                    api_model.upsert_mandates([row for _place, row in part]),
                    strict=True,
                )
            )
        return [
            self._line(number, cells, signed_up[place], answers.get(place, {}))
            for place, (number, cells) in enumerate(rows)
        ]

    def _sign_up(self, cells):
        """Make the person and the contract of a row that names nobody who is known."""
        if "name" not in cells or "plan" not in cells or self._names_a_payer(cells):
            return {}
        try:
            with self.env.cr.savepoint():
                made = self.env["billing.api"].sign_up(
                    member={name: cells[name] for name in MEMBER_COLUMNS if name in cells}
                    | self._own_numbers(cells),
                    contract={name: cells[name] for name in CONTRACT_COLUMNS if name in cells},
                )
        except UserError as error:
            return {"error": str(error)}
        return made["member"]

    def _names_a_payer(self, cells):
        people = self.env["res.partner"].sudo().with_context(active_test=False)
        return any(
            cells.get(column) and people.search_count([(field, "=", cells[column])], limit=1)
            for column, field in (
                ("member_number", "mbn_member_number"),
                ("external_id", "mbn_external_id"),
            )
        )

    def _own_numbers(self, cells):
        return {name: cells[name] for name in ("member_number", "external_id") if name in cells}

    def _mandate_row(self, cells, member):
        row = {
            MANDATE_COLUMNS[name]: value for name, value in cells.items() if name in MANDATE_COLUMNS
        }
        if member:
            row = {name: row[name] for name in row.keys() - {"payer_external_id"}}
            row.pop("payer_member_number", None)
            row["payer_id"] = member["member_id"]
        elif "payer_member_number" in row:
            row.pop("payer_external_id", None)
        elif "payer_external_id" not in row and (payer := self._payer_of_number(cells)):
            row["payer_id"] = payer.id
        if "written_notice" in row:
            row["written_notice"] = _FLAGS.get(row["written_notice"].lower(), "?")
        return row | {"agreement": self.agreement_id.number, "state": _STATES[self.kind]}

    def _payer_of_number(self, cells):
        """Who is meant by a payer number or reference alone."""
        agreement = self.agreement_id
        if number := cells.get("payer_number"):
            return next(iter(agreement._payers_by_number([number]).values()), None)
        if reference := cells.get("reference"):
            return next(iter(agreement._payers_of_references([reference]).values()), None)
        return None

    def _line(self, number, cells, member, answer):
        return {
            "row": number,
            "who": cells.get("name")
            or cells.get("member_number")
            or cells.get("external_id")
            or cells.get("payer_number")
            or cells.get("reference", ""),
            "mandate_id": answer.get("mandate_id", 0),
            "outcome": self._outcome(member, answer),
            "error": member.get("error") or answer.get("error") or False,
        }

    def _outcome(self, member, answer):
        if member.get("error") or answer.get("error"):
            return "error"
        return "signed_up" if member else answer["outcome"]


class DirectDebitMandateImportLine(models.TransientModel):
    """What becomes of one row of the list."""

    _name = "direct.debit.mandate.import.line"
    _description = "Row of an Imported List of Mandates"
    _order = "error nulls last, row"

    import_id = fields.Many2one(
        "direct.debit.mandate.import", required=True, ondelete="cascade", index=True
    )
    row = fields.Integer()
    who = fields.Char(string="Payer")
    mandate_id = fields.Integer()
    outcome = fields.Selection(
        [
            ("created", "New mandate"),
            ("updated", "Changed"),
            ("unchanged", "Already so"),
            ("signed_up", "New member, contract and mandate"),
            ("error", "Left out"),
        ],
        string="What Becomes of It",
    )
    error = fields.Char(string="What Is Wrong")
