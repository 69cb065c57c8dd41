"""The agency's money: which payment it is of, what it keeps back, and what it collected besides.

An agency reports what payers paid in parts (``paid`` events) and transfers what is left of it,
often for many cases at once. The transfer is found by case reference, remittance or account and
the exact sum. What the agency keeps is booked by an entry of its own, without tax.
"""

from odoo import Command, api, fields, models

from ...formats.references import normalise

ACCOUNT = "debt_collection_account"


class ResCompany(models.Model):
    _inherit = "res.company"

    mbn_collection_cost_account_id = fields.Many2one(
        "account.account",
        string="Kept by Collection Agencies",
        check_company=True,
        help="What an agency keeps back of the payers' money is a cost, booked here without tax. "
        "Where the agency sends an invoice for it, choose a clearing account: the invoice, with "
        "the agency's tax, is booked against it.",
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    mbn_collection_cost_account_id = fields.Many2one(
        related="company_id.mbn_collection_cost_account_id", readonly=False
    )


class DebtCollectionEvent(models.Model):
    _inherit = "debt.collection.event"

    remittance = fields.Char(
        readonly=True, help="The transfer its money is in, as the agency names it."
    )
    bank_payment_id = fields.Many2one(
        "bank.payment",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The payment that the money came with.",
    )
    cost_move_id = fields.Many2one(
        "account.move",
        string="Entry of the Costs",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    surplus_move_id = fields.Many2one(
        "account.move",
        string="Entry of More Interest",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Interest and fees that the agency collected beyond what letters had claimed.",
    )
    surplus_interest = fields.Monetary(readonly=True)
    surplus_fee = fields.Monetary(readonly=True)

    @api.model
    def _paid_domain(self, company):
        return [
            ("company_id", "=", company.id),
            ("direction", "=", "in"),
            ("kind", "=", "paid"),
            ("is_direct", "=", False),
        ]

    @api.model
    def _awaited(self, company):
        """Reported payments whose money has not been found in a payment of the bank."""
        return self.search(
            [
                *self._paid_domain(company),
                ("net_paid", ">", 0),
                "|",
                ("bank_payment_id", "=", False),
                ("bank_payment_id.state", "in", ("unmatched", "returned", "discarded")),
            ],
            order="id",
        )

    # ------------------------------------------------------------------ which payment it is

    def _transfers(self):
        """These events as the transfers that they may have come in: a remittance or a file
        together, or each by itself.
        """
        together = self.grouped(
            lambda event: (event.agency_id, event.remittance or event.file_id or event.id)
        )
        found = {tuple(events.ids): events for events in together.values()}
        found |= {(event.id,): event for event in self}
        return list(found.values())

    def _sums(self):
        """What their transfers may come to."""
        return [
            events.currency_id[:1].round(sum(events.mapped("net_paid")))
            for events in self._transfers()
        ]

    def _of_payment(self, payment):
        """Those of these events whose money ``payment`` is; empty where that is not sure."""
        value = payment.reference_value
        of_case = self.filtered(
            lambda event: value and normalise(event.case_id.reference or "") == value
        )
        candidates = of_case or self.filtered(
            lambda event: (
                (event.remittance and value and normalise(event.remittance) == value)
                or (event.remittance and event.remittance in (payment.text or ""))
                or payment.payer_account_key in event.agency_id._accounts()
            )
        )
        currency = payment.currency_id
        fits = [
            events
            for events in candidates._transfers()
            if events.currency_id == currency
            and currency.compare_amounts(sum(events.mapped("net_paid")), payment.amount) == 0
        ]
        return fits[0] if len(fits) == 1 else self.browse()

    def _parts(self):
        """What the money of these events is for: (claims, amount, payer, amount besides)."""
        parts = []
        for event in self:
            case, round_ = event.case_id, event.currency_id.round
            principal = round_(event.principal - min(event.costs, event.principal))
            claims = case.line_ids.claim_id.sorted("due_date").move_line_id
            besides = round_(event.net_paid - principal)
            parts.append((claims, principal, case.partner_id, besides))
        return parts

    def _find_money(self):
        """Note the payment that had come by the reference of the case before it was reported."""
        for event in self.filtered(lambda row: row.net_paid > 0 and row.case_id.reference):
            payments = self.env["bank.payment"].search(
                [
                    ("company_id", "=", event.company_id.id),
                    ("reference_value", "=", normalise(event.case_id.reference)),
                    ("amount", "=", event.net_paid),
                    ("state", "=", "matched"),
                ],
                order="id",
            )
            linked = self.search([("bank_payment_id", "in", payments.ids)]).bank_payment_id
            event.bank_payment_id = (payments - linked)[:1]

    # ------------------------------------------------------------------ what is booked besides

    def _book_costs(self):
        """Book what the agency kept of these payments; without an account they wait."""
        desk = self.env["billing.exception"]
        waiting = self.filtered(
            lambda event: (
                event.kind == "paid"
                and not event.is_direct
                and not event.cost_move_id
                and event.costs > 0
            )
        )
        for company, events in waiting.grouped("company_id").items():
            account = company.mbn_collection_cost_account_id
            if not account:
                desk._open(
                    company,
                    ACCOUNT,
                    self.env._("What a collection agency kept cannot be booked"),
                    self.env._("Choose the account for it in the settings."),
                )
                continue
            desk._close(company, ACCOUNT)
            for event in events:
                event._book_cost(account)

    def _book_cost(self, account):
        case = self.case_id
        self.cost_move_id, owed = self._book_entry([(account, self.costs)])
        claims = case.line_ids.claim_id.sorted("due_date").move_line_id
        for claim in claims:  # in turn, as money of the bank
            open_both = not claim.reconciled and not owed.reconciled
            if open_both and claim.account_id == owed.account_id:
                (owed + claim).reconcile()
        case.line_ids._settled_anew()

    def _book_surplus(self, interest, fee, credits):
        """Book what the agency collected beyond what letters claim, of the payer's ``credits``."""
        accounts = self.company_id._mbn_dunning_accounts()
        rows = [(accounts["interest"], -interest), (accounts["fee"], -fee)]
        move, owed = self._book_entry([row for row in rows if row[1]])
        self.write({"surplus_move_id": move.id, "surplus_interest": interest, "surplus_fee": fee})
        (owed + credits).reconcile()

    def _book_entry(self, rows):
        """A posted entry without tax between these accounts and what the payer owes.

        :param rows: (account, amount that it is debited with)
        :return: the entry, and its line of the payer
        """
        case, company, currency = self.case_id, self.company_id, self.currency_id
        payer, today = case.partner_id, company._billing_today()
        receivable = case.line_ids.claim_id.move_line_id[:1].account_id
        receivable |= payer.with_company(company).property_account_receivable_id
        shared = {
            "name": f"{case.name} {case.agency_id.name}",
            "partner_id": payer.id,
            "currency_id": currency.id,
            "tax_ids": [Command.clear()],
        }
        lines = [
            shared
            | {
                "account_id": account.id,
                "amount_currency": amount,
                "balance": currency._convert(amount, company.currency_id, company, today),
            }
            for account, amount in rows
        ]
        owed = shared | {
            "account_id": receivable[:1].id,
            "amount_currency": -sum(row["amount_currency"] for row in lines),
            "balance": -sum(row["balance"] for row in lines),
        }
        move = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": company._mbn_dunning_journal().id,
                "date": today,
                "ref": f"{case.name} {self.message}",
                "line_ids": [Command.create(vals) for vals in [owed, *lines]],
            }
        )
        move.action_post()
        return move, move.line_ids.filtered(lambda line: line.account_id == receivable[:1])

    def _undo_surplus(self):
        """The payment it was part of was taken back: that entry, too."""
        for event in self:
            move = event.surplus_move_id
            event.write({"surplus_move_id": False, "surplus_interest": 0.0, "surplus_fee": 0.0})
            move.line_ids.with_context(mbn_undoes_dunning=True).remove_move_reconcile()
            move._reverse_moves(
                [{"date": event.company_id._billing_today(), "ref": move.ref}], cancel=True
            )


