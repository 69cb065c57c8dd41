"""A year with Betalingsservice as it is played: our deliveries are taken, its own read as written."""

from collections import defaultdict
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from odoo.addons.l10n_dk_bs.formats import DECODERS
from odoo.addons.l10n_dk_bs.formats.numbers import agreement_number
from odoo.addons.l10n_dk_bs.formats.outgoing_collections import Collections, Terms
from odoo.addons.l10n_dk_bs.formats.outgoing_mandates import MandateRequests
from odoo.addons.membership_billing_nordic.formats import messages

from tests.bank_simulator.denmark import days
from tests.bank_simulator.denmark.house import Betalingsservice

from .played import by_day, net, read

SUPPLIER, CREDITOR, GROUP = "12345678", "01234567", "00001"
NUMBER = agreement_number(CREDITOR, GROUP)
WHO = {"account": "", "agreement_number": NUMBER}
MEMBERS, WITHOUT_MANDATE = 300, 60
BEGIN, MONTHS = date(2026, 9, 1), 12
JOIN_A_MONTH = (MEMBERS - WITHOUT_MANDATE) // MONTHS


def handed_in(house, at, encoder, requests, number):
    sender = messages.Transmission(
        record=1, sender=SUPPLIER, number=str(number), created_on=at.date()
    )
    assignment = messages.Assignment(number=1, requests=tuple(requests), **WHO)
    return house.take(encoder.encode(sender, [assignment], at.date()).content, at)


