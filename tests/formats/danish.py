"""What the tests of Betalingsservice share. Files come from the simulator's own writer."""

from datetime import date
from decimal import Decimal
from io import BytesIO

from odoo.addons.l10n_dk_bs import formats
from odoo.addons.membership_billing_nordic.formats import registry
from odoo.addons.membership_billing_nordic.formats.messages import (
    Assignment,
    CollectionRequest,
    Transmission,
)

from tests.bank_simulator.denmark import writing

from .reading import SAMPLES, Reading

CREDITOR, GROUP, SUPPLIER = "01234567", "00001", "12345678"
AGREEMENT = "01234567-00001"
DUE = date(2026, 11, 2)
TODAY = date(2026, 10, 15)
SAMPLES = SAMPLES / "dk"


def sample(kind):
    return (SAMPLES / f"{kind}_example.txt").read_bytes()


def decoder_of(content):
    return registry.recognise(BytesIO(content), formats.DECODERS)


def read(content):
    """What the decoder that knows this file says of it."""
    return Reading(content, decoder_of(content))


# ---------------------------------------------------------------------- files to us


def result(code="0236", customer="1001", amount=35000, **more):
    """A collection that was answered, its dates as they are with such a code."""
    facts = {"mandate": "900000001", "due_on": DUE, "reference": "INV000107"}
    if code in ("0236", "0239"):
        facts |= {"paid_on": DUE, "booked_on": DUE, "paid": amount}
    return writing.Result(code=code, customer=customer, amount=amount, **facts | more)


def slip(customer="1002", paid=123450, **more):
    facts = {
        "due_on": DUE,
        "amount": paid,
        "reference": "INV000108",
        "archive": "999920261105N000000001",
        "paid_on": date(2026, 11, 5),
        "booked_on": date(2026, 11, 6),
    }
    return writing.Slip(customer=customer, paid=paid, **facts | more)


def notice(code="0231", customer="1002", mandate="900000002", begins=date(2026, 10, 30), ends=None):
    return writing.Notice(code=code, customer=customer, mandate=mandate, begins=begins, ends=ends)


def section(number, *items, group=GROUP, creditor=CREDITOR):
    made_on = date(2026, 11, 9)
    return writing.Section(
        number=number, creditor=creditor, group=group, made_on=made_on, items=list(items)
    )


def delivery(*sections, kind="0602", number="2012345001"):
    made_on = date(2026, 11, 9)
    return writing.delivery(kind, sections, supplier=SUPPLIER, number=number, made_on=made_on)


def results(*items):
    return delivery(section("0211", *items))


def slips(*items):
    return delivery(section("0215", *items))


def mandates(*items, number="0212"):
    return delivery(section(number, *items), kind="0603")


# ---------------------------------------------------------------------- files from us


def claim(key="1", payer="1001", amount="350.00", due=DUE, **more):
    facts = {
        "account": "",
        "agreement_number": AGREEMENT,
        "reference": f"INV{key}",
        "payer_name": "Åse Sørensen",
        "payer_street": "Prøvevej 1, 2. th.",
        "payer_zip": "8000",
        "payer_city": "Aarhus C",
        "currency": "DKK",
    }
    amount = Decimal(amount)
    return CollectionRequest(
        key=key, payer_number=payer, amount=amount, due_date=due, **facts | more
    )


def assignment(*requests, number=AGREEMENT):
    return Assignment(number=1, account="", agreement_number=number, requests=requests)


def transmission(number="42", sender=SUPPLIER, is_test=False):
    return Transmission(record=1, sender=sender, number=number, is_test=is_test)
