"""Months of a Danish sports association that collects by Betalingsservice.

Everything is done by scheduled actions, payers and Betalingsservice, which is played behind a
folder; the office only asks for some mandates. Who has none gets payment slips. At the end books
and files must tell the same.
"""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from devtools.scenarios import club
from devtools.scenarios.days import MORNING, at
from tests.bank_simulator.denmark import days
from tests.bank_simulator.denmark.house import Betalingsservice

SUPPLIER, CREDITOR, GROUP, FI_CREDITOR = "13585628", "01234567", "00001", "87654321"
OUTCOMES = {"paid": 80, "refused": 6, "refused_later": 6, "cancelled": 4, "charged_back": 4}
SLIP_HABITS = {
    "in_time": 40,
    "late": 12,
    "payment_id": 12,
    "less": 9,
    "no_reference": 9,
    "charged_back": 9,
    "never": 9,
}
# What became of a collection or a slip is told so here.
_TOLD = {
    "paid": "collected",
    "refused": "failed",
    "cancelled": "failed",
    "refused_later": "reversed",
    "charged_back": "reversed",
    "slip_in_time": "slip_collected",
    "slip_late": "slip_collected",
    "slip_payment_id": "slip_collected",
    "slip_charged_back": "slip_reversed",
    "slip_less": "slip_unpaid",
    "slip_no_reference": "slip_unpaid",
    "slip_never": "slip_unpaid",
}
_CPR = "0101800000"


class Club(club.Club):
    """Members of Havnens Motion pay monthly."""

    NAME, COUNTRY, CURRENCY, CHART, LANG = "Havnens Motion", "dk", "DKK", "dk", "da_DK"
    ZONE = ZoneInfo("Europe/Copenhagen")
    ACCOUNT = "12340001234567"
    PLACE = {"street": "Havnegade 7", "zip": "8000", "city": "Aarhus C"}
    FEE = 249
    FIRST_NAMES = "Anne Bodil Christian Dorthe Erik Freja Gitte Henrik Ida Jens Lærke".split()
    LAST_NAMES = "Nielsen Jensen Hansen Sørensen Østergaard Kjær Møller Bæk Åkjær".split()

    def connection_values(self):
        return {"scheme": "dk_bs", "customer_number": SUPPLIER}

    def agreement_values(self):
        return {
            "l10n_dk_creditor": CREDITOR,
            "l10n_dk_debtor_group": GROUP,
            "l10n_dk_fi_creditor": FI_CREDITOR,
            "l10n_dk_kind": "total",
            "l10n_dk_slips": True,
        }

    def mandate_values(self, is_mistyped):
        # The house knows accounts that end in 13 as nobody's.
        return {
            "l10n_dk_identity": _CPR,
            "l10n_dk_account": f"99990012345{'13' if is_mistyped else '10'}",
        }


class Months(club.Months):
    """Betalingsservice is behind the folder."""

    def __init__(self, members: Club, house: Betalingsservice, folder: Path):
        super().__init__(members, folder)
        self.house = house

    def is_banking_day(self, day):
        return days.is_banking_day(day)

    def deliver(self, day):
        return self.house.deliver(day)

    def take(self, path, day, now):
        answer = self.house.take(path.read_bytes(), datetime.combine(day, now))
        odd = answer.missed or answer.doubles or answer.without_mandate or answer.with_mandate
        return answer.refused or (str(answer) if odd else "")

    def pay(self, invoices, day):
        # What payers do with slips is for the house to say.
        by_slip = invoices.filtered(
            lambda move: move.mbn_order_ids.filtered(lambda one: one.is_form and one.file_id)
        )
        for invoice in invoices - by_slip:
            ore = round(invoice.amount_residual * 100)
            self.house.pay_slip(CREDITOR, GROUP, invoice.payment_reference, ore, day)

    def quiet_down(self):
        """From now on debits are paid, and invoices go out without slips."""
        self.house.outcomes, self.house.slip_habits = {"paid": 1}, {"in_time": 1}
        self.club.agreement.l10n_dk_slips = False

    def tried(self):
        """The references of invoices that somebody pays by slip, however wrongly or late."""
        return {
            one.reference
            for one, outcome in self.house.ends
            if outcome.startswith("slip_") and outcome != "slip_never"
        }

    def pay_by(self, reference, amount, payer, day):
        self.house.pay_slip(CREDITOR, GROUP, reference, amount, day)

    def account(self):
        """Debits and slips that were due, by what became of them.

        :raises club.BooksError: the books and Betalingsservice disagree
        """
        given = [sum_ for (*_who, day), sum_ in self.house.sums.items() if day <= self.today]
        self.agree_on_money(sum(given))
        found = Counter(
            f"slip_{order.state}" if order.is_form else order.state for order in self.orders()
        )
        truth = Counter(
            _TOLD[outcome] for one, outcome in self.house.ends if one.due_on <= self.today
        )
        if truth != found:
            raise club.BooksError(f"debits: {dict(truth)} there, {dict(found)} here")
        return found


def play(env, root: Path, first: date, last: date, count: int) -> Months:
    """Play a club whose memberships begin with the month after ``first``.

    ``root`` is the folder of the server that channels may use.
    """
    folder = club.folder_for(env, root, "denmark")
    house = Betalingsservice(
        seed=11,
        supplier=SUPPLIER,
        agreements={(CREDITOR, GROUP): "total"},
        outcomes=OUTCOMES,
        slip_habits=SLIP_HABITS,
    )
    with at(first, MORNING, Club.ZONE):
        members = Club(env, folder, count, club.month_after(first))
        for member in members.by_net_bank:
            house.sign_up(CREDITOR, GROUP, members.numbers[member.id], first)
        members.ask_for_mandates()
        env.cr.commit()
    months = Months(members, house, folder)
    months.play(first, last)
    return months


def run(env, out_dir: Path, month: date) -> tuple[str, Months]:
    """A month, and how it came to it. Returns the table to print, and what was played."""
    first, last = club.usual_days(month)
    months = play(env, out_dir, first, last, count=36)
    return months.table(months.account(), "Betalingsservice"), months
