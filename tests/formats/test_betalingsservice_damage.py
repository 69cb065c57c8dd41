"""Deliveries of Betalingsservice that are not as they should be, and the traps of the format."""

import io
from datetime import date
from decimal import Decimal

import pytest
from odoo.addons.membership_billing_nordic.formats.messages import (
    CollectionRequest,
    MandateEvent,
    MandateRequest,
    PaymentFailed,
    PaymentReversed,
)

from .damage import Dribble
from .danish import (
    AGREEMENT,
    DUE,
    SUPPLIER,
    decoder_of,
    delivery,
    mandates,
    notice,
    read,
    result,
    results,
    sample,
    section,
    slip,
    slips,
)
from .reading import joined, lines_of, with_field

SOUND = delivery(
    section("0211", result(), result("0237", "1003"), result("0239", "1005", reference="Åse")),
    section("0215", slip(text=("Tak for Åse",))),
)


def sound_messages(content):
    reading = read(content)
    assert not reading.issues
    return reading.messages


# ---------------------------------------------------------------------- what is forgiven


def padded(content):
    return joined([line.ljust(128) for line in lines_of(content)])


@pytest.mark.parametrize(
    "forgiven",
    [
        padded(SOUND),
        SOUND.replace(b"\r\n", b"\n"),
        SOUND[:-2],
        padded(SOUND)[:-2],
        b"\r\n  \r\n" + SOUND + b"\r\n \r\n",
        SOUND.replace(b"\r\n", b"\r\n\r\n"),
        SOUND + b"\x1a",
        b"\xef\xbb\xbf" + SOUND,
        SOUND.decode("latin-1").encode(),
        padded(SOUND).decode("latin-1").encode("utf-8-sig"),
    ],
    ids=[
        "all of 128 characters",
        "LF",
        "no final line end",
        "128 characters, no final line end",
        "blank lines at both ends",
        "blank lines between",
        "end-of-file mark",
        "byte order mark",
        "UTF-8",
        "UTF-8 of 128 characters with byte order mark",
    ],
)
def test_what_happens_on_the_way_is_forgiven(forgiven):
    assert decoder_of(forgiven).FORMAT == "dk.bs_0602"
    # Blank lines are counted as lines, so the places of records may differ.
    kinds = [type(message) for message in sound_messages(forgiven)]
    assert kinds == [type(message) for message in sound_messages(SOUND)]
    keys = [payment.key for payment in read(forgiven).payments]
    assert keys == [payment.key for payment in read(SOUND).payments]


def test_trailing_blanks_are_stripped_on_the_way_or_not():
    assert sound_messages(padded(SOUND)) == sound_messages(SOUND)
    assert any(len(line) < 128 for line in lines_of(SOUND))


def test_a_line_of_the_right_length_is_never_taken_for_utf8():
    reading = read(results(result(), result(reference="Å§")))
    assert [x.reference for x in reading.payments] == ["INV000107", "Å§"]


def test_pbcnet_lines_around_the_data_are_let_by():
    start = f"PBCNET00BS1 091126{'01':2}  000012{'':16}"
    wrapped = joined([start, *lines_of(SOUND), start.replace("PBCNET00", "PBCNET90") + "000012"])
    assert decoder_of(wrapped).FORMAT == "dk.bs_0602"
    reading = read(wrapped)
    assert not reading.issues
    assert [x.key for x in reading.payments] == [x.key for x in read(SOUND).payments]
    assert reading.payments[0].record == 4


@pytest.mark.parametrize("size", [1, 7, 128, 4096])
def test_a_stream_may_come_in_small_pieces(size):
    for content in (SOUND, padded(SOUND), b"\xef\xbb\xbf" + SOUND.decode("latin-1").encode()):
        decoder = decoder_of(content)
        assert list(decoder.decode(Dribble(content, size))) == sound_messages(SOUND)


