"""Months with Bankgirot as it is played: our orders are taken, and its files read as written."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from odoo.addons.l10n_se_bg.formats import DECODERS
from odoo.addons.l10n_se_bg.formats.autogiro_orders import AutogiroOrders
from odoo.addons.l10n_se_bg.formats.deadlines import banking_days
from odoo.addons.membership_billing_nordic.formats import messages

from tests.bank_simulator.sweden.autogiro import Payee
from tests.bank_simulator.sweden.house import Autogiro
from tests.bank_simulator.sweden.payers import BankgiroPayers

from .months import by_day, net, read

CUSTOMER, BANKGIRO, ACCOUNT = "471117", "9912346", "5000000001000004"
KEY = bytes.fromhex("1234567890ABCDEF1234567890ABCDEF")
WHO = {"account": ACCOUNT, "agreement_number": BANKGIRO}
MEMBERS, MADE = 300, date(2026, 9, 1)
BEGIN, END = date(2026, 9, 1), date(2026, 11, 30)


def handed_in(house, at, requests):
    """What the house says to a file of these requests."""
    sender = messages.Transmission(record=1, sender=CUSTOMER, number="1", created_on=MADE)
    assignment = messages.Assignment(number=1, requests=tuple(requests), **WHO)
    encoder = AutogiroOrders(key=KEY, calendar=banking_days())
    return house.take(encoder.encode(sender, [assignment], MADE).content, at)


def debit(number):
    return messages.CollectionRequest(
        key=f"c{number}",
        payer_number=str(1000 + number),
        reference=f"INV{number:05d}",
        amount=Decimal("300.50") + number,
        currency="SEK",
        due_date=date(2026, 9, 28),
        **WHO,
    )


def mandate(number):
    return messages.MandateRequest(
        key=f"m{number}",
        payer_number=str(1000 + number),
        payer_account="5000-1111116",
        payer_identity="191212121212",
        **WHO,
    )


@pytest.fixture(scope="module")
def months():
    house = Autogiro(
        seed=5, payee=Payee(customer=CUSTOMER, bankgiro=BANKGIRO, account=ACCOUNT), key=KEY
    )
    assert not handed_in(house, datetime(2026, 9, 1, 9), map(mandate, range(MEMBERS))).refused
    answer = handed_in(house, datetime(2026, 9, 3, 9), map(debit, range(MEMBERS)))
    assert (answer.refused, len(answer.taken)) == ("", MEMBERS)
    return house, read(house.play(BEGIN, END), DECODERS)


def test_reports_are_sound(months):
    _house, found = months
    assert not found[messages.FormatIssue]
    assert all(total.agrees for total in found[messages.ControlTotal])


def test_money_is_what_the_bank_put_on_the_account(months):
    house, found = months
    assert by_day(found) == {day: Decimal(ore) / 100 for day, ore in house.sums.items()}
    assert net(found) == Decimal(sum(house.sums.values())) / 100


def test_every_debit_ends_as_it_ended(months):
    house, found = months
    paid = {payment.reference for payment in found[messages.PaymentReceived]}
    failed = {one.reference for one in found[messages.PaymentFailed] if not one.will_retry}
    back = {payment.reference for payment in found[messages.PaymentReversed]}
    gone = {one.reference for one in found[messages.RequestEvent]}
    told = {
        "paid": paid - back,
        "late_cover": paid,
        "no_cover": failed,
        "closed": failed,
        "refunded": paid & back,
        "ended": gone,
    }
    assert {outcome for _order, outcome in house.ends} == set(told)
    assert not [
        (order.reference, outcome)
        for order, outcome in house.ends
        if order.reference not in told[outcome]
    ]


def test_mandates_are_what_they_are(months):
    house, found = months
    events = found[messages.MandateEvent]
    active = {event.payer_number for event in events if event.event == "registered"}
    ended = {event.payer_number for event in events if event.event == "cancelled"}
    assert active - ended == set(house.mandates)
    assert len(active) == MEMBERS


def test_deposits_of_bgmax_are_what_payers_paid():
    payers = BankgiroPayers(seed=5, bankgiro=BANKGIRO, account=ACCOUNT)
    payers.announce(
        [
            {
                "reference": f"2026{number:06d}18",
                "amount": 30000 + number,
                "due_date": date(2026, 10, 30),
                "payer": f"Åsa Öberg {number}",
            }
            for number in range(MEMBERS)
        ],
        BEGIN,
    )
    files = payers.play(BEGIN, END)
    found = read(files, DECODERS)
    assert not found[messages.FormatIssue]
    assert by_day(found) == {day: Decimal(ore) / 100 for day, ore in payers.sums.items()}
    played = [payment for file in files for payment in file.items[0].payments]
    read_back = found[messages.PaymentReceived]
    assert [payment.amount * 100 for payment in read_back] == [one.signed for one in played]
    several = [payment for payment in read_back if len(payment.references) > 1]
    assert len(several) == sum(bool(one.more) for one in played) > 0
