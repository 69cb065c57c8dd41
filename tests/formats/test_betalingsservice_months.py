"""Months with Betalingsservice as it is played: our deliveries are taken, its own read as written."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from odoo.addons.l10n_dk_bs.formats import DECODERS
from odoo.addons.l10n_dk_bs.formats.numbers import agreement_number
from odoo.addons.l10n_dk_bs.formats.outgoing_collections import Collections, Terms
from odoo.addons.l10n_dk_bs.formats.outgoing_mandates import MandateRequests
from odoo.addons.membership_billing_nordic.formats import messages

from tests.bank_simulator.denmark.house import Betalingsservice

from .months import by_day, net, read

SUPPLIER, CREDITOR, GROUP = "12345678", "01234567", "00001"
NUMBER = agreement_number(CREDITOR, GROUP)
WHO = {"account": "", "agreement_number": NUMBER}
MEMBERS, WITHOUT_MANDATE = 300, 60
MADE, BEGIN, END = date(2026, 10, 1), date(2026, 9, 1), date(2026, 12, 31)


def handed_in(house, at, encoder, requests, number):
    sender = messages.Transmission(
        record=1, sender=SUPPLIER, number=str(number), created_on=at.date()
    )
    assignment = messages.Assignment(number=1, requests=tuple(requests), **WHO)
    return house.take(encoder.encode(sender, [assignment], at.date()).content, at)


def collection(number):
    return messages.CollectionRequest(
        key=f"c{number}",
        payer_number=str(1000 + number),
        payer_name=f"Åse Sørensen {number}",
        payer_street="Prøvevej 1, 2. th.",
        payer_zip="8000",
        payer_city="Aarhus C",
        payer_country="DK",
        reference=f"INV{number:06d}",
        amount=Decimal("350.50") + number,
        currency="DKK",
        due_date=date(2026, 11, 2),
        lines=("Kontingent 4. kvartal 2026", "Æblegrød & co."),
        **WHO,
    )


def mandate(number):
    return messages.MandateRequest(
        key=f"m{number}",
        payer_number=str(1000 + number),
        payer_account=f"9999-{1000000 + number * 7}",
        payer_identity="0101800000",
        **WHO,
    )


@pytest.fixture(scope="module")
def months():
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    members = range(WITHOUT_MANDATE, MEMBERS)
    requests = handed_in(
        house, datetime(2026, 9, 10, 9), MandateRequests(), map(mandate, members), 1
    )
    assert not requests.refused
    collections = handed_in(
        house,
        datetime(2026, 10, 1, 9),
        Collections({NUMBER: Terms()}),
        map(collection, range(MEMBERS)),
        2,
    )
    assert (collections.refused, collections.missed, collections.doubles) == ("", [], [])
    return house, collections, read(house.play(BEGIN, END), DECODERS)


def test_deliveries_are_sound(months):
    _house, _answer, found = months
    assert not found[messages.FormatIssue]
    assert all(total.agrees for total in found[messages.ControlTotal])


def test_money_is_what_the_bank_put_on_the_account(months):
    house, _answer, found = months
    assert net(found) == Decimal(sum(house.sums.values())) / 100
    truth = defaultdict(Decimal)
    for (_creditor, _group, day), ore in house.sums.items():
        truth[day] += Decimal(ore) / 100
    assert by_day(found) == truth


def test_every_collection_ends_as_it_ended(months):
    house, answer, found = months
    paid = {one.reference for one in found[messages.PaymentReceived]}
    failed = {one.reference for one in found[messages.PaymentFailed]}
    back = {one.reference for one in found[messages.PaymentReversed]}
    told = {
        "paid": paid - back - failed,
        "refused": failed - paid,
        "cancelled": failed - paid,
        "refused_later": paid & back,
        "charged_back": paid & back,
        "slip_in_time": paid - back,
        "slip_late": paid - back,
        "slip_less": paid - back,
        "slip_charged_back": paid & back,
    }
    outcomes = {outcome for _one, outcome in house.ends}
    assert outcomes <= {*told, "slip_never", "slip_no_reference", "slip_payment_id"}
    assert {"paid", "refused", "refused_later", "cancelled", "charged_back"} <= outcomes
    wrong = [
        (one.reference, outcome)
        for one, outcome in house.ends
        if outcome in told and one.reference not in told[outcome]
    ]
    assert not wrong
    assert len(answer.slips) >= WITHOUT_MANDATE


def test_mandates_are_what_they_are(months):
    house, _answer, found = months
    events = found[messages.MandateEvent]
    begun = {event.payer_number for event in events if event.event == "registered"}
    ended = {event.payer_number for event in events if event.event == "cancelled"}
    living = {
        customer for customer, one in house.mandates[CREDITOR, GROUP].items() if one.ends is None
    }
    assert {number.lstrip("0") for number in begun - ended} == living


def test_a_full_list_is_read(months):
    house, _answer, _found = months
    found = read([house.full_list(CREDITOR, GROUP, END)], DECODERS)
    assert not found[messages.FormatIssue]
    listed = found[messages.MandateEvent]
    assert {event.event for event in listed} == {"listed"}
    assert len(listed) > MEMBERS - WITHOUT_MANDATE - 20


def test_a_slip_for_a_payer_whose_mandate_was_told_is_noticed():
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    house.sign_up(CREDITOR, GROUP, "1000", date(2026, 9, 29))
    house.sign_up(CREDITOR, GROUP, "1001", date(2026, 10, 1))
    slips = [replace(collection(number), is_form=True, reference="S1") for number in range(3)]
    answer = handed_in(house, datetime(2026, 10, 1, 9), Collections({NUMBER: Terms()}), slips, 1)
    assert [one.customer for one in answer.slips] == ["1000", "1001", "1002"]
    assert [one.customer for one in answer.with_mandate] == ["1000"]


def test_what_is_refused_is_told_and_no_mandate(months):
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    request = messages.MandateRequest(
        key="m",
        payer_number="1001",
        payer_account="9999-1000013",
        payer_identity="0101800000",
        **WHO,
    )
    handed_in(house, datetime(2026, 9, 10, 9), MandateRequests(), [request], 1)
    found = read(house.play(BEGIN, END), DECODERS)
    assert not found[messages.MandateEvent]
    [told] = found[messages.RequestEvent]
    assert (told.event, told.payer_number, told.bank_code) == ("rejected", "1001", "030001")
    assert not found[messages.FormatIssue]
