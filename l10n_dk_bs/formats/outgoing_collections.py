"""Writes deliveries 0601: collections by Betalingsservice (0112) and payment slips (0117).

Source: guidelines for data suppliers, BS 0601. A customer gets one collection for a day:
requests of the same payer and due date are merged into one. A disbursement (sign 2) pays money to
the account of a debtor with a mandate; sums are collections less disbursements, without a sign.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from itertools import chain, groupby
from typing import BinaryIO

from dateutil.relativedelta import relativedelta

from ...membership_billing_nordic.formats.latin_1 import to_latin_1
from ...membership_billing_nordic.formats.messages import (
    Assignment,
    CollectionRequest,
    CreditTransfer,
    EncodedFile,
    FormatError,
    OutgoingMessage,
    Transmission,
)
from . import records, records_0601
from .address import address_lines, postcode_and_country, wrong_address
from .advice import MOST_LINES, text_lines
from .checks import kroner
from .fi import CARD_TYPES, is_payment_id
from .numbers import (
    AGREEMENT,
    CUSTOMER,
    ELECTRONIC_SLIPS,
    NO_MANDATE,
    agreement_parts,
    is_customer_number,
    written,
)
from .payment_days import BANKING_DAYS
from .writing import DeliveryWriter, check_frame, ore_of, quoted, wrong_amount, wrong_date

FORMAT = "dk.bs_0601"
LABEL = "Betalingsservice collections (0601)"
MOST_DAYS_AHEAD = 90

_MANDATE = re.compile(r"(?!0{9}|9{9})[0-9]{9}")
_IDENTITY = re.compile(r"[0-9]{8}|[0-9]{10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is agreed of a creditor number and debtor group.

    ``with_slips``: the total solution, in which payers without a mandate get payment slips; it
    wants their addresses, and zeros for mandate numbers unless ``sends_mandate_numbers``.
    ``with_disbursements``: the creditor's bank lets money be paid to debtors with a mandate.
    ``main_text`` stands on the debtor's payment overview, ``own_id`` is for ourselves.
    """

    with_slips: bool = True
    sends_mandate_numbers: bool = False
    with_disbursements: bool = False
    main_text: str = ""
    own_id: str = ""


class Collections:
    """The encoder. ``terms`` by agreement number; the total solution where none are given."""

    FORMAT = FORMAT
    LABEL = LABEL

    def __init__(
        self, terms: Mapping[str, Terms] | None = None, subsystem: str = records.SUBSYSTEM
    ):
        self._terms = terms or {}
        self._subsystem = subsystem

    def terms_of(self, agreement_number: str) -> Terms:
        """What is agreed under this number."""
        return self._terms.get(agreement_number, _TOTAL_SOLUTION)

    def faults(
        self, request: OutgoingMessage, today: date | None = None, is_test: bool = False
    ) -> list[FormatError]:
        """What keeps ``request`` from being written in a file made ``today``, if that is told."""
        if type(request) not in _WRITTEN:
            return [FormatError(request.key, "request", _WHAT)]
        terms = self.terms_of(request.agreement_number)
        if type(request) is CreditTransfer and not terms.with_disbursements:
            return [FormatError(request.key, "request", _NO_DISBURSEMENTS)]
        content = _content(request, terms)
        wrong = [
            *content.faults(),
            *wrong_amount(request),
            *_wrong_date(content.request, today, is_test),
        ]
        return [FormatError(request.key, *fault) for fault in wrong]

    def encode(
        self, transmission: Transmission, assignments: Sequence[Assignment], today: date
    ) -> EncodedFile:
        """The delivery as bytes, each record followed by CR LF, without blanks at its end.

        The collections of an agreement come by payer number and due date, whatever assignments
        they are in. Requests that are merged have the same record.
        """
        stream, starts = BytesIO(), {}
        of_agreement = {}
        for each in assignments:
            of_agreement.setdefault(each.agreement_number, []).append(each)
        in_order = [
            replace(own[0], requests=tuple(sorted(_requests_of(own), key=_payer_and_day)))
            for own in of_agreement.values()
        ]
        writer = self.write(stream, transmission, in_order, today, starts)
        count = sum(len(each.requests) for each in assignments)
        if len(starts) != count:
            raise FormatError("", "requests", "a key of its own for each")
        return EncodedFile(
            content=stream.getvalue(),
            records=starts,
            totals=tuple(writer.totals),
            count=count,
            amount=kroner(writer.delivery.amount),
        )

    def write(
        self,
        stream: BinaryIO,
        transmission: Transmission,
        assignments: Sequence[Assignment],
        today: date,
        starts: MutableMapping[str, int] | None = None,
    ) -> DeliveryWriter:
        """Write the delivery to a stream, in memory that does not grow with its debits.

        The requests of an assignment may come one by one, by payer number and due date.
        ``starts`` gets the record of each, if it is given.

        :raises FormatError: the first fault; what was written by then is no delivery
        """
        check_frame(transmission, assignments)
        writer = DeliveryWriter(stream, records.COLLECTIONS, transmission, self._subsystem, today)
        for assignment in assignments:
            terms = self.terms_of(assignment.agreement_number)
            _Sections(writer, assignment, terms, transmission.is_test, starts).write()
        writer.finish()
        return writer


