"""Our own AvtaleGiro files read back, and everything Nets would refuse in them."""

import json
from datetime import date
from decimal import Decimal

import pytest
from odoo.addons.membership_billing_nordic.formats.messages import (
    CollectionRequest,
    CollectionWithdrawal,
)
from odoo.addons.membership_billing_nordic.formats.tally import Tally

from .reading import ACCOUNT, SAMPLES, Reading, joined, lines_of, with_field
from .test_inspect import run
from .writing import assignment, claim, encoded, withdrawal

EXAMPLE_A = SAMPLES / "no" / "own_example_A_claims.txt"
SOUND = encoded(
    assignment(
        claim("1", payer_name="Hansen", statement_text="Kontingent"),
        claim("2", "1009-", "1250.50", date(2026, 11, 5), is_notified_by_bank=True, lines=("A",)),
        number=7,
    ),
    assignment(withdrawal("3", payer_name="Olsen"), number=8),
).content
# Its records: 3, 4 and 5, 6, 7 the claims, 10, 11 the withdrawal, 13 the end.


def requests(reading):
    return reading.of(CollectionRequest, CollectionWithdrawal)


def recounted(records):
    """The records as a file whose end records count right; dates and sums are left as they are."""
    records, start, total = list(records), 0, 0
    for place, line in enumerate(records):
        if line[6:8] == "20":
            start = place
        elif line[6:8] == "88":
            count = sum(x[6:8] == "30" for x in records[start:place])
            total += count
            records[place] = f"{line[:8]}{count:08d}{place - start + 1:08d}{line[24:]}"
    end = records[-1]
    records[-1] = f"{end[:8]}{total:08d}{len(records):08d}{end[24:]}"
    return joined(records)


def test_the_worked_example_is_read():
    reading = Reading(EXAMPLE_A.read_bytes())
    assert reading.issues == []
    key = "00123456:1510001:99991042764:"
    shared = {"account": ACCOUNT, "currency": "NOK"}
    assert requests(reading) == [
        CollectionRequest(
            record=3,
            key=key + "1510001:0000001",
            reference="000100126000171",
            amount=Decimal("450.00"),
            due_date=date(2026, 11, 2),
            payer_name="NORDMANN O",
            statement_text="Kontingent 2026",
            **shared,
        ),
        CollectionRequest(
            record=5,
            key=key + "1510001:0000002",
            reference="000100226000188",
            amount=Decimal("1250.50"),
            due_date=date(2026, 11, 5),
            payer_name="BJØRNSTAD",
            is_notified_by_bank=True,
            lines=(
                "Medlemskontingent 2026 for Ås skiklubb, familiemedlemskap",
                "",
                "Spørsmål? post@example.no",
            ),
            **shared,
        ),
        CollectionWithdrawal(
            record=12,
            key=key + "1510002:0000001",
            reference="000100326000047",
            amount=Decimal("450.00"),
            due_date=date(2026, 10, 20),
            payer_name="HANSEN K",
            **shared,
        ),
    ]
    assert [x.counted for x in reading.totals[-3:]] == [3, 15, Decimal("2150.50")]


def test_inspect_shows_what_a_file_of_ours_asks_for():
    result = run(EXAMPLE_A)
    printed = [json.loads(line) for line in result.stdout.decode().splitlines()]
    assert result.returncode == 0
    assert printed[2] == {
        "type": "CollectionRequest",
        "record": 5,
        "key": "00123456:1510001:99991042764:1510001:0000002",
        "account": "99991042764",
        "reference": "000100226000188",
        "payer_name": "BJØRNSTAD",
        "amount": "1250.50",
        "currency": "NOK",
        "due_date": "2026-11-05",
        "is_notified_by_bank": True,
        "lines": [
            "Medlemskontingent 2026 for Ås skiklubb, familiemedlemskap",
            "",
            "Spørsmål? post@example.no",
        ],
    }
    summary = printed[-1]
    names = ("claims", "claims_sum", "withdrawals", "withdrawals_sum", "first_due", "last_due")
    assert [summary[name] for name in names] == [
        *(2, "1700.50", 1, "450.00"),
        *("2026-10-20", "2026-11-05"),
    ]
    assert (summary["payments"], summary["mandates"], summary["issues"]) == (0, 0, 0)


def test_the_tally_counts_what_we_ask_for():
    tally = Tally()
    for message in Reading(SOUND).messages:
        tally.add(message)
    assert (tally.claims, tally.claims_sum) == (2, Decimal("1700.50"))
    assert (tally.withdrawals, tally.withdrawals_sum) == (1, Decimal("450.00"))
    assert (tally.first_due, tally.last_due) == (date(2026, 10, 20), date(2026, 11, 5))


def test_keys_are_unique_although_numbers_repeat():
    same = assignment(claim("1"), number=7), assignment(claim("2", "1234567897"), number=8)
    lines = lines_of(encoded(*same).content)
    lines[5] = lines[5].replace("0000008", "0000007", 1)
    keys = [x.key for x in requests(Reading(joined(lines)))]
    assert keys == [f"00123456:1510001:{ACCOUNT}:{n}:0000001" for n in ("0000007", "0000007#2")]


