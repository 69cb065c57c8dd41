"""The simulator plays a month that the decoder reads exactly as it was played."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from stdnum.no import kontonr

from tests.bank_simulator import banking_days, nets
from tests.bank_simulator.clearing_house import ClearingHouse
from tests.bank_simulator.payers import HABITS

from .reading import ACCOUNT, Reading

OTHER_ACCOUNT = "86011117947"
AGREEMENTS = {ACCOUNT: "001234567", OTHER_ACCOUNT: "007654321"}
FIRST, LAST = date(2026, 12, 1), date(2027, 1, 31)
OLD = [f"{n:014d}9" for n in range(900, 910)]


def claims(count=400):
    return [
        {
            "reference": f"{n:07d}26{n:05d}",
            "amount": Decimal(349 + n) + Decimal("0.50"),
            "due_date": date(2026, 12, 20),
            "account": ACCOUNT if n % 4 else OTHER_ACCOUNT,
            "payer": f"Payer Bjørn {n}",
        }
        for n in range(1, count + 1)
    ]


def played(seed=7, **options):
    house = ClearingHouse(
        seed=seed, recipient="00123456", agreements=AGREEMENTS, old_references=OLD, **options
    )
    house.announce(claims(), FIRST)
    house.announce_mandate(ACCOUNT, nets.MandateNotice("1", "000100126000171", True), FIRST)
    house.announce_mandate(ACCOUNT, nets.MandateNotice("2", "10422600002-"), date(2026, 12, 25))
    return house, house.play(FIRST, LAST)


@pytest.fixture(scope="module")
def month():
    house, files = played()
    return house, files, [Reading(file.content) for file in files]


def test_every_file_is_sound(month):
    _house, files, readings = month
    assert len(files) > 15
    assert not [issue for reading in readings for issue in reading.issues]
    assert [reading.messages[0].number for reading in readings] == [
        f"{number:07d}" for number in range(1, len(files) + 1)
    ]


def test_every_payment_is_in_one_file(month):
    house, files, readings = month
    assert len(house.payments) == sum(len(file.payments) for file in files)
    for file, reading in zip(files, readings, strict=True):
        read = Counter((x.account, x.reference, x.amount, x.bank_date) for x in reading.payments)
        assert read == Counter(
            (x.account, x.kid, Decimal(x.amount) / 100, x.settled_on) for x in file.payments
        )
        assert [x.is_information for x in reading.payments] == [
            x.is_information for x in file.payments
        ]


def test_bank_sums_are_the_deposits(month):
    for file, reading in zip(*month[1:], strict=True):
        expected = {
            f"{account}:{day}:{centre:02d}:{day.day:02d}:{part}:{serial:05d}": Decimal(ore) / 100
            for (account, day, centre, part, serial), ore in file.sums.items()
        }
        assert {x.deposit_key: x.amount for x in reading.deposits} == expected


def test_settlement_is_on_banking_days_of_the_file(month):
    for file in month[1]:
        assert banking_days.is_banking_day(file.day)
        assert {payment.settled_on for payment in file.payments} <= {file.day}
        assert all(payment.ordered_on <= file.day for payment in file.payments)


def test_mandates_come_in_the_file_of_their_day(month):
    _house, files, readings = month
    events = {
        file.day: [(x.event, x.written_notice) for x in reading.mandates]
        for file, reading in zip(files, readings, strict=True)
        if reading.mandates
    }
    assert events == {
        date(2026, 12, 1): [("registered", True)],
        date(2026, 12, 28): [("cancelled", False)],
    }


def test_every_habit_occurs_and_leaves_its_mark(month):
    house = month[0]
    by_habit = {}
    for payment in house.payments:
        by_habit.setdefault(payment.habit, []).append(payment)
    assert set(by_habit) == set(HABITS) - {"never"}
    due = {
        habit: [(x.amount, int(x.claim["amount"] * 100), x.kid, x.claim["reference"]) for x in paid]
        for habit, paid in by_habit.items()
    }
    for habit in ("in_time", "late", "twice", "card"):
        assert all(paid == owed and kid == ref for paid, owed, kid, ref in due[habit])
    assert all(paid < owed for paid, owed, _kid, _ref in due["less"])
    assert all(paid > owed for paid, owed, _kid, _ref in due["more"])
    assert all(kid == "" for _paid, _owed, kid, _ref in due["no_reference"] + due["free_text"])
    assert all(kid in OLD for _paid, _owed, kid, _ref in due["old_reference"])
    references = {claim["reference"] for claim in claims()}
    assert all(kid not in references for _paid, _owed, kid, _ref in due["mistyped"])
    assert all(x.settled_on > x.claim["due_date"] for x in by_habit["late"])
    assert all(x.ordered_on <= x.claim["due_date"] for x in by_habit["in_time"])
    assert len(by_habit["in_time"]) > len(house.payments) * 0.6
    assert len(by_habit["twice"]) % 2 == 0


def test_payers_have_accounts_of_their_own(month):
    accounts = {}
    for payment in month[0].payments:
        if payment.debit_account:
            assert kontonr.is_valid(payment.debit_account)
            accounts.setdefault(payment.claim["payer"], set()).add(payment.debit_account)
    assert all(len(each) == 1 for each in accounts.values())


def test_the_same_seed_plays_the_same_month(month):
    assert [file.content for file in played()[1]] == [file.content for file in month[1]]
    assert [file.content for file in played(seed=8)[1]] != [file.content for file in month[1]]


def test_habits_can_be_chosen():
    house, _files = played(habits={"in_time": 1})
    assert {payment.habit for payment in house.payments} == {"in_time"}


def test_months_can_be_played_one_after_the_other(month):
    house = ClearingHouse(seed=7, recipient="00123456", agreements=AGREEMENTS, old_references=OLD)
    ordered = house.announce(claims(), FIRST)
    first = house.play(FIRST, date(2026, 12, 31))
    second = house.play(date(2027, 1, 1), LAST)
    assert len(ordered) == sum(len(file.payments) for file in first + second)
    assert second[0].name.endswith(f"{len(first) + 1:07d}")


def test_easter_is_no_time_for_banks():
    april = banking_days.between(date(2026, 3, 30), date(2026, 4, 8))
    assert [day.day for day in april] == [30, 31, 1, 7, 8]
    assert banking_days.on_or_after(date(2026, 12, 24)) == date(2026, 12, 28)
    assert banking_days.on_or_after(date(2026, 5, 17)) == date(2026, 5, 18)
    assert all(day.weekday() < 5 for day in banking_days.between(FIRST, LAST))
