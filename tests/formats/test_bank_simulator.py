"""The simulator plays a month that the decoder reads exactly as it was played."""

from collections import Counter
from datetime import date, datetime, time
from decimal import Decimal
from random import Random

import pytest
from odoo.addons.l10n_no_ocr.formats.receipts import receipt_of_name
from odoo.addons.membership_billing_nordic.formats.references import ReferenceLayout
from stdnum.no import kontonr

from tests.bank_simulator import banking_days, nets
from tests.bank_simulator.clearing_house import ClearingHouse
from tests.bank_simulator.folders import Folders
from tests.bank_simulator.payers import HABITS
from tests.bank_simulator.strict_reading import RefusedError

from .reading import ACCOUNT, SAMPLES, Reading, with_field
from .writing import assignment, claim, encoded, withdrawal

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


# AvtaleGiro: what an association hands in.

MONDAY = date(2026, 11, 2)
MORNING = datetime(2026, 11, 2, 9, 0)
FRIDAY = date(2026, 11, 6)
KID, OTHER_KID = "000100126000171", "000100226000188"
CUSTOMER = "0001001"


def avtalegiro(**options):
    """The clearing house with two payers who have signed up."""
    options = {"outcomes": {"collected": 1}, **options}
    house = ClearingHouse(
        seed=3,
        recipient="00123456",
        agreements=AGREEMENTS,
        structures={ACCOUNT: (15, 7), OTHER_ACCOUNT: (15, 7)},
        **options,
    )
    for kid in (KID, OTHER_KID):
        house.debits.sign_up(ACCOUNT, kid, date(2026, 10, 1), written_notice=True)
    house.debits.notices_until(date(2026, 10, 30))
    return house


def claims_file(*requests, number="0000001", today=MONDAY):
    requests = requests or (claim(due=FRIDAY),)
    return encoded(*requests, number=number, today=today).content


def answer(content, at=MORNING, house=None):
    return (house or avtalegiro()).debits.take(content, at)


def test_the_worked_example_of_claims_is_taken():
    house = avtalegiro()
    answer = house.debits.take((SAMPLES / "no" / "own_example_A_claims.txt").read_bytes(), MORNING)
    assert (answer.number, answer.refused) == ("1510001", "")
    # Too late for its dates, and its withdrawal is of a claim that never came.
    assert [part.split(": ", 1)[1] for part in answer.parts] == [
        "due 2026-11-02: too late",
        "due 2026-11-05: too late",
        "no such claim",
    ]


def test_claims_are_debited_when_they_are_due():
    house = avtalegiro()
    lines = ("Kontingent 2026", "", "Ås skiklubb")
    requests = (
        claim("1", due=FRIDAY),
        claim("2", OTHER_KID, "99.50", date(2026, 11, 8), is_notified_by_bank=True, lines=lines),
    )
    assert not house.debits.take(claims_file(*requests), MORNING).parts
    assert house.debits.claims[1].order.text == {(1, 1): lines[0], (3, 1): lines[2]}
    files = house.play(MONDAY, date(2026, 11, 30))
    assert [file.day for file in files] == [FRIDAY, date(2026, 11, 9)]
    read = [Reading(file.content).payments for file in files]
    assert [(x.method, x.reference, x.amount) for each in read for x in each] == [
        ("direct_debit", KID, Decimal("450.00")),
        ("direct_debit", OTHER_KID, Decimal("99.50")),
    ]
    assert [claim.state for claim in house.debits.claims] == ["collected", "collected"]


def test_trap_13_nothing_comes_of_a_debit_that_failed():
    house = avtalegiro()
    house.debits.debit_habits[ACCOUNT, CUSTOMER] = "failed"
    house.debits.take(claims_file(), MORNING)
    assert house.play(MONDAY, date(2026, 12, 31)) == []
    assert [claim.state for claim in house.debits.claims] == ["failed"]


def test_banks_try_again_on_the_next_banking_days():
    house = avtalegiro(outcomes={"retried": 1})
    house.debits.take(claims_file(), MORNING)
    [file] = house.play(MONDAY, date(2026, 12, 31))
    assert file.day in (date(2026, 11, 9), date(2026, 11, 10))


