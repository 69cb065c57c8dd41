"""Betalingsservice: collections (0601) and requests on mandates (0605), as they are written."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from odoo.addons.l10n_dk_bs.formats import outgoing_collections, outgoing_mandates
from odoo.addons.l10n_dk_bs.formats.advice import amount_lines, text_lines
from odoo.addons.l10n_dk_bs.formats.outgoing_collections import Collections, Terms
from odoo.addons.l10n_dk_bs.formats.outgoing_mandates import MandateRequests
from odoo.addons.membership_billing_nordic.formats.messages import (
    CollectionRequest,
    CollectionWithdrawal,
    CreditTransfer,
    FormatError,
    MandateCancellation,
    MandateChange,
    MandateRequest,
)

from .danish import (
    AGREEMENT,
    DUE,
    TODAY,
    assignment,
    claim,
    read,
    sample,
    transmission,
)
from .reading import joined, lines_of, with_field

AUTOMATIC_ONLY = {AGREEMENT: Terms(with_slips=False)}
MANDATE = "900000001"


def encoded(*requests, terms=None, today=TODAY, **options):
    encoder = Collections(terms)
    return encoder.encode(transmission(**options), [assignment(*requests)], today)


def written(*requests, **options):
    """The records between the start of the section and its end."""
    return lines_of(encoded(*requests, **options).content)[2:-2]


def refusal(*requests, **options):
    with pytest.raises(FormatError) as caught:
        encoded(*requests, **options)
    return caught.value


# The example of the guide, byte for byte.


def test_the_example_is_written_byte_for_byte():
    first = claim(
        "1",
        "1001",
        reference="INV000107",
        lines=("Kontingent 4. kvartal 2026                        350,00",),
        form_lines=("Tilmeld dig Betalingsservice og undgå gebyr",),
    )
    second = claim(
        "2",
        "1002",
        "1234.50",
        reference="INV000108",
        payer_name="Eksempel ApS",
        payer_street="Att. Bogholderiet\nDemogade 12",
        payer_zip="2100",
        payer_city="København Ø",
        payer_identity="87654321",
        lines=(
            "Kontingent 4. kvartal 2026                        987,60",
            "Moms 25%                                          246,90",
        ),
    )
    terms = {AGREEMENT: Terms(main_text="Kontingent Demoklubben")}
    file = encoded(second, first, terms=terms)
    assert file.content == sample("0601")
    assert file.records == {"1": 3, "2": 9}
    assert (file.count, file.amount) == (2, Decimal("1584.50"))
    assert read(file.content).totals == list(file.totals)


def test_what_the_example_says_is_written_again():
    read_back = read(sample("0601")).of(CollectionRequest)
    terms = {AGREEMENT: Terms(main_text="Kontingent Demoklubben")}
    assert encoded(*read_back, terms=terms).content == sample("0601")


def test_the_requests_of_the_example_are_written_byte_for_byte():
    facts = {"account": "", "agreement_number": AGREEMENT}
    registration = MandateRequest(
        key="a",
        payer_number="1008",
        payer_account="9999 1234567",
        payer_identity="0101800000",
        **facts,
    )
    end = MandateCancellation(key="b", payer_number="1009", mandate_number="900000009", **facts)
    file = MandateRequests(unverified=True).encode(
        transmission(number="43"), [assignment(end, registration)], TODAY
    )
    assert file.content == sample("0605")
    assert file.records == {"a": 3, "b": 6}
    assert read(file.content).totals == list(file.totals)


# Two kinds of agreement.


def test_under_automatic_payments_only_the_mandate_is_named_and_no_address():
    lines = written(claim(mandate_number=MANDATE, lines=("x",)), terms=AUTOMATIC_ONLY)
    assert lines == [
        "BS042012345670280000000000100000000000100190000000102112026100000000350"
        "00INV1                          00",
        "BS0520123456702410000100001000000000001001900000001 x",
    ]


def test_in_the_total_solution_the_mandate_is_found_by_betalingsservice():
    lines = written(claim(mandate_number=MANDATE, lines=("x",)))
    assert [line[:5] for line in lines] == ["BS022", "BS022", "BS022", "BS042", "BS052"]
    assert lines[3][42:51] == lines[4][42:51] == "000000000"


def test_a_setting_names_the_mandate_in_the_total_solution_too():
    terms = {AGREEMENT: Terms(sends_mandate_numbers=True)}
    known, unknown = claim(mandate_number=MANDATE), claim("2", "1002")
    lines = written(known, unknown, terms=terms)
    assert [line[42:51] for line in lines if line[:5] == "BS042"] == [MANDATE, "000000000"]


@pytest.mark.parametrize("number", ["", "000000000", "999999999", "90000000", "90000000x"])
def test_without_a_mandate_nothing_is_collected_under_automatic_payments_only(number):
    fault = refusal(claim(mandate_number=number), terms=AUTOMATIC_ONLY)
    assert (fault.key, fault.field) == ("1", "mandate number")


# Payment slips.


def test_slips_are_a_section_of_their_own():
    file = encoded(claim("1", "1001", is_form=True), claim("2", "1002"), claim("3", "1003"))
    lines = lines_of(file.content)
    assert [line[13:17] for line in lines if line.startswith(("BS012", "BS092"))] == [
        *("0112", "0112", "0117", "0117"),
    ]
    assert [line[13:17] for line in lines if line.startswith("BS042")] == ["0280", "0280", "0285"]
    assert file.records == {"2": 3, "3": 7, "1": 13}
    back = read(file.content)
    assert [(x.payer_number, x.is_form) for x in back.of(CollectionRequest)] == [
        *(("1002", False), ("1003", False), ("1001", True)),
    ]
    assert not back.issues


def test_a_section_of_slips_alone_may_be_sent():
    lines = lines_of(encoded(claim(is_form=True)).content)
    assert [line[13:17] for line in lines[1:-1]] == ["0117", "0240", "0240", "0240", "0285", "0117"]


def test_the_main_text_is_of_automatic_payments_only():
    terms = {AGREEMENT: Terms(main_text="Kontingent", own_id="KLUB7")}
    starts = [
        line
        for line in lines_of(encoded(claim(), claim("2", "2", is_form=True), terms=terms).content)
        if line.startswith("BS012")
    ]
    assert [start[27:42].strip() for start in starts] == ["KLUB7", "KLUB7"]
    assert [start[68:] for start in starts] == ["Kontingent", ""]


def test_the_number_a_slip_is_paid_with_may_be_our_own():
    (line,) = (x for x in written(claim(form_reference="000000000001230")) if x[:5] == "BS042")
    assert (line[103:105], line[105:]) == ("00", "000000000001230")


# One collection for a customer and a day.


def test_requests_of_a_payer_and_day_are_one_collection():
    first = claim("1", amount="350.00", lines=("Kontingent",))
    second = claim("2", amount="49.50", lines=("Blad",), reference="INV2")
    other_day = claim("3", due=DUE + timedelta(days=1))
    file = encoded(first, second, other_day)
    assert file.records == {"1": 3, "2": 3, "3": 9}
    assert (file.count, file.amount) == (3, Decimal("749.50"))
    merged, alone = read(file.content).of(CollectionRequest)
    assert (merged.amount, merged.reference) == (Decimal("399.50"), "INV1")
    assert merged.lines == ("Kontingent", "Blad")
    assert alone.amount == Decimal("350.00")


def test_a_payer_is_the_same_in_capitals():
    file = encoded(claim("1", "abc"), claim("2", "ABC"))
    assert file.records == {"1": 3, "2": 3}


def test_what_slips_say_alike_stands_there_once():
    tip = ("Tilmeld dig Betalingsservice",)
    (merged,) = read(encoded(claim("1", form_lines=tip), claim("2", form_lines=tip)).content).of(
        CollectionRequest
    )
    assert merged.form_lines == tip


def test_a_debit_and_a_slip_of_a_payer_and_day_do_not_go_together():
    fault = refusal(claim("1"), claim("2", is_form=True))
    assert (fault.key, fault.field) == ("2", "request")


def test_every_amount_that_is_merged_must_be_right():
    fault = refusal(claim("1"), claim("2", amount="-10"))
    assert (fault.key, fault.field) == ("2", "amount")


def test_each_request_needs_a_key_of_its_own():
    assert refusal(claim(), claim(payer="1002")).field == "requests"


# Faults of one request.


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"payer": ""}, "payer number"),
        ({"payer": "0123"}, "payer number"),
        ({"payer": "12-3"}, "payer number"),
        ({"payer": "Ø1"}, "payer number"),
        ({"payer": "1" * 16}, "payer number"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "100000000000.00"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"currency": "NOK"}, "currency"),
        ({"due": TODAY}, "due date"),
        ({"due": TODAY + timedelta(days=91)}, "due date"),
        ({"due": None}, "due date"),
        ({"is_form": True, "due": date(2026, 10, 15)}, "due date"),
        ({"interval": "month"}, "due date"),
        ({"is_immediate": True}, "due date"),
        ({"reference": "x" * 31}, "reference"),
        ({"reference": "Łódź"}, "reference"),
        ({"is_form": True, "reference": "x" * 10}, "reference"),
        ({"form_reference": "000000000001231"}, "form reference"),
        ({"form_reference": "1230"}, "form reference"),
        ({"lines": ("x",) * 5001}, "lines"),
        ({"is_form": True, "form_lines": ("x",)}, "form lines"),
        ({"payer_identity": "123"}, "payer identity"),
        ({"payer_zip": "80"}, "payer postcode"),
        ({"payer_zip": ""}, "payer postcode"),
        ({"payer_street": ""}, "payer address"),
        ({"payer_name": ""}, "payer address"),
        ({"payer_street": "a\nb\nc\nd\ne"}, "payer address"),
        ({"payer_country": "Sverige"}, "payer country"),
        ({"payer_country": "SE", "payer_city": "", "payer_zip": ""}, "payer address"),
        ({"agreement_number": "1"}, "agreement number"),
    ],
)
def test_a_request_that_does_not_fit_is_named_before_a_byte_is_written(facts, field):
    request = claim("K7", **facts)
    faults = outgoing_collections.faults(request, TODAY)
    assert [(fault.key, fault.field) for fault in faults] == [("K7", field)]
    fault = refusal(claim("other", "1"), request)
    assert fault.key == "K7"


def test_faults_quote_no_personal_numbers():
    request = claim(payer_identity="010180-0000", payer_zip="x")
    assert [fault.found for fault in outgoing_collections.faults(request)] == ["", ""]


@pytest.mark.parametrize("days", [1, 90])
def test_due_dates_from_tomorrow_to_90_days_ahead_are_taken(days):
    assert not outgoing_collections.faults(claim(due=TODAY + timedelta(days=days)), TODAY)


def test_a_slip_is_due_a_banking_day_later_at_the_earliest():
    friday, monday = date(2026, 10, 16), date(2026, 10, 19)
    slip = claim(is_form=True, due=date(2026, 10, 18))
    assert [x.field for x in outgoing_collections.faults(slip, friday)] == ["due date"]
    assert not outgoing_collections.faults(claim(is_form=True, due=monday), friday)


def test_without_a_day_the_day_it_is_due_is_not_judged():
    assert not outgoing_collections.faults(claim(due=date(2020, 1, 2)))


def test_only_collections_are_written():
    facts = {
        "key": "1",
        "account": "",
        "amount": Decimal(1),
        "currency": "DKK",
        "due_date": DUE,
        "agreement_number": AGREEMENT,
    }
    for request in (CollectionWithdrawal(**facts), MandateRequest(key="1", account="")):
        assert [x.field for x in outgoing_collections.faults(request)] == ["request"]
        assert refusal(request).field == "request"


def payout(key="9", payer="1009", amount="20.00", **more):
    facts = {"account": "", "agreement_number": AGREEMENT, "reference": "RF1", "currency": "DKK"}
    facts |= {"payer_name": "Bo", "payer_street": "Prøvevej 2", "payer_zip": "8000"}
    due = more.pop("due", DUE)
    return CreditTransfer(
        key=key, payer_number=payer, amount=Decimal(amount), due_date=due, **facts | more
    )


PAYS_OUT = {AGREEMENT: Terms(with_disbursements=True)}


def test_a_disbursement_has_sign_2_and_counts_negative_in_a_sum_without_a_sign():
    file = encoded(claim(), payout(amount="400.00", lines=("Hej",)), terms=PAYS_OUT)
    lines = lines_of(file.content)
    assert lines[9] == (
        "BS04201234567028000000000010000000000010090000000000211202620000000040000RF1"
        "                           00"
    )
    assert lines[10] == "BS0520123456702410000100001000000000001009000000000 Hej"
    assert lines[11][31:57] == "00000000002" + "000000000005000"
    assert lines[12][31:57] == "00000000002" + "000000000005000"
    assert file.records == {"1": 3, "9": 7}
    reading = read(file.content)
    assert not reading.issues
    [back] = reading.of(CreditTransfer)
    assert (back.payer_number, back.amount, back.reference) == ("1009", Decimal("400.00"), "RF1")


def test_a_disbursement_under_automatic_payments_only_names_the_mandate():
    terms = {AGREEMENT: Terms(with_slips=False, with_disbursements=True)}
    assert refusal(payout(), terms=terms).field == "mandate number"
    [line] = written(payout(mandate_number=MANDATE), terms=terms)
    assert line[42:73] == MANDATE + "02112026" + "2" + "0000000002000"


def test_sums_of_sections_are_added_up_as_they_are_written():
    other = "01234567-00002"
    terms = {AGREEMENT: Terms(with_disbursements=True), other: Terms(with_disbursements=True)}
    assignments = [
        assignment(claim(amount="100.00")),
        assignment(payout(amount="30.00", agreement_number=other), number=other),
    ]
    file = Collections(terms).encode(transmission(), assignments, TODAY)
    assert lines_of(file.content)[-1][42:57] == "000000000013000"
    assert not read(file.content).issues


def test_nothing_stands_beside_a_disbursement_and_the_bank_must_allow_it():
    alone = refusal(claim(payer="1009"), payout(), terms=PAYS_OUT)
    assert alone.field == "request"
    assert "alone" in str(alone)
    assert "alone" in str(refusal(payout(), payout(key="8", reference="RF2"), terms=PAYS_OUT))
    assert "allows none" in str(refusal(payout()))
    assert "allows none" in str(outgoing_collections.faults(payout())[0])
    assert not Collections(PAYS_OUT).faults(payout(), TODAY)


def test_no_slips_under_automatic_payments_only():
    for facts in ({"is_form": True}, {"form_lines": ("x",)}):
        fault = refusal(claim(mandate_number=MANDATE, **facts), terms=AUTOMATIC_ONLY)
        assert fault.field in ("request", "mandate number")
        fields = [x.field for x in Collections(AUTOMATIC_ONLY).faults(claim(**facts))]
        assert "request" in fields


# The frame.


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"sender": "1234567"}, "data supplier"),
        ({"sender": "1234567x"}, "data supplier"),
        ({"number": ""}, "delivery id"),
        ({"number": "12345678901"}, "delivery id"),
        ({"number": "x"}, "delivery id"),
    ],
)
def test_a_frame_that_does_not_fit_is_named(options, field):
    fault = refusal(claim(), **options)
    assert (fault.key, fault.field) == ("", field)


def test_assignments_of_an_agreement_are_one_section():
    file = Collections().encode(
        transmission(), [assignment(claim("2", "1002")), assignment(claim())], TODAY
    )
    assert file.content == encoded(claim(), claim("2", "1002")).content


def test_agreements_come_not_empty_and_with_a_number():
    encoder, start = Collections(), transmission()
    for assignments, field in (
        ([], "assignments"),
        ([assignment()], "requests"),
        ([assignment(claim(), number="1")], "agreement number"),
    ):
        with pytest.raises(FormatError) as caught:
            encoder.encode(start, assignments, TODAY)
        assert caught.value.field == field


def test_a_request_of_another_agreement_is_refused():
    other = claim(agreement_number="01234567-00002")
    assert refusal(other).field == "agreement number"


def test_sections_of_several_agreements_go_in_one_delivery():
    second = "01234567-00002"
    file = Collections().encode(
        transmission(),
        [
            assignment(claim()),
            assignment(claim("2", agreement_number=second), number=second),
        ],
        TODAY,
    )
    assert not read(file.content).issues
    assert file.records == {"1": 3, "2": 9}
    assert file.content.splitlines()[-1][20:42] == b"0000000000200000000002"


def test_a_test_is_sent_to_the_test_subsystem_and_due_in_the_following_month():
    lines = lines_of(encoded(claim(), is_test=True).content)
    assert lines[0][13:16] == lines[-1][13:16] == "KR9"
    assert refusal(claim(due=date(2026, 12, 1)), is_test=True).field == "due date"
    assert refusal(claim(due=date(2026, 10, 30)), is_test=True).field == "due date"


def test_the_subsystem_is_as_agreed():
    file = Collections(subsystem="BS2").encode(transmission(), [assignment(claim())], TODAY)
    assert lines_of(file.content)[0][13:16] == "BS2"


def test_the_same_requests_are_the_same_bytes_in_any_order():
    requests = [claim(str(n), str(1000 + n)) for n in range(20)]
    assert encoded(*requests).content == encoded(*reversed(requests)).content


def test_a_stream_is_written_to_request_by_request():
    requests = [claim(str(n), str(1000 + n)) for n in range(50)]
    stream = BytesIO()
    one_by_one = assignment(*requests).__class__(
        number=1, account="", agreement_number=AGREEMENT, requests=iter(requests)
    )
    Collections().write(stream, transmission(), [one_by_one], TODAY)
    assert stream.getvalue() == encoded(*requests).content


def test_a_stream_wants_its_requests_in_order():
    one_by_one = assignment(claim("2", "1002"), claim("1", "1001"))
    with pytest.raises(FormatError, match="payer number"):
        Collections().write(BytesIO(), transmission(), [one_by_one], TODAY)


# Addresses and texts.


def address(**facts):
    return [line[51:] for line in written(claim(**facts)) if line.startswith("BS022")]


def test_a_danish_address_has_no_town():
    assert address() == ["Åse Sørensen", "Prøvevej 1, 2. th.", f"{'':15}8000DK"]


def test_an_address_abroad_has_its_town_in_a_line():
    assert address(payer_country="SE", payer_zip="211 20", payer_city="Malmö") == [
        *("Åse Sørensen", "Prøvevej 1, 2. th.", "211 20 Malmö", f"{'':15}0000SE"),
    ]


def test_a_long_name_breaks_at_a_word():
    name = "Foreningen til Fremme af Øresundsområdets Idrætsliv"
    assert address(payer_name=name)[:2] == [
        *("Foreningen til Fremme af", "Øresundsområdets Idrætsliv"),
    ]


def test_the_postcode_and_the_identity_have_numbers_of_their_own():
    lines = written(claim(payer_identity="0101800000"))
    assert [line[17:22] for line in lines if line[:5] == "BS022"] == [
        *("00001", "00002", "00009", "00010"),
    ]
    assert lines[3][82:] == "0101800000"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("a", "", "b", "", ""), ["a", "", "b"]),
        (("x" * 60,), ["x" * 60]),
        (("x" * 61,), ["x" * 60, "x"]),
        (("Kontingent " * 8,), [" ".join(["Kontingent"] * 5), " ".join(["Kontingent"] * 3)]),
        (("a\nb\r\nc",), ["a", "b", "c"]),
        (("“Tak” \u2013 Łódź €5…",), ['"Tak" - Lódz EUR5...']),
        (("tab\there",), ["tab here"]),
        ((), []),
    ],
)  # fmt: skip
def test_texts_are_broken_at_words_into_lines_of_60(lines, expected):
    assert text_lines(lines) == expected


def test_amounts_stand_at_the_right_end():
    (line,) = amount_lines("Kontingent", Decimal("1234.5"))
    assert line == f"{'Kontingent':52}1.234,50"
    first, last = amount_lines("Kontingent " * 6, Decimal("-5"))
    assert len(last) == 60
    assert last.endswith(" -5,00")
    assert not first.endswith("00")


def test_trap_4_the_delivery_end_is_zero_filled_and_the_section_end_blank():
    lines = lines_of(encoded(claim()).content)
    assert lines[-1][94:] == "0" * 34
    assert len(lines[-2]) == 94


def test_trap_8_texts_are_cut_when_they_are_bytes():
    (line,) = (x for x in written(claim(payer_name="Ø" * 35)) if x[17:22] == "00001" and "Ø" in x)
    assert line[51:] == "Ø" * 35
    assert len(line.encode("latin-1")) == 86


def test_trap_9_text_numbers_restart_for_every_payment():
    lines = written(claim("1", lines=("a", "b")), claim("2", "1002", lines=("c",)))
    assert [line[17:22] for line in lines if line.startswith("BS052")] == [
        *("00001", "00002", "00001"),
    ]


def test_trap_10_electronic_slips_are_never_a_mandate_number():
    terms = {AGREEMENT: Terms(sends_mandate_numbers=True)}
    fault = refusal(claim(mandate_number="999999999"), terms=terms)
    assert fault.field == "mandate number"
    assert "999999999" not in "".join(written(claim(mandate_number="999999999")))


# Requests on mandates.


def request(kind=MandateRequest, key="1", **facts):
    usual = {"account": "", "agreement_number": AGREEMENT, "payer_number": "1008"}
    if kind is MandateRequest:
        usual |= {"payer_account": "9999 1234567", "payer_identity": "0101800000"}
    else:
        usual |= {"mandate_number": "900000009"}
    return kind(key=key, **usual | facts)


def test_cancellations_and_changes_are_written_on_demand_only():
    for unverified in (request(MandateCancellation), request(MandateChange, new_payer_number="7")):
        [fault] = outgoing_mandates.faults(unverified)
        assert fault.field == "request"
        assert "not verified" in fault.expected
        assert not MandateRequests(unverified=True).faults(unverified)
        with pytest.raises(FormatError, match="not verified"):
            outgoing_mandates.encode(transmission(), [assignment(unverified)], TODAY)


def test_a_change_names_the_new_number():
    file = MandateRequests(unverified=True).encode(
        transmission(), [assignment(request(MandateChange, new_payer_number="12a"))], TODAY
    )
    line = lines_of(file.content)[2]
    assert line == "BS0420123456702720000000100000000000100890000000915102600000000000000000012A"
    [change] = read(file.content).of(MandateChange)
    assert (change.payer_number, change.new_payer_number) == ("1008", "12A")


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"payer_account": ""}, "payer account"),
        ({"payer_account": "NO9386011117947"}, "payer account"),
        ({"payer_identity": ""}, "payer identity"),
        ({"payer_identity": "010180-0000"}, "payer identity"),
        ({"payer_number": "01"}, "payer number"),
        ({"agreement_number": ""}, "agreement number"),
    ],
)
def test_a_registration_that_does_not_fit_is_told_without_its_numbers(facts, field):
    [fault] = outgoing_mandates.faults(request(**facts))
    assert (fault.key, fault.field) == ("1", field)
    assert not any(value and value in str(fault) for name, value in facts.items() if "payer_" in name and name != "payer_number")  # fmt: skip


def test_a_business_number_is_filled_with_zeros():
    file = outgoing_mandates.encode(
        transmission(), [assignment(request(payer_identity="87654321"))], TODAY
    )
    assert lines_of(file.content)[2][61:71] == "0087654321"


def test_personal_numbers_are_not_read_back():
    [back] = read(sample("0605")).of(MandateRequest)
    assert (back.payer_account, back.payer_identity) == ("99990001234567", "")


def test_other_requests_are_none_on_mandates():
    [fault] = outgoing_mandates.faults(claim())
    assert fault.field == "request"


# Our own files read back.


@pytest.mark.parametrize(
    ("record", "first", "text", "field"),
    [
        (6, 60, "x", "sign"),
        (6, 52, "31022026", "due date"),
        (6, 61, "0" * 13, "amount"),
        (7, 18, "00002", "record number"),
        (8, 18, "0000x", "record type and transaction code"),
        (3, 18, "00003", "record number"),
        (7, 28, "000000000009999", "customer number"),
        (5, 6, "07654321", "creditor"),
        (5, 23, "00002", "debtor group"),
    ],
)
def test_a_fault_in_a_collection_keeps_it_out(record, first, text, field):
    reading = read(with_field(sample("0601"), record, first, text))
    assert field in [x.field for x in reading.errors]
    assert [x.payer_number for x in reading.of(CollectionRequest)][-1:] == ["1002"]
    assert "1001" not in [x.payer_number for x in reading.of(CollectionRequest)]


def test_an_address_without_a_collection_is_told():
    lines = lines_of(sample("0601"))
    del lines[5:8]
    reading = read(joined(lines))
    assert [x.field for x in reading.errors] == ["record type"]


def test_a_disbursement_and_a_notification_of_others_are_read():
    out = with_field(sample("0601"), 6, 60, "2")
    net = f"{123450 - 35000:015d}"
    content = with_field(with_field(out, 17, 43, net), 18, 43, net)
    reading = read(content)
    assert not reading.issues
    [transfer] = reading.of(CreditTransfer)
    assert (transfer.amount, transfer.payer_number) == (Decimal("350.00"), "1001")
    notice = with_field(sample("0601"), 6, 60, "0" + "0" * 13)
    assert [x.field for x in read(notice).warnings] == ["sign"]
