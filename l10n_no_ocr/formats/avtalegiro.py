"""Writes what an association sends Nets: AvtaleGiro claims and their withdrawals.

Source: Nets' AvtaleGiro system specification. One transmission holds the assignments of
any number of accounts, each of claims (21/00) or of withdrawals (21/36).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from dateutil.relativedelta import relativedelta

from ...membership_billing_nordic.formats.latin_1 import to_latin_1
from ...membership_billing_nordic.formats.messages import (
    Assignment,
    CollectionRequest,
    CollectionWithdrawal,
    ControlTotal,
    EncodedFile,
    FormatError,
    OutgoingMessage,
    Transmission,
)
from ...membership_billing_nordic.formats.references import ReferenceLayout
from . import records
from .checks import kroner
from .specification import Cell, cells_of

FORMAT = "no.avtalegiro"
LABEL = "AvtaleGiro claims and withdrawals (Nets)"

LINE_END = "\r\n"
_NAME_LENGTH, _TEXT_LENGTH = 10, 25
_MOST_LINES = records.MOST_LINES
_ZERO = kroner(0)
_LARGEST = kroner(records.LARGEST_AMOUNT)
_KID = re.compile(r"[0-9]{3,24}[0-9-]")
_ACCOUNT = re.compile(r"[0-9]{11}")
_SENDER = re.compile(r"[0-9]{8}")
_TRANSMISSION_NUMBER = re.compile(r"[0-9]{7}")
_KINDS = {CollectionRequest: records.CLAIMS, CollectionWithdrawal: records.WITHDRAWALS}
_ITEMS = LINE_END.join(
    (records.CLAIM_ITEM_1_TEMPLATE.pattern, records.CLAIM_ITEM_2_TEMPLATE.pattern)
)
_CELL = records.CELL_TEMPLATE.pattern


class AvtaleGiro:
    """The encoder. ``layouts``: the KID structures by account, if they are to be kept to."""

    FORMAT = FORMAT
    LABEL = LABEL

    def __init__(self, layouts: Mapping[str, Sequence[ReferenceLayout]] | None = None):
        self._layouts = layouts or {}

    def faults(self, request: OutgoingMessage, today: date | None = None) -> list[FormatError]:
        """What keeps ``request`` from being written in a file made ``today``, if that is told."""
        if type(request) not in _KINDS:
            return [FormatError(request.key, "request", "a claim or a withdrawal")]
        wrong = [
            *_wrong_account(request),
            *_wrong_amount(request),
            *self._wrong_kid(request),
            *_wrong_date(request.due_date, today),
            *_wrong_texts(request),
        ]
        return [FormatError(request.key, *fault) for fault in wrong]

    def encode(
        self, transmission: Transmission, assignments: Sequence[Assignment], today: date
    ) -> EncodedFile:
        """The file as bytes, each record followed by CR LF.

        Of claims that the payee gives notice of (transaction 02) lines are not written,
        and of the payer's name as much as there is room for.
        """
        _check_frame(transmission, assignments)
        file = _File(self, transmission, today)
        for assignment in assignments:
            file.add(assignment)
        return file.finish()

    def kid_check(self, account: str) -> Callable[[str], object]:
        """A function that tells whether a KID can be in a claim for ``account``."""
        layouts = self._layouts.get(account)
        if not layouts:
            return _KID.fullmatch
        return lambda kid: _KID.fullmatch(kid) and any(each.accepts(kid) for each in layouts)

    def _wrong_kid(self, request):
        kid = request.reference
        if not _KID.fullmatch(kid):
            yield "KID", "4 to 25 digits, the last may be -", _quoted(kid)
        elif not self.kid_check(request.account)(kid):
            yield "KID", "a KID of a layout of the agreement", _quoted(kid)


def _wrong_amount(request):
    amount = request.amount
    if request.currency != "NOK":
        yield "currency", "NOK", request.currency
    if not isinstance(amount, Decimal) or not amount.is_finite():
        yield "amount", "a decimal number"
    elif amount <= 0:
        yield "amount", "more than 0", str(amount)
    elif amount > _LARGEST:
        yield "amount", "at most 17 digits with two decimals", str(amount)
    elif _ore(amount) is None:
        yield "amount", "at most two decimals", str(amount)


def _wrong_date(day, today):
    if not isinstance(day, date) or isinstance(day, datetime):
        yield "due date", "a date"
    elif today and not today < day <= _last_day(today):
        yield "due date", f"after {today} and at most 12 months ahead", str(day)


def _wrong_account(request):
    if not _ACCOUNT.fullmatch(request.account):
        yield "account", "11 digits"


def _wrong_texts(request):
    if type(request) is CollectionWithdrawal:
        return
    text = _statement_text(request)
    if len(text) > _TEXT_LENGTH:
        yield "reference text", f"at most {_TEXT_LENGTH} characters", f"{len(text)}: {text[:60]}"
    if request.is_notified_by_bank and (last := _last_line(cells_of(request.lines))) > _MOST_LINES:
        yield "specification", f"at most {_MOST_LINES} lines of 2 times 40 characters", str(last)


def _ore(amount: Decimal) -> int | None:
    """The amount in øre; None unless it is above zero, has at most two decimals and fits."""
    if not (isinstance(amount, Decimal) and amount.is_finite() and _ZERO < amount <= _LARGEST):
        return None
    ore = int(amount * 100)
    # Comparing is exact, while multiplying rounds numbers of very many digits.
    is_exact = amount.same_quantum(_ZERO) or kroner(ore) == amount
    return ore if is_exact and ore else None


def _statement_text(request: CollectionRequest) -> str:
    return to_latin_1(request.statement_text).strip()


def _last_line(cells: Sequence[Cell]) -> int:
    return cells[-1][0] if cells else 0


def _last_day(today: date) -> date:
    return today + relativedelta(months=12)


def _quoted(text: str) -> str:
    return to_latin_1(text)[:40]


def _check_frame(transmission: Transmission, assignments: Sequence[Assignment]) -> None:
    """Raise FormatError unless the start records can be written."""
    if not _SENDER.fullmatch(transmission.sender) or transmission.sender == records.NETS:
        expected = "8 digits, and not those of the clearing house"
        raise FormatError("", "data sender", expected, _quoted(transmission.sender))
    if transmission.recipient != records.NETS:
        raise FormatError("", "data recipient", records.NETS, _quoted(transmission.recipient))
    if not _TRANSMISSION_NUMBER.fullmatch(transmission.number):
        raise FormatError("", "transmission number", "7 digits", _quoted(transmission.number))
    if not assignments:
        raise FormatError("", "assignments", "at least one", "none")
    taken = set()
    for assignment in assignments:
        _check_assignment(assignment, taken)
        taken.add((assignment.account, assignment.number))
    _check_withdrawals(assignments)


def _check_assignment(assignment: Assignment, taken: set) -> None:
    if not _ACCOUNT.fullmatch(assignment.account):
        raise FormatError("", "account", "11 digits")
    if not 0 < assignment.number <= records.LARGEST_NUMBER:
        raise FormatError("", "assignment number", "1 to 9999999", str(assignment.number))
    if (assignment.account, assignment.number) in taken:
        expected = "another one for each assignment of an account"
        raise FormatError("", "assignment number", expected, str(assignment.number))
    if not 0 < len(assignment.requests) <= records.LARGEST_NUMBER:
        raise FormatError("", "requests", "1 to 9999999", str(len(assignment.requests)))


def _check_withdrawals(assignments: Sequence[Assignment]) -> None:
    """The payer's bank may not know a claim yet on the day that it is handed in."""
    requests = [each for assignment in assignments for each in assignment.requests]
    withdrawals = [each for each in requests if type(each) is CollectionWithdrawal]
    claims = withdrawals and {_identity(x) for x in requests if type(x) is CollectionRequest}
    for withdrawal in withdrawals:
        if _identity(withdrawal) in claims:
            raise FormatError(withdrawal.key, "withdrawal", "one of a claim in an earlier file")


