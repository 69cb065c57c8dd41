"""Reads BgMax, Bankgirot's report of payments into bankgiro numbers, and its Autogiro variant.

Source: Bankgirot's technical manual of Bankgiro Inbetalningar. Severity of what is wrong: a
broken frame, or a trailer that lies about money or about how many payments there are, refuses
the file; a payment or a deposit that cannot be read is an error and not used; the rest is a
warning. The date of payments stands behind them, so the file is looked through twice.
"""

import re
from collections import deque
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from ...membership_billing_nordic.formats.drafts import drafting
from ...membership_billing_nordic.formats.fixed_width import Layout, printable
from ...membership_billing_nordic.formats.issues import READ_ALL_THE_SAME
from ...membership_billing_nordic.formats.messages import (
    Deposit,
    FormatIssue,
    Message,
    PaymentReceived,
    ReferenceAmount,
    Transmission,
)
from . import reading, records
from .checks import (
    A_DATE,
    LEFT_EMPTY,
    RefusedError,
    compared,
    error,
    is_given,
    kronor,
    plain_number,
    read_date,
    require_sound,
    too_long,
    warning,
)
from .identities import is_identity

FORMAT = "se.bgmax"
LABEL = "BgMax, payments into bankgiro (Bankgirot)"

MOST_MARKS = 250_000  # a bound on memory for hostile files
MOST_DETAILS = 5_000  # records of one payment; the manual allows 90 of text
_MOST_AHEAD = 24  # pieces of a file
_CHUNK = 1 << 20
_HEAD = re.compile(rb"(\xef\xbb\xbf)?\s*(00[^\r\n]{0,100}?\s*)?01BGMAX")
_SECTION_OR_DEPOSIT = re.compile(r"\n([01]5.*)")
_PAYMENTS = "01"  # second digits of the records that begin a payment; the first one is 2
_DETAILS = frozenset(("22", "23", "25", "26", "27", "28", "29"))
_FRAME = frozenset(("01", "05", "15", "20", "21", "70"))
_SEALS = ("00", "99")
_START = "the start of the file, 01BGMAX"
# Checked by the bank against the agreement.
_CHECKED = frozenset((b"2", b"4"))
_BANK_CODES = {code.encode(): f"20{code}" for code in "012345"}
_METHODS = {b"1": "terminal_giro", b"2": "remittance", b"3": "giro", b"4": "direct_debit"}
_NO_SERIAL = b"0" * 12
_NO_PAYER = b"0" * 10
_BLANK = ord(" ")
_FULL_REFERENCE, _FULL_TEXT = 25, 50
_IMAGE = b"1"


def recognises(head: bytes) -> bool:
    """Is this the beginning of a BgMax file, though perhaps of a damaged one?"""
    return _HEAD.match(head) is not None


def decode(stream: BinaryIO) -> Iterator[Message]:
    """Yield what the file says, in its order; each deposit after its payments.

    Never raises on content. The file must not be used if any FormatIssue is a refusal.
    """
    with SpooledTemporaryFile(_CHUNK) as spool:
        if not stream.seekable():
            while chunk := stream.read(_CHUNK):
                spool.write(chunk)
            spool.seek(0)
            stream = spool
        try:
            yield from _BgMaxFile(_Source(stream)).read()
        except RefusedError as refused:
            yield refused.issue