def test_outcomes_are_decided_by_chance_and_seed():
    def states(seed):
        house = avtalegiro(outcomes=None)
        house.debits.chance = Random(seed)
        requests = []
        for number in range(200):
            kid = ReferenceLayout(7, 7).build(f"{number + 1}", 1)
            house.debits.sign_up(ACCOUNT, kid, date(2026, 10, 1))
            requests.append(claim(str(number), kid, due=FRIDAY))
        assert not house.debits.take(claims_file(*requests), MORNING).parts
        house.play(MONDAY, date(2026, 11, 20))
        return [claim.state for claim in house.debits.claims]

    assert states(1) == states(1) != states(2)
    assert 5 < states(1).count("failed") < 30
    assert set(states(1)) == {"failed", "collected"}


# What it refuses as a whole.


@pytest.mark.parametrize(
    ("record", "first", "text", "why"),
    [
        (1, 9, "00999999", "unknown sender"),
        (1, 9, "00008080", "the sender is Nets itself"),
        (1, 24, "00123456", "wrong recipient"),
        (1, 32, "1", "no zeros from 32 on"),
        (6, 9, "00000002", "file: wrong number of transactions"),
        (6, 17, "00000007", "file: wrong number of records"),
        (6, 25, "00000000000045001", "file: wrong sum"),
        (6, 42, "051126", "file: wrong earliest due date"),
        (6, 48, "061126", "no zeros from 48 on"),
    ],
)
def test_a_bad_frame_refuses_the_transmission(record, first, text, why):
    house = avtalegiro()
    refused = answer(with_field(claims_file(), record, first, text), house=house)
    assert refused.refused == why
    assert not house.debits.claims


def test_line_ends_and_lengths_are_as_specified():
    assert "CR LF" in answer(claims_file()[:-2]).refused
    assert answer(claims_file().replace(b"\r\n", b"\n")).refused
    longer = claims_file().replace(b"NY210230", b"NY2102300", 1)
    assert answer(longer).refused == "record 3 has 81 bytes"
    in_utf8 = claims_file(claim(due=FRIDAY, payer_name="Bjørn")).decode("latin-1").encode()
    assert answer(in_utf8).refused == "record 4 has 81 bytes"


def test_trap_20_a_transmission_number_comes_once():
    house = avtalegiro()
    assert not answer(claims_file(), house=house).refused
    again = answer(claims_file(claim(due=date(2026, 11, 9))), house=house)
    assert again.refused == "transmission 0000001 came before"
    assert len(house.debits.claims) == 1


# What it refuses of an assignment or a single claim.


@pytest.mark.parametrize(
    ("record", "first", "text", "why"),
    [
        (2, 9, "001234567", "an agreement number where there is none"),
        (5, 9, "00000002", "wrong number of transactions"),
        (5, 17, "00000005", "wrong number of records"),
        (5, 25, "00000000000045001", "wrong sum"),
        (5, 42, "051126", "wrong earliest due date"),
        (5, 48, "071126", "wrong latest due date"),
        (2, 25, "11110500019", "unknown account"),
    ],
)
def test_a_bad_assignment_is_refused(record, first, text, why):
    refused = answer(with_field(claims_file(), record, first, text))
    assert [part.split(": ", 1)[1] for part in refused.parts] == [why]


@pytest.mark.parametrize(
    ("record", "first", "text", "why"),
    [
        (3, 22, "0" * 11, "filler of item 1"),
        (3, 50, "000100126000171".ljust(25), "the KID is not right-aligned"),
        (5, 16, "5", "kind of specification"),
        (5, 17, "043", "line 43"),
        (5, 20, "3", "column 3"),
        (5, 21, " " * 40, "a blank specification record"),
    ],
)
def test_a_bad_claim_is_refused_and_the_others_go(record, first, text, why):
    notified = claim("1", due=FRIDAY, is_notified_by_bank=True, lines=("Kontingent",))
    content = claims_file(notified, claim("2", OTHER_KID, due=FRIDAY))
    house = avtalegiro()
    refused = answer(with_field(content, record, first, text), house=house)
    assert [part.split(": ", 1)[1] for part in refused.parts] == [why]
    assert [claim.order.kid for claim in house.debits.claims] == [OTHER_KID]


