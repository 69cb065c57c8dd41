from odoo import fields, models
from odoo.exceptions import UserError

from ..models.dunning.debt_collection_case import AT_AGENCY, CLOSE_CODES


class DebtCollectionDecide(models.TransientModel):
    """What a person learned from the agency, or decides about a case."""

    _name = "debt.collection.decide"
    _description = "Collection Case: Decide"

    case_id = fields.Many2one("debt.collection.case", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("accept", "The agency took it"),
            ("reject", "The agency refused it"),
            ("recall", "Call it back"),
            ("close", "The agency closed it"),
        ],
        required=True,
        readonly=True,
    )
    number = fields.Char(string="Agency's Number")
    code = fields.Selection(CLOSE_CODES, string="Closed Because")
    reason = fields.Char(string="Why", help="What the agency says, or why the case is called back.")

    def action_decide(self):
        """Write it down, with all that follows from it.

        :raise UserError: something is missing, or the case is not with the agency any more
        """
        self.check_access("write")
        self.ensure_one()
        case = self.case_id
        case._check_user()
        case = case.sudo()
        if case.state not in AT_AGENCY:
            raise UserError(self.env._("%(case)s is not with the agency.", case=case.name))
        missing = {
            "accept": not self.number,
            "reject": not self.reason,
            "recall": not self.reason,
            "close": not self.code,
        }
        if missing[self.kind]:
            raise UserError(self.env._("Fill in what is asked for."))
        if self.kind == "accept":
            case._accept(self.number)
        elif self.kind == "reject":
            case._reject(self.reason)
        else:
            self._end(case)
        return {"type": "ir.actions.act_window_close"}

    def _end(self, case):
        if self.kind == "recall":
            case._tell_changes()
            self.env["debt.collection.event"].sudo()._tell(case, "recall", text=self.reason)
        case._close("withdrawn" if self.kind == "recall" else self.code, reason=self.reason or "")
