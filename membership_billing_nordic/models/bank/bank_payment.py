from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ...formats.messages import METHODS
from .payment_matching import PaymentMatcher, Placement, Target
from .payment_proposals import ProposalFinder

_METHOD_LABELS = {
    "giro": "Giro",
    "standing_order": "Standing order",
    "remittance": "Remittance",
    "terminal_giro": "Net bank or terminal",
    "counter": "Over the counter",
    "direct_debit": "Direct debit",
    "telephone": "Telephone",
    "cash": "Cash",
    "card": "Card",
    "other": "Other",
}


class BankPayment(models.Model):
    """One payer's payment as the bank reported it, and what became of it.

    What is not placed lies on the clearing account of the agreement, whose balance is
    the sum of ``amount_open`` of the payments in booked deposits.
    """

    _name = "bank.payment"
    _description = "Bank Payment"
    _order = "bank_date desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["reference", "reference_value", "payer_name", "partner_id"]

    file_id = fields.Many2one(
        "bank.file", required=True, index=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    agreement_id = fields.Many2one(
        "bank.agreement", required=True, index=True, readonly=True, ondelete="restrict"
    )
    deposit_id = fields.Many2one(
        "bank.deposit", index="btree_not_null", readonly=True, ondelete="restrict"
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    record = fields.Integer(
        string="Record No.", readonly=True, help="Number of its first record in the file."
    )
    key = fields.Char(
        string="Bank's Key",
        required=True,
        readonly=True,
        help="What tells this payment from every other one of the agreement.",
    )
    deposit_key = fields.Char(readonly=True, help="The bank's key of the sum it is part of.")
    is_reversal = fields.Boolean(
        string="Reversal", readonly=True, help="The bank takes an earlier payment back."
    )
    is_information = fields.Boolean(
        string="Information Only",
        readonly=True,
        help="The bank only tells of it: its money comes another way. Never booked.",
    )
    amount = fields.Monetary(
        readonly=True,
        aggregator="sum",
        help="Below zero when money goes back, or when the payer deducted a credit note.",
    )
    amount_open = fields.Monetary(
        string="To Place",
        compute="_compute_amount_open",
        store=True,
        help="What is not placed yet.",
    )
    bank_date = fields.Date(
        required=True, readonly=True, index=True, help="The day the money was on the account."
    )
    order_date = fields.Date(readonly=True, help="The day the payer ordered it, if known.")
    reference = fields.Char(
        readonly=True, help="The reference the payer gave, as the bank sent it."
    )
    reference_value = fields.Char(
        string="Reference Compared As",
        readonly=True,
        help="The reference in capitals, without blanks and leading zeros.",
    )
    reference_list = fields.Json(readonly=True)
    wrong_check_digit = fields.Boolean(
        readonly=True, help="The reference is not known and its last character does not confirm it."
    )
    method = fields.Selection(
        [(name, _METHOD_LABELS[name]) for name in METHODS],
        readonly=True,
        help="How the payer paid, as far as the bank says.",
    )
    bank_code = fields.Char(readonly=True, help="The bank's own code for the kind of payment.")
    reason = fields.Char(readonly=True, help="Why the money goes back, if the bank says so.")
    payer_number = fields.Char(readonly=True, help="The payer's number, as the bank knows it.")
    payer_name = fields.Char(readonly=True, help="The payer's name as the bank sent it.")
    payer_street = fields.Char(readonly=True)
    payer_zip = fields.Char(string="Payer Postcode", readonly=True)
    payer_city = fields.Char(readonly=True)
    payer_country = fields.Char(readonly=True)
    payer_account = fields.Char(readonly=True, help="The account the money came from.")
    payer_account_key = fields.Char(
        string="Payer Account Compared As",
        readonly=True,
        index="btree_not_null",
        help="The payer's account without dots and blanks.",
    )
    payer_organisation = fields.Char(string="Payer Organisation No.", readonly=True)
    text = fields.Char(string="Message", readonly=True, help="What the payer wrote.")
    bank_reference = fields.Char(readonly=True, help="The bank's own reference of the payment.")
    form_number = fields.Char(readonly=True, help="Number of the paper form, if there was one.")
    card_issuer = fields.Char(readonly=True, help="The bank's code of the card's issuer.")
    state = fields.Selection(
        [
            ("new", "New"),
            ("matched", "Placed"),
            ("partial", "Partly Placed"),
            ("unmatched", "To Place"),
            ("returned", "Returned"),
            ("information", "Information"),
            ("held", "Held"),
            ("reported", "Reported, not booked"),
            ("discarded", "Discarded"),
        ],
        required=True,
        default="new",
        readonly=True,
        index=True,
        help="To place: a person says whose it is. Returned: the bank took it back. Held: its "
        "deposit waits for a decision. Reported, not booked: another report of the bank books this "
        "money. Discarded: a person decided that it is no money.",
    )
    is_booked_elsewhere = fields.Boolean(
        string="Booked From Another Report",
        readonly=True,
        help="Of a payment that was only reported: another report has brought it, and was booked.",
    )
    outcome = fields.Selection(
        [
            ("exact", "Paid its claim"),
            ("part", "Less than was open"),
            ("over", "More than was open, the rest stays on the payer"),
            ("double", "Invoice was paid already, stays on the payer"),
            ("payer", "By the payer's number, oldest claims first"),
            ("account", "By the remembered account, oldest claims first"),
            ("reversal", "Took a payment back"),
            ("person", "Placed by a person"),
            ("told", "As a report of its sender says"),
            ("no_reference", "No reference"),
            ("unknown_reference", "Unknown reference"),
            ("several", "Several references that do not add up to it"),
            ("not_posted", "Its invoice is not posted"),
            ("currency", "Its invoice is in another currency"),
            ("nothing_to_take", "No open credit to deduct it from"),
            ("no_original", "The payment it takes back was not found"),
            ("undone", "Placement was undone"),
            ("error", "Could not be booked"),
        ],
        string="Why",
        readonly=True,
        index=True,
        help="How it was placed, or why it was not.",
    )
    note = fields.Char(readonly=True, help="What went wrong when it was to be booked.")
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        readonly=True,
        index="btree_not_null",
        help="On whose account it was placed; the first one where there are several.",
    )
    allocation_ids = fields.One2many(
        "bank.payment.allocation", "payment_id", string="Placed On", readonly=True
    )
    reverses_id = fields.Many2one(
        "bank.payment",
        string="Takes Back",
        readonly=True,
        index="btree_not_null",
        help="The payment this reversal takes back.",
    )
    reversed_by_ids = fields.One2many(
        "bank.payment", "reverses_id", string="Taken Back By", readonly=True
    )
    proposal_text = fields.Text(
        string="Proposal", compute="_compute_proposal", help="The most likely claim or payer."
    )
    proposal_reason = fields.Text(
        string="Because", compute="_compute_proposal", help="What speaks for the proposal."
    )
    has_best_proposal = fields.Boolean(compute="_compute_proposal")

    _key_once = models.Constraint("UNIQUE(agreement_id, key)", "This payment is stored already.")
    _pending_index = models.Index("(file_id, agreement_id, bank_date, id) WHERE state = 'new'")
    _reference_index = models.Index("(agreement_id, reference_value)")
    _reported_index = models.Index(
        "(agreement_id, bank_date) WHERE state = 'reported' AND is_booked_elsewhere IS NOT TRUE"
    )

    # ------------------------------------------------------------------ computes

    @api.depends(
        "amount", "is_information", "allocation_ids.amount", "allocation_ids.undone_move_id"
    )
    def _compute_amount_open(self):
        for payment in self:
            if payment.is_information:
                payment.amount_open = 0.0
                continue
            used = sum(payment._live_allocations().mapped("amount"))
            payment.amount_open = payment.amount - used

    @api.depends("payer_name", "reference", "bank_date", "amount")
    def _compute_display_name(self):
        for payment in self:
            who = payment.payer_name or payment.reference or payment.partner_id.sudo().name
            parts = [str(payment.bank_date), f"{payment.amount:.2f}", who]
            payment.display_name = " · ".join(part for part in parts if part)

    @api.depends("state", "amount_open")
    def _compute_proposal(self):
        found = self._proposals()
        for payment in self:
            proposals = found.get(payment.id, [])
            first = proposals[0] if proposals else None
            payment.proposal_text = first.text(payment.amount_open) if first else False
            payment.proposal_reason = "; ".join(first.reasons) if first else False
            payment.has_best_proposal = bool(first and first.stands_out(proposals))

    def _proposals(self):
        """``{payment id: proposals, best first}`` for those of ``self`` that wait for a person."""
        found = {}
        waiting = self.sudo().filtered(lambda p: p.state in ("unmatched", "partial"))
        for agreement, payments in waiting.grouped("agreement_id").items():
            finder = ProposalFinder(agreement.with_company(agreement.company_id), payments)
            found |= finder.find()
        return found

    # ------------------------------------------------------------------ matching in a file

    def _run_in_file(self):
        """Place new payments of one agreement and bank date, as far as the program can."""
        reversals = self.filtered("is_reversal")
        if plain := self - reversals:
            plain._match()
        if reversals:
            reversals._take_back()

    def _fail_in_file(self, message):
        self.write({"state": "unmatched", "outcome": "error", "note": message})

    def _match(self):
        agreement = self.agreement_id
        self._book_placements(PaymentMatcher(agreement, self).placements())
        self._early_reversals()._take_back()

    def _early_reversals(self):
        """Reversals that came before the payments they take back."""
        values = set(self.mapped("reference_value")) - {False, ""}
        return self.search(
            [
                ("agreement_id", "in", self.agreement_id.ids),
                ("reference_value", "in", list(values)),
                ("is_reversal", "=", True),
                ("state", "=", "unmatched"),
                ("outcome", "=", "no_original"),
            ]
        )

    def _book_placements(self, placements):
        """Book placements of one agreement in one entry and note the outcome on each payment.

        The entry has the bank's date, so that a claim is paid on the day the money came.
        """
        parts = [(p.payment, target) for p in placements for target in p.targets]
        lines = self._book_parts(
            parts, max((p.payment.bank_date for p in placements), default=None)
        )
        self.env["bank.payment.allocation"].create(
            [
                self._allocation_vals(payment, target, line)
                for (payment, target), line in zip(parts, lines, strict=True)
            ]
        )
        for placement in placements:
            payment = placement.payment
            payment.write(
                {
                    "state": payment._state_by_open(),
                    "outcome": placement.outcome,
                    "wrong_check_digit": placement.wrong_check_digit,
                    "note": False,
                }
                | ({"partner_id": placement.targets[0].partner.id} if placement.targets else {})
            )

    def _book_parts(self, parts, date):
        if not parts:
            return []
        agreement = parts[0][0].agreement_id
        company = agreement.company_id
        items = [
            {
                "partner": target.partner,
                "account": target.line.account_id
                or target.partner.with_company(company).property_account_receivable_id,
                "amount": target.amount,
                "currency": agreement.currency_id,
                "label": payment._entry_label(),
                "lines": target.line,
            }
            for payment, target in parts
        ]
        files = {payment.file_id.name for payment, _target in parts}
        return (
            self.env["billing.settlement.writer"]
            .with_company(company)
            ._book(
                agreement.booking_journal_id,
                date,
                self.env._("Payments, %(files)s", files=", ".join(sorted(files))),
                agreement.clearing_account_id,
                items,
            )
        )

    def _entry_label(self):
        return self.reference or self.env._("Payment without reference")

    @api.model
    def _allocation_vals(self, payment, target, line):
        return {
            "payment_id": payment.id,
            "company_id": payment.company_id.id,
            "currency_id": payment.currency_id.id,
            "amount": target.amount,
            "partner_id": target.partner.id,
            "target_line_id": target.line.id,
            "invoice_id": target.line.move_id.id,
            "entry_line_id": line.id,
        }

    def _state_by_open(self):
        self.ensure_one()
        if self.currency_id.is_zero(self.amount_open):
            return "matched"
        if self.currency_id.compare_amounts(self.amount_open, self.amount) == 0:
            return "unmatched"
        return "partial"

    # ------------------------------------------------------------------ reversals

    def _take_back(self):
        """Book reversals against the payments they take back; the claims are open again."""
        originals = self._originals()
        found = self.filtered(lambda payment: payment in originals)
        (self - found).write({"state": "unmatched", "outcome": "no_original"})
        placements = []
        for payment in found:
            live = originals[payment]._live_allocations()
            live.entry_line_id.remove_move_reconcile()
            targets = [Target(used.partner_id, used.entry_line_id, -used.amount) for used in live]
            placements.append(Placement(payment, "reversal", targets))
        self._book_placements(placements)
        for payment in found:
            # What it used is the payer's line of the payment, no claim of ours.
            payment.allocation_ids.write({"target_line_id": False, "invoice_id": False})
            payment.reverses_id = originals[payment]
            originals[payment].state = "returned"

    def _originals(self):
        """``{reversal: the payment it takes back}``: same reference and amount, latest first."""
        with_reference = self.filtered("reference_value")
        candidates = self.search(
            [
                ("agreement_id", "in", self.agreement_id.ids),
                ("reference_value", "in", with_reference.mapped("reference_value")),
                ("state", "=", "matched"),
                ("is_reversal", "=", False),
            ],
            order="bank_date desc, id desc",
        )
        found, used = {}, set()
        for payment in with_reference:
            for candidate in candidates:
                if (
                    candidate.id not in used
                    and candidate.reference_value == payment.reference_value
                    and candidate.bank_date <= payment.bank_date
                    and payment.currency_id.is_zero(candidate.amount + payment.amount)
                ):
                    found[payment] = candidate
                    used.add(candidate.id)
                    break
        return found

    def _live_allocations(self):
        return self.allocation_ids.filtered(lambda used: not used.undone_move_id)

    # ------------------------------------------------------------------ placing by a person

    def _check_may_place(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only billing users may place payments."))
        self.check_access("read")

    def _lock_to_place(self, states):
        """Lock these payments, re-read; a clear message when somebody else was first."""
        locked = self.sudo().try_lock_for_update()
        if locked != self.sudo():
            raise UserError(
                self.env._("Somebody else is placing this payment right now. Try again shortly.")
            )
        locked.invalidate_recordset()
        for payment in locked:
            if payment.state not in states:
                raise UserError(
                    self.env._(
                        "%(payment)s is in state “%(state)s” by now: somebody else was here "
                        "first. Reload the page.",
                        payment=payment.display_name,
                        state=dict(payment._fields["state"]._description_selection(self.env))[
                            payment.state
                        ],
                    )
                )
        return locked

    def _place(self, targets):
        """Place one payment as a person decided. What is not given out stays to place.

        :param targets: list of dicts: ``partner`` (who gets it), ``invoice`` (an
            ``account.move`` or empty: the oldest due claims of the partner first),
            ``amount`` (of the payment's sign, in its currency)
        :raises UserError: not open any more, too much, wrong currency
        """
        self.ensure_one()
        self._check_may_place()
        payment = self._lock_to_place(("unmatched", "partial"))
        payment = payment.with_company(payment.company_id)
        payment._check_targets(targets)
        matcher = PaymentMatcher(payment.agreement_id, payment, by_person=True)
        moves = self.env["account.move"].sudo().union(*(t["invoice"] for t in targets))
        partners = (
            self.env["res.partner"]
            .sudo()
            .union(*(t["partner"] for t in targets if not t["invoice"]))
        )
        matcher.load(moves, partners)
        placement = Placement(payment, "person", wrong_check_digit=payment.wrong_check_digit)
        for target in targets:
            if target["invoice"]:
                found = matcher.pay_move(target["invoice"].sudo(), target["amount"])[1]
            else:
                found = matcher.pay_partner(target["partner"].sudo(), target["amount"], "person")[1]
            placement.targets += found
        payment._book_placements([placement])
        payment.file_id._refresh_desk()

    def _check_targets(self, targets):
        self.ensure_one()
        currency = self.currency_id
        if not targets:
            raise UserError(self.env._("Choose at least one invoice or member."))
        for target in targets:
            invoice = target["invoice"]
            if currency.is_zero(target["amount"]) or target["amount"] * self.amount < 0:
                raise UserError(
                    self.env._(
                        "Each amount must have the sign of the payment (%(amount).2f).",
                        amount=self.amount,
                    )
                )
            if invoice and (invoice.state != "posted" or invoice.company_id != self.company_id):
                raise UserError(
                    self.env._(
                        "%(name)s is not a posted invoice of %(company)s.",
                        name=invoice.display_name,
                        company=self.company_id.name,
                    )
                )
            if invoice and invoice.currency_id != currency:
                raise UserError(
                    self.env._(
                        "%(name)s is in %(other)s, the payment in %(currency)s.",
                        name=invoice.display_name,
                        other=invoice.currency_id.name,
                        currency=currency.name,
                    )
                )
        total = sum(target["amount"] for target in targets)
        if currency.compare_amounts(abs(total), abs(self.amount_open)) > 0:
            raise UserError(
                self.env._(
                    "The amounts add up to %(total).2f, only %(open).2f is left to place.",
                    total=total,
                    open=self.amount_open,
                )
            )

    def _remember_account(self, partner):
        """Note that the account this payment came from is ``partner``'s."""
        self.ensure_one()
        self._check_may_place()
        account = self.sudo().payer_account
        owner = partner.commercial_partner_id.sudo()
        if account and self.payer_account_key not in owner.bank_ids.mapped("sanitized_acc_number"):
            owner.env["res.partner.bank"].create({"partner_id": owner.id, "acc_number": account})

    def action_accept_best(self):
        """Place these payments as proposed; those without a clear best proposal stay."""
        self._check_may_place()
        found = self._proposals()
        done = self.browse()
        for payment in self:
            proposals = found.get(payment.id, [])
            if proposals and proposals[0].stands_out(proposals):
                best = proposals[0]
                payment._place(
                    [
                        {
                            "partner": best.partner,
                            "invoice": best.line.move_id,
                            "amount": payment.amount_open,
                        }
                    ]
                )
                done |= payment
        if not done:
            raise UserError(self.env._("There is no clear best proposal: choose with “Place”."))
        return self._after_placing()

    def _after_placing(self):
        """From the form go on to the next payment to place; a list just shows itself again."""
        if not self.env.context.get("mbn_show_next"):
            return False
        following = self.search(
            [("state", "in", ("unmatched", "partial")), ("id", "not in", self.ids)],
            order="bank_date, id",
            limit=1,
        )
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_bank_payment_to_place"
        )
        action["target"] = "main"
        if following:
            action |= {"res_id": following.id, "views": [(False, "form")], "view_mode": "form"}
        return action

    def action_place(self):
        """Open the wizard that places this payment by hand."""
        self.env["bank.payment.place"].check_access("create")
        self.ensure_one()
        self._check_may_place()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Place Payment"),
            "res_model": "bank.payment.place",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_payment_id": self.id, "dialog_size": "extra-large"},
        }

    def action_undo(self):
        """Take a wrong placement back: the claims are open again, the payment is to place."""
        self._check_may_place()
        for payment in self._lock_to_place(("matched", "partial")):
            payment.with_company(payment.company_id)._undo()
        self.sudo().file_id._refresh_desk()

    def _undo(self):
        """Reverse what booked this payment, by an entry of today."""
        live = self._live_allocations()
        live.entry_line_id.remove_move_reconcile()
        parts = [(self, Target(used.partner_id, used.entry_line_id, -used.amount)) for used in live]
        lines = self._book_parts(parts, self.company_id._billing_today())
        for used, line in zip(live, lines, strict=True):
            used.undone_move_id = line.move_id
        original = self.reverses_id
        self.write({"state": "unmatched", "outcome": "undone", "partner_id": False})
        if original:
            self.reverses_id = False
            original._pay_again()

    def _pay_again(self):
        """A reversal was undone: use this payment for its claims once more."""
        self.state = "matched"
        self.env["account.move.line"]._reconcile_plan(
            [
                used.entry_line_id | used.target_line_id
                for used in self._live_allocations()
                if used.target_line_id and not used.target_line_id.reconciled
            ]
        )

    # ------------------------------------------------------------------ links

    def action_show_invoices(self):
        """The invoices this payment was used for."""
        self.check_access("read")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Invoices"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.allocation_ids.invoice_id.ids)],
            "context": {"create": False},
        }

    def action_show_entries(self):
        """The journal entries of this payment."""
        self.check_access("read")
        self.ensure_one()
        used = self.sudo().allocation_ids
        moves = used.entry_line_id.move_id | used.undone_move_id | self.sudo().deposit_id.move_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Journal Entries"),
            "res_model": "account.move",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", moves.ids)],
            "context": {"create": False},
        }