def test_a_claim_needs_an_active_mandate():
    house = avtalegiro()
    house.debits.end(ACCOUNT, KID, MONDAY)
    refused = answer(claims_file(), house=house)
    assert refused.parts == [f"{ACCOUNT} 0000001 1 {KID}: FBO FINNES IKKE"]


def test_a_kid_is_of_a_registered_structure():
    for kid in ("000100126000172", "12345674"):
        [part] = answer(claims_file(claim(kid=kid, due=FRIDAY))).parts
        assert part.endswith("KID of no registered structure")


@pytest.mark.parametrize(
    ("at", "due", "is_late"),
    [
        (datetime(2023, 5, 8, 14, 0), date(2023, 5, 12), False),
        (datetime(2023, 5, 8, 14, 1), date(2023, 5, 12), True),
        (datetime(2023, 5, 6, 9, 0), date(2023, 5, 12), False),
        # Easter is 2 to 6 April.
        (datetime(2026, 3, 30, 14, 0), date(2026, 4, 8), False),
        (datetime(2026, 3, 31, 9, 0), date(2026, 4, 8), True),
        # Due on a Saturday is debited on Monday.
        (datetime(2026, 11, 3, 9, 0), date(2026, 11, 7), False),
        (datetime(2026, 11, 4, 9, 0), date(2026, 11, 7), True),
        (datetime(2026, 12, 23, 14, 0), date(2027, 1, 4), False),
        (datetime(2026, 12, 24, 9, 0), date(2027, 1, 4), True),
    ],
)
def test_claims_are_there_four_banking_days_before(at, due, is_late):
    house = avtalegiro()
    house.debits.sign_up(ACCOUNT, KID, date(2023, 1, 2))
    late = answer(claims_file(claim(due=due), today=at.date()), at, house)
    assert bool(late.parts) == is_late


def test_assignment_numbers_rest_for_a_year():
    house = avtalegiro()
    answer(claims_file(), house=house)
    again = answer(claims_file(claim(due=date(2026, 11, 9)), number="0000002"), house=house)
    assert again.parts == [f"{ACCOUNT} 0000001: assignment number used before"]


# Withdrawals.


def withdrawal_file(day, amount="450.00"):
    taken_back = withdrawal("1", KID, amount, FRIDAY)
    return encoded(assignment(taken_back, number=2), number="0000002", today=day).content


@pytest.mark.parametrize(
    ("at", "amount", "why"),
    [
        (datetime(2026, 11, 2, 10, 0), "450.00", "the claim was handed in the same day"),
        (datetime(2026, 11, 3, 10, 0), "450.00", ""),
        (datetime(2026, 11, 5, 14, 0), "450.00", ""),
        (datetime(2026, 11, 5, 14, 1), "450.00", "due 2026-11-06: too late to withdraw"),
        (datetime(2026, 11, 3, 10, 0), "450.01", "no such claim"),
    ],
)
def test_trap_16_withdrawals_come_after_the_claim_and_the_day_before_due(at, amount, why):
    house = avtalegiro()
    answer(claims_file(), house=house)
    parts = answer(withdrawal_file(at.date(), amount), at, house).parts
    assert [part.split(": ", 1)[1] for part in parts] == [why] * bool(why)
    files = house.play(MONDAY, date(2026, 11, 30))
    assert len(files) == bool(why)


# Mandates.


