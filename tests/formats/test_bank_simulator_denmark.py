"""Betalingsservice as it is played: its days, what it takes, and what it answers."""

from datetime import date, datetime

import pytest

from tests.bank_simulator.denmark import days, reading, writing
from tests.bank_simulator.denmark.house import Betalingsservice
from tests.bank_simulator.strict_reading import RefusedError

CREDITOR, GROUP, SUPPLIER = "01234567", "00001", "12345678"
COLLECTIONS = """\
BS00212345678BS106010000000042                   151026
BS012012345670112     00001                   15102026              Kontingent Demoklubben
BS0220123456702400000100001000000000001001000000000Åse Sørensen
BS0220123456702400000200001000000000001001000000000Prøvevej 1, 2. th.
BS0220123456702400000900001000000000001001000000000               8000DK
BS04201234567028000000000010000000000010010000000000211202610000000035000INV000107                     00
BS0520123456702410000100001000000000001001000000000 Kontingent 4. kvartal 2026                        350,00
BS0620123456702410000100001000000000001001000000000 Tilmeld dig Betalingsservice og undgå gebyr
BS0220123456702400000100001000000000001002000000000Eksempel ApS
BS0220123456702400000200001000000000001002000000000Att. Bogholderiet
BS0220123456702400000300001000000000001002000000000Demogade 12
BS0220123456702400000900001000000000001002000000000               2100DK
BS0220123456702400001000001000000000001002                                        0087654321
BS04201234567028000000000010000000000010020000000000211202610000000123450INV000108                     00
BS0520123456702410000100001000000000001002000000000 Kontingent 4. kvartal 2026                        987,60
BS0520123456702410000200001000000000001002000000000 Moms 25%                                          246,90
BS0920123456701120000000001    0000000000200000000015845000000000004               00000000008
BS99212345678BS106010000000000100000000002000000000158450000000000040000000000000000000000000800000\
00000000000000000000000000000
"""
REQUESTS = """\
BS00212345678BS106050000000043                   151026
BS012012345670120000                        000000
BS042012345670200000000010000000000010080000000000000000000000101800000          9999    0001234567\
          00000
BS092012345670120         0000000000100000000000000000000000000               000000000000000000000\
00000000000000000000000000000
BS012012345670126000                        000000
BS0420123456702570000000100000000000100990000000900000000000000000000000000000000000000000000000000\
00000000000000000000000000000
BS092012345670126         0000000000100000000000000000000000000               000000000000000000000\
00000000000000000000000000000
BS99212345678BS10605000000000020000000000200000000000000000000000000000000000000000000000000000000000\
000000000000000000000000000
"""


def content(text):
    return text.replace("\n", "\r\n").encode("latin-1")


@pytest.mark.parametrize(
    ("year", "closing_days"),
    [
        (2024, "01-24 02-22 03-20 04-23 05-24 06-21 07-24 08-23 09-23 10-24 11-22 12-18"),
        (2026, "01-23 02-20 03-24 04-23 05-21 06-23 07-24 08-24 09-23 10-23 11-23 12-21"),
        (2027, "01-22 02-19 03-19 04-23 05-24 06-23 07-23 08-24 09-23 10-22 11-23"),
    ],
)
def test_a_month_closes_on_the_sixth_last_banking_day_before_it(year, closing_days):
    months = [date(year + month // 12, month % 12 + 1, 1) for month in range(1, 13)]
    found = [f"{days.closes(month):%m-%d}" for month in months]
    assert found[: len(closing_days.split())] == closing_days.split()
    assert days.closes(months[0]).hour == 11


def test_collections_are_read():
    delivery = reading.read(content(COLLECTIONS))
    first, second = delivery.items
    assert (delivery.number, delivery.supplier, delivery.is_test) == ("0000000042", SUPPLIER, False)
    assert (first.customer, first.amount, first.due_on) == ("1001", 35000, date(2026, 11, 2))
    assert first.address == ["Åse Sørensen", "Prøvevej 1, 2. th."]
    assert first.slip_text == ["Tilmeld dig Betalingsservice og undgå gebyr"]
    assert (second.customer, second.reference, len(second.text)) == ("1002", "INV000108", 2)


def test_requests_are_read():
    register, cancel = reading.read(content(REQUESTS)).items
    assert (register.customer, register.identity) == ("1008", "0101800000")
    assert (register.bank, register.account) == ("9999", "0001234567")
    assert (cancel.customer, cancel.mandate, cancel.cancels) == ("1009", "900000009", True)


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ("0000015845000000000004 ", "0000015846000000000004 ", "section: wrong sum"),
        ("00100000000002000000000158450", "00100000000002000000000158460", "delivery: wrong sum"),
        ("00000000008\n", "00000000007\n", "section: wrong number of 022"),
        ("BS0620123456702410000100001", "BS0620123456702410000200001", "not counted from 1"),
        ("01001000000000021120261", "01001999999999021120261", "electronic slips"),
        ("Prøvevej 1, 2. th.\n", "Prøvevej 1, 2. th. \n", "blanks at its end"),
        ("BS99212345678BS10601", "BS99212345678BS10602", "start and end differ"),
    ],
)
def test_what_is_wrong_is_refused(there, instead, message):
    assert COLLECTIONS.count(there) == 1
    with pytest.raises(RefusedError, match=message):
        reading.read(content(COLLECTIONS.replace(there, instead)))


