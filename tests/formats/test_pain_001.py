"""pain.001: lawful by the official schemas, and a strict bank understands what was meant."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.l10n_se_bg.formats import giro_accounts
from odoo.addons.membership_billing_nordic.formats import messages
from odoo.addons.membership_billing_nordic.formats.iso20022 import (
    characters,
    pain_001,
    pain_001_reading,
    schema,
)

from tests.bank_simulator.iso_bank import IsoBank

from .reading import Reading

OWN = "99991042764"
DAY = date(2026, 11, 23)
VERSIONS = sorted(pain_001.ENCODERS)
TEXTS = st.text(max_size=200)
NAMES = TEXTS.filter(lambda text: any(map(str.isalnum, characters.written(text, 70))))
MARKS = st.text("ABCDEFGHXYZ0123456789", min_size=1, max_size=35)
ACCOUNTS = st.sampled_from(
    [
        ("86011117947", messages.BBAN),
        ("NO9386011117947", messages.IBAN),
        ("9912346", giro_accounts.BANKGIRO),
        ("41000018", giro_accounts.PLUSGIRO),
    ]
)


def transfer(number=1, **changes):
    facts = {
        "key": f"refund-{number}",
        "account": OWN,
        "reference": f"REFUND{number:06d}",
        "payer_name": "Åse Nordmann",
        "payer_street": "Storgata 1",
        "payer_zip": "0155",
        "payer_city": "Oslo",
        "payer_country": "NO",
        "payer_account": "86011117947",
        "payer_account_scheme": messages.BBAN,
        "amount": Decimal("450.50"),
        "currency": "NOK",
        "due_date": DAY,
        "text": "Ås skiklubb",
    }
    return messages.AccountTransfer(**facts | changes)


def assignment(*requests, **changes):
    facts = {
        "number": 1,
        "account": OWN,
        "account_scheme": messages.BBAN,
        "requests": requests,
        "batch": "20261120-5-17-1",
        "holder_name": "Ås skiklubb",
        "holder_identity": "123456785",
        "holder_country": "NO",
        "holder_bank": "DNBANOKK",
        "charges": "SHAR",
    }
    return messages.TransferAssignment(**facts | changes)


def encode(*assignments, version="09", number="20261120-5-17"):
    transmission = messages.Transmission(record=1, number=number, sender="CUST1")
    encoder = pain_001.ENCODERS[version]
    return encoder.encode(transmission, assignments, date(2026, 11, 20))


def faults(content):
    stream = BytesIO(content)
    return list(schema.faults(stream, schema.schema_of(stream, None)))


@pytest.mark.parametrize("version", VERSIONS)
def test_the_schema_takes_it_and_a_bank_reads_it(version):
    swedish = transfer(
        3, payer_account="9912346", payer_account_scheme=giro_accounts.BANKGIRO, payer_street=""
    )
    requests = (
        transfer(1),
        transfer(
            2,
            payer_account="NO9386011117947",
            payer_account_scheme=messages.IBAN,
            payer_bank="DNBANOKK",
        ),
        swedish,
    )
    encoded = encode(assignment(*requests, is_batch_booked=True, service="NURG"), version=version)
    assert faults(encoded.content) == []
    order = IsoBank(OWN).take(encoded.content)
    assert (order.number, order.is_batch_booked) == ("20261120-5-17", True)
    assert [(each.account, each.scheme, each.clearing) for each in order.transfers] == [
        ("86011117947", "BBAN", ("", "")),
        ("NO9386011117947", "IBAN", ("", "")),
        ("9912346", "BGNR", ("SESBA", "9900")),
    ]
    assert encoded.records == {"refund-1": 3, "refund-2": 4, "refund-3": 5}
    assert (encoded.count, encoded.amount) == (3, Decimal("1351.50"))


def test_each_day_of_payment_is_a_batch_with_its_own_sums():
    days = [transfer(n, due_date=DAY + timedelta(days=n % 2)) for n in range(1, 4)]
    encoded = encode(assignment(*days))
    order = IsoBank(OWN).take(encoded.content)
    assert [(each.end_to_end, each.batch) for each in order.transfers] == [
        ("REFUND000002", "20261120-5-17-1-1"),
        ("REFUND000001", "20261120-5-17-1-2"),
        ("REFUND000003", "20261120-5-17-1-2"),
    ]
    assert encoded.records == {"refund-2": 3, "refund-1": 5, "refund-3": 6}
    assert pain_001.batch_names(assignment(*days))["refund-2"] == "20261120-5-17-1-1"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": Decimal(0)}, "amount"),
        ({"amount": Decimal("1.005")}, "amount"),
        ({"amount": Decimal("NaN")}, "amount"),
        ({"currency": "kr"}, "currency"),
        ({"reference": ""}, "reference"),
        ({"reference": "/REFUND"}, "reference"),
        ({"reference": "R" * 36}, "reference"),
        ({"payer_name": "  "}, "name"),
        ({"payer_name": "我"}, "name"),
        ({"payer_account": ""}, "payee's account"),
        (
            {"payer_account": "NO9386011117948", "payer_account_scheme": messages.IBAN},
            "payee's account",
        ),
        ({"payer_bank": "DNB"}, "payee's bank"),
        ({"payer_country": "Norge"}, "country"),
    ],
)
def test_what_does_not_fit_is_named_without_the_account(change, field):
    (fault,) = pain_001.ENCODERS["09"].faults(transfer(**change))
    assert (fault.key, fault.field, fault.found) == ("refund-1", field, "")
    with pytest.raises(messages.FormatError):
        encode(assignment(transfer(**change)))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ([assignment()], "requests"),
        ([assignment(transfer(), holder_name="")], "own name"),
        ([assignment(transfer(), account="")], "own account"),
        ([assignment(transfer(), batch="B" * 33)], "batch"),
        ([assignment(transfer(), charges="OUR")], "charges"),
        ([assignment(transfer()), assignment(transfer(2))], "batch"),
        ([assignment(transfer(), transfer(2, reference="REFUND000001"))], "reference"),
        ([assignment(replace(transfer(), account="1"))], "account"),
        ([], "requests"),
    ],
)
def test_the_frame_is_checked_before_a_byte_is_written(wrong, field):
    with pytest.raises(messages.FormatError) as refused:
        encode(*wrong)
    assert refused.value.field == field


def test_only_credit_transfers_to_accounts_are_taken():
    other = messages.CreditTransfer(
        key="1", account=OWN, amount=Decimal(1), currency="NOK", due_date=DAY
    )
    assert [fault.field for fault in pain_001.ENCODERS["03"].faults(other)] == ["request"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Åse & Ørjan Nærø", "Åse + Ørjan Nærø"),
        ("Zoë Ł. Ñandú\nß", "Zoe L. Nandu ss"),
        ("50 % <rabatt> €", "50 rabatt EUR"),
        ("x" * 80, "x" * 70),
    ],
)
def test_texts_have_the_characters_of_banks(text, expected):
    assert characters.written(text, 70) == expected


@given(
    st.lists(
        st.tuples(
            MARKS,
            NAMES,
            TEXTS,
            ACCOUNTS,
            st.decimals("0.01", "99999999.99", places=2),
            st.sampled_from([DAY, DAY + timedelta(days=1), DAY + timedelta(days=2)]),
        ),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(VERSIONS),
    st.booleans(),
)
def test_whatever_is_written_is_lawful_and_arrives(rows, version, together):
    requests = [
        transfer(
            n,
            reference=mark,
            payer_name=name,
            payer_street=text,
            payer_city=text,
            text=text,
            payer_account=account,
            payer_account_scheme=scheme,
            amount=amount,
            due_date=day,
        )
        for n, (mark, name, text, (account, scheme), amount, day) in enumerate(rows)
    ]
    encoded = encode(assignment(*requests, is_batch_booked=together), version=version)
    assert faults(encoded.content) == []
    order = IsoBank(OWN).take(encoded.content)
    found = {each.end_to_end: (each.amount, each.account, each.day) for each in order.transfers}
    assert found == {row[0]: (row[4], row[3][0], row[5]) for row in rows}
    reading = Reading(encoded.content, pain_001_reading.DECODER)
    assert not reading.issues
    read = reading.of(messages.AccountTransfer)
    assert {each.reference: each.record for each in read} == {
        request.reference: encoded.records[request.key] for request in requests
    }
    schemes = {request.reference: request.payer_account_scheme for request in requests}
    assert all(each.payer_account_scheme == schemes[each.reference] for each in read)
    assert all(total.agrees for total in reading.totals)


def test_our_own_file_is_shown_with_its_totals():
    content = encode(assignment(transfer(1), transfer(2))).content
    reading = Reading(content, pain_001_reading.DECODER)
    assert [each.key for each in reading.of(messages.AccountTransfer)] == [
        "20261120-5-17-1:REFUND000001",
        "20261120-5-17-1:REFUND000002",
    ]
    wrong = Reading(content.replace(b"901.00", b"901.01"), pain_001_reading.DECODER)
    assert {issue.field for issue in wrong.warnings} == {
        "file: amount",
        "batch 20261120-5-17-1: amount",
    }


@pytest.mark.parametrize("cut", [b"", b"<Document/>", b"<Document><PmtInf>"])
def test_what_is_no_order_is_refused(cut):
    assert Reading(cut, pain_001_reading.DECODER).refused