class _Source:
    """The records of a file, and which deposit record (15) comes next after those read.

    As far as memory allows it reads ahead to find it, else the whole file once more.
    """

    def __init__(self, stream: BinaryIO):
        self._stream = stream
        self._start = stream.tell()
        self._pieces = reading.pieces(stream)
        self._ahead = deque()
        self._marks = deque()
        self._passed = 0
        self._knows_all = False

    def batches(self) -> Iterator[list[str]]:
        """The records, many at a time."""
        while self._ahead or self._read_on():
            yield reading.lines(self._ahead.popleft())

    def pass_mark(self) -> None:
        """An opening of a section (05) or a deposit record was read."""
        self._passed += 1
        if self._marks:
            self._marks.popleft()

    def next_deposit(self) -> str | None:
        """The next deposit record; None if there is none before the next section."""
        while not self._marks and len(self._ahead) < _MOST_AHEAD and self._read_on():
            pass
        if not self._marks and not self._knows_all:
            self._find_all()
        return self._marks[0] if self._marks else None

    def _read_on(self) -> bool:
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._ahead.append(piece)
        if not self._knows_all:
            self._marks += _marks(piece)
        return True

    def _find_all(self) -> None:
        place = self._stream.tell()
        self._stream.seek(self._start)
        found = []
        for piece in reading.pieces(self._stream):
            found += _marks(piece)
            if len(found) > MOST_MARKS:
                raise RefusedError(1, "deposits", f"at most {MOST_MARKS} in one file", "more")
        self._stream.seek(place)
        self._marks.extend(found[self._passed :])
        self._knows_all = True


def _marks(piece: str) -> list[str | None]:
    """The deposit records of a piece in their order, None for each opening of a section."""
    text = piece if reading.is_short(piece) else "\n".join(reading.lines(piece))
    found = _SECTION_OR_DEPOSIT.findall(text)
    if text[:2] in ("05", "15"):
        found.insert(0, text.partition("\n")[0])
    return [line.ljust(reading.LENGTH) if line[0] == "1" else None for line in found]


class _Deposit:
    """The payments up to one deposit record (15), and what that record says of them."""

    def __init__(self, bankgiro: str, currency: str, line: str | None):
        self.bankgiro = bankgiro
        self.currency = currency
        self.bank_date: date | None = None
        self.serial = ""
        if line is not None:
            _account, day, self.serial, _amount, _currency, _count = records.DEPOSIT.cut(line)
            self.bank_date = read_date(day)
        self.key = f"{bankgiro}:{self.bank_date}:{self.serial}"
        self.record = 0
        self.ore = 0
        self.count = 0
        self.deductions = 0
        self.unread = 0  # payments whose amount could not be read


