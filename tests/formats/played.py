"""What the tests of months with a clearing house share: its files read as one."""

from collections import defaultdict
from decimal import Decimal
from io import BytesIO

from odoo.addons.membership_billing_nordic.formats import messages, registry


def read(files, decoders):
    """Every message of the files, by class."""
    found = defaultdict(list)
    for file in files:
        stream = BytesIO(file.content)
        for message in registry.recognise(stream, decoders).decode(stream):
            found[type(message)].append(message)
    return found


def by_day(found):
    """The deposits that were read, added up."""
    sums = defaultdict(Decimal)
    for deposit in found[messages.Deposit]:
        sums[deposit.bank_date] += deposit.amount
    return sums


def net(found):
    """What was received less what was reversed."""
    received = sum(payment.amount for payment in found[messages.PaymentReceived])
    return received - sum(payment.amount for payment in found[messages.PaymentReversed])
