"""Deliveries that only tell something: 0621, 0686 and whatever else may come. Never money.

What is known of 0621 and 0686 comes from programs that read them, not from a guide. One thing in
them answers a request of ours: the echo of a registration with an error is its refusal.
"""

from collections.abc import Callable, Iterator

from ...membership_billing_nordic.formats.fixed_width import DIGITS, Field, Layout, printable
from ...membership_billing_nordic.formats.issues import RefusedError, warning
from ...membership_billing_nordic.formats.messages import BankNotice, Message, RequestEvent
from . import records
from .lines import NumberedLines
from .numbers import NO_MANDATE, agreement_number, customer_number

SHOWN_ONLY = "kept for information, nothing is booked"
# Followed by the number of the text, in what a refusal means.
REFUSED = "registration refused, text number "

# 0621: what was sent comes back with the number of a text.
_ECHO = b"0200"
_ECHO_LAYOUT = Layout(
    Field("debtor group", 21, 25, DIGITS),
    Field("customer number", 26, 40),
    Field("mandate number", 41, 49),
    Field("text number", 115, 120, DIGITS),
)
# By the second digit of a text number.
_KINDS = {"1": "information", "2": "remark", "3": "error"}
_KNOWN = (records.INFORMATION_LIST, records.DISPATCH_LIST)
# 0686: what became of payment slips, by section.
_DISPATCH = {
    b"0195": ("information", "payment slip sent to e-Boks"),
    b"0196": ("information", "payment slip sent to the net bank"),
    b"0197": ("information", "payment slip sent on paper"),
    b"0198": ("error", "payment slip could not be placed"),
    b"0199": ("error", "payment slip undeliverable"),
}
_SLIP_LAYOUT = Layout(Field("debtor group", 23, 27, DIGITS), Field("customer number", 28, 42))


def read(
    delivery_type: str,
    record: int,
    numbered: NumberedLines,
    require_end: Callable[[int, bytes], None],
) -> Iterator[Message]:
    """Yield what each record of a delivery says, up to its end."""
    if delivery_type not in _KNOWN:
        expected = "0602 with payments or 0603 with mandates"
        yield warning(record, "delivery type", expected, delivery_type, SHOWN_ONLY)
    section = b""
    for record, line in numbered:
        kind = line[records.KIND]
        if kind == records.DELIVERY_END:
            require_end(record, line)
            return
        if kind == records.DELIVERY_START:
            raise RefusedError(record, "record type", "the delivery end, BS992", printable(kind))
        if kind == records.SECTION_START:
            section = line[records.SECTION]
        elif kind != records.SECTION_END:
            yield _notice(delivery_type, section, record, line)
    raise RefusedError(record + 1, "record type", "the delivery end, BS992", "the end of the file")


def _notice(delivery_type: str, section: bytes, record: int, line: bytes) -> Message:
    if delivery_type == records.INFORMATION_LIST and _is_echo(line):
        return _echo(record, line)
    facts = {"kind": "information", "text": _readable(line)}
    if section in _DISPATCH and line.startswith(records.TRANSACTION):
        facts |= _dispatched(section, line)
    return BankNotice(record=record, **facts)


def _is_echo(line: bytes) -> bool:
    is_sound = _ECHO_LAYOUT.is_sound(line) and line[records.CREDITOR].isdigit()
    return is_sound and line[records.SECTION] == _ECHO


def _echo(record: int, line: bytes) -> Message:
    """A registration of ours, and what Betalingsservice says of it.

    The record itself is not quoted: it holds the payer's personal number and account.
    """
    group, customer, mandate, number = (raw.decode("latin-1") for raw in _ECHO_LAYOUT.cut(line))
    kind = _KINDS.get(number[1], "information")
    facts = {
        "record": record,
        "agreement_number": agreement_number(line[records.CREDITOR].decode(), group),
        "payer_number": customer_number(customer),
        "bank_code": number,
    }
    if kind == "error":
        return RequestEvent(**facts, event="rejected", meaning=REFUSED + number)
    mandate_number = "" if mandate == NO_MANDATE else mandate.strip()
    return BankNotice(**facts, kind=kind, mandate_number=mandate_number)


def _dispatched(section: bytes, line: bytes) -> dict:
    kind, meaning = _DISPATCH[section]
    facts = {"kind": kind, "meaning": meaning, "bank_code": section.decode()}
    if _SLIP_LAYOUT.is_sound(line) and line[records.CREDITOR].isdigit():
        group, customer = (raw.decode("latin-1") for raw in _SLIP_LAYOUT.cut(line))
        facts["agreement_number"] = agreement_number(line[records.CREDITOR].decode(), group)
        facts["payer_number"] = customer_number(customer)
    return facts


def _readable(line: bytes) -> str:
    text = line.decode("latin-1").rstrip()
    return "".join(each if each.isprintable() else "?" for each in text)
