"""Months of a Danish sports association that collects by Betalingsservice.

Runs inside Odoo, in a company of its own. Everything is done by scheduled actions, payers and
Betalingsservice, which is played behind a folder; the office only asks for some mandates. At
the end books and files must tell the same.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from odoo import Command

from devtools.scenarios.days import EVENING, EVERY_DAY, MORNING, WITH_THE_BANK, at, run_actions
from tests.bank_simulator.denmark import days
from tests.bank_simulator.denmark.house import Betalingsservice

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
SUPPLIER, CREDITOR, GROUP, FI_CREDITOR = "13585628", "01234567", "00001", "87654321"
ACCOUNT = "12340001234567"
FEE = 249
# Invoices are written so many days before the month they are for; then they are due.
LEAD_DAYS = 20
OUTCOMES = {"paid": 80, "refused": 6, "refused_later": 6, "cancelled": 4, "charged_back": 4}
FIRST_NAMES = "Anne Bodil Christian Dorthe Erik Freja Gitte Henrik Ida Jens Kirsten Lærke".split()
LAST_NAMES = "Nielsen Jensen Hansen Sørensen Østergaard Kjær Møller Bæk Åkjær".split()
_CPR = "0101800000"
# The house knows accounts that end so as nobody's.
_NOBODYS = "13"


class BooksError(AssertionError):
    """The association's books and what Betalingsservice did are not the same."""


class Club:
    """A Danish association: its company, agreement, members and the folder its files lie in.

    Of ``count`` members the first two thirds collect by a mandate given in the net bank, the
    next sixth is asked for by the office, the rest pays in the net bank by payment id.
    """

    def __init__(self, env, folder: Path, count: int, start: date):
        self.company = self._found(env)
        context = {**env.context, "allowed_company_ids": self.company.ids}
        self.env = env(context=context)
        self.agreement = self._agree(folder)
        self.contracts = self._join(count, start)
        members = self.contracts.member_id
        self.numbers = self.agreement._payer_numbers(members)
        self.by_net_bank = members[: count * 2 // 3]
        self.by_office = members[count * 2 // 3 : count * 5 // 6]

    def _found(self, env):
        # A company of another country would fetch more add-ons for it, amid the script.
        companies = env["res.company"].with_context(install_mode=True)
        company = companies.create(
            {
                "name": "Havnens Motion",
                "country_id": env.ref("base.dk").id,
                "street": "Havnegade 7",
                "zip": "8000",
                "city": "Aarhus C",
                "mbn_send_invoices": False,
                "mbn_billing_mode": "automatic",
            }
        ).with_env(env)
        company.partner_id.write(
            {"tz": "Europe/Copenhagen", "lang": "da_DK", "email": "kontor@havnens.example"}
        )
        env.user.company_ids += company
        env["account.chart.template"].try_loading("dk", company, install_demo=False)
        return company

    def _agree(self, folder):
        env, company = self.env, self.company
        journals = env["account.journal"].search([("company_id", "=", company.id)])
        bank = journals.filtered(lambda journal: journal.type == "bank")[:1]
        bank.bank_account_id = env["res.partner.bank"].create(
            {"acc_number": ACCOUNT, "partner_id": company.partner_id.id}
        )
        channel = env["bank.channel"].create(
            {
                "name": "Betalingsservice",
                "kind": "folder",
                "folder": f"{folder.name}/out",
                "out_folder": f"{folder.name}/in",
                "quiet_seconds": 0,
            }
        )
        connection = env["bank.connection"].create(
            {
                "name": "Betalingsservice",
                "scheme": "dk_bs",
                "customer_number": SUPPLIER,
                "channel_id": channel.id,
            }
        )
        agreement = env["bank.agreement"].create(
            {
                "connection_id": connection.id,
                "journal_id": bank.id,
                "l10n_dk_creditor": CREDITOR,
                "l10n_dk_debtor_group": GROUP,
                "l10n_dk_fi_creditor": FI_CREDITOR,
                "debit_out": True,
                "layout_ids": [Command.create({"payer_digits": 7, "serial_digits": 7})],
            }
        )
        sales = journals.filtered(lambda journal: journal.type == "sale")[:1]
        sales.write({"mbn_agreement_id": agreement.id, "invoice_reference_model": "agreement"})
        return agreement

    def _join(self, count, start):
        env = self.env
        product = env["product.product"].create(
            {"name": "Kontingent", "type": "service", "list_price": 0, "taxes_id": False}
        )
        plan = env["membership.plan"].create(
            {
                "name": "Motion måned",
                "code": "MOTION",
                "product_id": product.id,
                "currency_id": env.ref("base.DKK").id,
                "company_id": self.company.id,
                "term": "month",
                "anchor": "calendar",
                "lead_days": LEAD_DAYS,
                "payment_term_days": LEAD_DAYS,
                "price_ids": [Command.create({"valid_from": date(2020, 1, 1), "amount": FEE})],
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
            "name": f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}",
            "street": f"Strandvejen {chance.randrange(1, 200)}",
            "zip": "8000",
            "city": "Aarhus C",
            "country_id": self.env.ref("base.dk").id,
            "lang": "da_DK",
            "tz": "Europe/Copenhagen",
        }

    def ask_for_mandates(self):
        """The office asks for the mandates of some members; one account is mistyped."""
        last = self.by_office[-1:]
        mandates = self.env["direct.debit.mandate"].create(
            [
                {
                    "agreement_id": self.agreement.id,
                    "partner_id": member.id,
                    "l10n_dk_identity": _CPR,
                    "l10n_dk_account": f"99990012345{_NOBODYS if member == last else 10}",
                }
                for member in self.by_office
            ]
        )
        mandates.action_request()

    def invoices(self):
        return self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ],
            order="id",
        )


