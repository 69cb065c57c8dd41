"""The file for a collection agency: what is written is read again, and nothing is guessed."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.formats import collection_exchange as exchange
from odoo.addons.membership_billing_nordic.formats.messages import FormatError

TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=9)
IDS = st.text("ABCabc019-/", min_size=1, max_size=8)
DAYS = st.none() | st.dates()
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
ATTACHMENTS = st.builds(exchange.Attachment, name=TEXTS, sha256=TEXTS)
SETTLEMENTS = st.builds(
    exchange.Settlement, invoice_no=TEXTS, date=DAYS, amount=AMOUNTS, applied_to=TEXTS
)
LETTERS = st.builds(
    exchange.Letter, invoice_no=TEXTS, type=TEXTS, sent_on=DAYS, deadline=DAYS, fee=AMOUNTS
)
CLAIMS = st.builds(
    exchange.Claim,
    invoice_no=TEXTS,
    due_date=DAYS,
    description=TEXTS,
    principal_open=AMOUNTS,
    fee_open=AMOUNTS,
    interest_rate=st.none() | AMOUNTS,
    disputed=st.booleans(),
)


def several(items):
    return st.lists(items, max_size=2).map(tuple)


CASES = st.builds(
    exchange.Case,
    message_id=IDS,
    our_case_ref=IDS,
    name=TEXTS,
    street=TEXTS,
    contact_notes=TEXTS,
    birth_date=DAYS,
    protected=st.booleans(),
    claims=st.lists(CLAIMS, min_size=1, max_size=3).map(tuple),
    letters=several(LETTERS),
    payments=several(SETTLEMENTS),
    credits=several(SETTLEMENTS),
    failed_payment_attempts=several(st.dates()),
    attachments=several(ATTACHMENTS),
)
CORRECTIONS = st.builds(
    exchange.Correction,
    message_id=IDS,
    our_case_ref=IDS,
    kind=st.sampled_from(exchange.CORRECTIONS),
    date=DAYS,
    principal=AMOUNTS,
    until=DAYS,
    reason=TEXTS,
    street=TEXTS,
)
SUMS = st.decimals(min_value=0, max_value=10**8, places=2)
ANSWERS = st.builds(
    exchange.Answer,
    message_id=IDS,
    our_case_ref=IDS,
    kind=st.sampled_from(exchange.ANSWERS),
    code=st.sampled_from(exchange.CLOSED),
    text=TEXTS,
    principal=SUMS,
    interest=SUMS,
    remittance=TEXTS,
    direct=st.booleans(),
    plan_count=st.integers(0, 99),
    plan_until=DAYS,
) | st.builds(
    lambda principal, fees, costs, message_id, our_case_ref: exchange.Answer(
        message_id=message_id,
        our_case_ref=our_case_ref,
        kind="payment",
        principal=principal + costs,
        fees=fees,
        costs=costs,
        net_paid=principal + fees,
    ),
    *(SUMS, SUMS, SUMS, IDS, IDS),
)
RECEIPTS = st.builds(
    exchange.Receipt,
    message_id=IDS,
    our_file_id=IDS,
    state=st.sampled_from(exchange.RECEIPTS),
    record_count=st.integers(0, 10**6),
    date=DAYS,
    text=TEXTS,
)


def records(items):
    return st.lists(items, min_size=1, max_size=3, unique_by=lambda item: item.message_id)


SHEETS = st.builds(
    exchange.Sheet,
    file_id=TEXTS,
    creditor_org_no=TEXTS,
    created_on=DAYS,
    test=st.booleans(),
    records=st.one_of(*map(records, (CASES, CORRECTIONS, ANSWERS, RECEIPTS))).map(tuple),
)


@given(SHEETS)
def test_both_forms_say_what_was_written(sheet):
    assert exchange.read(exchange.write_json(sheet)) == (sheet, [])
    assert exchange.read(exchange.write_csv(sheet)) == (sheet, [])


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_comes_is_read_or_said_to_be_wrong(content):
    sheet, faults = exchange.read(content)
    assert sheet.records == () or hasattr(sheet.records[0], "message_id")
    assert all(fault.expected for fault in faults)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | AMOUNTS.map(str),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
PLACES = st.sampled_from(
    "type message_id our_case_ref kind code date principal net_paid costs direct plan_count claims "
    "letters attachments version records test".split()
)


@given(SHEETS, st.integers(0, 9), PLACES, VALUES)
def test_a_record_that_went_wrong_spoils_no_other(sheet, number, place, value):
    rows = [json.loads(line) for line in exchange.write_json(sheet).splitlines()]
    number %= len(rows)
    rows[number][place] = value
    content = b"\n".join(json.dumps(row).encode() for row in rows)
    found, faults = exchange.read(content)
    assert all(fault.expected and 0 <= fault.record <= len(rows) for fault in faults)
    assert len(found.numbers) == len(found.records)
    if any(fault.record == 0 for fault in faults):
        assert not found.records
        return
    untouched = {row.message_id: row for row in sheet.records}
    for line, record in zip(found.numbers, found.records, strict=True):
        record.message_id.encode()
        if line != number + 1:
            assert record == untouched[record.message_id]


@given(SHEETS, st.data())
def test_a_list_that_was_cut_off_is_not_used_in_part(sheet, data):
    lines = exchange.write_csv(sheet).splitlines(True)
    kept = data.draw(st.integers(0, len(lines) - 1))
    found, faults = exchange.read(b"".join(lines[:kept]))
    assert found.records == ()
    assert faults or kept == 1


@given(st.dictionaries(st.text(max_size=12), st.binary(max_size=20), max_size=4))
def test_documents_lie_beside_the_file_under_the_names_its_records_give(documents):
    named = {exchange.attachment(name, data): data for name, data in documents.items()}
    content = {row.name: data for row, data in named.items()}
    packed = exchange.pack("cases.jsonl", b"{}", content)
    assert packed == exchange.pack("cases.jsonl", b"{}", content), "always the same bytes"
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.read("cases.jsonl") == b"{}"
        for row, data in named.items():
            assert row.name.isascii() and ".." not in row.name.split("/")
            assert row.sha256 == hashlib.sha256(data).hexdigest()
            assert archive.read(row.name) == content[row.name]


CASE = exchange.Case(
    message_id="F1-1",
    our_case_ref="C/2026/00001",
    currency="NOK",
    name='=HYPERLINK("x")',
    claims=(
        exchange.Claim(
            invoice_no="INV/1", due_date=date(2026, 9, 1), principal_open=Decimal("1000.00")
        ),
        exchange.Claim(invoice_no="INV/2", fee_open=Decimal("38")),
    ),
)
SHEET = exchange.Sheet(file_id="F1", created_on=date(2026, 10, 15), records=(CASE,))


def test_the_bytes_are_these():
    head, case, end = exchange.write_json(SHEET).split(b"\n")[:3]
    assert head == (
        b'{"type":"file","format":"mbn.collection","version":1,"file_id":"F1",'
        b'"created_on":"2026-10-15"}'
    )
    assert b'"principal_open":"1000.00","fee_open":"0.00"' in case
    assert end == b'{"type":"end","records":1}'
    rows = exchange.write_csv(SHEET).decode("utf-8-sig").splitlines()
    assert len(rows) == 3, "a row for each claim"
    assert '"\'=HYPERLINK(""x"")"' in rows[1], "no cell is a formula"
    assert exchange.totals([CASE]) == Decimal("1000.00")


def test_a_file_that_was_cut_off_is_not_used():
    lines = exchange.write_json(replace(SHEET, records=(CASE, _other("F1-2")))).splitlines(True)
    sheet, faults = exchange.read(b"".join([*lines[:2], lines[3]]))
    assert sheet.records == ()
    assert [(fault.record, fault.field) for fault in faults] == [(0, "end")]


def _other(message_id):
    return replace(CASE, message_id=message_id)


def test_a_bad_record_leaves_the_others():
    content = (
        b'{"type":"answer","message_id":"1","our_case_ref":"C1","kind":"accepted"}\n'
        b'{"type":"answer","message_id":"2","our_case_ref":"C1","kind":"payment","principal":1.234}\n'
        b'{"type":"answer","message_id":"3","our_case_ref":"C1","kind":"closed","code":"gone"}\n'
        b'{"type":"answer","message_id":"1","our_case_ref":"C1","kind":"status"}\n'
        b'{"type":"answer","message_id":"5","our_case_ref":"C1","kind":"payment","principal":1.5}\n'
        b"nothing\n"
    )
    sheet, faults = exchange.read(content)
    assert [(one.message_id, one.principal) for one in sheet.records] == [
        ("1", Decimal("0")),
        ("5", Decimal("1.50")),
    ]
    assert {(fault.record, fault.field) for fault in faults} == {
        (2, "principal"),
        (3, "code"),
        (4, "message_id"),
        (6, "line"),
    }


@pytest.mark.parametrize(
    ("payment", "faults"),
    [
        ({"principal": "1000.00", "costs": "100.00", "net_paid": "900.00"}, []),
        ({"principal": "1000.00", "costs": "100.00"}, []),
        ({"principal": "1000.00", "costs": "100.00", "net_paid": "1000.00"}, ["net_paid"]),
        ({"principal": "90.00", "costs": "100.00"}, ["costs"]),
        ({"principal": "90.00", "direct": True, "costs": "100.00"}, []),
        ({"principal": "-90.00", "costs": "-10.00", "net_paid": "-80.00"}, []),
        ({"text": "\0"}, ["text"]),
    ],
)
def test_what_an_agency_keeps_back_adds_up(payment, faults):
    row = {"type": "answer", "message_id": "1", "our_case_ref": "C1", "kind": "payment"}
    sheet, found = exchange.read(json.dumps(row | payment).encode())
    assert [(fault.record, fault.field) for fault in found] == [(1, name) for name in faults]
    assert len(sheet.records) == (not faults)


def test_receipts_may_come_with_answers_but_not_with_cases():
    content = (
        b'{"type":"receipt","message_id":"1","our_file_id":"F1","state":"received"}\n'
        b'{"type":"answer","message_id":"2","our_case_ref":"C1","kind":"accepted"}\n'
        b'{"type":"receipt","message_id":"3","our_file_id":"F1","state":"lost"}\n'
        b'{"type":"correction","message_id":"4","our_case_ref":"C1","kind":"recall"}\n'
    )
    sheet, faults = exchange.read(content)
    assert [type(row).__name__ for row in sheet.records] == ["Receipt", "Answer"]
    assert sheet.numbers == (1, 2)
    assert {(fault.record, fault.field) for fault in faults} == {(3, "state"), (4, "type")}


def test_a_plain_list_of_an_agency_is_read():
    content = (
        "type,message_id,our_case_ref,agency_case_no,kind,code\r\n"
        "answer,1,C/2026/00001,77,accepted,\r\n"
        "answer,2,C/2026/00001,77,closed,paid\r\n"
    )
    sheet, faults = exchange.read(content.encode())
    assert not faults
    assert [(one.kind, one.agency_case_no, one.code) for one in sheet.records] == [
        ("accepted", "77", ""),
        ("closed", "77", "paid"),
    ]


@pytest.mark.parametrize(
    ("sheet", "field"),
    [
        (replace(SHEET, records=()), "records"),
        (replace(SHEET, records=(CASE, CASE)), "message_id"),
        (replace(SHEET, records=(replace(CASE, claims=()),)), "claims"),
        (replace(SHEET, records=(replace(CASE, our_case_ref=" "),)), "our_case_ref"),
        (
            replace(
                SHEET,
                records=(
                    replace(
                        CASE,
                        claims=(exchange.Claim(invoice_no="1", principal_open=Decimal("0.001")),),
                    ),
                ),
            ),
            "principal_open",
        ),
    ],
)
def test_what_no_agency_could_use_is_not_written(sheet, field):
    for write in (exchange.write_json, exchange.write_csv):
        with pytest.raises(FormatError) as refused:
            write(sheet)
        assert refused.value.field == field