class DebtCollectionCase(models.Model):
    _inherit = "debt.collection.case"

    costs = fields.Monetary(
        string="Kept by the Agency",
        compute="_compute_costs",
        store=True,
        help="What the agency kept of what the payer paid.",
    )

    @api.depends("event_ids.costs", "event_ids.kind", "event_ids.is_direct")
    def _compute_costs(self):
        for case in self:
            paid = case.event_ids.filtered(lambda row: row.kind == "paid" and not row.is_direct)
            case.costs = sum(paid.mapped("costs"))

    def _split_credits(self, credits):
        """(credit lines whose money came from the agency, those that book what it kept)."""
        events = self.env["debt.collection.event"].search(
            [("cost_move_id", "in", credits.move_id.ids)]
        )
        kept = credits.filtered(lambda line: line.move_id in events.cost_move_id)
        return self._transferred(credits - kept), kept

    def _from_agency(self, credits):
        """Those of these credit lines that the agency knows of: its money, or kept by it."""
        transferred, kept = self._split_credits(credits)
        return transferred | kept

    def _transferred(self, credits):
        """Those of these credit lines whose money the agency sent.

        It is known by the reference of a case, by an account of the agency, or because the
        agency told of it.
        """
        if not credits:
            return credits
        used = self.env["bank.payment.allocation"].search([("entry_line_id", "in", credits.ids)])
        payments = used.payment_id
        accounts = self.agency_id._accounts()
        references = self.env["billing.reference"].search(
            [
                ("case_id", "!=", False),
                ("value", "in", payments.mapped("reference_value")),
                ("company_id", "in", self.company_id.ids),
            ]
        )
        values = set(references.mapped("value"))
        told = self.env["debt.collection.event"].search([("bank_payment_id", "in", payments.ids)])
        ours = payments.filtered(
            lambda payment: (
                payment.reference_value in values
                or payment.payer_account_key in accounts
                or payment in told.bank_payment_id
            )
        )
        return used.filtered(lambda row: row.payment_id in ours).entry_line_id

    def _settle_credits(self):
        """Use what the agency sent beyond the invoices: for what letters claim, then for
        interest and fees that the agency says it collected besides.
        """
        for case in self:
            if not case.company_id._mbn_dunning_accounts_set():
                continue
            for credit in case._credits():
                self.env["dunning.payment"]._use(
                    credit, case.line_ids.claim_id.letter_line_ids.sorted("id")
                )
            case._settle_surplus()

    def _credits(self):
        """What is open in the payer's favour of money that came for this case."""
        credits = self.env["dunning.payment"]._credits(self.company_id, self.partner_id)
        transferred, kept = self._split_credits(credits)
        used = self.env["bank.payment.allocation"].search(
            [("entry_line_id", "in", transferred.ids)]
        )
        own = used.filtered(
            lambda row: (
                row.payment_id in self.event_ids.bank_payment_id
                or (self.reference and row.payment_id.reference_value == normalise(self.reference))
            )
        ).entry_line_id
        return own | kept.filtered(lambda line: line.move_id in self.event_ids.cost_move_id)

    def _settle_surplus(self):
        events = self.event_ids.filtered(lambda row: row.kind == "paid" and not row.is_direct)
        free = events.filtered(lambda row: not row.surplus_move_id).sorted("id")[-1:]
        credits = self._credits() if free else None
        if not credits:
            return
        round_ = self.currency_id.round
        used = self.line_ids._charges_by_agency().values()
        by_letters = {part: sum(row[part] for row in used) for part in ("fee", "interest")}
        by_letters["fee"] += sum(row["compensation"] for row in used)
        left = round_(-sum(credits.mapped("amount_residual_currency")))
        amounts = {}
        for part in ("interest", "fee"):
            told = sum(events.mapped(part)) - sum(events.mapped(f"surplus_{part}"))
            amounts[part] = max(min(round_(told - by_letters[part]), left), 0.0)
            left = round_(left - amounts[part])
        if any(amounts.values()):
            free._book_surplus(amounts["interest"], amounts["fee"], credits)

    @api.model
    def _settle_company(self, company):
        """Do so for the cases of a company whose payers have money of the agency open."""
        events = self.env["debt.collection.event"]
        waiting = events.search([*events._paid_domain(company), ("surplus_move_id", "=", False)])
        payers = self.env["account.move.line"]._read_group(
            [
                *self.env["dunning.payment"]._credit_domain(company),
                ("partner_id", "in", waiting.case_id.partner_id.ids),
            ],
            ["partner_id"],
        )
        payers = self.env["res.partner"].union(*(payer for (payer,) in payers))
        waiting.case_id.filtered(lambda case: case.partner_id in payers)._settle_credits()