class _BgMaxFile:
    """The frame of the file, its sections and their payments."""

    def __init__(self, source: _Source):
        self.source = source
        self.bankgiro = ""
        self.currency = ""
        self.deposit: _Deposit | None = None
        self.issues: list[FormatIssue] = []
        self.payments = self.deductions = self.extra_references = self.deposits = 0
        self.told: set[str] = set()
        self.is_closed = False

    def read(self) -> Iterator[Message]:
        """Collect the records of each payment; it goes out when it is whole."""
        record = begun = 0
        first = text = name = street = city = ""
        others: list[tuple[int, str]] = []
        for batch in self.source.batches():
            for line in batch:
                record += 1
                kind = line[1] if line[0] == "2" else ""
                if first:
                    # The records that most payments have, the others with their numbers.
                    if kind == "6":
                        name = line
                        continue
                    if kind == "7":
                        street = line
                        continue
                    if kind == "8":
                        city = line
                        continue
                    if kind == "5" and not text:
                        text = line
                        continue
                    if kind not in _PAYMENTS if kind else line[:2] not in _FRAME:
                        others.append((record, line))
                        continue
                    payment = self.payment(begun, first, text, others)
                    if self.issues:
                        yield from self.drain()
                    if payment is not None:
                        _add_payer(payment, name, street, city)
                        payment.__class__ = PaymentReceived
                        yield payment
                    text = name = street = city = ""
                    if others:
                        others = []
                if kind and kind in _PAYMENTS and not self.is_closed:
                    begun, first = record, line
                else:
                    first = ""
                    yield from self.frame(record, line[:2], line)
                    yield from self.drain()
            if len(others) > MOST_DETAILS:
                limit = f"at most {MOST_DETAILS} records of one payment"
                raise RefusedError(begun, "payment", limit, "more")
        if not self.is_closed:
            raise RefusedError(
                record + 1, "record", "the end of the file, 70" if record else _START, "its end"
            )

    def drain(self) -> Iterator[FormatIssue]:
        yield from self.issues
        self.issues.clear()

    # ------------------------------------------------------------------ the frame

    def frame(self, record: int, kind: str, line: str) -> Iterator[Message]:
        """A record that is not part of a payment."""
        if kind in _SEALS and (self.is_closed or record == 1):
            return
        if self.is_closed:
            raise RefusedError(record, "record", "nothing after the end of the file", kind)
        if not self.told:
            if kind != "01":
                raise RefusedError(record, "record", _START, kind)
            self.told.add(kind)
            yield self.start(record, line)
        elif kind == "05":
            self.open(record, line)
        elif kind == "15":
            yield from self.close(record, line)
        elif kind == "70":
            yield from self.end(record, line)
        elif kind == "01":
            raise RefusedError(record, "record", "the end of the file, 70", kind)
        else:
            yield from self.unknown(record, kind, line)

    def start(self, record: int, line: str) -> Transmission:
        layout, version, timestamp, marker = records.BGMAX_START.cut(line)
        if layout.strip() != "BGMAX":
            raise RefusedError(record, "layout name", "BGMAX", layout)
        if version != "01":
            expected = "01, the only version that is known"
            self.issues.append(warning(record, "version", expected, version))
        created_on = read_date(timestamp[:8])
        if created_on is None:
            self.issues.append(warning(record, "timestamp", A_DATE, timestamp, LEFT_EMPTY))
        if marker not in "PT":
            self.issues.append(
                warning(record, "test marker", "P or T", marker, "read as production")
            )
        return Transmission(
            record=record,
            sender="BGMAX",
            number=timestamp.strip(),
            created_on=created_on,
            is_test=marker == "T",
        )

    def open(self, record: int, line: str) -> None:
        """A section of one payee."""
        self._require_no_payments(record)
        require_sound(records.SECTION, record, line)
        bankgiro, _plusgiro, self.currency = records.SECTION.cut(line)
        self.bankgiro = plain_number(bankgiro)
        if not (self.currency.isalpha() and self.currency.isascii() and self.currency.isupper()):
            raise RefusedError(record, "currency", "a code of three letters", self.currency)
        self.source.pass_mark()
        self.deposit = None

    def _require_no_payments(self, record: int) -> None:
        if self.deposit is not None:
            expected = "the deposit record (15) of the payments before"
            raise RefusedError(record, "record", expected)

    def close(self, record: int, line: str) -> Iterator[Message]:
        """The deposit that the payments before it make up."""
        if not self.bankgiro:
            raise RefusedError(record, "record", "the opening of a section, 05", "15")
        require_sound(records.DEPOSIT, record, line)
        deposit = self.deposit or _Deposit(self.bankgiro, self.currency, line)
        _account, day, serial, amount, currency, count = records.DEPOSIT.cut(line)
        self.source.pass_mark()
        self.payments += deposit.count - deposit.deductions
        self.deductions += deposit.deductions
        self.deposits += 1
        self.deposit = None
        scope = f"deposit {self.deposits}"
        explained = self.error_of_unread(deposit)
        yield from compared(record, scope, "transactions", int(count), deposit.count)
        yield from compared(record, scope, "amount", int(amount), deposit.ore, *explained)
        if currency != deposit.currency:
            yield warning(
                record, "currency", deposit.currency, currency, "that of the section is used"
            )
        if deposit.bank_date is None:
            expected = f"{A_DATE}; none of its {deposit.count} payments is used"
            yield error(record, "payment date", expected, day)
        elif deposit.count or int(amount):
            yield Deposit(
                record=deposit.record or record,
                deposit_key=deposit.key,
                account="",
                agreement_number=deposit.bankgiro,
                bank_date=deposit.bank_date,
                amount=kronor(int(amount)),
                currency=deposit.currency,
                count=deposit.count,
                bank_reference=serial,
            )

    def error_of_unread(self, deposit: _Deposit) -> tuple:
        """How a wrong sum is told: it is no lie when amounts of payments cannot be read."""
        return (error,) if deposit.unread else ()

    def end(self, record: int, line: str) -> Iterator[Message]:
        self._require_no_payments(record)
        require_sound(records.BGMAX_END, record, line)
        payments, deductions, extra_references, deposits = map(int, records.BGMAX_END.cut(line))
        yield from compared(record, "payments", "transactions", payments, self.payments)
        yield from compared(record, "deductions", "transactions", deductions, self.deductions)
        yield from compared(
            record, "extra references", "records", extra_references, self.extra_references, warning
        )
        yield from compared(record, "deposits", "records", deposits, self.deposits)
        self.is_closed = True

    def unknown(self, record: int, kind: str, line: str) -> Iterator[FormatIssue]:
        if line.startswith(reading.TOO_LONG):
            yield too_long(record, line)
        elif kind in _DETAILS:
            self.extra_references += kind in ("22", "23")
            yield error(record, "record", "a payment, 20 or 21, before it", kind)
        elif kind not in self.told:
            # The manual wants readers to pass over what they do not know.
            self.told.add(kind)
            yield warning(record, "record", "one that is known", kind, "all of them passed over")

    # ------------------------------------------------------------------ payments

    def begin(self, record: int) -> _Deposit:
        """The deposit that the payment of this record is part of."""
        if not self.bankgiro:
            raise RefusedError(record, "record", "the opening of a section, 05", "a payment")
        self.deposit = _Deposit(self.bankgiro, self.currency, self.source.next_deposit())
        self.deposit.record = record
        return self.deposit

    def payment(self, record: int, first: str, information: str, others: list):
        """The draft of one payment from its records; None if a fault keeps it out."""
        deposit = self.deposit or self.begin(record)
        # One call cuts bytes; from a text it would take one for each field.
        cut = _cut_payment(first.encode("latin-1"))
        payer, reference, digits, code, channel, serial, image, deduction = cut
        deposit.count += 1
        money = _money(digits)
        if money is None:
            self.issues.append(error(record, "amount", "digits", printable(digits)))
            self.pass_over(deposit, first, others)
            return None
        ore, amount = money
        bank_code = _BANK_CODES.get(code) or self.unknown_code(record, code)
        if first[1] == "1":
            deposit.deductions += 1
            ore, amount = -ore, -amount
            bank_code = f"21{printable(code)}{printable(deduction)}"
        deposit.ore += ore
        has_serial = serial != _NO_SERIAL and serial[0] != _BLANK
        serial = serial.decode("latin-1").rstrip()
        draft = _blank_payment()
        _fill_payment(
            draft,
            record,
            f"{deposit.key}:{serial}" if has_serial else f"{deposit.key}:#{deposit.count}",
            deposit.key,
            "",
            deposit.bankgiro,
            amount,
            deposit.currency,
            deposit.bank_date,
            bank_code,
            _METHODS.get(channel, "other"),
            serial,
        )
        if payer != _NO_PAYER:
            draft.payer_account = self.payer(record, payer.decode("latin-1"))
        if image == _IMAGE:
            draft.form_number = serial
        text = reference.decode("latin-1").rstrip()
        if code in _CHECKED or (text and _is_whole_word(text, information)):
            draft.reference, text = text.lstrip(), ""
        if information or text:
            text = _gone_on(text, _FULL_REFERENCE, information)
            draft.text = text.strip()
        if others:
            self.add_details(draft, text, information, others)
        # Without a date it is told of by its deposit record.
        return draft if deposit.bank_date else None

    def pass_over(self, deposit: _Deposit, first: str, others: list) -> None:
        """Count a payment whose amount cannot be read."""
        deposit.unread += 1
        deposit.deductions += first[1] == "1"
        self.extra_references += sum(line[:2] in ("22", "23") for _, line in others)

    def unknown_code(self, record: int, code: bytes) -> str:
        found = printable(code)
        self.issues.append(
            warning(record, "reference code", "0 to 5", found, "reference not checked")
        )
        return f"20{found}"

    def payer(self, record: int, payer: str) -> str:
        if not payer.isdecimal() and payer.strip():
            self.issues.append(warning(record, "payer bankgiro", "digits", "", LEFT_EMPTY))
            return ""
        return payer.strip().lstrip("0")

    def add_details(self, draft, text: str, before: str, others: list) -> None:
        """What the records of a payment say beside name, address and first information."""
        references = ()
        for record, line in others:
            kind = line[:2]
            if kind == "25":
                full = len(text) + 1 if before[51] == " " else len(text)
                text, before = _gone_on(text, full, line), line
            elif kind == "29":
                draft.payer_organisation = self.organisation(record, line)
            elif kind == "22" or kind == "23":
                references += self.extra_reference(record, line)
            else:
                self.issues += self.unknown(record, kind, line)
        draft.text = text.strip()
        draft.references = references

    def extra_reference(self, record: int, line: str) -> tuple[ReferenceAmount, ...]:
        self.extra_references += 1
        reference, amount, _code = records.EXTRA_REFERENCE.cut(line)
        is_deduction = line[1] == "3"
        if not amount.isdecimal():
            self.issues.append(warning(record, "part amount", "digits", amount, LEFT_EMPTY))
            amount = "0"
        ore = -int(amount) if is_deduction else int(amount)
        return (ReferenceAmount(reference.strip(), kronor(ore) if ore else None, is_deduction),)

    def organisation(self, record: int, line: str) -> str:
        number = line[2:14]
        if not is_given(number):
            return ""
        if not number.isdecimal():
            fault = "digits", "", LEFT_EMPTY
        elif not is_identity(number):
            fault = "a right check digit", "", READ_ALL_THE_SAME
        else:
            return number[2:] if number.startswith("00") else number
        self.issues.append(warning(record, "organisation number", *fault))
        return number.removeprefix("00") if number.isdecimal() else ""


