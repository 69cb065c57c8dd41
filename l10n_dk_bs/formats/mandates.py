"""The sections of delivery 0603: mandates, and agreements on electronic payment slips."""

from collections.abc import Iterator

from ...membership_billing_nordic.formats.fixed_width import printable
from ...membership_billing_nordic.formats.issues import error, warning
from ...membership_billing_nordic.formats.messages import BankNotice, MandateEvent, Message
from . import records, records_0603
from .checks import is_given, read_date
from .numbers import ELECTRONIC_SLIPS, NO_MANDATE, customer_number
from .records_0603 import CODES, MANDATE_LAYOUT
from .sections import Section

_LEFT_EMPTY = "field left empty"
# Followed by what became of it.
SLIP_AGREEMENT = "agreement on electronic payment slips: "


class MandateSection(Section):
    """Any of the sections 0210, 0212 and 0219; their transaction codes may stand in each."""

    def record(self, record: int, line: bytes) -> Iterator[Message]:
        """One mandate."""
        code = line[records.SECTION]
        if line.startswith(records.TRANSACTION):
            self.totals.transactions += 1
        if code not in CODES or line[:25] != self.head(records.TRANSACTION, code, b"000"):
            codes = ", ".join(known.decode() for known in CODES)
            yield self.stray(record, line, f"BS042 with {codes}")
            return
        customer, mandate, *_days = MANDATE_LAYOUT.cut(line)
        payer = customer_number(customer.decode("latin-1"))
        if not payer:
            yield error(record, "customer number", "a number")
        elif not mandate.isdigit():
            yield error(record, "mandate number", "9 digits", printable(mandate))
        else:
            first, last = self.days(record, line)
            yield from self.drain()
            yield self.message(record, code, payer, mandate.decode(), first, last)
            yield from self.drain()

    def days(self, record: int, line: bytes) -> list:
        """First and last day; None for one that is not given or cannot be read."""
        days = []
        for field in MANDATE_LAYOUT.fields[2:]:
            raw = line[field.span]
            days.append(read_date(raw))
            if is_given(raw) and not days[-1]:
                issue = warning(record, field.name, "a date DDMMYY", printable(raw), _LEFT_EMPTY)
                self.issues.append(issue)
        return days

    def message(self, record, code, payer, number, first, last) -> Message:
        change = CODES[code]
        facts = {
            "record": record,
            "agreement_number": self.agreement,
            "payer_number": payer,
            "mandate_number": "" if number == NO_MANDATE else number,
            "bank_code": change.code,
        }
        if number == ELECTRONIC_SLIPS or self.code == records_0603.ELECTRONIC_SLIPS:
            meaning = SLIP_AGREEMENT + change.meaning
            return BankNotice(**facts, kind="information", meaning=meaning)
        ends = change.event == "cancelled"
        if ends and not last:
            expected = "the day the mandate ends"
            self.issues.append(warning(record, "last day", expected, "", _LEFT_EMPTY))
        return MandateEvent(
            **facts,
            event=change.event,
            meaning=change.meaning,
            effective_date=last if ends else first,
            end_date=None if ends else last,
        )
