"""A year of the desk in a country: members are invoiced, pay, overpay, are credited, money is
moved and paid back at random. After each step the ledger, the statements of the members and the
files of the bank are compared with a model that reckons by itself.

``DESK_YEAR_SEEDS=7-40`` plays these years instead of the usual one. A failure tells its seed
and all that happened up to it.
"""

import os
from calendar import monthrange
from collections import Counter, defaultdict
from datetime import datetime, time, timedelta
from random import Random

from dateutil.relativedelta import relativedelta
from odoo.tools import SQL

from .desk_actions import ACTIONS
from .desk_attempts import DeskAttempts
from .desk_model import NOTHING, cents

BANK_WEEKDAY = 1
BUSY_DAYS, ACTIONS_A_DAY = 6, 2
TABLES = (
    "account_move", "account_move_line", "account_partial_reconcile", "bank_payment",
    "bank_payment_allocation", "bank_refund", "membership_charge", "billing_reference",
)  # fmt: skip


class DeskYear(DeskAttempts):
    """Subclasses are of one country."""

    seed = 1
    has_to_happen = (
        "bill", "one_off", "bank_file", "credit", "credit_paid", "use", "move", "undo_move",
        "place", "undo_placing", "propose", "approve", "cancel_refund", "payment_file",
        "bank_answer", "refund_back", "write_off", "forbidden",
    )  # fmt: skip

    # ------------------------------------------------------------------ playing

    def play_years(self):
        """The usual year, or those that the environment names. Everything has to happen."""
        seeds = [self.seed]
        if named := os.environ.get("DESK_YEAR_SEEDS"):
            first, _dash, last = named.partition("-")
            seeds = range(int(first), int(last or first) + 1)
        for seed in seeds:
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self._play(seed)
                savepoint.rollback()
            self.env.invalidate_all(flush=False)
        if seeds == [self.seed]:
            missing = [what for what in self.has_to_happen if not self.seen[what]]
            self.assertFalse(missing, dict(self.seen))

    def _play(self, seed):
        self.rng = Random(f"{self.company.country_code}{seed}")
        self.history = []
        try:
            self._begin(seed)
            for day, steps in self._agenda():
                self.day = day
                self.frozen.move_to(datetime.combine(day, time(9)))
                for step in steps:
                    self._step(step)
        except Exception as error:
            story = "\n".join(self.history)
            raise AssertionError(f"seed {seed}, {self.day}: {error}\n{story}") from error

    def _agenda(self):
        """``(day, steps)``: the bank's days, those of the scheduled actions, and busy ones."""
        rng, agenda, busy = self.rng, defaultdict(list), []
        start, begin = self.start, self.start.replace(day=1)
        for number in range(self.months):
            first = begin + relativedelta(months=number)
            length = monthrange(first.year, first.month)[1]
            days = [first + timedelta(days=one) for one in range(length)]
            days = [day for day in days if day >= start]
            agenda[rng.choice(days)].append("bill")
            agenda[rng.choice(days)].append("one_off")
            busy += sorted(rng.sample(days, BUSY_DAYS))
            for day in busy[-BUSY_DAYS:]:
                agenda[day] += rng.choices(list(ACTIONS), ACTIONS.values(), k=ACTIONS_A_DAY)
            agenda[rng.choice(days)] += ["refund_back", "write_off"]
            agenda[days[0]].insert(0, self._gather_statistics)
            for day in days:
                if day.weekday() == BANK_WEEKDAY:
                    agenda[day] = ["bank_answer", "bank_file", *agenda[day], "payment_file"]
        # What is rare has more to choose from later.
        for action in ACTIONS:
            agenda[rng.choice(busy[len(busy) // 2 :])].append(action)
        for share in (2, 3):
            day = begin + relativedelta(months=share * self.months // 4)
            agenda[day].append(self._change_settings)
        return sorted(agenda.items())

    def _gather_statistics(self):
        """Nothing is committed here, so the database does not see by itself what has grown."""
        self.env.flush_all()
        self.env.cr.execute(SQL("ANALYZE %s", SQL(", ").join(map(SQL.identifier, TABLES))))

    def _change_settings(self):
        """In summer what stands is used up to a limit only, in autumn not by itself at all."""
        is_limited = bool(self.model.standing_limit)
        self._set_money(not is_limited, 0 if is_limited else 200, 20)

    def _step(self, step):
        self.model.touched.clear()
        if callable(step):
            step()
        elif told := getattr(self, f"_do_{step}")():
            self.seen[step] += 1
            self.history.append(f"{self.day} {step} {told}")
        else:
            return
        self.env.flush_all()
        self._compare()

    # ------------------------------------------------------------------ what holds after each step

    def _compare(self):
        self._assert_entries()
        self._assert_accounts()
        self._assert_invoices()
        self._assert_bank()
        self._assert_refunds()
        self._assert_statements()

    def _rows(self, query, *args):
        return self.env.execute_query(SQL(query, *args))

    def _assert_entries(self):
        """Every entry is balanced, and nothing is left half done."""
        wrong = self._rows(
            """SELECT move_id, sum(balance) FROM account_move_line
                WHERE company_id = %s GROUP BY move_id HAVING sum(balance) <> 0""",
            self.company.id,
        )
        self.assertFalse(wrong, "entries out of balance")
        drafts = self._rows(
            "SELECT name FROM account_move WHERE company_id = %s AND state = 'draft'",
            self.company.id,
        )
        self.assertFalse(drafts, "drafts")

    def _assert_accounts(self):
        """What each payer owes, and each open item: what is owed and what stands."""
        rows = self._rows(
            """SELECT line.partner_id, sum(line.balance),
                      array_agg(line.amount_residual ORDER BY line.amount_residual)
                          FILTER (WHERE line.amount_residual <> 0)
                 FROM account_move_line line
                 JOIN account_account account ON account.id = line.account_id
                WHERE line.company_id = %s AND line.parent_state = 'posted'
                  AND account.account_type = 'asset_receivable'
                GROUP BY line.partner_id""",
            self.company.id,
        )
        found = {
            partner: (cents(balance), [cents(amount) for amount in residuals or ()])
            for partner, balance, residuals in rows
        }
        wanted = {
            payer.record.id: (payer.balance, sorted(item.open for item in payer.items if item.open))
            for payer in self.model.payers
            if payer.items
        }
        self._assert_same(found, wanted, "accounts")

    def _assert_same(self, found, wanted, what):
        """Like ``assertEqual``, but tells only what differs."""
        if found != wanted:
            keys = [key for key in {**found, **wanted} if found.get(key) != wanted.get(key)]
            rows = [f"{key}: found {found.get(key)}, wanted {wanted.get(key)}" for key in keys]
            self.fail(f"{what} after {self.history[-1:]}: " + "; ".join(rows[:5]))

    def _assert_invoices(self):
        """What is open of each invoice, what was credited, and what became of its charges."""
        invoices = self.model.invoices
        if not invoices:
            return
        rows = self._rows(
            """SELECT id, amount_residual, mbn_credited FROM account_move
                WHERE company_id = %s AND move_type = 'out_invoice'""",
            self.company.id,
        )
        found = {move: (cents(left), cents(credited or 0)) for move, left, credited in rows}
        wanted = {one.record.id: (one.open, one.item.amount - one.left) for one in invoices}
        self._assert_same(found, wanted, "invoices")
        rows = self._rows(
            "SELECT invoice_line_id, state FROM membership_charge "
            "WHERE company_id = %s AND invoice_line_id IS NOT NULL",
            self.company.id,
        )
        states = {line.record.id: one.state_of(line) for one in invoices for line in one.lines}
        self._assert_same(dict(rows), states, "charges")

    def _books(self):
        """What stands on the account at the bank, and on that of what is not placed."""
        accounts = self.paying.liquidity_account_id, self.paying.clearing_account_id
        rows = dict(
            self._rows(
                """SELECT account_id, sum(balance) FROM account_move_line
                    WHERE company_id = %s AND parent_state = 'posted' AND account_id IN %s
                    GROUP BY account_id""",
                self.company.id,
                tuple(account.id for account in accounts),
            )
        )
        return [cents(rows.get(account.id, 0)) for account in accounts]

    def _assert_bank(self):
        """What the files of the bank came to is on its account, less what waits to be placed."""
        found = [now - before for now, before in zip(self._books(), self.baseline, strict=True)]
        self.assertEqual(found, [self.model.bank, -self.model.waiting], "bank and clearing account")
        rows = self._rows(
            """SELECT coalesce(sum(amount), 0), coalesce(sum(amount_open), 0) FROM bank_payment
                WHERE company_id = %s AND state <> 'information'""",
            self.company.id,
        )
        sums = [(cents(total), cents(left)) for total, left in rows]
        self.assertEqual(sums, [(self.model.bank, self.model.waiting)], "payments")

    def _assert_refunds(self):
        rows = self._rows(
            "SELECT id, state, amount FROM bank_refund WHERE company_id = %s", self.company.id
        )
        found = {refund: (state, cents(amount)) for refund, state, amount in rows}
        wanted = {one.record.id: (one.state, one.amount) for one in self.model.refunds}
        self._assert_same(found, wanted, "refunds")
        paid = [one for one in self.model.refunds if one.state in ("paid", "returned")]
        total = sum((one.amount for one in paid), NOTHING)
        self.assertEqual(sum(self.bank.paid.values(), NOTHING), total, "what the bank paid")
        rows = self._rows(
            "SELECT count(*), coalesce(sum(requests_sum), 0) FROM bank_file "
            "WHERE company_id = %s AND direction = 'out'",
            self.company.id,
        )
        orders = self.bank.orders.values()
        asked = sum((one.amount for order in orders for one in order.transfers), NOTHING)
        sums = [(number, cents(amount)) for number, amount in rows]
        self.assertEqual(sums, [(len(orders), asked)], "files to the bank")

    def _assert_statements(self):
        """Of the payers that this step touched: each line, and the balance after it."""
        touched = list(self.model.touched)
        records = self.env["res.partner"].browse([payer.record.id for payer in touched])
        statements = records.with_user(self.clerk)._mbn_statements(self.company)
        found = {statement.partner_id: statement for statement in statements}
        currency = self.company.currency_id
        credits = self.env["bank.refund"]._standing(self.company, records, currency)
        standing = credits.grouped("partner_id") if records else {}
        for payer in touched:
            self._assert_statement(payer, found[payer.record.id])
            amount = sum(standing.get(payer.record, credits.browse()).mapped("amount_residual"))
            wanted = sum((item.open for item in payer.standing), NOTHING)
            self.assertEqual(cents(amount), wanted, f"standing to {payer.name}")

    def _assert_statement(self, payer, statement):
        balance = NOTHING
        for row in statement.movements:
            balance += cents(row.amount)
            self.assertEqual(cents(row.balance), balance, f"statement of {payer.name}")
        self.assertEqual(cents(statement.closing), payer.balance, f"closing of {payer.name}")
        rows = Counter((row.kind, row.day, cents(row.amount)) for row in statement.movements)
        items = Counter((item.kind, item.day, item.amount) for item in payer.items)
        self.assertEqual(rows, items, f"lines of the statement of {payer.name}")
