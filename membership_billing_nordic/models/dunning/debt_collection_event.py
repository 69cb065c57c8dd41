from odoo import api, fields, models

from .debt_collection_case import AT_AGENCY, CLOSE_CODES

# What the exchange calls our corrections and the agency's answers.
CORRECTIONS = [
    ("payment", "Paid to us"),
    ("credit", "Credited"),
    ("dispute", "Disputed"),
    ("dispute_over", "Dispute settled"),
    ("freeze", "Asked to wait"),
    ("freeze_over", "Goes on"),
    ("recall", "Called back"),
    ("address", "New address"),
]
ANSWERS = [
    ("accepted", "Accepted"),
    ("rejected", "Refused"),
    ("paid", "Paid to the agency"),
    ("status", "Status"),
    ("plan", "Payment plan"),
    ("closed", "Closed"),
]
_KIND_OF = {"payment": "paid"}


class DebtCollectionEvent(models.Model):
    """Something one side tells the other about a case."""

    _name = "debt.collection.event"
    _description = "Message About a Collection Case"
    _order = "id desc"
    _rec_name = "message"

    case_id = fields.Many2one(
        "debt.collection.case", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="case_id.company_id", store=True, index=True)
    agency_id = fields.Many2one(related="case_id.agency_id", store=True, index=True)
    currency_id = fields.Many2one(related="case_id.currency_id")
    line_id = fields.Many2one(
        "debt.collection.line", string="Claim", readonly=True, ondelete="set null"
    )
    direction = fields.Selection(
        [("out", "To the agency"), ("in", "From the agency")], required=True, readonly=True
    )
    kind = fields.Selection([*CORRECTIONS, *ANSWERS], required=True, readonly=True)
    date = fields.Date(required=True, readonly=True)
    message = fields.Char(
        string="Message Id",
        required=True,
        readonly=True,
        help="Each message has its own: one that comes twice changes nothing.",
    )
    file_id = fields.Many2one(
        "debt.collection.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The file it is in. Empty: it goes with the next one.",
    )
    principal = fields.Monetary(readonly=True)
    fee = fields.Monetary(readonly=True)
    interest = fields.Monetary(readonly=True)
    compensation = fields.Monetary(readonly=True)
    costs = fields.Monetary(
        string="Kept", readonly=True, help="What the agency keeps of what the payer paid."
    )
    net_paid = fields.Monetary(
        string="Transferred", readonly=True, help="What is left of it for us."
    )
    is_direct = fields.Boolean(
        string="Paid Directly", readonly=True, help="The payer paid us, not the agency."
    )
    until = fields.Date(readonly=True, help="The last day on which the agency is to wait.")
    code = fields.Char(readonly=True)
    text = fields.Char(readonly=True)

    _once = models.Constraint(
        "UNIQUE (agency_id, direction, message)", "This message was sent or read already."
    )

    # ------------------------------------------------------------------ to the agency

    @api.model
    def _tell(self, case, kind, line=None, **values):
        """Note what the agency has to be told; it goes with the next file."""
        count = self.search_count([("case_id", "=", case.id), ("direction", "=", "out")])
        return self.create(
            {
                "case_id": case.id,
                "direction": "out",
                "kind": kind,
                "line_id": line and line.id,
                "date": case.company_id._billing_today(),
                "message": f"{case.name}/{count + 1}",
            }
            | values
        )

    # ------------------------------------------------------------------ from the agency

    @api.model
    def _hear(self, case, answer, file):
        """Note an answer of the agency, and do what follows from it. Once for each message id.

        :param file: the ``debt.collection.file`` it is in; empty when a person typed it
        :return: whether it was new
        """
        known = [("agency_id", "=", case.agency_id.id), ("direction", "=", "in")]
        if self.search_count([*known, ("message", "=", answer.message_id)], limit=1):
            return False
        event = self.create(
            {
                "case_id": case.id,
                "direction": "in",
                "kind": _KIND_OF.get(answer.kind, answer.kind),
                "date": answer.date or case.company_id._billing_today(),
                "message": answer.message_id,
                "file_id": file.id,
                "principal": float(answer.principal),
                "fee": float(answer.fees),
                "interest": float(answer.interest),
                "costs": float(answer.costs),
                "net_paid": float(answer.net_paid if answer.direct else answer.net),
                "remittance": answer.remittance,
                "is_direct": answer.direct,
                "code": answer.code,
                "text": answer.text,
            }
        )
        event._follow(answer)
        return True

    def _follow(self, answer):
        """Do what follows from an answer. A case that is over stays as it is."""
        case = self.case_id
        case._handed_over()  # who answers has the file
        if self.kind == "paid" and not self.is_direct:
            self._find_money()
            self._book_costs()
            case._settle_credits()
        if case.state not in AT_AGENCY:
            return
        if answer.agency_case_no and not case.agency_case_no:
            case.agency_case_no = answer.agency_case_no
        followers = {
            "accepted": self._follow_accepted,
            "rejected": self._follow_rejected,
            "status": self._follow_status,
            "plan": self._follow_plan,
            "closed": self._follow_closed,
        }
        if follow := followers.get(self.kind):
            follow(answer)

    def _follow_accepted(self, answer):
        self.case_id._accept(answer.agency_case_no)

    def _follow_rejected(self, answer):
        self.case_id._reject(" ".join(filter(None, (answer.code, answer.text))))

    def _follow_status(self, answer):
        self.case_id.agency_status = " ".join(filter(None, (answer.code, answer.text)))

    def _follow_plan(self, answer):
        self.case_id.plan_text = self.env._(
            "%(count)s payments of %(amount)s, until %(day)s",
            count=answer.plan_count,
            amount=answer.plan_amount,
            day=fields.Date.to_string(answer.plan_until) or "-",
        )

    def _follow_closed(self, answer):
        if answer.code in dict(CLOSE_CODES):
            self.case_id._close(answer.code, answer.date, answer.text)