class DebtCollectionLine(models.Model):
    _inherit = "debt.collection.line"

    def _settled_anew(self):
        """Where money of these claims came from is known better now."""
        for name in ("received", "kept", "paid_to_us", "credited"):
            self.env.add_to_compute(self._fields[name], self)


class DebtCollectionAgency(models.Model):
    _inherit = "debt.collection.agency"

    def _book_waiting(self):
        """Book what could not be when it was reported, and find money that came before."""
        for agency in self:
            events = self.env["debt.collection.event"].search(
                [
                    *self.env["debt.collection.event"]._paid_domain(agency.company_id),
                    ("agency_id", "=", agency.id),
                    ("costs", ">", 0),
                    ("cost_move_id", "=", False),
                ]
            )
            events._book_costs()
            events.case_id._settle_credits()
            agency._place_waiting()

    def _place_waiting(self):
        """Find the money of reported payments among the bank's payments that wait for a person."""
        for agency in self:
            awaited = self.env["debt.collection.event"]._awaited(agency.company_id)
            awaited = awaited.filtered(lambda event, agency=agency: event.agency_id == agency)
            if not awaited:
                continue
            waiting = self.env["bank.payment"].search(
                [
                    ("company_id", "=", agency.company_id.id),
                    ("state", "=", "unmatched"),
                    ("is_reversal", "=", False),
                    ("amount", "in", awaited._sums()),
                ]
            )
            for bank_agreement, payments in waiting.grouped("agreement_id").items():
                told = bank_agreement._told_parts(payments)
                found = payments.filtered(lambda payment, told=told: payment in told)
                if found:
                    found._match()
                    found.file_id._refresh_desk()


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _told_parts(self, payments):
        found = super()._told_parts(payments)
        awaited = self.env["debt.collection.event"]._awaited(self.company_id)
        for payment in payments if awaited else ():
            events = awaited._of_payment(payment) if payment.amount > 0 else awaited[:0]
            if events:
                found[payment] = (events, events._parts())
                awaited -= events
        return found


