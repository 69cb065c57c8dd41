"""AvtaleGiro against whatever comes: round trips, an independent reader, mutated files."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

import netsgiro
from hypothesis import given, settings
from hypothesis import strategies as st
from odoo.addons.l10n_no_ocr.formats import avtalegiro
from odoo.addons.l10n_no_ocr.formats.specification import cells_of, lines_of
from odoo.addons.membership_billing_nordic.formats.latin_1 import to_latin_1
from odoo.addons.membership_billing_nordic.formats.messages import (
    CollectionRequest,
    CollectionWithdrawal,
    FormatError,
)

from tests.bank_simulator import orders
from tests.bank_simulator.avtalegiro import AvtaleGiro

from .damage import mutated, never_raises
from .reading import ACCOUNT, Reading, joined
from .reading import lines_of as lines_of_file
from .writing import SENDER, TODAY, assignment, encoded

ACCOUNTS = (ACCOUNT, "86011117947")
DIGITS = "0123456789"
KIDS = st.text(DIGITS, min_size=4, max_size=25) | st.builds(
    "{}-".format, st.text(DIGITS, min_size=3, max_size=24)
)
AMOUNTS = st.integers(1, 10**14).map(lambda ore: Decimal(ore) / 100)
DAYS = st.integers(1, 365).map(lambda days: TODAY + timedelta(days=days))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
LINES = st.lists(
    st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "Zs")), max_size=120),
    max_size=8,
).map(tuple)


def facts(account):
    return {
        "key": st.uuids().map(str),
        "account": st.just(account),
        "reference": KIDS,
        "amount": AMOUNTS,
        "currency": st.just("NOK"),
        "due_date": DAYS,
        "payer_name": TEXTS,
    }


def claims(account):
    return st.builds(
        CollectionRequest,
        **facts(account),
        is_notified_by_bank=st.booleans(),
        statement_text=TEXTS.filter(lambda text: len(to_latin_1(text).strip()) <= 25),
        lines=LINES,
    )


def assignments_of(number, account):
    # Larger than any claim, so that none is withdrawn in its own file.
    larger = {"amount": AMOUNTS.map(lambda amount: amount + 10**12)}
    kinds = claims(account), st.builds(CollectionWithdrawal, **facts(account) | larger)
    return st.one_of(
        st.lists(each, min_size=1, max_size=4).map(
            lambda requests: assignment(*requests, number=number, account=account)
        )
        for each in kinds
    )


FILES = st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=3).flatmap(
    lambda accounts: st.tuples(
        *(assignments_of(number, account) for number, account in enumerate(accounts, 1))
    )
)


def words(request):
    """The text of the bank's notice, however it is broken."""
    written = request.is_notified_by_bank and " ".join(request.lines)
    return "".join(to_latin_1(written).split()) if written else ""


@settings(max_examples=50)
@given(FILES)
def test_what_was_written_is_read(assignments):
    written = encoded(*assignments)
    reading = Reading(written.content)
    assert not reading.issues
    assert reading.totals == list(written.totals)
    requests = [request for each in assignments for request in each.requests]
    read = reading.of(CollectionRequest, CollectionWithdrawal)
    assert [x.record for x in read] == [written.records[x.key] for x in requests]
    for before, after in zip(requests, read, strict=True):
        assert type(after) is type(before)
        names = ("account", "reference", "amount", "currency", "due_date")
        assert all(getattr(before, name) == getattr(after, name) for name in names)
        assert after.payer_name == to_latin_1(before.payer_name).strip()[:10].strip()
        if type(before) is CollectionRequest:
            assert after.is_notified_by_bank == before.is_notified_by_bank
            assert after.statement_text == to_latin_1(before.statement_text).strip()
            assert words(after) == words(before)


@settings(max_examples=50)
@given(FILES)
def test_what_was_read_is_written_again(assignments):
    content = encoded(*assignments).content
    read = Reading(content).of(CollectionRequest, CollectionWithdrawal)
    again = []
    for each in assignments:
        own, read = read[: len(each.requests)], read[len(each.requests) :]
        again.append(assignment(*own, number=each.number, account=each.account))
    assert encoded(*again).content == content


@settings(max_examples=50)
@given(FILES)
def test_every_record_is_80_bytes_and_no_specification_is_blank(assignments):
    *lines, last = encoded(*assignments).content.split(b"\r\n")
    assert last == b""
    assert {len(line) for line in lines} == {80}
    assert all(line[20:60].strip() for line in lines if line[6:8] == b"49")
    assert all(b"\n" not in line and b"\r" not in line for line in lines)