# What Nets would refuse in a claim.


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (3, 9, "0000000", "transaction number"),
        (3, 9, "00x0001", "transaction number"),
        (5, 9, "0000001", "transaction number"),
        (3, 16, "310226", "due date"),
        (3, 16, "      ", "due date"),
        (3, 33, "0" * 17, "amount"),
        (3, 33, "0000000000004500O", "amount"),
        (3, 50, " " * 25, "KID"),
        (3, 50, "ABCDEF", "KID"),
        (4, 9, "0000009", "transaction number"),
        (4, 5, "21", "transaction type"),
        (7, 9, "0000001", "transaction number"),
        (7, 16, "5", "kind of specification"),
        (7, 17, "000", "line"),
        (7, 17, "0x1", "line"),
        (7, 20, "0", "column"),
        (7, 20, "3", "column"),
        (10, 16, "320126", "due date"),
    ],
)
def test_a_bad_field_keeps_its_claim_out(record, first, text, field):
    reading = Reading(with_field(SOUND, record, first, text))
    assert (record, field) in {(x.record, x.field) for x in reading.errors}
    begins = {3: 3, 4: 3, 5: 5, 6: 5, 7: 5, 10: 10}[record]
    assert begins not in {x.record for x in requests(reading)}


def test_trap_9_a_blank_specification_record_keeps_its_claim_out():
    reading = Reading(with_field(SOUND, 7, 21, " " * 40))
    assert [(x.record, x.field) for x in reading.errors] == [(7, "text")]
    assert [x.record for x in requests(reading)] == [3, 10]
    assert not reading.refused


def test_line_42_is_the_last_one():
    assert not Reading(with_field(SOUND, 7, 17, "042")).issues
    reading = Reading(with_field(SOUND, 7, 17, "043"))
    assert [(x.record, x.field, x.found) for x in reading.errors] == [(7, "line", "043")]
    assert [x.record for x in requests(reading)] == [3, 10]


def test_a_cell_comes_once():
    lines = lines_of(SOUND)
    reading = Reading(recounted([*lines[:7], lines[6], *lines[7:]]))
    assert [(x.record, x.field) for x in reading.errors] == [(8, "line")]
    assert [x.record for x in requests(reading)] == [3, 11]


def test_cells_may_come_in_any_order():
    text = "Medlemskontingent for hele familien i Ås skiklubb"
    content = encoded(claim(is_notified_by_bank=True, lines=(text, "Hilsen"))).content
    lines = lines_of(content)
    lines[4:7] = reversed(lines[4:7])
    [read] = requests(Reading(joined(lines)))
    assert read.lines == (text.replace("i Ås", "i   Ås"), "Hilsen")


def test_a_claim_needs_item_2_before_its_text():
    lines = lines_of(SOUND)
    lines[5], lines[6] = lines[6], lines[5]
    reading = Reading(joined(lines))
    assert (reading.errors[0].record, reading.errors[0].field) == (6, "record identification")
    assert [x.record for x in requests(reading)] == [3, 10]


def test_a_claim_without_item_2_is_no_claim():
    lines = lines_of(SOUND)
    reading = Reading(recounted([*lines[:3], *lines[4:]]))
    assert [(x.record, x.field) for x in reading.errors] == [(3, "transaction")]
    assert [x.record for x in requests(reading)] == [4, 9]
    assert not reading.refused


def test_a_withdrawal_needs_no_item_2():
    lines = lines_of(SOUND)
    reading = Reading(recounted([*lines[:10], *lines[11:]]))
    assert not reading.issues
    assert requests(reading)[2].payer_name == ""


def test_the_text_of_a_withdrawal_is_let_by():
    lines = lines_of(SOUND)
    text = "NY212149" + "0000001" + "4" + "099" + "9" + " " * 40 + "0" * 20
    reading = Reading(recounted([*lines[:11], text, *lines[11:]]))
    assert not reading.issues
    assert len(requests(reading)) == 3


def test_data_in_fillers_is_no_matter():
    assert not Reading(with_field(SOUND, 3, 22, "0" * 11)).issues
    assert not Reading(with_field(SOUND, 1, 32, "151020261")).issues


def test_a_stray_record_keeps_its_claim_out():
    lines = lines_of(SOUND)
    reading = Reading(recounted([*lines[:4], "NY219470" + "0" * 72, *lines[4:]]))
    assert [(x.record, x.found) for x in reading.errors] == [(5, "NY219470")]
    assert [x.record for x in requests(reading)] == [6, 11]


# Totals and dates.


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (8, 9, "00000003", "assignment 1: number of transactions"),
        (8, 17, "00000006", "assignment 1: number of records"),
        (8, 25, "00000000000170051", "assignment 1: sum"),
        (8, 42, "011126", "assignment 1: earliest due date"),
        (8, 48, "061126", "assignment 1: latest due date"),
        (8, 48, "000000", "assignment 1: latest due date"),
        (12, 42, "211026", "assignment 2: earliest due date"),
        (13, 9, "00000002", "file: number of transactions"),
        (13, 17, "00000012", "file: number of records"),
        (13, 25, "00000000000170050", "file: sum"),
        (13, 42, "021126", "file: earliest due date"),
        (13, 42, "000000", "file: earliest due date"),
    ],
)
def test_every_wrong_total_or_date_refuses_the_file(record, first, text, field):
    reading = Reading(with_field(SOUND, record, first, text))
    assert [(x.record, x.field) for x in reading.refusals] == [(record, field)]


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (2, 18, "000000x", "assignment number"),
        (2, 25, "9999104276A", "account"),
        (8, 42, "310226", "earliest due date"),
    ],
)
def test_a_bad_frame_refuses_the_file(record, first, text, field):
    reading = Reading(with_field(SOUND, record, first, text))
    assert [(x.record, x.field) for x in reading.refusals] == [(record, field)]
    assert "9999104276" not in repr(reading.issues)


def test_a_file_cut_off_is_refused():
    for size in range(1, 13):
        assert Reading(SOUND[: 82 * size]).refused