_TOTAL_SOLUTION = Terms()
_WRITTEN = (CollectionRequest, CreditTransfer)
_WHAT = "a collection or a disbursement"
_NO_DISBURSEMENTS = "no disbursement under an agreement whose bank allows none"
_ONE_DISBURSEMENT = "a disbursement alone for a payer and due date"
# What both are made of.
_FACTS = tuple(field.name for field in fields(CreditTransfer))


def _requests_of(assignments: Iterable[Assignment]) -> Iterator[OutgoingMessage]:
    return chain.from_iterable(each.requests for each in assignments)


def _payer_and_day(request: OutgoingMessage) -> tuple[str, date]:
    """By what collections are sorted and merged. Raises FormatError for other requests."""
    if type(request) not in _WRITTEN:
        raise FormatError(request.key, "request", _WHAT)
    if not isinstance(request.due_date, date) or isinstance(request.due_date, datetime):
        raise FormatError(request.key, "due date", "a date")
    return request.payer_number.upper(), request.due_date


def merged(requests: Sequence[CollectionRequest]) -> CollectionRequest:
    """One collection for requests of the same payer and due date.

    Amounts are added and texts follow one another; the rest is that of the first one, by whose
    reference the answer comes.

    :raises FormatError: an amount is wrong, some are for slips and some are not, or one pays out
    """
    first = next((one for one in requests if type(one) is CollectionRequest), requests[0])
    for request in requests:
        if type(request) is not CollectionRequest:
            raise FormatError(request.key, "request", _ONE_DISBURSEMENT)
        if request.is_form != first.is_form:
            expected = "debits or payment slips for a payer and due date, not both"
            raise FormatError(request.key, "request", expected)
        for fault in wrong_amount(request):
            raise FormatError(request.key, *fault)
    return replace(
        first,
        amount=sum(request.amount for request in requests),
        lines=tuple(line for request in requests for line in request.lines),
        form_lines=_form_lines(requests),
    )


def _form_lines(requests: Sequence[CollectionRequest]) -> tuple[str, ...]:
    """The text of the slip: what all say alike stands there once."""
    if not any(request.form_lines for request in requests):
        return ()
    texts = dict.fromkeys(request.form_lines or request.lines for request in requests)
    return tuple(line for text in texts for line in text)


# ---------------------------------------------------------------------- one collection


def _content(request: OutgoingMessage, terms: Terms) -> "_Content":
    """The records of a collection or of a disbursement, which has the same but for its sign."""
    if type(request) is CollectionRequest:
        return _Content(request, terms)
    facts = {name: getattr(request, name) for name in _FACTS}
    return _Content(CollectionRequest(**facts), terms, is_paid_out=True)