def house(**options):
    agreements = {(CREDITOR, GROUP): "total"}
    return Betalingsservice(seed=3, supplier=SUPPLIER, agreements=agreements, **options)


def test_a_collection_by_mandate_brings_money_and_another_a_slip():
    bank = house(outcomes={"paid": 1}, slip_habits={"in_time": 1})
    bank.sign_up(CREDITOR, GROUP, "1001", date(2026, 10, 1))
    answer = bank.take(content(COLLECTIONS), datetime(2026, 10, 20, 9))
    assert [one.customer for one in answer.taken] == ["1001"]
    assert [one.customer for one in answer.slips] == ["1002"]
    files = bank.play(date(2026, 10, 1), date(2026, 12, 10))
    assert {file.kind for file in files} == {"0602", "0603"}
    assert sum(bank.sums.values()) == 35000 + 123450
    assert bank.take(content(COLLECTIONS), datetime(2026, 10, 20, 9)).refused


@pytest.mark.parametrize(
    ("outcome", "codes", "left"),
    [
        ("refused", ["0237"], 0),
        ("refused_later", ["0236", "0237"], 0),
        ("charged_back", ["0236", "0239"], 0),
        ("cancelled", ["0238"], 0),
        ("paid", ["0236"], 35000),
    ],
)
def test_what_payers_do_is_told(outcome, codes, left):
    bank = house(outcomes={outcome: 1}, slip_habits={"never": 1})
    bank.sign_up(CREDITOR, GROUP, "1001", date(2026, 10, 1))
    bank.take(content(COLLECTIONS), datetime(2026, 10, 20, 9))
    files = bank.play(date(2026, 10, 1), date(2026, 12, 31))
    told = [item.code for file in files for item in file.items if isinstance(item, writing.Result)]
    assert told == codes
    assert sum(bank.sums.values()) == left


def test_after_its_month_has_closed_a_collection_is_missed():
    bank = house()
    bank.sign_up(CREDITOR, GROUP, "1001", date(2026, 10, 1))
    answer = bank.take(content(COLLECTIONS), datetime(2026, 10, 23, 11, 1))
    assert [one.customer for one in answer.missed] == ["1001"]


def test_requests_are_answered():
    bank = house()
    bank.take(content(REQUESTS), datetime(2026, 10, 15, 9))
    (file,) = bank.play(date(2026, 10, 15), date(2026, 10, 30))
    assert [(item.code, item.customer) for item in file.items] == [("0231", "1008")]
    assert [item.code for item in bank.full_list(CREDITOR, GROUP, date(2026, 10, 30)).items] == [
        "0230"
    ]


def test_an_account_that_nobody_has_is_refused():
    bank = house()
    refused = REQUESTS.replace("0001234567", "0001234513")
    bank.take(content(refused), datetime(2026, 10, 15, 9))
    (file,) = bank.play(date(2026, 10, 15), date(2026, 10, 30))
    assert (file.kind, file.content.count(b"BS022")) == ("0621", 1)