@settings(max_examples=50)
@given(FILES)
def test_the_simulated_clearing_house_finds_no_fault_in_the_layout(assignments):
    file = orders.read(encoded(*assignments).content)
    assert (file.sender, len(file.assignments)) == (SENDER, len(assignments))
    read = [order for each in file.assignments for order in each.orders]
    assert not any(each.refused for each in (*file.assignments, *read))
    requests = [request for each in assignments for request in each.requests]
    assert [order.identity for order in read] == [
        (x.account, x.reference, x.due_date, int(x.amount * 100)) for x in requests
    ]


@settings(max_examples=50)
@given(FILES.filter(lambda file: all("-" not in x.reference for a in file for x in a.requests)))
def test_netsgiro_reads_the_same(assignments):
    text = encoded(*assignments).content.decode("latin-1").replace("\r\n", "\n")
    read = netsgiro.parse(text).assignments
    assert [
        (x.kid, x.amount, x.date, x.number, x.payer_name or "")
        for each in read
        for x in each.transactions
    ] == [
        (x.reference, x.amount, x.due_date, number, to_latin_1(x.payer_name).strip()[:10].strip())
        for each in assignments
        for number, x in enumerate(each.requests, 1)
    ]


@given(LINES)
def test_cells_are_lawful(lines):
    cells = cells_of(lines)
    assert cells == sorted(cells)
    assert len({cell[:2] for cell in cells}) == len(cells)
    for _line, column, text in cells:
        assert column in (1, 2)
        assert 0 < len(text) <= 40
        assert text.strip()
    assert cells_of(lines_of(cells)) == cells


@given(st.text(max_size=60))
def test_transliteration_is_one_line_of_latin_1(text):
    written = to_latin_1(text)
    assert written.encode("latin-1")[:0] == b""
    assert len(written.splitlines()) <= 1
    assert to_latin_1(written) == written


ANYTHING = {
    "amount": st.decimals(allow_nan=True, allow_infinity=True) | st.integers(-5, 5).map(Decimal),
    "reference": st.text(max_size=30),
    "due_date": st.dates(date(1990, 1, 1), date(2110, 1, 1)) | st.datetimes() | st.none(),
    "currency": st.sampled_from(["NOK", "SEK", ""]),
    "account": st.sampled_from([*ACCOUNTS, "", "1", "9999104276x"]),
    "statement_text": st.text(max_size=40),
    "payer_name": st.text(max_size=20),
    "is_notified_by_bank": st.booleans(),
    "lines": st.lists(st.text(max_size=200), max_size=60).map(tuple),
}


@given(st.builds(CollectionRequest, key=st.just("K"), **ANYTHING))
def test_faults_and_encode_agree(request):
    found = avtalegiro.faults(request, TODAY)
    try:
        content = encoded(assignment(request)).content
    except FormatError as fault:
        assert found or request.account != ACCOUNT
        assert fault.key == "K"
        assert "9999104276x" not in str(fault)
    else:
        assert not found
        assert not Reading(content).issues


SAMPLE = encoded(
    assignment(
        *(
            CollectionRequest(
                key=str(number),
                account=ACCOUNT,
                reference="000100126000171",
                amount=Decimal(number),
                currency="NOK",
                due_date=date(2026, 11, number),
                is_notified_by_bank=number > 1,
                lines=("Kontingent", "", "a" * 30 + " " + "b" * 30),
            )
            for number in (1, 2)
        )
    ),
    assignment(
        CollectionWithdrawal(
            key="3",
            account=ACCOUNT,
            reference="000100126000171",
            amount=Decimal(5),
            currency="NOK",
            due_date=date(2026, 11, 3),
        ),
        number=2,
    ),
).content


@settings(max_examples=200)
@given(mutated(SAMPLE))
def test_a_mutated_file_never_raises_and_its_totals_are_always_checked(content):
    never_raises(content)
    reading = Reading(content)
    for total in reading.totals:
        assert total.agrees or total.record in {issue.record for issue in reading.issues}
    assert reading.refused or {x.quantity for x in reading.totals if x.scope == "file"}


@settings(max_examples=200)
@given(st.lists(st.sampled_from(lines_of_file(SAMPLE)), max_size=30), st.binary(max_size=20))
def test_records_in_any_order_never_raise(lines, end):
    never_raises(joined(lines) + end)


@given(mutated(SAMPLE))
def test_the_simulated_clearing_house_never_raises(content):
    house = AvtaleGiro(chance=Random(1), sender=SENDER, structures={ACCOUNT: (15, 7)})
    house.sign_up(ACCOUNT, "000100126000171", date(2026, 1, 2))
    answer = house.take(content, datetime(2026, 10, 15, 9, 0))
    assert answer.number or answer.refused
