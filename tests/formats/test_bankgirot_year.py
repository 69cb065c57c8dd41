"""A year with Bankgirot as it is played: our orders are taken, and its files read as written."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from odoo.addons.l10n_se_bg.formats import DECODERS
from odoo.addons.l10n_se_bg.formats.autogiro_orders import AutogiroOrders
from odoo.addons.l10n_se_bg.formats.deadlines import banking_days
from odoo.addons.membership_billing_nordic.formats import DECODERS as COMMON
from odoo.addons.membership_billing_nordic.formats import messages

from tests.bank_simulator.sweden import days
from tests.bank_simulator.sweden.autogiro import Payee, SignUp
from tests.bank_simulator.sweden.house import Autogiro
from tests.bank_simulator.sweden.payers import BankgiroPayers

from .played import by_day, net, read

CUSTOMER, BANKGIRO, ACCOUNT = "471117", "9912346", "5000000001000004"
KEY = bytes.fromhex("1234567890ABCDEF1234567890ABCDEF")
WHO = {"account": ACCOUNT, "agreement_number": BANKGIRO}
MEMBERS, BY_THEMSELVES, MONTHS = 300, 60, 12
BEGIN, CAMT_SINCE = date(2026, 9, 1), date(2026, 11, 27)
JOIN_A_MONTH = BY_THEMSELVES // MONTHS


def handed_in(house, at, requests):
    """What the house says to a file of these requests."""
    today = at.date()
    sender = messages.Transmission(record=1, sender=CUSTOMER, number="1", created_on=today)
    assignment = messages.Assignment(number=1, requests=tuple(requests), **WHO)
    encoder = AutogiroOrders(key=KEY, calendar=banking_days())
    return house.take(encoder.encode(sender, [assignment], today).content, at)


def debit(number, due):
    return messages.CollectionRequest(
        key=f"c{number}",
        payer_number=str(1000 + number),
        reference=f"{due:%m%d}{number:05d}",
        amount=Decimal("300.50") + number,
        currency="SEK",
        due_date=due,
        **WHO,
    )


def wish(number):
    """Signed up in the internet bank."""
    payer = str(1000 + number)
    return SignUp(
        payer=payer, account="5000000001111116", identity="191212121212", name=f"Åsa {payer}"
    )


def accepted(number):
    return messages.MandateAnswer(
        key=f"a{number}", payer_number=str(1000 + number), is_accepted=True, **WHO
    )


def claim(number, due):
    return {
        "reference": f"{due:%m%d}{number:06d}18",
        "amount": 30000 + number,
        "due_date": due,
        "payer": f"Åsa Öberg {number}",
    }


def due_days():
    """The 28th of each month of the year, or the banking day after it."""
    for place in range(MONTHS):
        month = BEGIN.month - 1 + place
        yield days.on_or_after(date(BEGIN.year + month // 12, month % 12 + 1, 28))


def mandate(number):
    return messages.MandateRequest(
        key=f"m{number}",
        payer_number=str(1000 + number),
        payer_account="5000-1111116",
        payer_identity="191212121212",
        **WHO,
    )


def play_a_month(house, place, due):
    """Some sign up by themselves and are accepted; all who ever had a mandate are debited."""
    files = []
    day = due - timedelta(days=20)
    begin = MEMBERS + place * JOIN_A_MONTH
    new = range(begin, begin + JOIN_A_MONTH)
    for number in new:
        house.wish(wish(number), day)
    files += house.play(day, due - timedelta(days=10))
    at = datetime.combine(due - timedelta(days=9), time(9))
    assert not handed_in(house, at, map(accepted, new)).refused
    answer = handed_in(house, at, [debit(number, due) for number in range(new.stop)])
    assert (answer.refused, len(answer.taken) + len(answer.rejected)) == ("", new.stop)
    files += house.play(at.date(), due + timedelta(days=7))
    return answer, files


@pytest.fixture(scope="module")
def year():
    house = Autogiro(
        seed=5, payee=Payee(customer=CUSTOMER, bankgiro=BANKGIRO, account=ACCOUNT), key=KEY
    )
    assert not handed_in(house, datetime(2026, 9, 1, 9), map(mandate, range(MEMBERS))).refused
    answers, files = [], house.play(BEGIN, BEGIN + timedelta(days=5))
    for place, due in enumerate(due_days()):
        answer, told = play_a_month(house, place, due)
        answers.append(answer)
        files += told
    files += house.play(due + timedelta(days=8), due + timedelta(days=60))
    return house, answers, read(files, DECODERS)


def test_reports_are_sound(year):
    _house, _answers, found = year
    assert not found[messages.FormatIssue]
    assert all(total.agrees for total in found[messages.ControlTotal])


def test_money_is_what_the_bank_put_on_the_account(year):
    house, _answers, found = year
    assert by_day(found) == {day: Decimal(ore) / 100 for day, ore in house.sums.items()}
    assert net(found) == Decimal(sum(house.sums.values())) / 100


def test_every_debit_ends_as_it_ended(year):
    house, answers, found = year
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
    rejected = {order.reference for answer in answers for order in answer.rejected}
    assert rejected and rejected <= gone


def test_mandates_are_what_they_are(year):
    house, answers, found = year
    events = found[messages.MandateEvent]
    active = {event.payer_number for event in events if event.event == "registered"}
    ended = {event.payer_number for event in events if event.event == "cancelled"}
    assert active - ended == set(house.mandates)
    assert len(active) == MEMBERS + BY_THEMSELVES
    wishes = [event for event in events if event.event == "requested"]
    assert len(wishes) == BY_THEMSELVES


@pytest.fixture(scope="module")
def payments():
    """A year of invoices paid with their OCR number; the bank changes formats amid it."""
    payers = BankgiroPayers(seed=5, bankgiro=BANKGIRO, account=ACCOUNT, camt_since=CAMT_SINCE)
    files, day = [], BEGIN
    for due in due_days():
        payers.announce([claim(number, due) for number in range(MEMBERS)], day)
        files += payers.play(day, due)
        day = due + timedelta(days=1)
    return payers, files + payers.play(day, day + timedelta(days=40))


def test_what_payers_paid_is_read_in_both_formats(payments):
    payers, files = payments
    found = read(files, (*COMMON, *DECODERS))
    assert not found[messages.FormatIssue]
    assert by_day(found) == {day: Decimal(ore) / 100 for day, ore in payers.sums.items()}
    played = [payment for file in files for payment in file.items[0].payments]
    read_back = found[messages.PaymentReceived]
    assert [payment.amount * 100 for payment in read_back] == [one.signed for one in played]
    several = [payment for payment in read_back if len(payment.references) > 1]
    assert len(several) == sum(bool(one.more) for one in played) > 0


def test_no_payment_is_lost_or_told_twice_when_the_format_changes(payments):
    _payers, files = payments
    last = max(file.day for file in files if file.kind == "BgMax")
    first = min(file.day for file in files if file.kind == "camt.054")
    assert last < CAMT_SINCE <= first
    serials = [payment.serial for file in files for payment in file.items[0].payments]
    assert len(serials) == len(set(serials)) > MONTHS * MEMBERS * 0.9
