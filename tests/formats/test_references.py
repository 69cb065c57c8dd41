"""Check digits and reference layouts, against the published vectors and by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.formats.references import (
    CHECK_DIGITS,
    ReferenceLayout,
    has_check_digit,
    mod10_digit,
    mod11_digit,
    normalise,
    numbers_in,
)

DIGITS = st.text("0123456789", min_size=1, max_size=24)


@pytest.mark.parametrize(
    ("number", "digit"),
    [("12345678", "2"), ("12345670112345", "3"), ("00010012600017", "1"), ("0", "0")],
)
def test_modulus_10(number, digit):
    assert mod10_digit(number) == digit


@pytest.mark.parametrize(
    ("number", "digit"), [("12345678", "5"), ("1009", "-"), ("10422600002", "-"), ("0", "0")]
)
def test_modulus_11(number, digit):
    assert mod11_digit(number) == digit


@given(DIGITS)
def test_modulus_11_by_its_definition(number):
    total = sum(int(digit) * (2 + n % 6) for n, digit in enumerate(reversed(number)))
    check = mod11_digit(number)
    assert (total + (10 if check == "-" else int(check))) % 11 == 0


@given(DIGITS, st.sampled_from(sorted(CHECK_DIGITS)), st.data())
def test_a_mistyped_digit_is_found(number, check, data):
    whole = number + CHECK_DIGITS[check](number)
    place = data.draw(st.integers(0, len(number) - 1))
    other = data.draw(st.sampled_from([x for x in "0123456789" if x != whole[place]]))
    assert has_check_digit(whole, check)
    assert not has_check_digit(whole[:place] + other + whole[place + 1 :], check)


@pytest.mark.parametrize("reference", ["", "5", "-", "12A5", "1٣2", "12-45", "1009 -"])
@pytest.mark.parametrize("check", sorted(CHECK_DIGITS))
def test_what_is_no_number_has_no_check_digit(reference, check):
    assert not has_check_digit(reference, check)


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("0001 0012 6000 171", "10012600 0171".replace(" ", "")),
        ("rf18 5390 0754 7034", "RF18539007547034"),
        ("10422600002-", "10422600002-"),
        ("000", ""),
        ("", ""),
        (None, ""),
        ("\u00a0 12\t3\n", "123"),
    ],
)
def test_references_are_compared_without_blanks_and_leading_zeros(written, compared):
    assert normalise(written) == compared


LAYOUTS = st.builds(
    ReferenceLayout,
    payer_digits=st.integers(1, 12),
    serial_digits=st.integers(1, 8),
    fixed_part=st.text("0123456789", max_size=4),
    check=st.sampled_from(sorted(CHECK_DIGITS)),
)


def test_the_documents_example():
    layout = ReferenceLayout(payer_digits=7, serial_digits=7)
    assert layout.build("1001", 2600017) == "000100126000171"
    assert layout.length == 15


@given(LAYOUTS, st.data())
def test_a_layout_accepts_what_it_builds(layout, data):
    payer = data.draw(st.integers(1, 10**layout.payer_digits - 1))
    serial = data.draw(st.integers(0, layout.max_serial))
    reference = layout.build(str(payer), serial)
    assert len(reference) == layout.length
    assert layout.accepts(reference)
    assert layout.payer_number(reference) == str(payer)
    assert layout.specimen(reference) == layout.build(str(payer), 0)
    assert not layout.accepts(reference + "0")
    assert not layout.accepts(reference[:-1])


@given(LAYOUTS, st.data())
def test_different_claims_have_different_references(layout, data):
    claim = st.tuples(
        st.integers(1, 10**layout.payer_digits - 1), st.integers(0, layout.max_serial)
    )
    one, other = data.draw(claim), data.draw(claim)
    built = {layout.build(str(payer), serial) for payer, serial in (one, other)}
    assert len(built) == len({one, other})


@pytest.mark.parametrize(
    ("payer", "serial", "named"),
    [
        ("12345", 1, "payer number"),
        ("12a", 1, "payer number"),
        ("", 1, "payer number"),
        ("000", 1, "payer number"),
        ("12", 1000, "serial"),
        ("12", -1, "serial"),
    ],
)
def test_what_does_not_fit_is_refused(payer, serial, named):
    layout = ReferenceLayout(payer_digits=4, serial_digits=3)
    with pytest.raises(ValueError, match=named):
        layout.build(payer, serial)


def test_a_reference_may_say_nothing_of_the_payer():
    layout = ReferenceLayout(payer_digits=4, serial_digits=3)
    reference = layout.build(None, 12)
    assert reference == "00000125"
    assert layout.accepts(reference)
    assert layout.payer_number(reference) == ""


def test_another_fixed_part_is_another_layout():
    layout = ReferenceLayout(payer_digits=4, serial_digits=3, fixed_part="1")
    other = ReferenceLayout(payer_digits=4, serial_digits=3, fixed_part="2")
    assert not other.accepts(layout.build("12", 3))


@pytest.mark.parametrize(
    ("message", "numbers"),
    [
        ("Medlem 1001 faktura 2026000126", ["2026000126"]),
        ("ref 2026 0001-2324", ["20260001", "202600012324", "12324"]),
        ("00001234", ["1234"]),
        ("000000 12345", ["12345"]),
        ("", []),
        (None, []),
    ],
)
def test_numbers_of_a_message(message, numbers):
    assert numbers_in(message) == numbers
