"""Months of a Swedish association that collects by Autogiro and is paid by bankgiro.

Everything is done by scheduled actions, payers and Bankgirot, which is played behind a folder;
the office only asks for some mandates. In the last month the bank changes from BgMax to
camt.054, and sends both for some days. A member pays once more what was debited, and gets it
back by Autogiro. At the end books and files must tell the same.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from odoo import Command

from devtools.scenarios import club
from devtools.scenarios.days import MORNING, at
from tests.bank_simulator.sweden import days
from tests.bank_simulator.sweden.autogiro import Payee, SignUp
from tests.bank_simulator.sweden.house import Autogiro
from tests.bank_simulator.sweden.payers import BankgiroPayers

CUSTOMER, BANKGIRO, ACCOUNT = "471117", "9912346", "5000000001111116"
SEAL_KEY = "1234567890ABCDEF1234567890ABCDEF"
OUTCOMES = {"paid": 76, "late_cover": 6, "no_cover": 6, "closed": 4, "refunded": 6, "ended": 2}
HABITS = {"in_time": 80, "long_text": 20}
# What became of a debit is told so here.
_TOLD = {"paid": "collected", "late_cover": "collected", "refunded": "reversed"}
_PERSON = "191212121212"
_BOTH_FOR, _LATER = timedelta(days=6), timedelta(days=7)
# The house takes accounts that end in 13 for somebody else's; this one has a right check digit.
_SOMEBODY_ELSES, _OWN = "5000-1111213", "5000-1111116"


class Club(club.Club):
    """Members of Norra Friluftsföreningen pay monthly."""

    NAME, COUNTRY, CURRENCY = "Norra Friluftsföreningen", "se", "SEK"
    CHART, LANG = "se", "sv_SE"
    ZONE = ZoneInfo("Europe/Stockholm")
    ACCOUNT = "5000-1111116"
    PLACE = {"street": "Skogsvägen 3", "zip": "903 22", "city": "Umeå"}
    FEE = 349
    FIRST_NAMES = "Åsa Björn Cecilia David Emma Fredrik Gunilla Håkan Ida Jörgen Karin".split()
    LAST_NAMES = "Andersson Öberg Lindström Nilsson Ek Sjögren Åberg Hedlund Norén".split()

    def __init__(self, *args, camt_since: date):
        self.camt_since = camt_since
        super().__init__(*args)

    def connection_values(self):
        return {
            "scheme": "se_bankgirot",
            "customer_number": CUSTOMER,
            "l10n_se_seal_key": SEAL_KEY,
        }

    def agreement_values(self):
        return {
            "number": BANKGIRO,
            "refund_out": True,
            "report_ids": [
                Command.create({"format": "se.bgmax"}),
                Command.create({"format": "iso.camt_054", "books_from": self.camt_since}),
            ],
            "mandate_wishes": "accept",
            # Amount and day follow the plan that members agreed to.
            "debit_notice_by": "bank",
        }

    def mandate_values(self, is_mistyped):
        return {"l10n_se_identity": _PERSON}

    def complete(self, mandate):
        is_mistyped = mandate.partner_id == self.by_office[-1:]
        mandate.partner_bank_id = self.env["res.partner.bank"].create(
            {
                "acc_number": _SOMEBODY_ELSES if is_mistyped else _OWN,
                "partner_id": mandate.partner_id.id,
            }
        )


class Months(club.Months):
    """Bankgirot is behind the folder: Autogiro, and the bank's report of payments."""

    def __init__(self, members: Club, autogiro: Autogiro, payers: BankgiroPayers, folder: Path):
        super().__init__(members, folder)
        self.autogiro, self.payers = autogiro, payers
        self.paid_twice = members.env["account.move"]
        members.company.mbn_refund_limit = Club.FEE

    def is_banking_day(self, day):
        return days.is_banking_day(day)

    def deliver(self, day):
        return [*self.autogiro.deliver(day), *self.payers.deliver(day)]

    def take(self, path, day, now):
        answer = self.autogiro.take(path.read_bytes(), datetime.combine(day, now))
        return answer.refused or (str(answer.rejected) if answer.rejected else "")

    def pay(self, invoices, day):
        self.payers.announce([_claim(invoice) for invoice in invoices], day)

    def _pay_by_hand(self, day):
        super()._pay_by_hand(day)
        if not self.paid_twice:
            self._pay_once_more(day)
        elif self.paid_twice.partner_id.mbn_money_standing:
            self._pay_back()

    def _pay_once_more(self, day):
        """A member pays by bankgiro what Autogiro has collected, a week later.

        On the days around the debit it would be held as a possible double.
        """
        paid = {order.reference for order, outcome in self.autogiro.ends if outcome == "paid"}
        collected = self.orders().filtered(
            lambda order: order.state == "collected" and order.reference in paid
        )
        if invoice := collected.line_ids.invoice_id[:1]:
            self.paid_twice = invoice
            self.payers.pay(_claim(invoice) | {"amount": 100 * Club.FEE}, day + _LATER)

    def _pay_back(self):
        """The office proposes the refund and approves it, as it may up to the limit."""
        shown = self.paid_twice.partner_id.with_company(self.club.company).action_mbn_refund()
        wizard = self.env["bank.refund.propose"].browse(shown["res_id"])
        self.env["bank.refund"].browse(wizard.action_propose()["res_id"]).action_approve()
        self.env.cr.commit()

    def quiet_down(self):
        """From now on everybody pays what comes."""
        self.autogiro.outcomes, self.payers.habits = {"paid": 1}, {"in_time": 1}

    def pay_by(self, reference, amount, payer, day):
        claim = {"reference": reference, "amount": amount, "due_date": day, "payer": payer}
        self.payers.pay(claim, day)

    def account(self):
        """Debits that were due, by what became of them.

        :raises club.BooksError: the books and Bankgirot disagree
        """
        told = (self.autogiro.sums, self.payers.sums)
        given = sum(ore for sums in told for day, ore in sums.items() if day <= self.today)
        self.agree_on_money(given)
        found = Counter(self.orders().mapped("state"))
        truth = Counter(
            _TOLD.get(outcome, "failed")
            for order, outcome in self.autogiro.ends
            if order.due_on <= self.today
        )
        if truth != found:
            raise club.BooksError(f"debits: {dict(truth)} there, {dict(found)} here")
        refunds = self.env["bank.refund"].search(
            [("company_id", "=", self.club.company.id), ("state", "in", ("paid", "refused"))]
        )
        told = [(order.reference, paid) for order, paid in self.autogiro.payouts]
        if told != [(refund.reference, refund.state == "paid") for refund in refunds]:
            raise club.BooksError(f"refunds: {told} there, {refunds.mapped('state')} here")
        return found


