"""OCR giro files that suffered on their way: what is forgiven, what is told, what is refused."""

import pytest
from odoo.addons.l10n_no_ocr.formats import deposits, ocr_giro

from tests.bank_simulator import nets

from .damage import Dribble
from .reading import ACCOUNT, Reading, joined, lines_of, one_file, payment, with_field

SOUND = one_file(
    payment(100), payment(200, kind="21", kid="", text="Bjørn Ås"), payment(400, kind="15")
)


def sound_messages(content):
    reading = Reading(content)
    assert not reading.issues
    return reading.messages


# Reader leniency.


@pytest.mark.parametrize(
    "forgiven",
    [
        SOUND.replace(b"\r\n", b"\n"),
        SOUND[:-2],
        SOUND[:-1],
        SOUND.replace(b"\r\n", b"\n")[:-1],
        b"\r\n\n  \r\n" + SOUND + b"\r\n \r\n\n",
        SOUND + b"\x1a",
        SOUND[:-2] + b"\x1a",
        SOUND[:-2] + b"\x1a\r\n",
        SOUND + b"\x1a\r\n\r\n",
        b"\xef\xbb\xbf" + SOUND,
        SOUND.decode("latin-1").encode(),
        SOUND.decode("latin-1").encode("utf-8-sig"),
        SOUND.replace(b"\r\n", b""),
        SOUND.replace(b"\r\n", b"") + b"\r\n",
        SOUND.replace(b"\r\n", b"") + b"\x1a",
        b"\xef\xbb\xbf" + SOUND.replace(b"\r\n", b""),
    ],
    ids=[
        "LF",
        "no final line end",
        "final CR only",
        "LF, no final line end",
        "blank lines at both ends",
        "0x1A after the last line",
        "0x1A on the last line",
        "0x1A on the last line, line end",
        "0x1A, blank lines",
        "byte order mark",
        "UTF-8",
        "UTF-8 with byte order mark",
        "no line ends at all",
        "no line ends but the last",
        "no line ends, 0x1A",
        "no line ends, byte order mark",
    ],
)
def test_what_happens_on_the_way_is_forgiven(forgiven):
    assert ocr_giro.recognises(forgiven[:100])
    assert sound_messages(forgiven) == sound_messages(SOUND)


def test_text_outside_latin_1_in_a_utf8_file_is_replaced():
    content = SOUND.decode("latin-1").replace("Bjørn", "Đoàn1").encode()
    assert Reading(content).payments[1].text == "?oàn1 Ås"


@pytest.mark.parametrize("size", [1, 7, 80, 4096])
def test_a_stream_may_come_in_small_pieces(size):
    for content in (SOUND, SOUND.replace(b"\r\n", b""), SOUND.decode("latin-1").encode()):
        assert list(ocr_giro.decode(Dribble(content, size))) == sound_messages(SOUND)


@pytest.mark.parametrize(
    ("number", "instead"),
    [
        (1, ["{}0"]),
        (3, ["{:.79}"]),
        (3, ["{} "]),
        (4, ["", "{}"]),
        (6, ["{}\x1a"]),
        (6, ["{}", "\x1a"]),
        (6, ["{}\r"]),
        (11, ["{:.40}"]),
        (12, ["{}", "x"]),
    ],
    ids=["first", "short", "long", "blank", "0x1A", "0x1A alone", "two CR", "cut off", "extra"],
)
def test_a_line_of_another_length_refuses_the_file_and_is_named(number, instead):
    lines = lines_of(SOUND)
    place = min(number, len(lines))
    lines[place - 1 : place] = [text.format(lines[place - 1]) for text in instead]
    [refusal] = Reading(joined(lines)).refusals
    named = number + (len(instead) == 2 and number == 6)
    assert (refusal.field, refusal.record) == (f"line {named}", named)
    assert refusal.expected == "80 bytes"


def test_leading_blank_lines_count_as_lines_but_not_as_records():
    [refusal] = Reading(b"\n\n" + SOUND[:-30]).refusals
    assert (refusal.field, refusal.record) == ("line 13", 11)