def test_several_deliveries_may_come_in_one_file():
    reading = read(sample("0602") + sample("0603"))
    assert not reading.issues
    assert (len(reading.payments), len(reading.mandates)) == (4, 4)
    assert reading.mandates[0].record == 15


def test_a_large_file_is_read_in_pieces():
    large = results(*(result(customer=str(number)) for number in range(1, 3001)))
    reading = read(large)
    assert not reading.issues
    assert [each.payer_number for each in reading.payments] == [str(n) for n in range(1, 3001)]
    assert reading.deposits[0].count == 3000


# ---------------------------------------------------------------------- what refuses a file


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (1, 6, "1234567x", "data supplier"),
        (2, 6, "0123456x", "creditor"),
        (2, 21, "0000x", "debtor group"),
        (6, 32, "0000000000x", "number of 042 records"),
        (6, 43, "00000000000000x", "amount"),
        (6, 6, "07654321", "creditor"),
        (6, 14, "0215", "section"),
        (6, 21, "00002", "debtor group"),
        (6, 32, "00000000009", "section 1: number of 042 records"),
        (6, 84, "00000000001", "section 1: number of 022 records"),
        (10, 58, "00000000002", "section 2: number of 052 and 062 records"),
        (11, 6, "87654321", "delivery end"),
        (11, 21, "00000000003", "file: number of sections"),
        (11, 32, "00000000009", "file: number of 042 records"),
        (11, 43, "000000000000001", "file: sum"),
    ],
)
def test_a_frame_that_does_not_agree_refuses_the_file(record, first, text, field):
    reading = read(with_field(SOUND, record, first, text))
    assert [(x.record, x.field) for x in reading.refusals] == [(record, field)]


def test_a_total_one_ore_off_refuses_the_file():
    total = 35000 + 35000
    content = with_field(SOUND, 6, 43, f"{total + 1:015d}")
    [refusal] = read(content).refusals
    assert refusal.field == "section 1: sum"
    assert (refusal.expected, refusal.found) == ("700.01", "700.00")


@pytest.mark.parametrize("count", range(1, 11))
def test_a_file_that_was_cut_off_is_refused(count):
    lines = lines_of(SOUND)
    assert len(lines) == 11
    reading = read(joined(lines[:count]))
    [refusal] = reading.refusals
    assert (refusal.record, refusal.found) == (count + 1, "the end of the file")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (2, 3, "a section start, BS012, or the delivery end, BS992"),
        (5, 6, "a section start, BS012, or the delivery end, BS992"),
        (1, 2, "a delivery start, BS002"),
        (10, 11, "the end of section 2, BS092 of 0215"),
        (6, 7, "the end of section 1, BS092 of 0211"),
    ],
)
def test_records_out_of_order_refuse_the_file(first, second, expected):
    lines = lines_of(SOUND)
    lines[first - 1], lines[second - 1] = lines[second - 1], lines[first - 1]
    assert expected in [refusal.expected for refusal in read(joined(lines)).refusals]


def test_nothing_may_follow_the_delivery_but_another_one():
    [refusal] = read(SOUND + lines_of(SOUND)[2].encode()).refusals
    assert (refusal.record, refusal.expected) == (12, "a delivery start, BS002")


def test_a_line_longer_than_a_record_refuses_the_file():
    lines = lines_of(SOUND)
    lines[2] += "9"
    [refusal] = read(joined(lines)).refusals
    assert (refusal.field, refusal.record) == ("line 3", 3)


def test_a_line_of_127_characters_is_not_used_and_refuses_the_file():
    lines = lines_of(SOUND)
    assert len(lines[2]) == 128
    lines[2] = lines[2][:-1]
    reading = read(joined(lines))
    assert [(x.record, x.field) for x in reading.errors] == [(3, "amount paid")]
    assert [x.field for x in reading.refusals] == ["section 1: sum", "file: sum"]


