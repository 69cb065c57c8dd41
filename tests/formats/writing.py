"""What the tests of the AvtaleGiro encoder share."""

from datetime import date
from decimal import Decimal

from odoo.addons.l10n_no_ocr.formats import avtalegiro
from odoo.addons.membership_billing_nordic.formats.messages import (
    Assignment,
    CollectionRequest,
    CollectionWithdrawal,
    Transmission,
)

from .reading import ACCOUNT

TODAY = date(2026, 10, 15)
DUE = date(2026, 11, 2)
SENDER, NETS = "00123456", "00008080"


def claim(key="1", kid="000100126000171", amount="450.00", due=DUE, **more):
    return CollectionRequest(**_facts(key, kid, amount, due), **more)


def withdrawal(key="W", kid="000100326000047", amount="450.00", due=date(2026, 10, 20), **more):
    return CollectionWithdrawal(**_facts(key, kid, amount, due), **more)


def _facts(key, kid, amount, due):
    return {
        "key": key,
        "account": ACCOUNT,
        "reference": kid,
        "amount": Decimal(amount),
        "currency": "NOK",
        "due_date": due,
    }


def assignment(*requests, number=1, account=ACCOUNT):
    return Assignment(number=number, account=account, requests=requests)


def transmission(number="1510001", sender=SENDER, recipient=NETS):
    return Transmission(record=1, sender=sender, recipient=recipient, number=number)


def encoded(*requests, today=TODAY, encoder=avtalegiro, **options):
    """The file of requests or, for several of them, of assignments."""
    if not requests or not isinstance(requests[0], Assignment):
        requests = [assignment(*requests)]
    return encoder.encode(transmission(**options), requests, today)


def lines(*requests, **options):
    """The records of the file, in characters."""
    return encoded(*requests, **options).content.decode("latin-1").split("\r\n")[:-1]
