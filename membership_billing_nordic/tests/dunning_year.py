"""A year of reminders in a country: things happen at random, each day's letters and the books are
compared with a model that reckons by itself.

``DUNNING_YEAR_SEEDS=7-40`` plays these years instead of the usual one. A failure tells its seed
and all that happened up to it.
"""

import os
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from random import Random

from odoo.tools import SQL

from .dunning_actions import DunningActions
from .dunning_model import DAY, NOTHING, PARTS, Cost, Letter, cents
from .dunning_world import BETWEEN, END, START


class DunningYear(DunningActions):
    """Subclasses are of one country, and say its :attr:`land`."""

    # ------------------------------------------------------------------ playing

    def play_years(self):
        """The usual years, or those that the environment names. What matters has to happen."""
        years = [self.year]
        if named := os.environ.get("DUNNING_YEAR_SEEDS"):
            first, _dash, last = named.partition("-")
            seeds = range(int(first), int(last or first) + 1)
            years = [(seed, seed % 3 == 0, seed % 2 == 0) for seed in seeds]
        seen = defaultdict(int)
        for seed, costs_first, is_booked in years:
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._play(seed, costs_first, is_booked)
                for what, number in self.seen.items():
                    seen[what] += number
                savepoint.rollback()
            self.env.invalidate_all(flush=False)
        if years == [self.year]:
            missing = [what for what in self.has_to_happen if not seen[what]]
            self.assertFalse(missing, dict(seen))

    def _play(self, seed, costs_first, is_booked):
        self.rng = Random(f"{self.land.code}{seed}")
        self.history = []
        try:
            self._begin(costs_first, is_booked)
            day = START
            while day <= END:
                self.day = day
                self._live_through()
                day = self._next_day()
        except Exception as error:
            story = "\n".join(self.history)
            raise AssertionError(f"seed {seed}, {self.day}: {error}\n{story}") from error

    def _next_day(self):
        """The next day on which something happens, by somebody or by itself."""
        coming = [*self.agenda, *self.model.wake_days(self.day), END]
        return min((day for day in coming if day > self.day), default=END + DAY)

    def _live_through(self):
        """One day: the bank's files, what people do, the scheduled actions, and what is right."""
        self._set_clock()
        self._enter_law()
        actions = self.agenda.pop(self.day, ())
        for action in actions:
            self._act(action)
        if self._read_bank() or actions:
            self._work()
        due = self._make_run()
        if due and self.rng.random() < 0.3:
            self._act(self.rng.choice(BETWEEN))
            self._read_bank()
        if due:
            self._work(due)
        if self._cases():
            self.env["debt.collection.file"]._cron_work()
            self.assert_told()
        self.env.flush_all()
        self.assert_books()
        self.assert_frozen()
        self.assert_claims()

    def _set_clock(self):
        """In the morning, or just after midnight, when it is still yesterday in London."""
        moment = datetime.combine(self.day, time(8))
        if self.rng.random() < 0.3:
            moment = datetime.combine(self.day - DAY, time(23, 10))
        self.frozen.move_to(moment)
        self.assertEqual(self.company._billing_today(), self.day)

    def _act(self, action):
        if callable(action):
            action()
            return
        if told := getattr(self, f"_do_{action}")():
            self._tell(f"{action} {told}")

    def _tell(self, text):
        self.seen[text.split()[0]] += 1
        self.history.append(f"{self.day} {text}")

    # ------------------------------------------------------------------ the scheduled actions

    def _make_run(self):
        """The day's run. Returns the debts that the model wants letters for."""
        model = self.model
        self.env["dunning.run"].sudo()._cron_daily()
        model.follow(self.day)
        model.follow_plans(self.day)
        due = {debt: debt.level for debt in model.debts if model.is_due(debt, self.day)}
        run = self.env["dunning.run"].search(
            [("date", "=", self.day), ("company_id", "=", self.company.id)]
        )
        found = {self.debts[one] for one in run.line_ids.filtered(_is_pending).invoice_id}
        self.assertEqual(found, set(due), f"preview: {self._why(found ^ set(due), run)}")
        for debt in model.debts:
            self._lapse(debt)
        return due

    def _why(self, debts, run):
        """What the product and the model say of debts that they disagree on."""
        rows = {self.debts[line.invoice_id]: line for line in run.line_ids}
        return [
            (
                debt.name,
                (rows[debt].reason, rows[debt].detail, rows[debt].state)
                if debt in rows
                else "left",
                f"open {debt.open}",
                f"level {debt.level}",
                debt.level and f"{self.model.policy_day(debt)} {self.model.lawful_day(debt)}",
                f"held {self.model.is_held(debt, self.day)}",
                debt.ladder,
            )
            for debt in debts
        ]

    def _lapse(self, debt):
        """What nobody has to pay closes by itself, when its money is known not to have come."""
        model = self.model
        is_over = debt.is_followed and debt.open and model.closes_on(debt) <= self.day
        is_known = model.known_until >= model.read_day(debt)
        if is_over and is_known and not model.credits(debt.payer) and debt.open == debt.amount:
            debt.credited = debt.amount
            self._tell(f"lapsed {debt.name}")

    def _work(self, due=None):
        """Use money, give up remainders, then send the letters of the day."""
        model = self.model
        self.env["dunning.run"].sudo()._cron_work()
        model.use_money()
        model.give_up(self.day)
        model.follow_plans(self.day)
        due = due or {}
        still = [
            debt
            for debt, level in due.items()
            if model.is_due(debt, self.day) and debt.level is level
        ]
        letters = self.env["dunning.letter"].search(
            [
                ("id", ">", self.last_letter),
                ("company_id", "=", self.company.id),
                ("kind", "!=", "plan"),
            ],
            order="id",
        )
        self._compare(letters, still)

    # ------------------------------------------------------------------ letters

    def _compare(self, letters, due):
        """These letters, and no others, with these amounts."""
        wanted = self._letters_of(due)
        found = {frozenset(self.debts[one] for one in x.line_ids.invoice_id): x for x in letters}
        self.assertEqual(len(found), len(letters))
        self.assertEqual(
            [sorted(map(_name, group)) for group in found],
            [sorted(map(_name, group)) for group in found if group in wanted],
        )
        self.assertEqual(set(found), set(wanted), [list(map(_name, group)) for group in wanted])
        for group, letter in found.items():
            self._compare_letter(letter, wanted[group])
        for letter in letters:
            self._note_letter(letter)

    def _letters_of(self, due):
        """``{debts of one letter: {debt: amounts and deadline}}``; a letter has one fee."""
        model, groups = self.model, defaultdict(list)
        for debt in sorted(due, key=lambda one: (one.counted, one.record.id)):
            groups[debt.payer, debt.level.kind].append(debt)
        wanted = {}
        for debts in groups.values():
            fees = {debt: model.fee(debt, self.day) for debt in debts}
            carrier = max(debts, key=lambda debt: fees[debt])
            deadline = max(model.deadline(debt, self.day) for debt in debts)
            wanted[frozenset(debts)] = {
                debt: {
                    "principal": debt.open,
                    "fee": fees[debt] if debt is carrier else NOTHING,
                    "interest": model.interest(debt, self.day),
                    "compensation": model.compensation(debt, self.day),
                    "deadline": deadline,
                }
                for debt in debts
            }
        return wanted

    def _compare_letter(self, letter, wanted):
        self.assertEqual(letter.sent_on, self.day)
        for line in letter.line_ids:
            debt = self.debts[line.invoice_id]
            values = wanted[debt]
            found = {name: cents(line[name]) for name in values if name != "deadline"}
            found["deadline"] = letter.deadline
            self.assertEqual(found, values, debt.name)
            self.assertEqual(line.lawful_from, self.model.lawful_day(debt), debt.name)

    def _note_letter(self, letter):
        """Note in the model what was sent; by then it has to be lawful."""
        self.last_letter = max(self.last_letter, letter.id)
        letter.action_mark_posted()
        lines = letter.line_ids.sorted("id")
        fee = sum((cents(line.fee) for line in lines), NOTHING)
        self.assertLessEqual(sum(1 for line in lines if line.fee), 1, "a letter has one fee")
        for line in lines:
            debt = self.debts[line.invoice_id]
            level = debt.level if letter.kind != "plan" else None
            sent = Letter(letter.name, letter.sent_on, letter.kind, fee, letter.deadline, level)
            self.assert_lawful(debt, sent, line)
            debt.letters.append(sent)
            for part in PARTS:
                if amount := cents(line[part]):
                    booked = self.model.is_booked
                    cost = Cost(part, amount, sent, line.id, debt, booked)
                    debt.costs.append(cost)
                    self.seen[part] += 1
            self._tell(f"{letter.kind} {letter.name} of {debt.name}, pay by {sent.deadline}")

    def assert_lawful(self, debt, letter, line):
        """The rules that no policy can bend, on the letters of this debt so far."""
        land, kind = self.land, letter.kind
        claimed = [cents(line[part]) for part in PARTS]
        if debt.kind != "fee":
            self.assertEqual((kind, claimed), ("reminder", [NOTHING] * 3), "not enforceable")
        if not debt.payer.is_company:
            self.assertFalse(line.compensation, "compensation of a consumer")
        if kind != "plan":
            self.assertGreater(letter.day, self.model.legal_due(debt), "sent before it was due")
        self.assertGreater(debt.owed, NOTHING, "nothing is owed")
        self.assertFalse(debt.is_disputed or debt.case, "disputed or at collection")
        shortest = self.model.shortest_deadline(debt, kind, letter.day)
        self.assertGreaterEqual(letter.deadline, shortest, "too little time to pay")
        if cents(line.fee):
            self._assert_fee_lawful(debt, letter, cents(line.fee), land)

    def _assert_fee_lawful(self, debt, letter, fee, land):
        group = land.group(letter.kind)
        since = letter.day - timedelta(days=366)
        alike = [one for one in debt.letters if one.fee and one.kind in group and one.day > since]
        self.assertLessEqual(fee, land.cap(letter.kind, letter.day), "above the cap")
        if not land.reset_months:
            self.assertLess(len(alike), land.count(letter.kind), "too many fees")
        if letter.kind == "plan":
            return
        first = self.model.legal_due(debt) + land.first_days * DAY
        self.assertGreaterEqual(letter.day, first, "too early for a fee")
        for before in debt.letters:
            self.assertGreaterEqual((letter.day - before.day).days, land.spacing, "too soon")

    # ------------------------------------------------------------------ what holds every day

    def assert_books(self):
        """The ledger says what the model says: debts, what is claimed of them, and money."""
        model = self.model
        for account, parts in ((self.fees, ("fee", "compensation")), (self.late, ("interest",))):
            self.assertEqual(-self._balance("account_id", account), model.income(parts), parts)
        residuals = self._residuals()
        for debt in model.debts:
            self.assertEqual(residuals[debt.record.id], debt.open, f"open of {debt.name}")
        owed = self._owed_by_payer()
        for payer in {debt.payer for debt in model.debts}:
            found = owed.get(payer.record.id, NOTHING)
            self.assertEqual(found, model.receivable(payer), payer.record.name)
        self.assertEqual(self._balance("company_id", self.company), NOTHING)
        self._assert_year_end()

    def _balance(self, field, record):
        column = SQL.identifier(field)
        ((total,),) = self.env.execute_query(
            SQL(
                "SELECT sum(balance) FROM account_move_line "
                "WHERE %s = %s AND parent_state = 'posted'",
                column,
                record.id,
            )
        )
        return cents(total or 0)

    def _residuals(self):
        rows = self.env.execute_query(
            SQL(
                "SELECT move_id, sum(amount_residual) FROM account_move_line "
                "WHERE move_id IN %s AND display_type = 'payment_term' GROUP BY move_id",
                tuple(debt.record.id for debt in self.model.debts),
            )
        )
        return {move: cents(amount) for move, amount in rows}

    def _owed_by_payer(self):
        rows = self.env.execute_query(
            SQL(
                """SELECT line.partner_id, sum(line.balance)
                     FROM account_move_line line JOIN account_account account
                       ON account.id = line.account_id
                    WHERE line.company_id = %s AND line.parent_state = 'posted'
                      AND account.account_type = 'asset_receivable'
                    GROUP BY line.partner_id""",
                self.company.id,
            )
        )
        return {partner: cents(amount) for partner, amount in rows}

    def _assert_year_end(self):
        """What nobody has to pay is no receivable of the year that is over."""
        if self.day < date(2027, 1, 5):
            return
        for debt in self.model.debts:
            is_old = debt.close_days and debt.counted < date(2026, 12, 31) and debt.is_followed
            is_waited_for = self.model.credits(debt.payer) or debt.open != debt.amount
            if is_old and debt.open and not is_waited_for:
                self.assertLess(self.model.known_until, self.model.read_day(debt))
            elif is_old and debt.credited and not debt.paid:
                notes = debt.record.reversal_move_ids
                self.assertLessEqual(max(notes.mapped("date")), date(2026, 12, 31))

    def assert_frozen(self):
        """What letters say stays as it was when they were sent."""
        rows = dict(
            self.env.execute_query(
                SQL(
                    """SELECT line.id, md5(ROW(
                           line.claim_id, line.level_id, line.sent_on, line.deadline, line.principal,
                           line.fee, line.fee_cap, line.fee_number, line.interest, line.segments,
                           line.compensation, line.fee_before, line.interest_before, letter.total,
                           letter.reference, letter.kind, line.due_date)::text)
                         FROM dunning_letter_line line
                         JOIN dunning_letter letter ON letter.id = line.letter_id
                        WHERE line.company_id = %s""",
                    self.company.id,
                )
            )
        )
        self.assertEqual(rows, rows | self.frozen_rows)
        self.frozen_rows = rows

    def assert_claims(self):
        """What screens tell of claims, plans and cases."""
        rows = self.env.execute_query(
            SQL(
                """SELECT invoice_id, amount_open, fee_open, interest_open, compensation_open,
                          next_date, case_id
                     FROM dunning_claim WHERE company_id = %s""",
                self.company.id,
            )
        )
        debts = {debt.record.id: debt for debt in self.model.debts if debt.is_followed}
        self.assertEqual({row[0] for row in rows}, set(debts), "claims that are followed")
        for invoice, *values in rows:
            self._assert_claim(debts[invoice], *values)
        plans = self.env["dunning.payment.plan"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            {plan.name: plan.state for plan in plans},
            {plan.number: plan.state for plan in self.model.plans},
        )

    def _assert_claim(self, debt, amount_open, *values):
        *amounts, next_date, case = values
        self.assertEqual(cents(amount_open), debt.open, debt.name)
        for part, amount in zip(PARTS, amounts, strict=True):
            left = sum((cost.open for cost in debt.costs if cost.part == part), NOTHING)
            self.assertEqual(cents(amount or 0), left, f"{part} of {debt.name}")
        is_next = debt.open and not debt.case and debt.level
        expected = self.model.policy_day(debt) if is_next else None
        self.assertEqual(next_date, expected, f"next letter of {debt.name}")
        self.assertEqual(case, debt.case.id if debt.case else None, f"case of {debt.name}")

    def assert_told(self):
        """What is paid to us while an agency has it is told to the agency, once."""
        for case in self._cases():
            told = defaultdict(float)
            for event in case.event_ids.filtered(lambda one: one.kind == "payment"):
                told[event.line_id.invoice_id] += event.principal
            for debt in self.model.debts:
                if debt.case == case:
                    paid = self.model.direct(debt) - debt.told
                    self.assertEqual(cents(told[debt.record]), paid, debt.name)


def _name(debt):
    return debt.name


def _is_pending(line):
    return line.state == "pending"