def test_a_line_that_lost_a_character_inside_refuses_the_file():
    lines = lines_of(SOUND)
    lines[2] = lines[2][:60] + lines[2][61:]
    # The sum of what was asked for of the others is the declared one by chance.
    assert [x.field for x in read(joined(lines)).refusals] == ["section 1: sum", "file: sum"]


def test_test_and_real_deliveries_do_not_mix():
    test = sample("0602").replace(b"BS10602", b"KR90602")
    assert read(test).messages[0].is_test
    assert not read(test).issues
    [refusal] = read(sample("0602") + test).refusals
    assert refusal.field == "subsystem"


def test_a_line_without_end_costs_no_memory():
    class Endless(io.RawIOBase):
        pieces = 0

        def read(self, wanted=-1):
            self.pieces += 1
            assert self.pieces < 10
            return b"BS002" + b"9" * 100_000

    messages = list(decoder_of(SOUND).decode(Endless()))
    assert [message.field for message in messages] == ["line 1"]


# ---------------------------------------------------------------------- what one record costs


@pytest.mark.parametrize(
    ("first", "text", "field"),
    [
        (41, "90000000x", "mandate number"),
        (50, "02x126", "due date"),
        (50, "310226", "due date"),
        (50, "000000", "due date"),
        (56, " ", "sign"),
        (57, "000000003500x", "amount"),
        (26, " " * 15, "customer number"),
        (26, "0" * 15, "customer number"),
        (104, "310226", "payment date"),
        (104, "02x126", "payment date"),
        (110, "310226", "bookkeeping date"),
    ],
)
def test_a_payment_that_cannot_be_read_is_not_used(first, text, field):
    content = results(result(customer="1"), result(), result(customer="2"))
    reading = read(with_field(content, 4, first, text))
    assert [(x.record, x.field) for x in reading.errors] == [(4, field)]
    assert [x.payer_number for x in reading.payments] == ["1", "2"]
    assert not reading.refused


@pytest.mark.parametrize(
    ("first", "text", "field"),
    [(48, "0000x", "fee"), (60, "000000012345x", "amount"), (110, "320126", "bookkeeping date")],
)
def test_a_slip_that_cannot_be_read_is_not_used(first, text, field):
    reading = read(with_field(slips(slip(), slip(archive="B")), 3, first, text))
    assert [(x.record, x.field) for x in reading.errors] == [(3, field)]
    assert [x.bank_reference for x in reading.payments] == ["B"]
    assert not reading.refused


def test_issues_quote_no_control_characters():
    reading = read(with_field(SOUND, 3, 50, "\x00\x1b[2J\x07"))
    assert all(issue.found.isprintable() for issue in reading.issues)


@pytest.mark.parametrize("code", ["0235", "0297", "xxxx"])
def test_unknown_transaction_codes_are_told_and_count_in_the_totals(code):
    reading = read(with_field(results(result(), result(customer="2")), 3, 14, code))
    [error] = reading.errors
    assert (error.record, error.found) == (3, f"BS042 {code}")
    assert error.expected == "BS042 with 0236, 0237, 0238, 0239"
    assert [x.payer_number for x in reading.payments] == ["2"]
    assert not reading.refused


@pytest.mark.parametrize(
    ("first", "text", "field"), [(6, "07654321", "creditor"), (21, "00002", "debtor group")]
)
def test_a_record_of_somebody_else_is_told(first, text, field):
    reading = read(with_field(results(result(), result(customer="2")), 3, first, text))
    assert [(x.record, x.field, x.found) for x in reading.errors] == [(3, field, text)]
    assert len(reading.payments) == 1


def test_a_line_that_is_no_record_inside_a_section_is_told():
    lines = lines_of(SOUND)
    lines.insert(3, "PBCNET")
    reading = read(joined(lines))
    assert [(x.record, x.found) for x in reading.errors] == [(4, "PBCNE")]
    assert not reading.refused


def test_an_amount_of_zero_is_no_payment():
    reading = read(results(result(amount=0, paid=0)))
    assert [(x.record, x.field) for x in reading.errors] == [(3, "amount paid")]
    assert not reading.payments
    assert not reading.deposits