class Months:
    """Lets days pass for a club and Betalingsservice, with a folder between them."""

    def __init__(self, club: Club, house: Betalingsservice, folder: Path):
        self.club, self.env, self.house = club, club.env, house
        self.inbox, self.outbox = folder / "in", folder / "out"
        self.told = club.env["account.move"]
        self.refused = []
        self.today = None

    def play(self, first: date, last: date):
        """Let the days from ``first`` to ``last`` pass."""
        day = first
        while day <= last:
            self.today = day
            with at(day, MORNING, COPENHAGEN):
                run_actions(self.env, EVERY_DAY)
                self._pay_by_hand(day)
            if days.is_banking_day(day):
                for now in (MORNING, EVENING):
                    with at(day, now, COPENHAGEN):
                        self._exchange(day, now)
            day += timedelta(days=1)

    def _exchange(self, day, now):
        if now == MORNING:
            for file in self.house.deliver(day):
                (self.outbox / file.name).write_bytes(file.content)
        run_actions(self.env, WITH_THE_BANK)
        for path in sorted(self.inbox.glob("BS.*")):
            answer = self.house.take(path.read_bytes(), datetime.combine(day, now))
            if answer.refused or answer.missed or answer.doubles or answer.without_mandate:
                self.refused.append((path.name, answer))
            path.unlink()

    def _pay_by_hand(self, day):
        """Whoever is not debited pays in the net bank, once the invoice is due."""
        due = self.club.invoices().filtered(
            lambda move: (
                move not in self.told
                and move.invoice_date_due <= day
                and move.amount_residual
                and not move.mbn_debit_date
            )
        )
        self.told |= due
        for invoice in due:
            ore = round(invoice.amount_residual * 100)
            self.house.pay_slip(CREDITOR, GROUP, invoice.payment_reference, ore, day)

    # ------------------------------------------------------------------ the books

    def account(self):
        """Debits that were due, by what became of them.

        :raises BooksError: the books and Betalingsservice disagree
        """
        self.env.invalidate_all()
        if self.refused:
            raise BooksError(f"Betalingsservice refused: {self.refused}")
        orders = self.env["direct.debit.order"].search(
            [
                ("company_id", "=", self.club.company.id),
                ("file_id", "!=", False),
                ("due_date", "<=", self.today),
            ]
        )
        told = {"paid": "collected", "refused": "failed", "cancelled": "failed"}
        truth = Counter(
            told.get(outcome, "reversed")
            for one, outcome in self.house.ends
            if one.due_on <= self.today
        )
        found = Counter(orders.mapped("state"))
        if truth != found:
            raise BooksError(f"debits: {dict(truth)} at Betalingsservice, {dict(found)} here")
        self._agree_on_money()
        return found

    def _agree_on_money(self):
        agreement = self.club.agreement
        given = sum(self.house.sums.values())
        on_account = self.balance(agreement.liquidity_account_id)
        if given != on_account:
            raise BooksError(f"{given} øre on the account at the bank, {on_account} here")
        to_place = self.env["bank.payment"].search([("agreement_id", "=", agreement.id)])
        if round(100 * sum(to_place.mapped("amount_open"))) != -self.balance(
            agreement.clearing_account_id
        ):
            raise BooksError("payments to place are not the balance of their account")

    def balance(self, account):
        """Of a ledger account, in øre."""
        lines = self.env["account.move.line"].search(
            [
                ("company_id", "=", self.club.company.id),
                ("account_id", "=", account.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(sum(lines.mapped("balance")) * 100)


def play(env, root: Path, first: date, last: date, count: int) -> Months:
    """Play a club whose memberships begin with the month after ``first``.

    ``root`` is the folder of the server that channels may use.
    """
    folder = root / "denmark"
    for name in ("in", "out"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    env["ir.config_parameter"].set_param(
        "membership_billing_nordic.bank_folder", str(root.resolve())
    )
    start = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    house = Betalingsservice(
        seed=11, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "automatic"}, outcomes=OUTCOMES
    )
    with at(first, MORNING, COPENHAGEN):
        club = Club(env, folder, count, start)
        for member in club.by_net_bank:
            house.sign_up(CREDITOR, GROUP, club.numbers[member.id], first)
        club.ask_for_mandates()
        env.cr.commit()
    months = Months(club, house, folder)
    months.play(first, last)
    return months


def run(env, out_dir: Path) -> str:
    """The month before this one, and how it came to it. Returns the table to print."""
    last_month = (date.today().replace(day=1) - timedelta(days=1)).replace(day=1)
    first = (last_month - timedelta(days=1)).replace(day=5)
    months = play(env, out_dir, first, last_month.replace(day=20), count=36)
    outcomes = months.account()
    return _table(months, outcomes)


def _table(months, outcomes):
    club = months.club
    invoices = club.invoices()
    paid = invoices.filtered(lambda move: not move.amount_residual)
    labels = dict(club.env["direct.debit.order"]._fields["state"].selection)
    mandates = club.env["direct.debit.mandate"].search([("company_id", "=", club.company.id)])
    files = club.env["bank.file"].search([("company_id", "=", club.company.id)])

    def line(what, count, amount=None):
        return f"{what:<42}{count:>7}{'' if amount is None else f'{amount:>16,.2f}'}"

    return "\n".join(
        [
            "",
            f"{club.company.name:<61} DKK",
            "-" * 65,
            line("Members", len(club.contracts)),
            *(
                line(f"Mandates, {state}", len(rows))
                for state, rows in sorted(mandates.grouped("state").items())
            ),
            line("Files to Betalingsservice", len(files.filtered(lambda f: f.direction == "out"))),
            line("Files from Betalingsservice", len(files.filtered(lambda f: f.direction == "in"))),
            *(
                line(f"Debits, {labels[state].lower()}", count)
                for state, count in sorted(outcomes.items())
            ),
            line("Invoiced", len(invoices), sum(invoices.mapped("amount_total"))),
            line("  paid", len(paid), sum(paid.mapped("amount_total"))),
            line(
                "  open",
                len(invoices - paid),
                sum((invoices - paid).mapped("amount_residual")),
            ),
            "-" * 65,
            line(
                "Ledger: bank account",
                "",
                months.balance(club.agreement.liquidity_account_id) / 100,
            ),
            "The bank account holds what Betalingsservice paid, to the øre.",
            "",
        ]
    )