@pytest.mark.parametrize("number", [3, 9])
def test_a_file_in_two_encodings_is_refused_at_the_line_that_is_too_long(number):
    lines = [line.encode("latin-1") for line in lines_of(SOUND)]
    lines[number - 1] = lines[number - 1][:-1] + "é".encode()
    [refusal] = Reading(b"\n".join(lines)).refusals
    assert (refusal.field, refusal.found) == (f"line {number}", "81 bytes")


def test_a_file_without_line_ends_must_be_whole_records():
    [refusal] = Reading(SOUND.replace(b"\r\n", b"")[:-7]).refusals
    assert (refusal.field, refusal.record) == ("line 1", 11)


def test_a_file_that_loses_its_line_ends_half_way_is_refused():
    large = one_file(*[payment() for _ in range(3000)])
    half = len(large) // 2
    for content in (
        large[:half].replace(b"\r\n", b"") + large[half:],
        large[:half] + large[half:].replace(b"\r\n", b""),
    ):
        assert [x.field.startswith("line ") for x in Reading(content).refusals] == [True]


# Bad records: an issue that names record, field, what was expected and found.


@pytest.mark.parametrize(
    ("first", "text", "field"),
    [
        (9, "00x0001", "transaction number"),
        (16, "310226", "settlement date"),
        (16, "000000", "settlement date"),
        (16, "2a0226", "settlement date"),
        (22, "0 ", "centre"),
        (24, "xx", "day code"),
        (26, "-", "part settlement"),
        (27, "1.000", "serial number"),
    ],
)
def test_an_item_1_that_cannot_be_read_is_told_and_left_out(first, text, field):
    reading = Reading(with_field(SOUND, 3, first, text))
    assert [x.amount for x in reading.payments] == [2, 4]
    [issue] = [issue for issue in reading.errors if issue.record == 3]
    assert (issue.field, issue.action) == (field, "record not used")
    assert issue.expected and issue.found == text.strip()
    assert not reading.refused


def test_an_unreadable_amount_refuses_the_file_by_its_sum():
    reading = Reading(with_field(SOUND, 3, 33, "0000000000000010O"))
    assert (reading.errors[0].record, reading.errors[0].field) == (3, "amount")
    assert [x.field for x in reading.refusals] == ["assignment 1: sum", "file: sum"]


def test_an_unreadable_sign_is_read_as_plus_if_the_sum_agrees():
    reading = Reading(with_field(SOUND, 3, 32, "+"))
    assert reading.payments[0].amount == 1
    assert [(x.field, x.found) for x in reading.warnings] == [("sign", "+")]
    negative = one_file(payment(100, sign="-"), payment(300))
    assert not Reading(negative).refused
    assert Reading(with_field(negative, 3, 32, "*")).payments[0].amount == 1
    assert Reading(with_field(with_field(negative, 3, 32, "*"), 3, 33, "0" * 15 + "99")).refused


@pytest.mark.parametrize(
    ("first", "text", "field", "found"),
    [(42, "310226", "order date", "310226"), (48, "9999104276A", "debit account", "")],
)
def test_a_bad_detail_is_left_empty(first, text, field, found):
    sound = one_file(payment(debit_account="99990512341"))
    reading = Reading(with_field(sound, 4, first, text))
    assert [(x.record, x.field, x.found) for x in reading.warnings] == [(4, field, found)]
    [read] = reading.payments
    assert read.order_date is None
    assert read.payer_account == ("99990512341" if field == "order date" else "")


def test_item_2_of_another_transaction_is_not_used():
    content = one_file(payment(debit_account="99990512341"), payment())
    reading = Reading(with_field(content, 4, 9, "0000007"))
    assert reading.payments[0].payer_account == ""
    assert [(x.record, x.field, x.expected, x.found) for x in reading.errors] == [
        (4, "transaction number", "0000001", "0000007")
    ]
    assert [x.record for x in reading.warnings] == [3]


