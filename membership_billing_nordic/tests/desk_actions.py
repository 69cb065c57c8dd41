"""What members, the desk and the bank do, in the books and in the model."""

from decimal import Decimal

from .desk_model import CENT, DAY, Payment, cents
from .desk_world import SHIRT, DeskWorld

# What people do, and how often in relation to the other things.
ACTIONS = {
    "credit": 9,
    "credit_paid": 5,
    "use": 6,
    "move": 8,
    "undo_move": 3,
    "place": 8,
    "undo_placing": 3,
    "propose": 11,
    "cancel_refund": 2,
    "approve": 8,
    "undo_write_off": 1,
    "forbidden": 5,
}
OVER = ("0.50", "0.50", "1.75", "3", "12", "37.25", "200", "450")


class DeskActions(DeskWorld):
    """Each ``_do_`` does one thing at random, and tells what; nothing when nothing fits."""

    def _pick(self, among, wanted=lambda one: True):
        fitting = [one for one in among if wanted(one)]
        return self.rng.choice(fitting) if fitting else None

    def _part(self, amount):
        """All of an amount, or some of it."""
        share = Decimal(self.rng.choice(("1", "1", "0.5", "0.33")))
        return max(cents(amount * share), CENT)

    # ------------------------------------------------------------------ invoices

    def _do_bill(self):
        """The run of the day."""
        expected = {one: amounts for one in self.contracts if (amounts := one.bill(self.day))}
        if not expected:
            return None
        run = self._bill(self.day.isoformat())
        self._note_invoices(run.line_ids.invoice_id, expected)
        return f"{len(expected)} memberships"

    def _do_one_off(self):
        """Shirts and other things, ordered by another program that asks twice."""
        expected, rows = {}, []
        for one in self.rng.sample(self.contracts, min(len(self.contracts), 6)):
            expected[one] = []
            for _number in range(self.rng.choice((1, 1, 2))):
                row = {"contract_id": one.record.id}
                amount = SHIRT
                if self.rng.random() < 0.5:
                    row["product"] = "SHIRT"
                else:
                    amount = cents(self.rng.randrange(500, 30000) / 100)
                    row |= {"description": "A lost key", "amount": str(amount)}
                expected[one].append(amount)
                rows.append(row)
        api = self.env["billing.api"].with_user(self.clerk)
        name = f"order {next(self.numbers)}"
        answer = api.make_invoices(rows=rows, external_id=name)
        again = api.make_invoices(rows=rows, external_id=name)
        self.assertEqual((answer["state"], again["one_off_id"]), ("done", answer["one_off_id"]))
        made = self.env["billing.one.off"].browse(answer["one_off_id"]).line_ids.invoice_id
        self.assertEqual(len(made), len(expected))
        self._note_invoices(made, expected)
        return f"{len(made)} invoices"

    def _credit_some(self, invoice):
        if not invoice:
            return None
        lines = [line for line in invoice.lines if line.left]
        parts = {line: line.left for line in lines}
        bill_again = False
        if self.rng.random() < 0.6:
            line = self.rng.choice(lines)
            parts = {line: self._part(line.left)}
        elif self.rng.random() < 0.5:
            bill_again = True
            for line in lines:
                line.contract.again.append(line.amount)
        given = {line.record: float(amount) for line, amount in parts.items()}
        move = invoice.record.with_user(self.clerk)
        move._mbn_credit(given, "Sorry", bill_again=bill_again)
        self.model.credit(invoice, parts, self.day)
        return f"{sum(parts.values())} of {invoice.record.name}, again: {bill_again}"

    def _do_credit(self):
        return self._credit_some(self._pick(self.model.invoices, lambda one: one.left))

    def _do_credit_paid(self):
        paid = [one for one in self.model.invoices if not one.open]
        return self._credit_some(self._pick(paid, lambda one: one.left))

    # ------------------------------------------------------------------ payments

    def _do_bank_file(self):
        """All that was paid since the last file, in one file of the bank."""
        payments = []
        for day in sorted(day for day in self.inbox if day <= self.day):
            for invoice, manner in self.inbox.pop(day):
                payments += self._paid(invoice, manner)
        if not payments:
            return None
        self.rng.shuffle(payments)
        file = self._receive(self.bank_file(payments, self.day))
        total = sum(one.amount for one in payments)
        self.assertEqual((cents(file.payments_sum), cents(file.deposits_sum)), (total, total))
        self.model.receive(payments, self.day)
        return f"{len(payments)} payments, {total}"

    def _paid(self, invoice, manner):
        """What a payer transfers for an invoice in this manner."""
        rng, open_now, total = self.rng, invoice.open, invoice.item.amount
        if manner == "parts":
            self.inbox[self.day + rng.randint(8, 30) * DAY].append((invoice, "full"))
            open_now = cents(open_now * Decimal("0.4"))
        amounts = {
            "total": [total],
            "over": [open_now + Decimal(rng.choice(OVER))],
            "nearly": [open_now - Decimal(rng.choice(("0.01", "0.50", "1", "10")))],
            "twice": [total, total],
        }.get(manner, [open_now])
        made = [self._payment(invoice, amount) for amount in amounts if amount > 0]
        if manner == "wrong":
            for payment in made:
                last = "0" if payment.reference[-1] != "0" else "1"
                payment.reference, payment.invoice = payment.reference[:-1] + last, None
        return made

    def _payment(self, invoice, amount):
        number = next(self.numbers)
        payer = invoice.payer
        return Payment(payer, amount, invoice.reference, invoice, f"{number:08d}", payer.account)

    def _receive(self, content):
        name = f"bank {next(self.numbers)}"
        file = self.env["bank.file"]._receive(name, content, self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, "booked", file.issue_ids.mapped("expected"))
        return file

    def _stored(self, payment):
        """The record of a payment, by its reference and amount; alike ones in their order."""
        alike = [
            one
            for one in self.model.payments
            if (one.reference, one.amount) == (payment.reference, payment.amount)
        ]
        found = self.env["bank.payment"].search(
            [
                ("company_id", "=", self.company.id),
                ("reference", "=like", f"%{payment.reference.lstrip('0')}"),
                ("amount", "=", float(payment.amount)),
            ],
            order="id",
        )
        self.assertEqual(len(found), len(alike))
        return found[alike.index(payment)]

    def _do_place(self):
        """A person finds out whose it is."""
        payment = self._pick(self.model.payments, lambda one: one.waiting)
        if not payment:
            return None
        record = self._stored(payment).with_user(self.clerk)
        place = self.env["bank.payment.place"].with_user(self.clerk)
        line = {"partner_id": payment.payer.record.id, "amount": float(payment.waiting)}
        place.create({"payment_id": record.id, "line_ids": [(0, 0, line)]}).action_place()
        self.model.place(payment)
        return f"{payment.amount} on {payment.payer.name}"

    def _do_undo_placing(self):
        payment = self._pick(
            self.model.payments,
            lambda one: one.items and not any(item.refund for item in one.items),
        )
        if not payment:
            return None
        self._stored(payment).with_user(self.clerk).action_undo()
        self.model.undo_placing(payment, self.day)
        return f"{payment.amount} of {payment.payer.name}"

    # ------------------------------------------------------------------ what stands

    def _any_credit(self, wanted=lambda payer: True):
        payer = self._pick(self.model.payers, lambda one: one.standing and wanted(one))
        return payer and self.rng.choice(payer.standing)

    def _do_use(self):
        credit = self._any_credit(lambda payer: payer.claims)
        if not credit:
            return None
        self._line_of(credit).with_user(self.clerk).action_mbn_use()
        self.model.use(credit)
        return f"{credit.amount} of {credit.payer.name}"

    def _do_move(self):
        credit = self._any_credit()
        if not credit:
            return None
        to = self._pick(self.model.payers, lambda one: one is not credit.payer)
        amount = self._part(-credit.open)
        use_now = self.rng.random() < 0.5
        known = self.env["bank.money.move"].search([], order="id desc", limit=1)
        wizard = self._move_dialog(credit)
        wizard.write(
            {
                "to_partner_id": to.record.id,
                "amount": float(amount),
                "reason": "Paid for the family",
                "use_now": use_now,
            }
        )
        wizard.action_move()
        transfer = self.model.move(credit, to, amount, self.day, use_now)
        transfer.record = self.env["bank.money.move"].search([("id", ">", known.id or 0)])
        return f"{amount} from {credit.payer.name} to {to.name}"

    def _move_dialog(self, credit):
        shown = self._line_of(credit).with_user(self.clerk).action_mbn_move()
        return self.env["bank.money.move.make"].with_user(self.clerk).browse(shown["res_id"])

    def _is_paid_back(self, item):
        """Was some of it paid back, or is it about to be?"""
        return any(
            item in (credit for credit, _part in refund.parts)
            for refund in self.model.refunds
            if refund.state in ("proposed", "approved", "sent", "paid")
        )

    def _do_undo_move(self):
        transfer = self._pick(
            self.model.transfers, lambda one: not self._is_paid_back(one.received)
        )
        if not transfer:
            return None
        transfer.record.with_user(self.clerk).action_undo()
        self.model.undo_move(transfer, self.day)
        return f"{transfer.amount} back to {transfer.taken.payer.name}"

    def _do_write_off(self):
        """The scheduled action."""
        self.env["bank.difference"].sudo()._cron_write_off()
        small = self.model.write_off(self.day)
        return small and f"{[(payer.name, item.amount) for payer, item in small]}"

    def _do_undo_write_off(self):
        items = [item for item, settled in self.model.written_off.items() if settled]
        item = self._pick(items)
        if not item:
            return None
        known = [row for row, settled in self.model.written_off.items() if settled]
        rows = self.env["bank.difference"].search(
            [("company_id", "=", self.company.id), ("undone_move_id", "=", False)], order="id"
        )
        self.assertEqual(len(rows), len(known))
        row = rows.filtered(
            lambda one: (
                one.partner_id == item.payer.record
                and cents(one.amount) == self.model.written_off[item].amount
            )
        )[:1]
        row.with_user(self.clerk).action_undo()
        self.model.undo_write_off(item, self.day)
        return f"{item.amount} of {item.payer.name}"

    # ------------------------------------------------------------------ refunds

    def _do_propose(self):
        payer = self._pick(self.model.payers, lambda one: one.standing)
        if not payer:
            return None
        amount = self._part(-sum(item.open for item in payer.standing))
        wizard = self._refund_dialog(payer)
        self.assertEqual(cents(wizard.amount), -sum(item.open for item in payer.standing))
        wizard.amount = float(amount)
        if not (self.names_accounts and self.model.is_account_known(payer)):
            wizard.account_typed = payer.account
        shown = wizard.action_propose()
        refund = self.model.propose(payer, amount)
        refund.record = self.env["bank.refund"].browse(shown["res_id"])
        return f"{amount} to {payer.name}"

    def _refund_dialog(self, payer):
        payer.record.invalidate_recordset(["mbn_money_standing"])
        shown = payer.record.with_user(self.clerk).action_mbn_refund()
        return self.env["bank.refund.propose"].with_user(self.clerk).browse(shown["res_id"])

    def _do_approve(self):
        refund = self._pick(self.model.in_state("proposed"))
        if not refund:
            return None
        refund.record.with_user(self.boss).action_approve()
        refund.set_state("approved")
        return f"{refund.amount} to {refund.payer.name}"

    def _do_cancel_refund(self):
        refund = self._pick(self.model.in_state("proposed", "approved"))
        if not refund:
            return None
        refund.record.with_user(self.clerk).action_cancel()
        refund.set_state("cancelled")
        return f"{refund.amount} to {refund.payer.name}"

    def _do_payment_file(self):
        """What is approved leaves in one file; the bank reads it strictly."""
        due = self.model.in_state("approved")
        if not due:
            return None
        self.env["bank.agreement"].sudo()._cron_make_transfer_files()
        file = self.env["bank.refund"].browse([one.record.id for one in due]).sudo().file_id
        self.assertEqual(len(file), 1)
        with file._open_bytes() as stream:
            order = self.bank.take(stream.read())
        self.assertEqual(
            sorted((one.end_to_end, one.amount, one.account) for one in order.transfers),
            sorted((one.record.reference, one.amount, one.account) for one in due),
        )
        file._mark_sent()
        for refund in due:
            refund.set_state("sent")
        return f"{len(due)} refunds, {sum(one.amount for one in due)}"

    def _do_bank_answer(self):
        """The bank refuses some and pays the others."""
        if not self.bank.to_answer:
            return None
        order = self.bank.to_answer.pop(0)
        by_mark = {refund.record.reference: refund for refund in self.model.in_state("sent")}
        for transfer in order.transfers:
            refund = by_mark[transfer.end_to_end]
            if self.rng.random() < 0.2:
                transfer.status, transfer.reason = "RJCT", "AC04"
                refund.set_state("refused")
                self._new_account(refund.payer)
        self._receive(self.bank.status(order))
        good = [one for one in order.transfers if one.status != "RJCT"]
        if good:
            self._receive(self.bank.pay(order, self.day))
        for transfer in good:
            self.model.pay_out(by_mark[transfer.end_to_end], self.day)
            self.paid_out.append((order, transfer, by_mark[transfer.end_to_end]))
        return f"{len(good)} paid of {len(order.transfers)}"

    def _new_account(self, payer):
        """The old one is closed; the payer tells the new one."""
        payer.account = self.account_of(next(self.accounts))

    def _do_refund_back(self):
        """The payee's bank sends one back."""
        if not self.paid_out:
            return None
        order, transfer, refund = self.paid_out.pop(self.rng.randrange(len(self.paid_out)))
        self._receive(self.bank.give_back(order, transfer, self.day))
        self.model.bring_back(refund, self.day)
        self._new_account(refund.payer)
        return f"{refund.amount} of {refund.payer.name}"