class _Content:
    """A collection as it is to be written, and what keeps it from that."""

    def __init__(self, request: CollectionRequest, terms: Terms, is_paid_out: bool = False):
        self.request = request
        self.terms = terms
        self.is_paid_out = is_paid_out
        self.lines = text_lines(request.lines)
        self.form_lines = text_lines(request.form_lines) if request.form_lines else ()
        self.address = address_lines(request) if terms.with_slips else ()

    @property
    def mandate(self) -> str:
        """The mandate number, or zeros: then Betalingsservice looks it up by the customer."""
        is_sent = self.terms.sends_mandate_numbers or not self.terms.with_slips
        if not is_sent or self.request.is_form:
            return NO_MANDATE
        return self.request.mandate_number or NO_MANDATE

    def faults(self) -> Iterator[tuple[str, ...]]:
        """Everything but amount and date."""
        request = self.request
        yield from self._wrong_numbers(request)
        if len(self.lines) > MOST_LINES:
            yield "lines", f"at most {MOST_LINES} of 60 characters", str(len(self.lines))
        if len(self.form_lines) > MOST_LINES:
            yield "form lines", f"at most {MOST_LINES} of 60 characters", str(len(self.form_lines))
        if not self.terms.with_slips and (request.is_form or request.form_lines):
            yield "request", "no payment slip under an agreement without them"
        elif request.is_form and self.form_lines:
            yield "form lines", "none with a payment slip: lines are its text"
        if self.terms.with_slips:
            yield from wrong_address(request, self.address)

    def _wrong_numbers(self, request):
        if not agreement_parts(request.agreement_number):
            yield "agreement number", AGREEMENT, quoted(request.agreement_number)
        if not is_customer_number(request.payer_number):
            yield "payer number", CUSTOMER, quoted(request.payer_number)
        if request.payer_identity and not _IDENTITY.fullmatch(request.payer_identity):
            yield "payer identity", "8 or 10 digits"
        is_wanted = not self.terms.with_slips or self.mandate != NO_MANDATE
        if is_wanted and not _MANDATE.fullmatch(self.mandate):
            expected = f"9 digits, neither {NO_MANDATE} nor {ELECTRONIC_SLIPS}"
            yield "mandate number", expected, quoted(request.mandate_number)
        longest = _LONGEST_REFERENCE[request.is_form]
        reference = request.reference
        if len(reference) > longest or to_latin_1(reference) != reference:
            yield "reference", f"at most {longest} characters of ISO-8859-1", quoted(reference)
        if request.form_reference and not is_payment_id(request.form_reference):
            expected = f"{CARD_TYPES['71']} digits, the last a modulus 10 check digit"
            yield "form reference", expected, quoted(request.form_reference)

    def records(self, patterns: records_0601.Patterns, day: str, ore: int) -> list[str]:
        """Address, collection, texts."""
        request, customer = self.request, written(self.request.payer_number)
        found = [
            patterns.line % (number, customer, line) for number, line in enumerate(self.address, 1)
        ]
        if self.address:
            found.append(patterns.postcode % (customer, *postcode_and_country(request)))
            if request.payer_identity:
                found.append(patterns.identity % (customer, request.payer_identity.zfill(10)))
        mandate = self.mandate
        names = request.reference, request.form_reference
        pattern = patterns.disbursement if self.is_paid_out else patterns.collection
        found.append(pattern % (customer, mandate, day, ore, *names))
        for number, line in enumerate(self.lines, 1):
            found.append((patterns.text % (number, customer, mandate, line)).rstrip(" "))
        for number, line in enumerate(self.form_lines, 1):
            found.append((patterns.form_text % (number, customer, line)).rstrip(" "))
        return found


_LONGEST_REFERENCE = {
    False: records_0601.LONGEST_REFERENCE,
    True: records_0601.LONGEST_SLIP_REFERENCE,
}


def _wrong_date(request, today, is_test):
    yield from wrong_date(request.due_date)
    if request.is_immediate or request.interval:
        yield "due date", "a single collection on a day"
    if today and isinstance(request.due_date, date):
        first, last = _reach(today, is_test, request.is_form)
        if not first <= request.due_date <= last:
            yield "due date", f"from {first} to {last}", str(request.due_date)


@lru_cache(maxsize=64)
def _day_text(day: date) -> str:
    return f"{day:%d%m%Y}"


@lru_cache(maxsize=64)
def _reach(today: date, is_test: bool, is_form: bool) -> tuple[date, date]:
    """The first and the last due date of a file made ``today``."""
    first, last = today + timedelta(days=1), today + timedelta(days=MOST_DAYS_AHEAD)
    if is_form:
        return BANKING_DAYS.forward(today, 1), last
    if is_test:
        # Tests are taken for the following month only.
        following = today.replace(day=1) + relativedelta(months=1)
        return following, min(last, following + relativedelta(day=31))
    return first, last