def test_a_missing_item_2_loses_no_payment():
    lines = lines_of(one_file(payment(100), payment(200)))
    del lines[3]
    for index in (-1, -2):
        records = int(lines[index][16:24]) - 1
        lines[index] = f"{lines[index][:16]}{records:08d}{lines[index][24:]}"
    reading = Reading(joined(lines))
    assert [x.amount for x in reading.payments] == [1, 2]
    assert [(x.record, x.field) for x in reading.warnings] == [(3, "transaction")]
    assert not reading.refused


def test_a_second_item_2_is_not_used():
    lines = lines_of(one_file(payment()))
    reading = Reading(joined([*lines[:4], lines[3], *lines[4:]]))
    assert [x.record for x in reading.errors] == [5]
    assert len(reading.payments) == 1


def test_an_unknown_record_in_an_assignment_is_told_and_read_over():
    lines = lines_of(one_file(payment()))
    lines.insert(4, "NY091033".ljust(80, "0"))
    for index in (-1, -2):
        records = int(lines[index][16:24]) + 1
        lines[index] = f"{lines[index][:16]}{records:08d}{lines[index][24:]}"
    reading = Reading(joined(lines))
    assert [(x.record, x.found) for x in reading.errors] == [(5, "NY091033")]
    assert len(reading.payments) == 1 and not reading.refused


MANDATE = one_file(
    nets.Mandates(account=ACCOUNT, notices=[nets.MandateNotice("1", "12345", True)]), made_on=None
)


@pytest.mark.parametrize(
    ("first", "text", "field"),
    [(16, "3", "registration type"), (17, " " * 25, "KID"), (17, "abc".rjust(25), "KID")],
)
def test_a_mandate_that_cannot_be_read_is_told_and_left_out(first, text, field):
    reading = Reading(with_field(MANDATE, 3, first, text))
    assert not reading.mandates and not reading.refused
    assert [(x.record, x.field) for x in reading.errors] == [(3, field)]


def test_a_mandate_without_a_known_notice_is_kept():
    reading = Reading(with_field(MANDATE, 3, 42, "?"))
    assert reading.mandates[0].written_notice is None
    assert [(x.record, x.field) for x in reading.warnings] == [(3, "written notice")]


def test_issues_never_quote_accounts():
    content = with_field(SOUND, 2, 25, "9999104276X")
    content_2 = with_field(SOUND, 4, 48, "9999104276X")
    for issue in Reading(content).issues + Reading(content_2).issues:
        assert "9999104276" not in repr(issue)


# Structural faults and start and end records: refusal.


def without(*records):
    return joined([x for number, x in enumerate(lines_of(SOUND), 1) if number not in records])