def test_a_section_twice_is_told_and_has_the_same_keys():
    """Who stores them takes the second one for the first, and books it once."""
    reading = read(delivery(section("0211", result()), section("0211", result())))
    assert [(x.record, x.field) for x in reading.warnings] == [(5, "section")]
    first, second = reading.payments
    assert first.key == second.key
    assert [x.deposit_key.rpartition(":")[2] for x in reading.payments] == [
        *("2012345001", "2012345001#2"),
    ]


def test_the_same_delivery_twice_has_the_same_keys():
    once, twice = read(SOUND), read(SOUND + SOUND)
    assert [x.key for x in twice.payments] == [x.key for x in once.payments] * 2
    assert {x.deposit_key for x in twice.deposits} == {x.deposit_key for x in once.deposits}


def test_a_delivery_for_another_creditor_names_that_one():
    other = delivery(section("0211", result(), creditor="07654321", group="00003"))
    reading = read(other)
    assert {x.agreement_number for x in reading.payments + reading.deposits} == {"07654321-00003"}


def test_a_charge_back_before_its_payment_is_read_in_the_order_of_the_file():
    back, payment = read(results(result("0239"), result())).payments
    assert (back.key, payment.key) == ("0239:1001:2026-11-02", "0236:1001:2026-11-02")
    assert (back.reference, back.payer_number) == (payment.reference, payment.payer_number)


def test_a_cancelled_collection_that_tells_an_amount_brought_none_all_the_same():
    reading = read(results(result("0238", paid=35000)))
    assert [type(x) for x in reading.of(PaymentFailed)] == [PaymentFailed]
    assert [x.field for x in reading.warnings] == ["amount paid"]
    assert not reading.deposits


# ---------------------------------------------------------------------- the traps, one by one


def test_trap_1_record_numbers_have_5_digits_in_0601_and_3_elsewhere():
    [request, _other] = read(sample("0601")).of(CollectionRequest)
    [registration] = read(sample("0605")).of(MandateRequest)
    payment = read(sample("0602")).payments[0]
    mandate = read(sample("0603")).mandates[0]
    agreements = {x.agreement_number for x in (request, registration, payment, mandate)}
    assert agreements == {AGREEMENT}


def test_trap_2_customer_numbers_begin_at_28_26_and_30():
    assert read(sample("0601")).of(CollectionRequest)[0].payer_number == "1001"
    automatic, *_others, slip_paid, _back = read(sample("0602")).payments
    assert (automatic.payer_number, slip_paid.payer_number) == ("1001", "1002")
    assert read(sample("0603")).mandates[0].payer_number == "1002"
    assert read(sample("0605")).of(MandateRequest)[0].payer_number == "1008"


@pytest.mark.parametrize("filler", ["000", "   "])
def test_trap_3_fillers_of_section_starts_may_be_blanks_or_zeros(filler):
    assert not read(with_field(results(result()), 2, 18, filler)).issues
    assert not read(with_field(mandates(notice()), 2, 18, filler)).issues


def test_trap_4_blanks_and_zeros_after_the_counters_mean_nothing():
    blanks = with_field(SOUND, 11, 95, " " * 34)
    zeros = with_field(SOUND, 6, 95, "0" * 34)
    assert sound_messages(blanks) == sound_messages(zeros) == sound_messages(SOUND)


def test_trap_5_customer_numbers_are_compared_without_leading_zeros():
    reading = read(results(result(customer="TEST001"), result(customer="0042")))
    assert "00000000TEST001" in lines_of(results(result(customer="TEST001")))[2]
    assert [x.payer_number for x in reading.payments] == ["TEST001", "42"]


def test_trap_6_further_information_counts_as_an_address_record():
    content = sample("0601")
    assert lines_of(content)[16][83:94] == "00000000008"
    assert read(with_field(content, 17, 84, "00000000007")).refused


