"""FI payment slips: check digits, card types, the OCR line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.l10n_dk_bs.formats import fi

DIGITS = st.text("0123456789", min_size=1, max_size=14)
WITH_ID = [kind for kind, length in fi.CARD_TYPES.items() if length]


def doubled_sum(digits):
    """Modulus 10 as the rule is written: times 2, 1, 2, 1 … from the right, digits added."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product - 9 if product >= 10 else product
    return total


@pytest.mark.parametrize(
    ("number", "expected"),
    [("02684014996532", "026840149965328"), ("00000000000123", "000000000001230")],
)
def test_check_digits_are_those_of_the_guides(number, expected):
    assert fi.payment_id(number) == expected
    assert fi.is_payment_id(expected)


@pytest.mark.parametrize(
    ("card_type", "expected"), [("71", "000000000001230"), ("75", "0000000000001230")]
)
def test_the_length_is_that_of_the_card_type(card_type, expected):
    assert fi.payment_id("123", card_type) == expected
    assert not fi.is_payment_id(expected[1:], card_type)


@given(DIGITS, st.sampled_from(WITH_ID))
def test_any_other_last_digit_is_wrong(number, card_type):
    whole = fi.payment_id(number, card_type)
    assert (doubled_sum(whole[:-1]) + int(whole[-1])) % 10 == 0
    wrong = str((int(whole[-1]) + 1) % 10)
    assert not fi.is_payment_id(whole[:-1] + wrong, card_type)


@pytest.mark.parametrize(
    ("number", "card_type", "why"),
    [
        ("123", "73", "card type"),
        ("123", "99", "card type"),
        ("", "71", "number"),
        ("12a", "71", "number"),
        ("\u0661\u0662\u0663", "71", "number"),
        ("1" * 15, "71", "number"),
    ],
)
def test_what_is_no_number_for_a_card_type_is_told(number, card_type, why):
    if number:
        with pytest.raises(ValueError, match=why):
            fi.payment_id(number, card_type)
    assert not fi.is_payment_id(number, card_type)


def test_the_line_is_printed_as_in_the_guide():
    line = fi.OcrLine("71", "000000000001230", "12345678")
    assert fi.ocr_line(line) == "+71<000000000001230+12345678<"
    assert fi.ocr_line(fi.OcrLine("73", "", "12345678")) == "+73<+12345678<"


def test_a_printed_line_is_read_with_or_without_blanks():
    line = fi.OcrLine("71", "000000000001230", "12345678")
    assert fi.read_line("+71<000000000001230+12345678<") == line
    assert fi.read_line(" +71< 000000000001230 +12345678<\n") == line
    assert fi.read_line("+73< +12345678<") == fi.OcrLine("73", "", "12345678")


@pytest.mark.parametrize(
    "text",
    ["", "+71<123+12345678<", "+99<+12345678<", "+71<000000000001230+1234567<", "71 0000", "+73<1+12345678<"],
)  # fmt: skip
def test_other_texts_are_no_lines(text):
    assert fi.read_line(text) is None


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (fi.OcrLine("70", "", "12345678"), "card type"),
        (fi.OcrLine("71", "000000000001231", "12345678"), "payment id"),
        (fi.OcrLine("71", "", "12345678"), "payment id"),
        (fi.OcrLine("73", "000000000001230", "12345678"), "payment id"),
        (fi.OcrLine("71", "000000000001230", "1234567"), "creditor number"),
        (fi.OcrLine("71", "000000000001230", "00000000"), "creditor number"),
    ],
)
def test_a_line_that_no_bank_takes_is_not_printed(line, why):
    with pytest.raises(ValueError, match=why):
        fi.ocr_line(line)


@given(DIGITS, st.sampled_from(WITH_ID), st.integers(1, 99_999_999))
def test_what_was_printed_is_read(number, card_type, creditor):
    line = fi.OcrLine(card_type, fi.payment_id(number, card_type), f"{creditor:08d}")
    assert fi.read_line(fi.ocr_line(line)) == line