def test_trap_12_claims_go_by_the_customer_part_of_the_mandates_kid():
    house = avtalegiro()
    old = ReferenceLayout(7, 7).build(CUSTOMER, 1900003)
    house.debits.end(ACCOUNT, KID, MONDAY)
    with pytest.raises(RefusedError):
        house.debits.sign_up(ACCOUNT, old[:-1] + "x", MONDAY)
    house.debits.sign_up(ACCOUNT, old, MONDAY)
    assert not answer(claims_file(), house=house).parts
    [notices] = house.play(MONDAY, MONDAY)
    assert [(x.event, x.reference) for x in Reading(notices.content).mandates] == [
        ("cancelled", KID),
        ("registered", old),
    ]


def test_trap_11_a_change_of_notice_comes_as_new():
    house = avtalegiro()
    house.debits.sign_up(ACCOUNT, KID, date(2026, 11, 7), written_notice=False)
    assert house.play(MONDAY, FRIDAY) == []
    [file] = house.play(FRIDAY, date(2026, 11, 9))
    assert [(x.event, x.written_notice) for x in Reading(file.content).mandates] == [
        ("registered", False)
    ]


def test_the_full_list_has_every_mandate_of_the_account():
    house = avtalegiro()
    house.debits.sign_up(OTHER_ACCOUNT, KID, date(2026, 10, 1))
    house.debits.notices_until(MONDAY)
    house.debits.order_list(ACCOUNT, MONDAY)
    [file] = house.play(MONDAY, MONDAY)
    assert [(x.event, x.account, x.reference) for x in Reading(file.content).mandates] == [
        ("listed", ACCOUNT, KID),
        ("listed", ACCOUNT, OTHER_KID),
    ]


def test_an_ended_mandate_fails_what_is_due_later():
    house = avtalegiro()
    answer(claims_file(), house=house)
    house.debits.end(ACCOUNT, KID, date(2026, 11, 4))
    [file] = house.play(MONDAY, date(2026, 11, 30))
    assert not Reading(file.content).payments


# Two folders.


@pytest.fixture
def folders(tmp_path):
    for name in ("inbound", "outbound"):
        (tmp_path / name).mkdir()
    return Folders(avtalegiro(), tmp_path / "inbound", tmp_path / "outbound", MONDAY)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_in_the_folder_is_taken_and_answered(folders):
    (folders.inbound / "DIRREM.txt").write_bytes(claims_file())
    (folders.inbound / ".DIRREM2.txt.part").write_bytes(b"half")
    assert [path.name for path in folders.step(MONDAY, time(9, 0))] == [
        "KV.GODKJENT.F0000001.D261102.T090000.K1.html"
    ]
    assert names(folders.inbound) == [
        ".DIRREM2.txt.part",
        "KV.GODKJENT.F0000001.D261102.T090000.K1.html",
    ]
    [receipt] = [name for name in names(folders.inbound) if name.startswith("KV")]
    assert receipt_of_name(receipt).transmission_number == "0000001"
    assert folders.step(MONDAY, time(10, 0)) == []


def test_a_refused_file_gets_no_receipt(folders):
    (folders.inbound / "DIRREM.txt").write_bytes(claims_file()[:-100])
    assert folders.step(MONDAY, time(9, 0)) == []
    assert names(folders.inbound) == []
    assert folders.house.debits.answers[0].refused


def test_files_of_the_house_are_ready_at_half_past_five(folders):
    (folders.inbound / "DIRREM.txt").write_bytes(claims_file())
    folders.step(MONDAY, time(9, 0))
    assert folders.step(FRIDAY, time(17, 29)) == []
    [path] = folders.step(FRIDAY, time(17, 30))
    assert path.parent == folders.outbound
    assert [x.reference for x in Reading(path.read_bytes()).payments] == [KID]
    assert folders.step(date(2026, 11, 30), time(9, 0)) == []


def test_days_that_nobody_looked_at_are_delivered_too(folders):
    (folders.inbound / "DIRREM.txt").write_bytes(claims_file())
    folders.step(MONDAY, time(9, 0))
    folders.house.debits.sign_up(ACCOUNT, KID, date(2026, 11, 10))
    assert len(folders.step(date(2026, 11, 16), time(8, 0))) == 2
    assert [file.day for file in folders.delivered] == [FRIDAY, date(2026, 11, 10)]