def _claim(invoice):
    return {
        "reference": invoice.payment_reference,
        "amount": round(invoice.amount_residual * 100),
        "due_date": invoice.invoice_date_due,
        "payer": invoice.partner_id.name,
    }


def play(env, root: Path, first: date, last: date, count: int, camt_since=None) -> Months:
    """Play a club whose memberships begin with the month after ``first``.

    ``root`` is the folder of the server that channels may use. The bank changes to camt.054 on
    ``camt_since``, else with the month of ``last``.
    """
    folder = club.folder_for(env, root, "sweden")
    camt_since = camt_since or last.replace(day=1)
    payee = Payee(customer=CUSTOMER, bankgiro=BANKGIRO, account=ACCOUNT)
    autogiro = Autogiro(seed=11, payee=payee, outcomes=OUTCOMES, key=bytes.fromhex(SEAL_KEY))
    payers = BankgiroPayers(
        seed=11,
        bankgiro=BANKGIRO,
        account=ACCOUNT,
        camt_since=camt_since,
        both_for=_BOTH_FOR,
        habits=HABITS,
    )
    with at(first, MORNING, Club.ZONE):
        members = Club(env, folder, count, club.month_after(first), camt_since=camt_since)
        for member in members.by_net_bank:
            number = members.numbers[member.id]
            autogiro.wish(
                SignUp(payer=number, account=ACCOUNT, identity=_PERSON, name=member.name), first
            )
        members.ask_for_mandates()
        env.cr.commit()
    months = Months(members, autogiro, payers, folder)
    months.play(first, last)
    return months


def run(env, out_dir: Path, month: date) -> tuple[str, Months]:
    """A month, and how it came to it. Returns the table to print, and what was played."""
    first, last = club.usual_days(month)
    months = play(env, out_dir, first, last, count=36, camt_since=last.replace(day=5))
    return months.table(months.account(), "Bankgirot"), months
