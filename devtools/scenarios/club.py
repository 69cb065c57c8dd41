"""An association in a company of its own that collects through a folder, and the days it lives.

Runs inside Odoo. Countries say what is theirs: see `denmark` and `sweden`.
"""

from datetime import date, timedelta
from pathlib import Path
from random import Random

from odoo import Command

from devtools.scenarios.days import (
    EVENING,
    EVERY_DAY,
    MORNING,
    WITH_THE_BANK,
    at,
    month_before,
    run_actions,
)

# Invoices are written so many days before the month they are for; then they are due.
LEAD_DAYS = 20


class BooksError(AssertionError):
    """The association's books and what the clearing house did are not the same."""


class Club:
    """A company with an agreement, and ``count`` members from ``start`` on.

    Two thirds of them are debited with a mandate they gave in the net bank, a sixth with one
    the office asks for, the rest pays invoices. Attributes say what is the country's.
    """

    NAME = COUNTRY = CURRENCY = CHART = LANG = ZONE = ACCOUNT = ""
    PLACE: dict = {}
    FEE = 0
    FIRST_NAMES: list = []
    LAST_NAMES: list = []

    def __init__(self, env, folder: Path, count: int, start: date):
        self.company = self._found(env)
        self.env = env(context={**env.context, "allowed_company_ids": self.company.ids})
        self.agreement = self._agree(folder)
        self.contracts = self._join(count, start)
        members = self.contracts.member_id
        self.numbers = self.agreement._payer_numbers(members)
        self.by_net_bank = members[: count * 2 // 3]
        self.by_office = members[count * 2 // 3 : count * 5 // 6]

    def connection_values(self) -> dict:
        """What the country's connection needs."""
        raise NotImplementedError

    def agreement_values(self) -> dict:
        """What the country's agreement needs."""
        raise NotImplementedError

    def mandate_values(self, is_mistyped: bool) -> dict:
        """What the office asks for a mandate with; a mistyped account is nobody's."""
        raise NotImplementedError

    def _found(self, env):
        # A company of another country would fetch more add-ons for it, amid the script.
        companies = env["res.company"].with_context(install_mode=True)
        company = companies.create(
            {
                "name": self.NAME,
                "country_id": env.ref(f"base.{self.COUNTRY}").id,
                "mbn_send_invoices": False,
                "mbn_billing_mode": "automatic",
                **self.PLACE,
            }
        ).with_env(env)
        company.partner_id.write({"tz": self.ZONE.key, "lang": self.LANG})
        env.user.company_ids += company
        env["account.chart.template"].try_loading(self.CHART, company, install_demo=False)
        return company

    def _agree(self, folder):
        env, company = self.env, self.company
        journals = env["account.journal"].search([("company_id", "=", company.id)])
        bank = journals.filtered(lambda journal: journal.type == "bank")[:1]
        bank.bank_account_id = env["res.partner.bank"].create(
            {"acc_number": self.ACCOUNT, "partner_id": company.partner_id.id}
        )
        channel = env["bank.channel"].create(
            {
                "name": self.NAME,
                "kind": "folder",
                "folder": f"{folder.name}/out",
                "out_folder": f"{folder.name}/in",
                "quiet_seconds": 0,
            }
        )
        connection = env["bank.connection"].create(
            {"name": self.NAME, "channel_id": channel.id} | self.connection_values()
        )
        agreement = env["bank.agreement"].create(
            {
                "connection_id": connection.id,
                "journal_id": bank.id,
                "layout_ids": [Command.create({"payer_digits": 7, "serial_digits": 7})],
                "debit_out": True,
            }
            | self.agreement_values()
        )
        sales = journals.filtered(lambda journal: journal.type == "sale")[:1]
        sales.write({"mbn_agreement_id": agreement.id, "invoice_reference_model": "agreement"})
        return agreement

    def _join(self, count, start):
        env = self.env
        product = env["product.product"].create(
            {"name": self.NAME, "type": "service", "list_price": 0, "taxes_id": False}
        )
        plan = env["membership.plan"].create(
            {
                "name": self.NAME,
                "code": self.COUNTRY.upper(),
                "product_id": product.id,
                "currency_id": env.ref(f"base.{self.CURRENCY}").id,
                "company_id": self.company.id,
                "term": "month",
                "anchor": "calendar",
                "lead_days": LEAD_DAYS,
                "payment_term_days": LEAD_DAYS,
                "price_ids": [Command.create({"valid_from": date(2020, 1, 1), "amount": self.FEE})],
            }
        )
        chance = Random(5)  # noqa: S311 - repeatable, nothing secret
        members = env["res.partner"].create([self._person(chance) for _ in range(count)])
        contracts = env["membership.contract"].create(
            [
                {"member_id": member.id, "plan_id": plan.id, "date_start": start}
                for member in members
            ]
        )
        contracts.action_confirm()
        return contracts

    def _person(self, chance):
        return {
            "name": f"{chance.choice(self.FIRST_NAMES)} {chance.choice(self.LAST_NAMES)}",
            "country_id": self.env.ref(f"base.{self.COUNTRY}").id,
            "lang": self.LANG,
            "tz": self.ZONE.key,
            **self.PLACE,
        }

    def ask_for_mandates(self):
        """The office asks for the mandates of some members; one account is mistyped."""
        last = self.by_office[-1:]
        mandates = self.env["direct.debit.mandate"].create(
            [
                {"agreement_id": self.agreement.id, "partner_id": member.id}
                | self.mandate_values(member == last)
                for member in self.by_office
            ]
        )
        for mandate in mandates:
            self.complete(mandate)
        mandates.action_request()

    def complete(self, mandate):
        """Give a mandate what only exists once its payer does."""

    def invoices(self):
        return self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            order="id",
        )

    def balance(self, account) -> int:
        """Of a ledger account, in hundredths."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company.id),
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(sum(lines.mapped("balance")) * 100)


class Months:
    """Lets days pass for a club and its clearing house, with a folder between them.

    Scheduled actions do everything; ``refused`` is what the clearing house did not take.
    """

    def __init__(self, club: Club, folder: Path):
        self.club, self.env = club, club.env
        self.inbox, self.outbox = folder / "in", folder / "out"
        self.told = club.env["account.move"]
        self.refused = []
        self.today = None

    def is_banking_day(self, day: date) -> bool:
        """Does the clearing house work?"""
        raise NotImplementedError

    def deliver(self, day: date) -> list:
        """What the clearing house hands out in the morning: files with name and content."""
        raise NotImplementedError

    def take(self, path: Path, day: date, now) -> str:
        """Hand in a file; what the clearing house objects to, empty when it takes it."""
        raise NotImplementedError

    def pay(self, invoices, day: date):
        """Payers pay these invoices by themselves."""
        raise NotImplementedError

    def pay_by(self, reference: str, amount: int, payer: str, day: date):
        """Somebody pays so many hundredths by this reference."""
        raise NotImplementedError

    def quiet_down(self):
        """From now on everybody who is debited has the money, and nobody changes anything."""
        raise NotImplementedError

    def tried(self) -> set[str]:
        """The references of invoices that somebody has tried to pay, however wrongly."""
        return set()

    def play(self, first: date, last: date):
        """Let the days from ``first`` to ``last`` pass."""
        day = first
        while day <= last:
            self.today = day
            with at(day, MORNING, self.club.ZONE):
                run_actions(self.env, EVERY_DAY)
                self._pay_by_hand(day)
            if self.is_banking_day(day):
                for now in (MORNING, EVENING):
                    with at(day, now, self.club.ZONE):
                        self._exchange(day, now)
            day += timedelta(days=1)

    def _exchange(self, day, now):
        if now == MORNING:
            self.hand_out(day)
        run_actions(self.env, WITH_THE_BANK)
        self.take_in(day, now)

    def hand_out(self, day: date):
        """The clearing house puts its files of the day into the folder."""
        for file in self.deliver(day) if self.is_banking_day(day) else ():
            (self.outbox / file.name).write_bytes(file.content)

    def take_in(self, day: date, now):
        """The clearing house fetches what the club has put there for it."""
        for path in sorted(self.inbox.glob("B*")):
            if objection := self.take(path, day, now):
                self.refused.append((path.name, objection))
            path.unlink()

    def _pay_by_hand(self, day):
        """Whoever is not debited pays, once the invoice is due."""
        due = self.club.invoices().filtered(
            lambda move: (
                move not in self.told
                and move.invoice_date_due <= day
                and move.amount_residual
                and not move.mbn_debit_date
            )
        )
        self.told |= due
        if due:
            self.pay(due, day)

    # ------------------------------------------------------------------ the books

    def orders(self):
        """Debits that went to the clearing house and were due."""
        return self.env["direct.debit.order"].search(
            [
                ("company_id", "=", self.club.company.id),
                ("file_id", "!=", False),
                ("due_date", "<=", self.today),
            ]
        )

    def agree_on_money(self, given: int):
        """The ledger says what the bank put on the account, in hundredths.

        :raises BooksError: it does not, or payments to place are not on their account
        """
        self.env.invalidate_all()
        if self.refused:
            raise BooksError(f"refused: {self.refused}")
        agreement = self.club.agreement
        here = self.club.balance(agreement.liquidity_account_id)
        if given != here:
            raise BooksError(f"{given} on the account at the bank, {here} here")
        payments = self.env["bank.payment"].search(
            [("agreement_id", "=", agreement.id), ("deposit_id.state", "=", "booked")]
        )
        to_place = round(100 * sum(payments.mapped("amount_open")))
        if to_place != -self.club.balance(agreement.clearing_account_id):
            raise BooksError("payments to place are not the balance of their account")

    def table(self, outcomes, bank: str) -> str:
        """What became of debits and invoices, to print."""
        club = self.club
        invoices = club.invoices()
        paid = invoices.filtered(lambda move: not move.amount_residual)
        left = invoices - paid
        own = [("company_id", "=", club.company.id)]
        mandates = club.env["direct.debit.mandate"].search(own)
        files = club.env["bank.file"].search(own).grouped("direction")
        account = club.balance(club.agreement.liquidity_account_id) / 100
        rows = [
            ("Members", club.contracts, None),
            *(
                (f"Mandates, {state}", rows, None)
                for state, rows in sorted(mandates.grouped("state").items())
            ),
            (f"Files to {bank}", files["out"], None),
            (f"Files from {bank}", files["in"], None),
            *(
                (self._outcome_text(outcome), range(count), None)
                for outcome, count in sorted(outcomes.items())
            ),
            ("Invoiced", invoices, sum(invoices.mapped("amount_total"))),
            ("  paid", paid, sum(paid.mapped("amount_total"))),
            ("  open", left, sum(left.mapped("amount_residual"))),
        ]
        lines = [
            f"{what:<42}{len(rows):>7}{'' if amount is None else f'{amount:>16,.2f}'}"
            for what, rows, amount in rows
        ]
        return "\n".join(
            [
                "",
                f"{club.company.name:<61} {club.CURRENCY}",
                "-" * 65,
                *lines,
                "-" * 65,
                f"{'Ledger: bank account':<49}{account:>16,.2f}",
                f"The bank account holds what {bank} paid, to the last hundredth.",
                "",
            ]
        )

    def _outcome_text(self, outcome: str) -> str:
        """In words: a state of debits, or ``slip_`` and one of payment slips."""
        labels = dict(self.env["direct.debit.order"]._fields["state"].selection)
        state = outcome.removeprefix("slip_")
        what = "Debits" if state == outcome else "Payment slips"
        return f"{what}, {labels[state].lower().removeprefix('slip ')}"


def folder_for(env, root: Path, name: str) -> Path:
    """The folder a club's files lie in, below ``root``, which channels may use."""
    for side in ("in", "out"):
        (root / name / side).mkdir(parents=True, exist_ok=True)
    env["ir.config_parameter"].set_param(
        "membership_billing_nordic.bank_folder", str(root.resolve())
    )
    return root / name


def month_after(day: date) -> date:
    """The first day of the next month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def usual_days(month: date) -> tuple[date, date]:
    """From the 5th of the month before to the 20th of ``month``."""
    return month_before(month).replace(day=5), month.replace(day=20)