def test_trap_7_the_sum_of_results_is_a_checksum_and_no_money():
    reading = read(sample("0602"))
    checksum = next(x for x in reading.totals if (x.scope, x.quantity) == ("section 1", "amount"))
    assert checksum.declared == Decimal("700.00")
    assert sum(x.amount for x in reading.deposits if ":0211:" in x.deposit_key) == 0


def test_trap_7_the_sum_of_what_was_asked_for_is_accepted_with_a_word():
    content = results(result(), result("0237", "1003"))
    asked = f"{70000:015d}"
    reading = read(with_field(with_field(content, 5, 43, asked), 6, 43, asked))
    assert [x.field for x in reading.warnings] == ["section 1: sum", "file: sum"]
    assert not reading.refused
    assert not read(content).issues


def test_trap_8_positions_are_those_of_bytes_in_latin_1():
    accented = "ÅØÆåøæéü" * 4
    reading = read(results(result(), result(reference=accented[:30])))
    assert reading.payments[1].reference == accented[:30]
    assert reading.payments[1].amount == Decimal("350.00")


def test_trap_9_texts_restart_at_1_for_every_payment_and_count_together():
    first, second = read(sample("0601")).of(CollectionRequest)
    assert (len(first.lines), len(first.form_lines), len(second.lines)) == (1, 1, 2)
    total = next(x for x in read(sample("0601")).totals if x.quantity == "records")
    assert total.counted == 4 + 8


def test_trap_10_electronic_slips_are_no_mandate_number():
    paid = slips(slip())
    assert read(paid).payments[0].mandate_number == ""
    event = read(mandates(notice("0231", mandate="999999999")))
    assert not event.of(MandateEvent)


@pytest.mark.parametrize(("kind", "number"), [("0602", "0217"), ("0603", "0214")])
def test_trap_11_a_new_section_is_passed_over_with_a_clear_message(kind, number):
    known = section("0211", result()) if kind == "0602" else section("0212", notice())
    other = section("0211", result(customer="7"))
    content = delivery(known, other, kind=kind)
    lines = [
        line[:13] + number + line[17:] if 5 <= place <= 7 and line[2:5] != "042" else line
        for place, line in enumerate(lines_of(content), 1)
    ]
    reading = read(joined(lines))
    [warning] = reading.issues
    assert (warning.record, warning.field, warning.found) == (5, "section", number)
    assert warning.action == "section passed over"
    assert len(reading.payments + reading.mandates) == 1
    assert not reading.refused


def test_trap_12_a_rejection_with_dates_and_amount_came_after_the_payment():
    late = {"paid_on": DUE, "booked_on": date(2026, 11, 9), "paid": 35000}
    before, after = read(results(result("0237"), result("0237", "1002", **late))).messages[1:3]
    assert (type(before), before.meaning) == (PaymentFailed, "rejected by the debtor")
    assert (type(after), after.reason) == (
        PaymentReversed,
        "rejected by the debtor after the payment",
    )
    assert (after.bank_date, after.amount) == (date(2026, 11, 9), Decimal("350.00"))


def test_trap_12_a_charge_back_may_come_in_a_later_file_than_its_payment():
    later = delivery(section("0211", result("0239", booked_on=date(2026, 11, 4))), number="9")
    [back] = read(later).payments
    assert (back.key, back.reference) == ("0239:1001:2026-11-02", "INV000107")
    [deposit] = read(later).deposits
    assert (deposit.amount, deposit.bank_date) == (Decimal("-350.00"), date(2026, 11, 4))


def test_results_may_be_of_days_to_come():
    ahead = {"due_on": date(2026, 12, 1), "paid_on": date(2026, 12, 1)}
    assert not read(results(result(**ahead, booked_on=date(2026, 12, 1)))).issues


def test_a_file_says_which_data_supplier_it_is_for():
    assert read(SOUND).messages[0].recipient == SUPPLIER
    assert read(sample("0601")).messages[0].sender == SUPPLIER