@pytest.mark.parametrize(
    ("content", "record"),
    [
        (b"", 1),
        (b"\r\n", 1),
        (b"\x1a", 1),
        (without(1), 1),
        (without(2), 2),
        (without(10), 10),
        (without(11), 11),
        (without(10, 11), 10),
        (SOUND[: 82 * 5], 6),
        (SOUND[:82], 2),
        (SOUND + SOUND, 12),
        (joined([*lines_of(SOUND), lines_of(SOUND)[2]]), 12),
        (joined([*lines_of(SOUND)[:5], *lines_of(SOUND)[1:]]), 6),
        (joined([*lines_of(SOUND)[:5], *lines_of(SOUND)]), 6),
        (joined([lines_of(SOUND)[0], *lines_of(SOUND)]), 2),
        (joined([*lines_of(SOUND)[:9], "NY212488".ljust(80, "0"), lines_of(SOUND)[10]]), 10),
        (joined([lines_of(SOUND)[0], *["x" * 80] * 5]), 2),
    ],
    ids=[
        "empty",
        "blank",
        "0x1A only",
        "no transmission start",
        "no assignment start",
        "no assignment end",
        "no transmission end",
        "no ends",
        "cut off in an assignment",
        "transmission start only",
        "two files in one",
        "record after the end",
        "assignment in an assignment",
        "transmission in an assignment",
        "two transmission starts",
        "end of another service",
        "something else",
    ],
)
def test_a_broken_frame_refuses_the_file(content, record):
    [refusal] = Reading(content).refusals
    assert (refusal.record, refusal.field) == (record, "record identification")
    assert refusal.expected and refusal.action == "file refused"


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (1, 9, "0000808X", "data sender"),
        (1, 17, "       ", "transmission number"),
        (1, 24, "????????", "data recipient"),
        (2, 9, "00123456A", "agreement id"),
        (2, 18, "-------", "assignment number"),
        (2, 25, "9999104276X", "account"),
        (10, 9, "       3", "number of transactions"),
        (10, 17, "0x000009", "number of records"),
        (10, 25, "0" * 16 + "-", "sum"),
        (10, 42, "320126", "date generated"),
        (10, 48, "001326", "earliest settlement date"),
        (10, 54, "290227", "latest settlement date"),
        (11, 9, "0000 003", "number of transactions"),
        (11, 17, "+0000011", "number of records"),
        (11, 25, " " * 17, "sum"),
        (11, 42, "999999", "file date"),
    ],
)
def test_a_bad_field_in_a_start_or_end_record_refuses_the_file(record, first, text, field):
    assert [
        (x.record, x.field) for x in Reading(with_field(SOUND, record, first, text)).refusals
    ] == [(record, field)]


@pytest.mark.parametrize("record", [10, 11])
@pytest.mark.parametrize(
    ("first", "size", "quantity"),
    [(9, 8, "number of transactions"), (17, 8, "number of records"), (25, 17, "sum")],
)
@pytest.mark.parametrize("by", [-1, 1])
def test_every_wrong_total_refuses_the_file(record, first, size, quantity, by):
    line = lines_of(SOUND)[record - 1]
    declared = int(line[first - 1 : first - 1 + size]) + by
    reading = Reading(with_field(SOUND, record, first, f"{declared:0{size}d}"))
    [refusal] = reading.refusals
    assert refusal.record == record
    assert refusal.field == ("assignment 1: " if record == 10 else "file: ") + quantity
    assert len([total for total in reading.totals if not total.agrees]) == 1
    assert [x.amount for x in reading.payments] == [1, 2, 4]


def test_after_a_refusal_by_totals_the_rest_is_still_checked():
    bad = nets.Payments(account=ACCOUNT, transactions=[payment()])
    content = one_file(bad, bad)
    content = with_field(with_field(content, 5, 25, "9" * 17), 9, 25, "8" * 17)
    assert [x.record for x in Reading(content).refusals] == [5, 9]


def test_memory_has_a_bound_even_for_hostile_files(monkeypatch):
    monkeypatch.setattr(deposits, "MOST_DEPOSITS", 2)
    monkeypatch.setattr(ocr_giro, "MOST_ASSIGNMENTS", 2)
    sums = [payment(100, bank_sum=(1, 1, serial)) for serial in range(3)]
    assert [x.field for x in Reading(one_file(*sums)).refusals] == ["serial number"]
    assert not Reading(one_file(*sums[:2])).refused
    many = [nets.Payments(account=ACCOUNT, transactions=[])] * 3
    assert [x.field for x in Reading(one_file(*many)).refusals] == ["assignment"]
    assert not Reading(one_file(*many[:2])).refused


# Recognition.


@pytest.mark.parametrize(
    "head", [b"NY000010", b"NY090020", b"\xef\xbb\xbf\r\n NY000010", b"NY212488", b"NY000010\xff"]
)
def test_nets_files_are_recognised_even_if_damaged(head):
    assert ocr_giro.recognises(head)


@pytest.mark.parametrize(
    "head", [b"", b"NY", b"NY00001", b"New York", b"\x00" * 100, b"%PDF-1.7", b"01BGMAX", b"BS002"]
)
def test_other_files_are_not(head):
    assert not ocr_giro.recognises(head)
