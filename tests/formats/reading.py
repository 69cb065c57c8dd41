"""What the tests of decoders share: one reading of a file, sorted by kind of message."""

from datetime import date
from io import BytesIO
from pathlib import Path

from odoo.addons.l10n_no_ocr.formats import ocr_giro
from odoo.addons.membership_billing_nordic.formats import messages

from tests.bank_simulator import nets

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
ACCOUNT = "99991042764"
DAY = date(2026, 11, 2)


class Reading:
    """Everything a decoder says of a file."""

    def __init__(self, content, decoder=ocr_giro):
        self.messages = list(decoder.decode(BytesIO(content)))

    def of(self, *kinds):
        return [message for message in self.messages if isinstance(message, kinds)]

    @property
    def payments(self):
        return self.of(messages.PaymentReceived, messages.PaymentReversed)

    @property
    def deposits(self):
        return self.of(messages.Deposit)

    @property
    def mandates(self):
        return self.of(messages.MandateEvent)

    @property
    def totals(self):
        return self.of(messages.ControlTotal)

    @property
    def issues(self):
        return self.of(messages.FormatIssue)

    @property
    def refusals(self):
        return [issue for issue in self.issues if issue.severity == messages.REFUSAL]

    @property
    def errors(self):
        return [issue for issue in self.issues if issue.severity == messages.ERROR]

    @property
    def warnings(self):
        return [issue for issue in self.issues if issue.severity == messages.WARNING]

    @property
    def refused(self):
        return bool(self.refusals)


def payment(amount=45000, kid="000100126000171", **more):
    return nets.Transaction(amount=amount, kid=kid, settled_on=more.pop("day", DAY), **more)


def one_file(*assignments, **options):
    """A file of the simulator's from assignments or, for short, from transactions."""
    if not assignments or isinstance(assignments[0], nets.Transaction):
        assignments = [nets.Payments(account=ACCOUNT, transactions=list(assignments))]
    options = {"number": 2900001, "recipient": "00123456", "made_on": DAY, **options}
    return nets.file_of(assignments, **options)


def lines_of(content):
    return content.decode("latin-1").split("\r\n")[:-1]


def joined(lines):
    return "".join(f"{line}\r\n" for line in lines).encode("latin-1")


def with_field(content, record, first, text):
    """The file with ``text`` written over a record from its 1-based position ``first`` on."""
    lines = lines_of(content)
    line = lines[record - 1].ljust(first - 1 + len(text))
    lines[record - 1] = line[: first - 1] + text + line[first - 1 + len(text) :]
    return joined(lines)
