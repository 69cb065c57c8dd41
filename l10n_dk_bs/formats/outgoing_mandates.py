"""Writes deliveries 0605: mandates that the creditor registers.

Cancellations and changes of the customer number stand in one known program each, and no guide
confirms them: they are written only on demand.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from ...membership_billing_nordic.formats.messages import (
    Assignment,
    EncodedFile,
    FormatError,
    MandateCancellation,
    MandateChange,
    MandateRequest,
    OutgoingMessage,
    Transmission,
)
from . import records, records_0605
from .accounts import account_parts
from .checks import kroner
from .numbers import (
    AGREEMENT,
    CUSTOMER,
    ELECTRONIC_SLIPS,
    NO_MANDATE,
    agreement_parts,
    is_customer_number,
    written,
)
from .writing import DeliveryWriter, Fault, check_frame, quoted

FORMAT = "dk.bs_0605"
LABEL = "Betalingsservice mandate requests (0605)"

_IDENTITY = re.compile(r"[0-9]{8}|[0-9]{10}")
_MANDATE = re.compile(r"(?!0{9}|9{9})[0-9]{9}")


@dataclass(frozen=True, slots=True)
class _Kind:
    section: str
    is_verified: bool


_KINDS = {
    MandateRequest: _Kind(records_0605.REGISTRATIONS.decode(), True),
    MandateChange: _Kind(records_0605.CHANGES.decode(), False),
    MandateCancellation: _Kind(records_0605.CANCELLATIONS.decode(), False),
}


class MandateRequests:
    """The encoder. ``unverified``: cancellations and changes are written too."""

    FORMAT = FORMAT
    LABEL = LABEL

    def __init__(self, unverified: bool = False, subsystem: str = records.SUBSYSTEM):
        self._unverified = unverified
        self._subsystem = subsystem

    def faults(self, request: OutgoingMessage) -> list[FormatError]:
        """What keeps ``request`` from being written. Accounts and identities are not quoted."""
        kind = _KINDS.get(type(request))
        if not kind:
            return [FormatError(request.key, "request", "a request on a mandate")]
        if not kind.is_verified and not self._unverified:
            expected = "a registration: cancellations and changes are not verified"
            return [FormatError(request.key, "request", expected)]
        return [FormatError(request.key, *fault) for fault in _faults(request)]

    def encode(
        self, transmission: Transmission, assignments: Sequence[Assignment], today: date
    ) -> EncodedFile:
        """The delivery as bytes. Each assignment has a section for each kind of request.

        An agreement may have several: what must be done first is in the first one.
        """
        check_frame(transmission, assignments, once=False)
        for assignment in assignments:
            self._check(assignment)
        stream, starts = BytesIO(), {}
        writer = DeliveryWriter(
            stream, records.MANDATE_REQUESTS, transmission, self._subsystem, today
        )
        for assignment in assignments:
            for section in sorted(set(map(_section, assignment.requests))):
                requests = [each for each in assignment.requests if _section(each) == section]
                _write_section(writer, section, requests, starts)
        writer.finish(is_short=True)
        count = sum(len(assignment.requests) for assignment in assignments)
        if len(starts) != count:
            raise FormatError("", "requests", "a key of its own for each")
        return EncodedFile(
            content=stream.getvalue(),
            records=starts,
            totals=tuple(writer.totals),
            count=count,
            amount=kroner(0),
        )

    def _check(self, assignment: Assignment) -> None:
        if not assignment.requests:
            raise FormatError("", "requests", "at least one in each assignment", "none")
        for request in assignment.requests:
            if request.agreement_number != assignment.agreement_number:
                raise FormatError(request.key, "agreement number", "that of the assignment")
            for fault in self.faults(request):
                raise fault


def _section(request: OutgoingMessage) -> str:
    return _KINDS[type(request)].section


def _faults(request: OutgoingMessage) -> Iterator[Fault]:
    if not agreement_parts(request.agreement_number):
        yield "agreement number", AGREEMENT, quoted(request.agreement_number)
    if not is_customer_number(request.payer_number):
        yield "payer number", CUSTOMER, quoted(request.payer_number)
    if type(request) is MandateRequest:
        if not account_parts(request.payer_account):
            yield "payer account", "registration number of 4 digits and account of up to 10"
        if not _IDENTITY.fullmatch(request.payer_identity):
            yield "payer identity", "a CPR number of 10 or a CVR number of 8 digits"
        return
    if not _MANDATE.fullmatch(request.mandate_number):
        expected = f"9 digits, neither {NO_MANDATE} nor {ELECTRONIC_SLIPS}"
        yield "mandate number", expected, quoted(request.mandate_number)
    if type(request) is MandateChange and not is_customer_number(request.new_payer_number):
        yield "new payer number", CUSTOMER, quoted(request.new_payer_number)


def _write_section(
    writer: DeliveryWriter,
    section: str,
    requests: list[OutgoingMessage],
    starts: dict[str, int],
) -> None:
    creditor, group = agreement_parts(requests[0].agreement_number)
    writer.start_section(records_0605.SECTION_START_TEMPLATE.pattern % (creditor, section))
    for request in requests:
        starts[request.key] = writer.size + 1
        place = creditor, group, written(request.payer_number)
        writer.add(_RECORDS[type(request)](request, place, writer.today).rstrip(" "))
        writer.section.transactions += 1
    end = records_0605.SECTION_END_TEMPLATE.pattern
    writer.end_section(end % (creditor, section, len(requests)))


def _registration(request: MandateRequest, place: tuple, today: date) -> str:
    identity = request.payer_identity.zfill(10)
    account = account_parts(request.payer_account)
    return records_0605.REGISTER_TEMPLATE.pattern % (*place, identity, *account)


def _cancellation(request: MandateCancellation, place: tuple, today: date) -> str:
    return records_0605.CANCEL_TEMPLATE.pattern % (*place, request.mandate_number)


def _change(request: MandateChange, place: tuple, today: date) -> str:
    new = written(request.new_payer_number)
    values = request.mandate_number, f"{today:%d%m%y}", new
    return records_0605.CHANGE_TEMPLATE.pattern % (*place, *values)


_RECORDS: Mapping = {
    MandateRequest: _registration,
    MandateCancellation: _cancellation,
    MandateChange: _change,
}
_PLAIN = MandateRequests()
faults = _PLAIN.faults
encode = _PLAIN.encode
