"""The agency of the simulator and our exchange understand each other, and it takes no bad files."""

from datetime import date
from decimal import Decimal

import pytest
from odoo.addons.membership_billing_nordic.formats import collection_exchange as exchange

from tests.bank_simulator.agency import Agency, RefusedError

DAY = date(2026, 10, 15)


def _file(*records, name="cases-1.jsonl"):
    return exchange.write_json(exchange.Sheet(file_id=name, created_on=DAY, records=records))


def _case(reference="C/1", name="Kari Bakken"):
    claim = exchange.Claim(
        invoice_no="INV/1",
        principal_open=Decimal("1000.00"),
        fee_open=Decimal("76.00"),
        interest_to_date=Decimal("14.77"),
    )
    return exchange.Case(
        message_id=reference,
        our_case_ref=reference,
        currency="NOK",
        name=name,
        payment_reference="0000001",
        claims=(claim,),
    )


def _answers(agency, day=DAY):
    (file,) = agency.deliver(day)
    sheet, faults = exchange.read(file.content)
    assert not faults
    return sheet.records


def test_it_takes_a_case_and_sends_what_it_collects_less_its_share():
    agency = Agency("Fjord Inkasso", share=10)
    agency.take(_file(_case()), DAY)
    accepted, receipt = _answers(agency)
    assert (accepted.kind, accepted.our_case_ref, accepted.agency_case_no) == (
        "accepted",
        "C/1",
        "000001",
    )
    assert (receipt.our_file_id, receipt.state, receipt.record_count) == (
        "cases-1.jsonl",
        "received",
        1,
    )
    agency.collect("Kari Bakken", DAY)
    paid, closed = _answers(agency)
    assert (paid.principal, paid.fees, paid.interest) == (
        Decimal("1000.00"),
        Decimal("76.00"),
        Decimal("14.77"),
    )
    assert (paid.costs, paid.net_paid) == (Decimal("109.07"), Decimal("981.70"))
    assert (closed.kind, closed.code) == ("closed", "paid")
    assert agency.transfers == [(DAY, "0000001", 98170, "Kari Bakken")]
    assert agency.deliver(DAY) == []


def test_it_closes_what_was_paid_directly_and_hears_each_message_once():
    agency = Agency("Fjord Inkasso")
    agency.take(_file(_case()), DAY)
    agency.deliver(DAY)
    paid = exchange.Correction(
        message_id="C/1/1", our_case_ref="C/1", kind="payment", principal=Decimal("1000.00")
    )
    for name in ("corrections-1.jsonl", "corrections-2.jsonl"):
        agency.take(_file(paid, name=name), DAY)
    closed, *receipts = _answers(agency)
    assert (closed.kind, closed.code, len(receipts)) == ("closed", "paid", 2)
    assert agency.cases["C/1"].owed["principal"] == 0
    agency.collect("Kari Bakken", DAY)
    assert agency.transfers == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing",
        _file(_case()).replace(b'"version":1', b'"version":2'),
        _file(_case()).replace(b'"records":1', b'"records":2'),
        b"".join(_file(_case()).splitlines(keepends=True)[:-1]),
    ],
)
def test_it_refuses_what_is_no_whole_file(content):
    with pytest.raises(RefusedError):
        Agency("Fjord Inkasso").take(content, DAY)