def _add_payer(draft, name: str, street: str, city: str) -> None:
    """What the records of name and address (26, 27, 28) say, as far as they came."""
    if name:
        draft.payer_name = name[2:37].strip()
        if name[37] != " ":
            draft.payer_street = name[37:72].strip()
    if street:
        words, extra = street[2:37].strip(), draft.payer_street
        draft.payer_street = f"{extra}, {words}" if extra and words else extra or words
        draft.payer_zip = street[37:46].strip()
    if city:
        draft.payer_city, draft.payer_country = _place(city)


@lru_cache(maxsize=4096)
def _place(line: str) -> tuple[str, str]:
    """City and country. Members live in few places, so most are known."""
    city, country, code = records.ADDRESS_2.cut(line)
    return city.strip(), code.strip() or country.strip()


def _is_whole_word(text: str, information: str) -> bool:
    """Is ``text`` one word that does not go on in the record after it?"""
    return " " not in text.strip() and (len(text) < _FULL_REFERENCE or not information)


def _gone_on(text: str, full: int, information: str) -> str:
    """The text and an information record after it: a text that is ``full`` goes on in a word."""
    shown = information[2:52].rstrip()
    return f"{text}\n{shown}" if text and shown and len(text) < full else text + shown


@lru_cache(maxsize=8192)
def _money(digits: bytes) -> tuple[int, Decimal] | None:
    """Öre and kronor; None if these are no digits. Fees are alike, so most are known."""
    return (int(digits), kronor(int(digits))) if digits.isdigit() else None


_cut_payment = Layout(*records.PAYMENT.fields).cut
_blank_payment, _fill_payment = drafting(
    PaymentReceived,
    *("record", "key", "deposit_key", "account", "agreement_number", "amount", "currency"),
    *("bank_date", "bank_code", "method", "bank_reference"),
)