class BankPayment(models.Model):
    _inherit = "bank.payment"

    def _book_placements(self, placements):
        """Note which reported payments came with what, and use what is left of them."""
        result = super()._book_placements(placements)
        events = self.env["debt.collection.event"]
        for placement in placements:
            if placement.told_by is not None and placement.told_by._name == events._name:
                placement.told_by.bank_payment_id = placement.payment
                events |= placement.told_by
        events.case_id._settle_credits()
        return result


class BankPaymentAllocation(models.Model):
    _inherit = "bank.payment.allocation"

    @api.model_create_multi
    def create(self, vals_list):
        used = super().create(vals_list)
        if invoices := used.invoice_id:
            lines = self.env["debt.collection.line"].sudo()
            lines.search([("invoice_id", "in", invoices.ids)])._settled_anew()
        return used


class DunningPayment(models.Model):
    _inherit = "dunning.payment"

    @api.model
    def _use_money(self, company):
        result = super()._use_money(company)
        self.env["debt.collection.case"]._settle_company(company)
        return result


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    def unlink(self):
        """What the agency collected besides goes with the payment that is taken back."""
        events = self.env["debt.collection.event"]
        if self and not self.env.context.get("mbn_undoes_dunning"):
            events = events.sudo().search(
                [("surplus_move_id", "in", self.debit_move_id.move_id.ids)]
            )
        result = super().unlink()
        events._undo_surplus()
        return result
