from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..formats import collection_exchange as exchange
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
            ("pay", "The payer paid the agency"),
        ],
        required=True,
        readonly=True,
    )
    number = fields.Char(string="Agency's Number")
    code = fields.Selection(CLOSE_CODES, string="Closed Because")
    reason = fields.Char(string="Why", help="What the agency says, or why the case is called back.")
    currency_id = fields.Many2one(related="case_id.currency_id")
    principal = fields.Monetary(string="Invoices", help="What was paid of the invoices.")
    fee = fields.Monetary(string="Fees", help="With the compensation.")
    interest = fields.Monetary()
    costs = fields.Monetary(string="Kept", help="What the agency keeps of that.")
    net = fields.Monetary(
        string="Transferred", compute="_compute_net", help="What is left, and comes by the bank."
    )
    message = fields.Char(
        string="Statement No.",
        help="The agency's number of the statement or transfer. The same one is entered once for "
        "a case.",
    )

    @api.depends("principal", "fee", "interest", "costs")
    def _compute_net(self):
        for wizard in self:
            wizard.net = wizard.principal + wizard.fee + wizard.interest - wizard.costs

    def action_decide(self):
        """Write it down, with all that follows from it.

        :raise UserError: something is missing, or the case is not with the agency any more
        """
        self.check_access("write")
        self.ensure_one()
        case = self.case_id
        case._check_user()
        case = case.sudo()
        if case.state not in (AT_AGENCY if self.kind != "pay" else (*AT_AGENCY, "closed")):
            raise UserError(self.env._("%(case)s is not with the agency.", case=case.name))
        missing = {
            "accept": not self.number,
            "reject": not self.reason,
            "recall": not self.reason,
            "close": not self.code,
            "pay": not self.message or not self.principal + self.fee + self.interest,
        }
        if missing[self.kind]:
            raise UserError(self.env._("Fill in what is asked for."))
        if self.kind == "accept":
            case._accept(self.number)
        elif self.kind == "reject":
            case._reject(self.reason)
        elif self.kind == "pay":
            self._note_payment(case)
        else:
            self._end(case)
        return {"type": "ir.actions.act_window_close"}

    def _note_payment(self, case):
        amounts = (self.principal, self.fee, self.interest, self.costs)
        if min(amounts) < 0 or self.net < 0:
            raise UserError(
                self.env._("Amounts cannot be below zero, nor kept more than was paid.")
            )
        principal, fees, interest, costs = (Decimal(f"{amount:.2f}") for amount in amounts)
        answer = exchange.Answer(
            message_id=f"{case.name}: {self.message}",
            our_case_ref=case.name,
            kind="payment",
            date=case.company_id._billing_today(),
            principal=principal,
            fees=fees,
            interest=interest,
            costs=costs,
            remittance=self.message,
        )
        events = self.env["debt.collection.event"].sudo()
        if not events._hear(case, answer, self.env["debt.collection.file"].sudo()):
            raise UserError(self.env._("%(number)s was entered already.", number=self.message))
        case.agency_id._place_waiting()

    def _end(self, case):
        if self.kind == "recall":
            case._tell_changes()
            self.env["debt.collection.event"].sudo()._tell(case, "recall", text=self.reason)
        case._close("withdrawn" if self.kind == "recall" else self.code, reason=self.reason or "")