# ---------------------------------------------------------------------- all of them


class _Sections:
    """The sections of one agreement: debits, then payment slips, which are kept until then."""

    def __init__(
        self,
        writer: DeliveryWriter,
        assignment: Assignment,
        terms: Terms,
        is_test: bool,
        starts: MutableMapping[str, int] | None,
    ):
        self.writer = writer
        self.assignment = assignment
        self.terms = terms
        self.is_test = is_test
        self.starts = starts
        self.place = agreement_parts(assignment.agreement_number)

    def write(self) -> None:
        slips = []
        debits = self._debits(slips)
        first = next(debits, None)
        if first:
            self._section(records_0601.AUTOMATIC.decode(), chain((first,), debits))
        if slips:
            self._section(records_0601.SLIPS.decode(), slips)
        if not first and not slips:
            raise FormatError("", "requests", "at least one in each assignment", "none")

    def _debits(self, slips: list) -> Iterator[Sequence[CollectionRequest]]:
        """The requests of each debit; those of slips are put aside."""
        before = ("", date.min)
        # Formats know no Odoo, and this is not for records.
        # pylint: disable-next=bad-builtin-groupby
        for identity, group in groupby(self.assignment.requests, _payer_and_day):
            requests = tuple(group)
            if identity < before:
                expected = "requests by payer number and due date"
                raise FormatError(requests[0].key, "payer number", expected)
            before = identity
            if any(type(one) is CollectionRequest and one.is_form for one in requests):
                slips.append(requests)
            else:
                yield requests

    def _section(self, code: str, groups: Iterable[Sequence[CollectionRequest]]) -> None:
        writer, terms, place = self.writer, self.terms, (self.place[0], code, self.place[1])
        # The main line of the payment overview is that of automatic payments.
        main_text = terms.main_text if code == records_0601.AUTOMATIC.decode() else ""
        start = records_0601.SECTION_START_TEMPLATE.pattern % (
            *place,
            to_latin_1(terms.own_id)[: records_0601.OWN_ID_WIDTH],
            f"{writer.today:%d%m%Y}",
            to_latin_1(main_text)[: records_0601.MAIN_TEXT_WIDTH],
        )
        writer.start_section(start)
        patterns = records_0601.Patterns(self.place[0], code, self.place[1])
        for requests in groups:
            self._collection(patterns, requests)
        totals = writer.section
        totals.amount = abs(totals.amount)
        sums = totals.transactions, totals.amount, totals.texts, totals.addresses
        writer.end_section(records_0601.SECTION_END_TEMPLATE.pattern % (*place, *sums))

    def _collection(self, patterns, requests: Sequence[CollectionRequest]) -> None:
        """The records of one collection, unless there is anything wrong with it."""
        request = requests[0] if len(requests) == 1 else merged(requests)
        content = _content(request, self.terms)
        for fault in self._faults(requests, content):
            raise FormatError(request.key, *fault)
        writer, ore = self.writer, ore_of(request.amount)
        if self.starts is not None:
            self.starts.update((each.key, writer.size + 1) for each in requests)
        found = content.records(patterns, _day_text(request.due_date), ore)
        writer.add(*found)
        totals, texts = writer.section, len(content.lines) + len(content.form_lines)
        totals.transactions += 1
        totals.amount += -ore if content.is_paid_out else ore
        totals.texts += texts
        totals.addresses += len(found) - texts - 1

    def _faults(self, requests, content: _Content) -> Iterator[tuple[str, ...]]:
        for request in requests:
            if request.agreement_number != self.assignment.agreement_number:
                yield "agreement number", "that of the assignment"
        if content.is_paid_out and not self.terms.with_disbursements:
            yield "request", _NO_DISBURSEMENTS
        yield from content.faults()
        yield from wrong_amount(content.request)
        yield from _wrong_date(content.request, self.writer.today, self.is_test)


_PLAIN = Collections()
faults = _PLAIN.faults
encode = _PLAIN.encode