def _identity(request) -> tuple:
    return request.account, request.reference, request.due_date, request.amount


class _Days(dict):
    """Due dates as they are written; None for those that cannot be in a file made today."""

    def __init__(self, today: date):
        super().__init__()
        self._today = today

    def __missing__(self, day: date) -> str | None:
        is_wrong = any(_wrong_date(day, self._today))
        self[day] = None if is_wrong else f"{day:%d%m%y}"
        return self[day]


class _File:
    """The file while it is put together."""

    def __init__(self, encoder: AvtaleGiro, transmission: Transmission, today: date):
        self.encoder = encoder
        self.today = today
        self.days = _Days(today)
        start = records.TRANSMISSION_START_TEMPLATE.pattern
        # A piece of text may hold several records.
        self.pieces = [start % (transmission.sender, transmission.number, transmission.recipient)]
        self.size = 1
        self.starts: dict[str, int] = {}
        self.totals: list[ControlTotal] = []
        self.assignments = self.count = self.sum = self.claimed = 0
        self.earliest = date.max

    def add(self, assignment: Assignment) -> None:
        """One assignment from its start record to its end record."""
        requested = type(assignment.requests[0])
        if requested not in _KINDS:
            raise _misplaced(assignment.requests[0], requested)
        kind, before = _KINDS[requested], self.size
        start = records.CLAIMS_START_TEMPLATE.pattern
        self.pieces.append(start % (kind, assignment.number, assignment.account))
        self.size += 1
        amount, due_dates = self._add_requests(assignment, requested)
        self.size += 1
        self.assignments += 1
        count = len(assignment.requests)
        totals = (count, self.size - before, amount)
        self._total(f"assignment {self.assignments}", totals)
        first, last = min(due_dates), max(due_dates)
        end = records.CLAIMS_END_TEMPLATE.pattern
        self.pieces.append(end % (kind, *totals, self.days[first], self.days[last]))
        self.count += count
        self.sum += amount
        self.claimed += amount if kind == records.CLAIMS else 0
        self.earliest = min(self.earliest, first)

    def _add_requests(self, assignment: Assignment, requested: type) -> tuple[int, set[date]]:
        """The records of its requests; returns their sum in øre and their due dates."""
        days, starts, add = self.days, self.starts, self.pieces.append
        fits = self.encoder.kid_check(assignment.account)
        account, is_claim = assignment.account, requested is CollectionRequest
        total, due_dates, size = 0, set(), self.size
        transaction, text, cells = records.WITHDRAWAL, "", ()
        for number, request in enumerate(assignment.requests, 1):
            if type(request) is not requested or request.account != account:
                raise _misplaced(request, requested)
            if is_claim:
                transaction, text, cells = _content(request)
            ore, day, kid = _ore(request.amount), days[request.due_date], request.reference
            if (
                not (ore and day and fits(kid))
                or len(text) > _TEXT_LENGTH
                or request.currency != "NOK"
                or (cells and cells[-1][0] > _MOST_LINES)
            ):
                raise self.encoder.faults(request, self.today)[0]
            starts[request.key] = size + 1
            name = to_latin_1(request.payer_name).strip()[:_NAME_LENGTH]
            add(_ITEMS % (transaction, number, day, ore, kid, transaction, number, name, text))
            for cell in cells:
                add(_CELL % (number, *cell))
            size += 2 + len(cells)
            total += ore
            due_dates.add(request.due_date)
        self.size = size
        return total, due_dates

    def _total(self, scope: str, totals: tuple[int, int, int]) -> None:
        count, size, amount = totals
        if amount > records.LARGEST_AMOUNT:
            raise FormatError("", f"{scope}: sum", "at most 17 digits", str(amount))
        for quantity, value in (
            ("transactions", Decimal(count)),
            ("records", Decimal(size)),
            ("amount", kroner(amount)),
        ):
            self.totals.append(
                ControlTotal(
                    record=self.size,
                    scope=scope,
                    quantity=quantity,
                    declared=value,
                    counted=value,
                )
            )

    def finish(self) -> EncodedFile:
        """The file with its end record."""
        if len(self.starts) != self.count:
            raise FormatError("", "requests", "a key of its own for each")
        self.size += 1
        totals = (self.count, self.size, self.sum)
        self._total("file", totals)
        end = records.TRANSMISSION_END_TEMPLATE.pattern
        self.pieces += (end % (*totals, self.days[self.earliest]), "")
        return EncodedFile(
            content=LINE_END.join(self.pieces).encode("latin-1"),
            records=self.starts,
            totals=tuple(self.totals),
            count=self.count,
            amount=kroner(self.claimed),
        )


@lru_cache(maxsize=1024)
def _cells(lines: tuple[str, ...]) -> tuple[Cell, ...]:
    """As :func:`cells_of`; most members are told the same."""
    return tuple(cells_of(lines))


def _content(request: CollectionRequest) -> tuple[str, str, tuple[Cell, ...]]:
    """Transaction type, text for the payer's statement, and cells of the bank's notice."""
    text = _statement_text(request)
    if not request.is_notified_by_bank:
        return records.NOTIFIED_BY_PAYEE, text, ()
    return records.NOTIFIED_BY_BANK, text, _cells(request.lines)


def _misplaced(request: OutgoingMessage, requested: type) -> FormatError:
    if requested not in _KINDS:
        return FormatError(request.key, "request", "a claim or a withdrawal")
    if type(request) is not requested:
        return FormatError(request.key, "request", "claims or withdrawals in one assignment")
    return FormatError(request.key, "account", "that of the assignment")


_PLAIN = AvtaleGiro()
faults = _PLAIN.faults
encode = _PLAIN.encode
