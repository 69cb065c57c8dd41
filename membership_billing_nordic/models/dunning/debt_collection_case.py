from odoo import api, fields, models
from odoo.exceptions import UserError

OPEN_STATES = ("proposed", "approved", "handed_over", "at_agency")
AT_AGENCY = ("handed_over", "at_agency")
CLOSE_CODES = [
    ("paid", "Paid"),
    ("settled", "Settled"),
    ("withdrawn", "Withdrawn"),
    ("deceased", "Deceased"),
    ("insolvency", "Insolvency"),
    ("statute_barred", "Statute-barred"),
    ("uncollectible", "Uncollectible"),
    ("disputed", "Disputed"),
    ("returned", "Returned"),
]
REFUSED = "debt_collection_refused"
OVER = "debt_collection_over"
_ADDRESS = ("name", "street", "street2", "zip", "city", "email", "phone")


class DebtCollectionCase(models.Model):
    """What one payer owes, handed over to an agency as one case."""

    _name = "debt.collection.case"
    _inherit = ["mail.thread", "dunning.screen.mixin"]
    _description = "Collection Case"
    _order = "id desc"
    _rec_names_search = ["name", "agency_case_no", "partner_id"]
    _check_company_auto = True

    name = fields.Char(string="Our Reference", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    agency_id = fields.Many2one(
        "debt.collection.agency", required=True, readonly=True, index=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, readonly=True, index=True, ondelete="restrict"
    )
    agreement_id = fields.Many2one("bank.agreement", readonly=True, index="btree_not_null")
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    file_id = fields.Many2one(
        "debt.collection.file",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    line_ids = fields.One2many("debt.collection.line", "case_id", string="Claims", readonly=True)
    event_ids = fields.One2many(
        "debt.collection.event", "case_id", string="Agency Messages", readonly=True
    )
    state = fields.Selection(
        [
            ("proposed", "Proposed"),
            ("approved", "To Be Sent"),
            ("handed_over", "Handed Over"),
            ("at_agency", "At the Agency"),
            ("rejected", "Refused"),
            ("closed", "Closed"),
            ("cancelled", "Not Sent"),
        ],
        required=True,
        default="proposed",
        readonly=True,
        index=True,
        tracking=True,
        help="Handed over: the agency has the file and has not confirmed the case. At the agency: "
        "it has given the case its number.",
    )
    is_open = fields.Boolean(compute="_compute_is_open", store=True, index=True)
    reference = fields.Char(
        string="Payment Reference",
        readonly=True,
        help="The agency pays by it: the money is used for the invoices of the case.",
    )
    agency_case_no = fields.Char(
        string="Agency's Number", readonly=True, tracking=True, index="btree_not_null"
    )
    handed_over_on = fields.Date(readonly=True)
    agency_status = fields.Char(
        string="Status There", readonly=True, help="What the agency told last."
    )
    plan_text = fields.Char(string="Payment Plan", readonly=True)
    close_code = fields.Selection(
        CLOSE_CODES, string="Closed Because", readonly=True, tracking=True
    )
    closed_on = fields.Date(readonly=True)
    close_reason = fields.Char(string="Reason", readonly=True, tracking=True)
    principal = fields.Monetary(
        string="Invoices", compute="_compute_totals", store=True, help="When it was handed over."
    )
    fee = fields.Monetary(string="Fees", compute="_compute_totals", store=True)
    interest = fields.Monetary(compute="_compute_totals", store=True)
    compensation = fields.Monetary(compute="_compute_totals", store=True)
    amount_open = fields.Monetary(
        string="Open Now",
        compute="_compute_amount_open",
        store=True,
        help="What is open of the invoices now.",
    )
    received = fields.Monetary(
        string="Money From the Agency",
        compute="_compute_settled",
        store=True,
        help="What was booked on the invoices of money that the agency sent.",
    )
    paid_to_us = fields.Monetary(
        string="Paid to Us",
        compute="_compute_settled",
        store=True,
        help="What the payer paid on the invoices without the agency.",
    )
    credited = fields.Monetary(compute="_compute_settled", store=True)
    next_step = fields.Char(compute="_compute_next_step", help="What a person has to do now.")
    reported = fields.Monetary(
        string="Paid, As the Agency Says",
        compute="_compute_reported",
        store=True,
        help="What the agency told of payments of the invoices.",
    )
    told_address = fields.Json(readonly=True)

    _name_unique = models.Constraint(
        "UNIQUE (company_id, name)", "There is a case of this reference already."
    )
    _closed_because = models.Constraint(
        "CHECK (state <> 'closed' OR close_code IS NOT NULL)", "Say why the case is closed."
    )

    @api.depends("state")
    def _compute_is_open(self):
        for case in self:
            case.is_open = case.state in OPEN_STATES

    @api.depends("line_ids.principal", "line_ids.fee", "line_ids.interest", "line_ids.compensation")
    def _compute_totals(self):
        for case in self:
            for name in ("principal", "fee", "interest", "compensation"):
                case[name] = sum(case.line_ids.mapped(name))

    @api.depends("line_ids.claim_id.amount_open")
    def _compute_amount_open(self):
        for case in self:
            case.amount_open = sum(case.line_ids.claim_id.mapped("amount_open"))

    @api.depends("line_ids.received", "line_ids.paid_to_us", "line_ids.credited")
    def _compute_settled(self):
        for case in self:
            for name in ("received", "paid_to_us", "credited"):
                case[name] = sum(case.line_ids.mapped(name))

    @api.depends("state", "close_code", "amount_open", "line_ids.claim_id.is_returned")
    def _compute_next_step(self):
        for case in self:
            waits = case.state in ("rejected", "closed") and any(
                claim.is_returned and claim.amount_open for claim in case.line_ids.claim_id
            )
            case.next_step = waits and case._next_step()

    def _next_step(self):
        """What a person has to do with a case that came back unpaid."""
        steps = {
            "rejected": self.env._(
                "Correct what the agency objects to, then let the claims be handed over again."
            ),
            "paid": self.env._(
                "Wait for the agency's money. If it does not come, ask the agency for it."
            ),
            "withdrawn": self.env._(
                "Come to terms with the payer or credit the invoices, or let them be handed over "
                "again."
            ),
            "deceased": self.env._("Turn to the estate, or credit the invoices."),
            "insolvency": self.env._(
                "Give notice of the claim to the administrator of the estate, or credit the "
                "invoices."
            ),
            "disputed": self.env._(
                "Settle the dispute, then credit the invoices or let them be handed over again."
            ),
        }
        steps |= dict.fromkeys(
            ("uncollectible", "statute_barred"),
            self.env._("Nothing is to be had: credit the invoices."),
        )
        steps |= {"settled": steps["paid"]}
        end = self.state if self.state == "rejected" else self.close_code
        again = self.env._("Credit the invoices, or let them be handed over again.")
        return steps.get(end, again)

    @api.depends("event_ids.principal", "event_ids.kind", "event_ids.is_direct")
    def _compute_reported(self):
        for case in self:
            paid = case.event_ids.filtered(
                lambda event: event.kind == "paid" and not event.is_direct
            )
            case.reported = sum(paid.mapped("principal"))

    # ------------------------------------------------------------------ handing over

    def _approve(self, verdicts, day):
        """Freeze what is owed today; the claims are with the agency from now on.

        :param verdicts: ``{claim: verdict}`` of all claims of these cases
        """
        settled, paid = self.line_ids._settled(), self.line_ids._paid_from()
        for case in self:
            for line in case.line_ids:
                claim, verdict = line.claim_id, verdicts[line.claim_id]
                rate = verdict.segments[-1].rate if verdict.segments else 0
                line.write(
                    {
                        "principal": claim.amount_open,
                        "fee": claim.fee_open,
                        "interest": claim.interest_open + float(verdict.interest),
                        "interest_rate": float(rate),
                        "interest_from": case._interest_from(claim, verdict, day),
                        "compensation": claim.compensation_open,
                        "told": settled[line],
                        "settled_before": paid[line],
                        "told_frozen": line._frozen()[0],
                    }
                )
            references = self.env["billing.reference"]
            case.write(
                {
                    "state": "approved",
                    "told_address": case._address(),
                    "reference": references._allot_case(case),
                }
            )
        claims = self.line_ids.claim_id
        claims.write({"is_ready": False})

    def _interest_from(self, claim, verdict, day):
        """The day after the last one that is in the interest of letters, or of the file."""
        with_interest = claim.letter_line_ids.filtered("interest").mapped("sent_on")
        counted = day if verdict.segments else max(with_interest, default=claim.due_date)
        return fields.Date.add(counted, days=1)

    def _handed_over(self):
        """The agency has the file."""
        for case in self.filtered(lambda case: case.state == "approved"):
            case.write({"state": "handed_over", "handed_over_on": case.company_id._billing_today()})
            for invoice in case.line_ids.invoice_id:
                invoice._message_log(
                    body=case.env._(
                        "Handed over to %(agency)s as case %(case)s.",
                        agency=case.agency_id.name,
                        case=case.name,
                    )
                )
            case._on_handed_over()

    def _on_handed_over(self):
        """Hook: what follows for what the invoices are for."""

    def _cancel(self):
        """They were not sent: their claims are free again."""
        self.write({"state": "cancelled"})

    def _address(self):
        """Who the payer is and where, as the agency is told."""
        payer = self.partner_id
        address = {name: payer[name] or "" for name in _ADDRESS}
        return address | {"country": payer.country_id.code or ""}

    def _notices(self):
        """The last notices before collection that were sent for these claims."""
        letters = self.line_ids.claim_id._ladder_lines().letter_id
        return letters.filtered(lambda letter: letter.kind == "notice")

    def _identity_number(self):
        """The payer's number: of companies always, of persons only where the agency may have it."""
        payer = self.partner_id
        if payer.is_company or self.agency_id.sends_identity:
            return payer._mbn_collection_identity()
        return ""

    # ------------------------------------------------------------------ while it is there

    def _tell_changes(self):
        """Make the corrections that the agency does not know of yet."""
        cases = self.filtered(lambda case: case.state in AT_AGENCY)
        cases.line_ids._tell_changes()
        for case in cases:
            address = case._address()
            if case.told_address != address:
                case.told_address = address
                self.env["debt.collection.event"]._tell(case, "address")

    def _accept(self, number):
        self.write({"state": "at_agency", "agency_case_no": number or self.agency_case_no})
        self.env["billing.exception"]._close(self, REFUSED)

    def _reject(self, why):
        """The agency does not take it: its claims are ours again, and a person looks at it."""
        self.write({"state": "rejected", "close_reason": why})
        self.line_ids.claim_id.write({"is_returned": True})
        self.env["billing.exception"]._open(
            self,
            REFUSED,
            self.env._(
                "%(agency)s refused %(case)s: %(why)s",
                agency=self.agency_id.name,
                case=self.name,
                why=why or "-",
            ),
            self._next_step(),
        )

    def _close(self, code, day=None, reason=""):
        """The agency has done what it could, or it was called back."""
        self.write(
            {
                "state": "closed",
                "close_code": code,
                "closed_on": day or self.company_id._billing_today(),
                "close_reason": reason,
            }
        )
        still_open = self.line_ids.claim_id.filtered(
            lambda claim: not claim.currency_id.is_zero(claim.amount_open)
        )
        still_open.write({"is_returned": True})
        if still_open:
            codes = dict(self._fields["close_code"]._description_selection(self.env))
            self.env["billing.exception"]._open(
                self,
                OVER,
                self.env._(
                    "%(case)s is closed (%(code)s), and invoices are still open",
                    case=self.name,
                    code=codes[code],
                ),
                self._next_step(),
            )

    @api.model
    def _tidy_desk(self):
        """Take cases off the desk whose claims are settled, or free to be handed over again."""
        rows = self.env["billing.exception"].search(
            [("kind", "in", (REFUSED, OVER)), ("state", "=", "open")]
        )
        for kind, group in rows.grouped("kind").items():
            cases = self.browse(group.mapped("res_id")).exists()
            over = cases.filtered(
                lambda case: (
                    not case.line_ids.claim_id.filtered(
                        lambda claim: claim.is_returned and claim.amount_open
                    )
                )
            )
            self.env["billing.exception"]._close(over, kind)

    # ------------------------------------------------------------------ buttons

    def action_accepted(self):
        """Enter the number that the agency gave the case."""
        return self._ask("accept", ("handed_over", "at_agency"), self.env._("Agency's Number"))

    def action_refused(self):
        """Note that the agency does not take the case."""
        return self._ask("reject", AT_AGENCY, self.env._("Refused by the Agency"))

    def action_recall(self):
        """Call the case back: the agency is told, and the claims are ours again."""
        return self._ask("recall", AT_AGENCY, self.env._("Call Back"))

    def action_close(self):
        """Close the case, because the agency says so."""
        return self._ask("close", AT_AGENCY, self.env._("Close"))

    def action_paid(self):
        """Enter what the payer paid to the agency, and what it keeps of that."""
        return self._ask("pay", (*AT_AGENCY, "closed"), self.env._("Paid to the Agency"))

    def _ask(self, kind, states, title):
        self._check_user()
        self.ensure_one()
        if self.state not in states:
            raise UserError(self.env._("%(case)s is not with the agency.", case=self.name))
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": "debt.collection.decide",
            "view_mode": "form",
            "target": "new",
            "context": {"default_case_id": self.id, "default_kind": kind},
        }

    def action_collect_again(self):
        """Let the claims of a case that came back be proposed again."""
        self.agency_id._check_manager()
        self.check_access("read")
        cases = self.sudo().filtered(lambda case: not case.is_open)
        cases.line_ids.claim_id.write({"is_returned": False})
        for kind in (REFUSED, OVER):
            self.env["billing.exception"]._close(cases, kind)
        return True

    def action_show_invoices(self):
        """Show the invoices of the case."""
        return self._invoices_action(self.line_ids.invoice_id)
