"""pain.002: every status of an order, a batch and a transfer; nothing hostile gets in."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.formats import inspect, messages, registry
from odoo.addons.membership_billing_nordic.formats.iso20022 import pain_002

from tests.bank_simulator.iso_bank import IsoBank, document

from .reading import Reading
from .test_pain_001 import OWN, assignment, encode, transfer

STATUSES = sorted(pain_002.EVENTS)


def report(*tree, version="10", status=None, head=()):
    group = [("OrgnlMsgId", "20261120-5-17"), ("OrgnlMsgNmId", "pain.001.001.09"), *head]
    if status:
        group.append(("GrpSts", status))
    body = [
        ("GrpHdr", [("MsgId", "S1"), ("CreDtTm", "2026-11-20T08:00:00")]),
        ("OrgnlGrpInfAndSts", group),
        *tree,
    ]
    return document("pain.002", version, [("CstmrPmtStsRpt", body)])


def batch(*content, status=None, name="20261120-5-17-1"):
    own = [("PmtInfSts", status)] if status else []
    return ("OrgnlPmtInfAndSts", [("OrgnlPmtInfId", name), *own, *content])


def single(reference, status, *reasons):
    told = [("StsRsnInf", [("Rsn", [("Cd", code)]), ("AddtlInf", "Text")]) for code in reasons]
    return ("TxInfAndSts", [("OrgnlEndToEndId", reference), ("TxSts", status), *told])


def read(content):
    return Reading(content, pain_002.DECODER)


def statuses(reading):
    return [
        (each.event, each.batch, each.reference, each.bank_code)
        for each in reading.of(messages.TransferStatus)
    ]


def receipts(reading):
    return [
        (each.event, each.transmission_number, each.meaning)
        for each in reading.of(messages.FileReceipt)
    ]


@pytest.mark.parametrize("version", ["03", "10", "14"])
def test_an_order_that_is_taken(version):
    reading = read(report(status="ACCP", version=version))
    assert receipts(reading) == [("accepted", "20261120-5-17", "")]
    assert not statuses(reading) and not reading.issues


def test_an_order_that_is_refused_as_a_whole_says_why():
    reason = [("StsRsnInf", [("Rsn", [("Cd", "DU01")]), ("AddtlInf", "Sent before")])]
    reading = read(report(head=[("GrpSts", "RJCT"), *reason]))
    assert receipts(reading) == [("rejected", "20261120-5-17", "DU01 Sent before")]


def test_a_part_of_an_order():
    order = IsoBank(OWN, rejects={"86011117947": "AC04"}).take(
        encode(assignment(transfer(1), transfer(2, payer_account="11110500019"))).content
    )
    bank = IsoBank(OWN)
    reading = read(bank.status(order))
    assert receipts(reading) == [("accepted", "20261120-5-17", "")]
    assert statuses(reading) == [
        ("rejected", "20261120-5-17-1", "REFUND000001", "AC04"),
        ("accepted", "20261120-5-17-1", "REFUND000002", ""),
    ]


def test_a_batch_that_is_refused_stands_for_its_transfers():
    told = ("StsRsnInf", [("Rsn", [("Cd", "AM04")])])
    reading = read(report(batch(told, status="RJCT")))
    assert statuses(reading) == [("rejected", "20261120-5-17-1", "", "AM04")]
    assert not receipts(reading)


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_of_a_transfer(status):
    reading = read(report(batch(single("REFUND1", status, "AC01", "NARR"))))
    expected = pain_002.EVENTS[status]
    assert statuses(reading) == [(expected, "20261120-5-17-1", "REFUND1", "AC01")]
    assert bool(receipts(reading)) == (expected in ("accepted", "settled"))
    (told,) = reading.of(messages.TransferStatus)
    assert (told.status, told.text) == (status, "Text Text")


def test_a_group_that_is_settled_says_so_of_all():
    reading = read(report(status="ACSC"))
    assert statuses(reading) == [("settled", "", "", "")]


def test_a_status_that_nobody_knows_changes_nothing():
    reading = read(report(batch(single("REFUND1", "XXXX")), status="PART"))
    assert not statuses(reading)
    assert [issue.found for issue in reading.warnings] == ["XXXX"]


def test_a_transfer_without_its_mark_is_an_error():
    reading = read(report(batch(single("NOTPROVIDED", "RJCT"))))
    assert not statuses(reading)
    assert [issue.field for issue in reading.errors] == ["transfer: end-to-end identification"]


def test_a_report_that_says_nothing_is_refused():
    assert read(report()).refused
    assert read(b"<Document").refused


def test_entities_are_refused():
    bad = report(status="ACCP").replace(
        b"<Document", b'<!DOCTYPE Document [<!ENTITY a "b">]><Document'
    )
    assert [issue.field for issue in read(bad).refusals] == ["document type"]


def test_it_is_recognised_by_its_content():
    decoder = registry.recognise(BytesIO(report(status="ACCP")), inspect.decoders())
    assert decoder is pain_002.DECODER
    shown = decoder.raw_records(BytesIO(report(status="ACCP")), {2}, 30)
    assert shown[2].startswith("<OrgnlGrpInfAndSts") and len(shown[2]) == 30


@given(st.data())
def test_damage_never_raises(data):
    content = bytearray(report(batch(single("REFUND1", "RJCT", "AC04")), status="PART"))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    reading = read(bytes(content[:cut]))
    assert reading.refused or reading.messages