def collection(number, due=date(2026, 11, 2)):
    return messages.CollectionRequest(
        key=f"c{number}",
        payer_number=str(1000 + number),
        payer_name=f"Åse Sørensen {number}",
        payer_street="Prøvevej 1, 2. th.",
        payer_zip="8000",
        payer_city="Aarhus C",
        payer_country="DK",
        reference=f"{due:%y%m}{number:05d}",
        amount=Decimal("350.50") + number,
        currency="DKK",
        due_date=due,
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


def first_days():
    """The first banking day of each month of the year."""
    for place in range(MONTHS):
        month = BEGIN.month + place
        yield days.on_or_after(date(BEGIN.year + month // 12, month % 12 + 1, 1))


def play_a_month(house, place, due):
    """A month's members sign up, all are collected from; both on the last day that is taken."""
    at = datetime.combine(days.closes(due).date(), time(9))
    begin = WITHOUT_MANDATE + place * JOIN_A_MONTH
    new = map(mandate, range(begin, begin + JOIN_A_MONTH))
    requests = handed_in(house, at, MandateRequests(), new, 2 * place + 1)
    assert not requests.refused
    wanted = [collection(number, due) for number in range(MEMBERS)]
    answer = handed_in(house, at, Collections({NUMBER: Terms()}), wanted, 2 * place + 2)
    assert (answer.refused, answer.missed, answer.doubles) == ("", [], [])
    assert len(answer.taken) + len(answer.slips) == MEMBERS
    return answer


@pytest.fixture(scope="module")
def year():
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    answers, files, day = [], [], BEGIN
    for place, due in enumerate(first_days()):
        until = days.closes(due).date()
        files += house.play(day, until - timedelta(days=1))
        answers.append(play_a_month(house, place, due))
        day = until
    files += house.play(day, day + timedelta(days=60))
    return house, answers, read(files, DECODERS)


def test_deliveries_are_sound(year):
    _house, _answers, found = year
    assert not found[messages.FormatIssue]
    assert all(total.agrees for total in found[messages.ControlTotal])


def test_money_is_what_the_bank_put_on_the_account(year):
    house, _answers, found = year
    assert net(found) == Decimal(sum(house.sums.values())) / 100
    truth = defaultdict(Decimal)
    for (_creditor, _group, day), ore in house.sums.items():
        truth[day] += Decimal(ore) / 100
    assert by_day(found) == truth


def test_every_collection_ends_as_it_ended(year):
    house, answers, found = year
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
    assert len(house.ends) == MONTHS * MEMBERS
    taken, slips = zip(*((len(one.taken), len(one.slips)) for one in answers), strict=True)
    assert (taken[0], slips[0]) == (JOIN_A_MONTH, MEMBERS - JOIN_A_MONTH)
    assert taken[-1] > 5 * JOIN_A_MONTH and slips[-1] >= WITHOUT_MANDATE


def test_mandates_are_what_they_are(year):
    house, _answers, found = year
    events = found[messages.MandateEvent]
    begun = {event.payer_number for event in events if event.event == "registered"}
    ended = {event.payer_number for event in events if event.event == "cancelled"}
    living = {
        customer for customer, one in house.mandates[CREDITOR, GROUP].items() if one.ends is None
    }
    assert {number.lstrip("0") for number in begun - ended} == living


def test_a_full_list_is_read(year):
    house, _answers, _found = year
    found = read([house.full_list(CREDITOR, GROUP, date(2027, 10, 31))], DECODERS)
    assert not found[messages.FormatIssue]
    listed = found[messages.MandateEvent]
    assert {event.event for event in listed} == {"listed"}
    assert len(listed) == sum(one.ends is None for one in house.mandates[CREDITOR, GROUP].values())


def payout(number, due=date(2026, 11, 3)):
    return messages.CreditTransfer(
        key=f"p{number}",
        payer_number=str(1000 + number),
        payer_name=f"Åse Sørensen {number}",
        payer_street="Prøvevej 1, 2. th.",
        payer_zip="8000",
        payer_city="Aarhus C",
        reference=f"RF{number:05d}",
        amount=Decimal("20.25") + number,
        currency="DKK",
        due_date=due,
        **WHO,
    )


def test_disbursements_are_carried_out_refused_or_find_no_mandate():
    where, at = (CREDITOR, GROUP), datetime(2026, 10, 20, 9)
    house = Betalingsservice(
        seed=5, supplier=SUPPLIER, agreements={where: "total"}, pays_out=[where]
    )
    for number in range(100):
        house.sign_up(*where, str(1000 + number), date(2026, 9, 1))
    encoder = Collections({NUMBER: Terms(with_disbursements=True)})
    asked = [payout(number) for number in range(120)]
    asked += [collection(number, date(2026, 11, 2)) for number in range(10)]
    answer = handed_in(house, at, encoder, asked, 1)
    assert (len(answer.paid_out), len(answer.unplaced), len(answer.taken)) == (100, 20, 10)
    found = read(house.play(date(2026, 10, 1), date(2026, 12, 31)), DECODERS)
    assert net(found) == Decimal(sum(house.sums.values())) / 100
    ends = {one.reference: outcome for one, outcome in house.ends if one.sign == "2"}
    out = {one.reference for one in found[messages.PaymentReceived] if one.amount < 0}
    not_out = {one.reference: one.meaning for one in found[messages.RequestEvent]}
    assert out == {name for name, outcome in ends.items() if outcome == "paid"}
    assert {name: not_out[name] for name in not_out} == {
        name: {"refused": "disbursement rejected", "cancelled": "disbursement found no mandate"}[
            outcome
        ]
        for name, outcome in ends.items()
        if outcome != "paid"
    }
    assert set(not_out.values()) == {"disbursement rejected", "disbursement found no mandate"}
    told = [notice.text for notice in found[messages.BankNotice]]
    assert [text for text in told if "RF00119" in text]
    assert len(told) == 20


def test_what_the_bank_does_not_allow_is_not_paid_out():
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    house.sign_up(CREDITOR, GROUP, "1001", date(2026, 9, 1))
    encoder = Collections({NUMBER: Terms(with_disbursements=True)})
    answer = handed_in(house, datetime(2026, 10, 20, 9), encoder, [payout(1)], 1)
    assert [one.customer for one in answer.not_allowed] == ["1001"]
    assert not house.sums


def test_a_slip_for_a_payer_whose_mandate_was_told_is_noticed():
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    house.sign_up(CREDITOR, GROUP, "1000", date(2026, 9, 29))
    house.sign_up(CREDITOR, GROUP, "1001", date(2026, 10, 1))
    slips = [replace(collection(number), is_form=True, reference="S1") for number in range(3)]
    answer = handed_in(house, datetime(2026, 10, 1, 9), Collections({NUMBER: Terms()}), slips, 1)
    assert [one.customer for one in answer.slips] == ["1000", "1001", "1002"]
    assert [one.customer for one in answer.with_mandate] == ["1000"]


def test_what_is_refused_is_told_and_no_mandate():
    house = Betalingsservice(seed=5, supplier=SUPPLIER, agreements={(CREDITOR, GROUP): "total"})
    request = messages.MandateRequest(
        key="m",
        payer_number="1001",
        payer_account="9999-1000013",
        payer_identity="0101800000",
        **WHO,
    )
    handed_in(house, datetime(2026, 9, 10, 9), MandateRequests(), [request], 1)
    found = read(house.play(BEGIN, date(2026, 9, 30)), DECODERS)
    assert not found[messages.MandateEvent]
    [told] = found[messages.RequestEvent]
    assert (told.event, told.payer_number, told.bank_code) == ("rejected", "1001", "030001")
    assert not found[messages.FormatIssue]
