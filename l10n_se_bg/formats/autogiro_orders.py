"""Writes what a payee sends Bankgirot: Autogiro mandates, debits, credits, and changes of them.

Source: Bankgirot's technical manual of Autogiro. A file holds sections, of mandates first, then
of payments, then of changes, each for one payee; it has no end record. It is sealed if a key
is given.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import count, groupby, islice

from ...membership_billing_nordic.formats.banking_days import BankingDays
from ...membership_billing_nordic.formats.fixed_width import Constant, Field
from ...membership_billing_nordic.formats.latin_1 import to_latin_1
from ...membership_billing_nordic.formats.messages import (
    INTERVALS,
    Assignment,
    CollectionChange,
    CollectionRequest,
    CollectionWithdrawal,
    ControlTotal,
    CreditTransfer,
    EncodedFile,
    FormatError,
    MandateAnswer,
    MandateCancellation,
    MandateChange,
    MandateRequest,
    OutgoingMessage,
    Transmission,
)
from . import deadlines, identities, records, seal
from .accounts import account_typed
from .checks import kronor
from .giro_numbers import PAYER_DIGITS, compact, is_bankgiro, is_payer_number
from .reports import COLLECTION, CURRENCY, PAYOUT
from .requests import AT_ONCE, CHANGE_FIELDS, ONCE, PERIODS, REJECTS

FORMAT = "se.autogiro_orders"
LABEL = "Autogiro mandates and payments to Bankgirot"

LINE_END = "\r\n"
MOST_TIMES = 999
# Records formatted at a time: few enough to stay where the processor has them at hand.
_BATCH = 1000
_NO_PAYER = "0" * PAYER_DIGITS
_MANDATES, _PAYMENTS, _CHANGES = range(3)
_KINDS = {
    MandateRequest: _MANDATES,
    MandateAnswer: _MANDATES,
    MandateCancellation: _MANDATES,
    MandateChange: _MANDATES,
    CollectionRequest: _PAYMENTS,
    CreditTransfer: _PAYMENTS,
    CollectionWithdrawal: _CHANGES,
    CollectionChange: _CHANGES,
}
_CUSTOMER_NUMBER = re.compile(r"[0-9]{6}")
_ZERO = kronor(0)
_LARGEST = kronor(records.LARGEST_AMOUNT)
_LONGEST_REFERENCE = records.LONGEST_REFERENCE
_PERIOD_CODES = {period: code for code, period in PERIODS.items()} | {("", False): ONCE}
_CHANGE_CODES = {fields: code for code, fields in CHANGE_FIELDS.items()}
# 25 and 29 alone tell apart orders of one payer, day and amount.
_WITH_REFERENCE = ("25", "29")

_START = records.REQUESTS_START.pattern(Constant(1, "01"), Constant(11, "AUTOGIRO"))
_ORDER_KINDS = {CollectionRequest: COLLECTION, CreditTransfer: PAYOUT}
_END_MANDATE = records.END_MANDATE.pattern(Constant(1, "03"))
_NEW_MANDATE = records.NEW_MANDATE.pattern(Constant(1, "04"))
_CHANGE_MANDATE = records.CHANGE_MANDATE.pattern(Constant(1, "05"))
_CHANGE = {code: records.CHANGE.pattern(Constant(1, code)) for code in CHANGE_FIELDS}


class AutogiroOrders:
    """The encoder. With ``key``, 16 bytes, its files are sealed."""

    FORMAT = FORMAT
    LABEL = LABEL

    def __init__(self, key: bytes | None = None, calendar: BankingDays | None = None):
        self.key = key
        self._calendar = calendar or deadlines.banking_days()

    def faults(self, request: OutgoingMessage, today: date | None = None) -> list[FormatError]:
        """What keeps ``request`` from being written in a file made ``today``, if that is told."""
        find = _FAULTS.get(type(request))
        if find is None:
            expected = "a mandate, a payment, or a change of them"
            return [FormatError(request.key, "request", expected)]
        wrong = [
            *_wrong_bankgiro(request.agreement_number),
            *find(request, _Days(self._calendar, today)),
        ]
        return [FormatError(request.key, *fault) for fault in wrong]

    def encode(
        self, transmission: Transmission, assignments: Sequence[Assignment], today: date
    ) -> EncodedFile:
        """The file as bytes, each record followed by CR LF.

        The sender is the customer number at Bankgirot; the payee of an assignment is the
        bankgiro that is its agreement number. The seal has the date ``today``.
        """
        if not _CUSTOMER_NUMBER.fullmatch(transmission.sender):
            raise FormatError("", "customer number", "6 digits", to_latin_1(transmission.sender))
        file = _File(self, transmission.sender, _Days(self._calendar, today))
        for kind, bankgiro, requests in _sections(assignments):
            file.add(kind, bankgiro, requests)
        return file.finish()


class _Days(dict):
    """Single payment dates with their period code, as they are written; empty for others."""

    def __init__(self, calendar: BankingDays, today: date | None):
        super().__init__()
        self.calendar = calendar
        self.today = today
        if today:
            self.first = deadlines.earliest_payment(datetime.combine(today, time()), calendar)
            self.last = deadlines.latest_payment(today)

    def __missing__(self, day) -> str:
        is_right = not any(self.wrong(day)) and self.calendar.is_open(day)
        self[day] = f"{day:%Y%m%d}{ONCE}" if is_right else ""
        return self[day]

    def wrong(self, day, name: str = "due date") -> Iterator[tuple]:
        """What keeps ``day`` from being a payment date, whether banks work on it apart."""
        if not isinstance(day, date) or isinstance(day, datetime):
            yield name, "a date"
        elif self.today and not self.first <= day <= self.last:
            yield name, f"{self.first} to {self.last}", str(day)

    def wrong_banking_day(self, day, name: str = "due date") -> Iterator[tuple]:
        """As :meth:`wrong`, and the banks must work on it."""
        faults = list(self.wrong(day, name))
        yield from faults
        if not faults and not self.calendar.is_open(day):
            yield name, f"a banking day, as {self.calendar.next_open(day)}", str(day)


# ---------------------------------------------------------------------- what is wrong


def _wrong_bankgiro(number: str) -> Iterator[tuple]:
    if not is_bankgiro(number):
        yield "payee bankgiro", "7 or 8 digits with a right check digit", to_latin_1(number)[:12]


def _wrong_payer(request: OutgoingMessage) -> Iterator[tuple]:
    if not is_payer_number(request.payer_number):
        yield "payer number", "1 to 16 digits, not all 0"


def _wrong_amount(request) -> Iterator[tuple]:
    amount = request.amount
    if request.currency != CURRENCY:
        yield "currency", CURRENCY, request.currency
    if not isinstance(amount, Decimal) or not amount.is_finite():
        yield "amount", "a decimal number"
    elif amount <= 0:
        yield "amount", "more than 0", str(amount)
    elif amount > _LARGEST:
        yield "amount", "at most 12 digits with two decimals", str(amount)
    elif _ore(amount) is None:
        yield "amount", "at most two decimals", str(amount)


def _wrong_reference(request: OutgoingMessage) -> Iterator[tuple]:
    reference = _reference(request)
    if len(reference) > _LONGEST_REFERENCE:
        expected = f"at most {_LONGEST_REFERENCE} characters"
        yield "reference", expected, f"{len(reference)}: {reference[:40]}"


def _wrong_payment(request, days: _Days) -> Iterator[tuple]:
    yield from _wrong_payer(request)
    yield from _wrong_amount(request)
    yield from _wrong_reference(request)
    yield from _wrong_recurrence(request)
    if request.interval:
        yield from days.wrong(request.due_date)
    elif not request.is_immediate:
        yield from days.wrong_banking_day(request.due_date)


def _wrong_recurrence(request) -> Iterator[tuple]:
    times = request.times
    if not request.interval:
        if request.at_month_end or times is not None:
            yield "interval", "one, if a payment recurs"
    elif request.interval not in INTERVALS:
        yield "interval", ", ".join(INTERVALS), to_latin_1(request.interval)[:20]
    elif request.is_immediate:
        yield "interval", "none, if a payment is to be made at once", request.interval
    if times is not None and not (type(times) is int and 1 <= times <= MOST_TIMES):
        yield "times", f"1 to {MOST_TIMES}", str(times)[:20]


def _wrong_mandate(request: MandateRequest, days: _Days) -> Iterator[tuple]:
    yield from _wrong_payer(request)
    if not request.payer_account and not request.payer_identity:
        if not is_bankgiro(request.payer_number):
            yield "payer account", "one, unless the payer number is a bankgiro"
        return
    try:
        account = account_typed(request.payer_account)
    except ValueError:
        yield "payer account", "a clearing number and an account number"
    else:
        if account.is_valid is False:
            yield "payer account", "a right check digit"
        if not account.has_bankgiro:
            yield "payer account", "one of a bank that takes part in Autogiro", account.series.bank
    if not _identity(request.payer_identity):
        yield "payer identity", "a person number of 12 digits, or an organisation number"


def _wrong_number(request, days: _Days) -> Iterator[tuple]:
    yield from _wrong_payer(request)


def _wrong_new_number(request: MandateChange, days: _Days) -> Iterator[tuple]:
    yield from _wrong_payer(request)
    new = request.new_payer_number
    if not is_payer_number(new) or new.lstrip("0") == request.payer_number.lstrip("0"):
        yield "new payer number", "1 to 16 digits, not all 0, another one than before"


def _wrong_withdrawal(request: CollectionWithdrawal, days: _Days) -> Iterator[tuple]:
    yield from _wrong_payer(request)
    yield from _wrong_amount(request)
    yield from _wrong_reference(request)
    yield from days.wrong(request.due_date)


def _wrong_change(request: CollectionChange, days: _Days) -> Iterator[tuple]:
    if _change_code(request) is None:
        yield "change", "a combination of payer number, dates and amount that a record is for"
    if request.payer_number:
        yield from _wrong_payer(request)
    if request.amount is not None:
        yield from _wrong_amount(request)
        yield from _wrong_reference(request)
    if request.due_date is not None:
        yield from days.wrong(request.due_date)
    if request.new_date is not None:
        yield from days.wrong_banking_day(request.new_date, "new date")


_FAULTS = {
    MandateRequest: _wrong_mandate,
    MandateAnswer: _wrong_number,
    MandateCancellation: _wrong_number,
    MandateChange: _wrong_new_number,
    CollectionRequest: _wrong_payment,
    CreditTransfer: _wrong_payment,
    CollectionWithdrawal: _wrong_withdrawal,
    CollectionChange: _wrong_change,
}


def _ore(amount: Decimal) -> int | None:
    """The amount in öre; None unless it is above zero, has at most two decimals and fits."""
    money = _money(amount)
    return money and money[0]


def _money(amount: Decimal) -> tuple[int, str] | None:
    """As :func:`_ore`, and as it is written."""
    return _exact(str(amount)) if type(amount) is Decimal else None


@lru_cache(maxsize=8192)
def _exact(text: str) -> tuple[int, str] | None:
    """As :func:`_money`. Fees are alike, so most are known; by text, as to hash a Decimal is slow."""
    amount = Decimal(text)
    if not amount.is_finite():
        return None
    ore = int(amount * 100)
    is_exact = amount.same_quantum(_ZERO) or kronor(ore) == amount
    return (ore, f"{ore:012d}") if is_exact and 0 < ore <= records.LARGEST_AMOUNT else None


def _reference(request: OutgoingMessage) -> str:
    return to_latin_1(request.reference).strip()


def _identity(number: str) -> str:
    """The 12 digits of a file; empty when they are not known from these."""
    digits = "".join(number.split()).replace("-", "")
    if identities.is_organisation(digits) and len(digits) == 10:
        return identities.ORGANISATION + digits
    is_usable = identities.is_identity(digits) and digits[:2] != (
        identities.ORGANISATION_OF_BANKGIRO
    )
    return digits if is_usable else ""


def _change_code(request: CollectionChange) -> str | None:
    """The record that does what is wanted; None if there is none."""
    given = {
        "payer number": request.payer_number,
        "payment date": request.due_date,
        "amount": request.amount is not None,
        "payment code": request.amount is not None,
        "new date": request.new_date,
    }
    return _CHANGE_CODES.get(tuple(name for name, value in given.items() if value))


# ---------------------------------------------------------------------- the file


def _sections(assignments: Sequence[Assignment]) -> Iterator[tuple]:
    """Kind, payee and requests of each section, in the order in which Bankgirot wants them."""
    found = {kind: {} for kind in (_MANDATES, _PAYMENTS, _CHANGES)}
    for assignment in assignments:
        for fault in _wrong_bankgiro(assignment.agreement_number):
            raise FormatError("", *fault)
        bankgiro = compact(assignment.agreement_number)
        types = set(map(type, assignment.requests))
        for requested in types - _KINDS.keys():
            expected = "a mandate, a payment, or a change of them"
            raise FormatError("", "request", expected, requested.__name__)
        kinds = {_KINDS[requested] for requested in types}
        for kind in kinds:
            own = assignment.requests
            if len(kinds) > 1:
                own = [each for each in own if _KINDS[type(each)] == kind]
            found[kind].setdefault(bankgiro, []).extend(own)
    if not any(found.values()):
        raise FormatError("", "requests", "at least one", "none")
    _check_changes(found[_PAYMENTS], found[_CHANGES])
    for kind, payees in found.items():
        for bankgiro, requests in payees.items():
            yield kind, bankgiro, requests


def _check_changes(payments: dict, changes: dict) -> None:
    """What is sent in this file cannot be changed by it."""
    for bankgiro, requests in changes.items():
        sent = [(x.payer_number, x.due_date, x.amount) for x in payments.get(bankgiro, ())]
        known: dict[tuple, set] = {}
        for request in requests:
            wanted = (request.payer_number or None, request.due_date, request.amount)
            places = tuple(place for place, value in enumerate(wanted) if value is not None)
            if places not in known:
                known[places] = {tuple(each[place] for place in places) for each in sent}
            if tuple(wanted[place] for place in places) in known[places]:
                raise FormatError(request.key, "change", "one of an order in an earlier file")


class _File:
    """The records of a file while they are put together."""

    def __init__(self, encoder: AutogiroOrders, customer_number: str, days: _Days):
        self.encoder = encoder
        self.customer_number = int(customer_number)
        self.days = days
        self.size = int(encoder.key is not None)  # of the seal, one record is before the first
        self.parts: list[bytes] = []
        self.starts: dict[str, int] = {}
        self.count = 0
        self.ore = {CollectionRequest: 0, CreditTransfer: 0}

    def add(self, kind: int, bankgiro: str, requests: Sequence[OutgoingMessage]) -> None:
        """One section."""
        payee = int(bankgiro)
        today = f"{self.days.today:%Y%m%d}"
        self._write([_START % (today, self.customer_number, payee)])
        self.count += len(requests)
        if kind == _PAYMENTS:
            self._add_payments(bankgiro, payee, requests)
            return
        lines = []
        for request in requests:
            self._require_right(request, bankgiro)
            lines.append(_WRITERS[type(request)](request, payee))
        self._write(lines, requests)

    def _write(self, lines: list[str], requests: Sequence[OutgoingMessage] = ()) -> None:
        """Note which record each of ``requests`` is, and keep the lines as bytes."""
        self.starts.update(zip([each.key for each in requests], count(self.size + 1)))
        self.size += len(lines)
        self.parts.append(LINE_END.join([*lines, ""]).encode("latin-1"))

    def _add_payments(self, bankgiro: str, payee: int, requests) -> None:
        # pylint: disable-next=bad-builtin-groupby
        for requested, same in groupby(requests, type):
            pattern = _order_pattern(_ORDER_KINDS[requested], payee)
            while batch := tuple(islice(same, _BATCH)):
                self.ore[requested] += self._add_orders(pattern, bankgiro, batch)

    def _add_orders(self, pattern: str, bankgiro: str, requests: Sequence) -> int:
        """The records of debits, or of credits; returns their sum in öre."""
        columns = self._ordinary(bankgiro, requests)
        if columns is None:
            columns = zip(*[self._checked(bankgiro, each) for each in requests], strict=True)
        whens, payers, money, references = columns
        lines = [
            pattern % (when, payer, digits, reference)
            for when, payer, (_ore, digits), reference in zip(
                whens, payers, money, references, strict=True
            )
        ]
        self._write(lines, requests)
        return sum([ore for ore, _digits in money])

    def _ordinary(self, bankgiro: str, requests: Sequence) -> tuple | None:
        """What :meth:`_checked` tells of each, as columns; None if one of them needs that check.

        What most are like is checked of all at once, which takes much less time.
        """
        currency = CURRENCY
        for each in requests:
            if (
                each.is_immediate
                or each.interval
                or each.times is not None
                or each.at_month_end
                or each.currency != currency
                or each.agreement_number != bankgiro
            ):
                return None
        amounts = [each.amount for each in requests]
        numbers = [each.payer_number for each in requests]
        references = [each.reference for each in requests]
        digits, text = "".join(numbers), "".join(references)
        if (
            set(map(type, amounts)) != {Decimal}
            or not (digits.isdecimal() and digits.isascii())
            or not (text.isprintable() and text.isascii())
        ):
            return None
        money = [_exact(str(amount)) for amount in amounts]
        whens = [self.days[each.due_date] for each in requests]
        payers = [number.zfill(PAYER_DIGITS) for number in numbers]
        references = [reference.strip() for reference in references]
        is_right = (
            all(money)
            and all(whens)
            and _NO_PAYER not in payers
            and max(map(len, payers)) == PAYER_DIGITS
            and max(map(len, references)) <= _LONGEST_REFERENCE
        )
        return (whens, payers, money, references) if is_right else None

    def _checked(self, bankgiro: str, request) -> tuple[str, str, tuple[int, str], str]:
        """Date with period, payer number, amount in öre and as written, reference."""
        self._require_right(request, bankgiro)
        payer = request.payer_number.zfill(PAYER_DIGITS)
        return _when(request), payer, _money(request.amount), _reference(request)

    def _require_right(self, request: OutgoingMessage, bankgiro: str) -> None:
        for fault in self.encoder.faults(request, self.days.today):
            raise fault
        if compact(request.agreement_number) != bankgiro:
            raise FormatError(request.key, "payee bankgiro", "that of the assignment")

    def finish(self) -> EncodedFile:
        """The file, sealed if there is a key."""
        if len(self.starts) != self.count:
            raise FormatError("", "requests", "a key of its own for each")
        key = self.encoder.key
        if key is None:
            content = b"".join(self.parts)
        else:
            content = seal.sealed(self.parts, key, self.days.today)
            self.size += 1
        return EncodedFile(
            content=content,
            records=self.starts,
            totals=tuple(self._totals(self.size)),
            count=self.count,
            amount=kronor(self.ore[CollectionRequest]),
        )

    def _totals(self, size: int) -> Iterator[ControlTotal]:
        for scope, quantity, value in (
            ("file", "transactions", Decimal(self.count)),
            ("file", "records", Decimal(size)),
            ("collections", "amount", kronor(self.ore[CollectionRequest])),
            ("payouts", "amount", kronor(self.ore[CreditTransfer])),
        ):
            yield ControlTotal(
                record=size, scope=scope, quantity=quantity, declared=value, counted=value
            )


def _order_pattern(kind: str, payee: int) -> str:
    """For what :func:`_when` gives, payer number and amount with their zeros, reference."""
    variable = (
        Field("payment date, period code and recurrences", 3, 14),
        Field("payer number", 16, 31),
        Field("amount", 32, 43),
        Field("reference", 54, 69),
    )
    return records.Table(*variable).pattern(Constant(1, kind), Constant(44, f"{payee:010d}"))


def _when(request) -> str:
    """Payment date, period code and recurrences."""
    code = _PERIOD_CODES[request.interval, request.at_month_end]
    times = "" if request.times is None else f"{request.times:03d}"
    day = AT_ONCE if request.is_immediate else f"{request.due_date:%Y%m%d}"
    return f"{day:8}{code}{times}"


def _new_mandate(request: MandateRequest, payee: int) -> str:
    account = identity = ""
    if request.payer_account:
        account = account_typed(request.payer_account).in_files
        identity = _identity(request.payer_identity)
    return _NEW_MANDATE % (payee, int(request.payer_number), account, identity, "")


def _answer(request: MandateAnswer, payee: int) -> str:
    answer = "" if request.is_accepted else REJECTS
    return _NEW_MANDATE % (payee, int(request.payer_number), "", "", answer)


def _end_of_mandate(request: MandateCancellation, payee: int) -> str:
    return _END_MANDATE % (payee, int(request.payer_number))


def _new_number(request: MandateChange, payee: int) -> str:
    numbers = int(request.payer_number), int(request.new_payer_number)
    return _CHANGE_MANDATE % (payee, numbers[0], payee, numbers[1])


def _withdrawal(request: CollectionWithdrawal, payee: int) -> str:
    return _change_record(request, "25", payee, COLLECTION, None)


def _change(request: CollectionChange, payee: int) -> str:
    payment_code = PAYOUT if request.is_credit else COLLECTION
    return _change_record(request, _change_code(request), payee, payment_code, request.new_date)


def _change_record(request, code: str, payee: int, payment_code: str, new_date) -> str:
    has_amount = request.amount is not None
    return _CHANGE[code] % (
        payee,
        request.payer_number.lstrip("0").zfill(16) if request.payer_number else "",
        f"{request.due_date:%Y%m%d}" if request.due_date else "",
        f"{_ore(request.amount):012d}" if has_amount else "",
        payment_code if has_amount else "",
        f"{new_date:%Y%m%d}" if new_date else "",
        _reference(request) if code in _WITH_REFERENCE else "",
    )


_WRITERS = {
    MandateRequest: _new_mandate,
    MandateAnswer: _answer,
    MandateCancellation: _end_of_mandate,
    MandateChange: _new_number,
    CollectionWithdrawal: _withdrawal,
    CollectionChange: _change,
}

_PLAIN = AutogiroOrders()
faults = _PLAIN.faults
encode = _PLAIN.encode
