"""Reads BgMax, Bankgirot's report of payments into bankgiro numbers, and its Autogiro variant.

Source: Bankgirot's technical manual of Bankgiro Inbetalningar. Severity of what is wrong: a
broken frame, or a trailer that lies about money or about how many payments there are, refuses
the file; a payment or a deposit that cannot be read is an error and not used; the rest is a
warning. The date of payments stands behind them, so the file is looked through twice.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import combinations
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from ...membership_billing_nordic.formats.drafts import drafting
from ...membership_billing_nordic.formats.fixed_width import Field, Layout, printable
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
from .bgmax_source import FRAME, Source, groups_of
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

MOST_DETAILS = 5_000  # records of one payment; the manual allows 90 of text
_CHUNK = 1 << 20
_HEAD = re.compile(rb"(\xef\xbb\xbf)?\s*(00[^\r\n]{0,100}?\s*)?01BGMAX")
_DETAILS = frozenset(("22", "23", "25", "26", "27", "28", "29"))
_SEALS = ("00", "99")
_START = "the start of the file, 01BGMAX"
# Checked by the bank against the agreement.
_CHECKED = frozenset((b"2", b"4"))
_BANK_CODES = {code.encode(): f"20{code}" for code in "012345"}
_METHODS = {b"1": "terminal_giro", b"2": "remittance", b"3": "giro", b"4": "direct_debit"}
_NO_SERIAL = b"0" * 12
_NO_PAYER = b"0" * 10
_BLANK = ord(" ")
_FULL_REFERENCE = 25
_IMAGE = b"1"
_DEDUCTION = b"1"


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
            yield from _BgMaxFile(Source(stream)).read()
        except RefusedError as refused:
            yield refused.issue


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

    def __init__(self, source: Source):
        self.source = source
        self.bankgiro = ""
        self.currency = ""
        self.deposit: _Deposit | None = None
        self.issues: list[FormatIssue] = []
        self.payments = self.deductions = self.extra_references = self.deposits = 0
        self.told: set[str] = set()
        self.is_closed = False

    def read(self) -> Iterator[Message]:
        """Each payment goes out when all of its records are there."""
        record, held = 1, b""
        for piece in self.source.pieces():
            piece = held + piece
            stray, *groups = groups_of(piece)
            begin = len(stray) * reading.LENGTH
            yield from self.frames(record, piece[:begin])
            record += len(stray)
            # The last payment may go on in the next piece.
            goes_on = groups and groups[-1][:1] != FRAME
            held = piece[-reading.LENGTH * (1 + len(groups.pop())) :] if goes_on else b""
            for group in groups:
                usual = _USUAL.get(group)
                if usual and not self.is_closed:
                    cut, count = usual
                    payment = self.payment(record, cut(piece, begin))
                    if self.issues:
                        yield from self.drain()
                    if payment is not None:
                        yield payment
                    end = begin + count * reading.LENGTH
                else:
                    count = len(group) + (group[:1] != FRAME)
                    end = begin + count * reading.LENGTH
                    yield from self.unusual(record, group, piece[begin:end])
                begin = end
                record += count
            if len(held) > MOST_DETAILS * reading.LENGTH:
                limit = f"at most {MOST_DETAILS} records of one payment"
                raise RefusedError(record, "payment", limit, "more")
        yield from self.finish(record, held)

    def finish(self, record: int, held: bytes) -> Iterator[Message]:
        if self.is_closed:
            yield from self.frames(record, held)
            return
        record += len(held) // reading.LENGTH
        expected = "the end of the file, 70" if record > 1 else _START
        raise RefusedError(record, "record", expected, "its end")

    def frames(self, record: int, piece: bytes) -> Iterator[Message]:
        """Records that are not part of a payment."""
        for number, line in enumerate(reading.lines(piece), record):
            yield from self.frame(number, line[:2], line)
            yield from self.drain()

    def unusual(self, record: int, group: str, piece: bytes) -> Iterator[Message]:
        """Records of the frame, or a payment of other records than most have."""
        if group[:1] == FRAME or self.is_closed:
            yield from self.frames(record, piece)
            return
        first, *lines = reading.lines(piece)
        known, others = {}, []
        for number, (kind, line) in enumerate(zip(group, lines, strict=True), record + 1):
            if kind in _ONCE and not (kind == "5" and kind in known):
                known[kind] = line
            else:
                others.append((number, line))
        kinds = "".join(sorted(known))
        whole = first + "".join(known[kind] for kind in kinds)
        cut, _count = _USUAL[kinds]
        payment = self.payment(record, cut(whole.encode("latin-1")), others)
        yield from self.drain()
        if payment is not None:
            yield payment

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

    def payment(
        self, record: int, fields: tuple[bytes, ...], others: Sequence = ()
    ) -> PaymentReceived | None:
        """One payment from its fields; None if a fault keeps it out."""
        deposit = self.deposit or self.begin(record)
        (
            kind, payer, reference, digits, code, channel, serial, image, deduction,
            information, name, extra, street, postcode, city, country, country_code,
        ) = fields  # fmt: skip
        deposit.count += 1
        money = _money(digits)
        if money is None:
            self.issues.append(error(record, "amount", "digits", printable(digits)))
            self.pass_over(deposit, kind, others)
            return None
        ore, amount = money
        bank_code = _BANK_CODES.get(code) or self.unknown_code(record, code)
        if kind == _DEDUCTION:
            deposit.deductions += 1
            ore, amount = -ore, -amount
            bank_code = f"21{printable(code)}{printable(deduction)}"
        deposit.ore += ore
        has_serial = serial != _NO_SERIAL and serial[0] != _BLANK
        serial = serial.decode("latin-1").rstrip()
        text = reference.rstrip().decode("latin-1")
        reference = ""
        if code in _CHECKED or (text and _is_whole_word(text, information)):
            reference, text = text.lstrip(), ""
        if text:
            text = _gone_on(text, _FULL_REFERENCE, information)
        elif information:
            text = information.rstrip().decode("latin-1")
        street = street.strip().decode("latin-1")
        if extra and extra[0] != _BLANK:
            extra = extra.strip().decode("latin-1")
            street = f"{extra}, {street}" if street else extra
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
            reference,
            text.strip(),
            name.strip().decode("latin-1"),
            street,
            postcode.strip().decode("latin-1"),
            city.strip().decode("latin-1"),
            (country_code.strip() or country.strip()).decode("latin-1"),
        )
        if payer != _NO_PAYER:
            draft.payer_account = self.payer(record, payer.decode("latin-1"))
        if image == _IMAGE:
            draft.form_number = serial
        if others:
            self.add_details(draft, text, information[-1:] == b" ", others)
        draft.__class__ = PaymentReceived
        # Without a date it is told of by its deposit record.
        return draft if deposit.bank_date else None

    def pass_over(self, deposit: _Deposit, kind: bytes, others: Sequence) -> None:
        """Count a payment whose amount cannot be read."""
        deposit.unread += 1
        deposit.deductions += kind == _DEDUCTION
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

    def add_details(self, draft, text: str, ends_blank: bool, others: list) -> None:
        """What the records of a payment say beside name, address and first information."""
        references = ()
        for record, line in others:
            kind = line[:2]
            if kind == "25":
                full = len(text) + 1 if ends_blank else len(text)
                text = _gone_on(text, full, line[2:52].encode("latin-1"))
                ends_blank = line[51] == " "
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


def _is_whole_word(text: str, information: bytes) -> bool:
    """Is ``text`` one word that does not go on in the record after it?"""
    return " " not in text.strip() and (len(text) < _FULL_REFERENCE or not information)


def _gone_on(text: str, full: int, information: bytes) -> str:
    """The text and an information record after it: a text that is ``full`` goes on in a word."""
    shown = information.rstrip().decode("latin-1")
    return f"{text}\n{shown}" if text and shown and len(text) < full else text + shown


@lru_cache(maxsize=8192)
def _money(digits: bytes) -> tuple[int, Decimal] | None:
    """Öre and kronor; None if these are no digits. Fees are alike, so most are known."""
    return (int(digits), kronor(int(digits))) if digits.isdigit() else None


def _usual(kinds: str) -> tuple[Callable[[bytes, int], tuple[bytes, ...]], int]:
    """Cuts the fields of a payment with records of these kinds; and how many records it has.

    It always gives the same fields: of records that are not there they are empty.
    """
    fields = [Field("kind", 2, 2), *records.PAYMENT.fields]
    begin = reading.LENGTH
    for kind, table in _ONCE.items():
        is_there = kind in kinds
        for field in table.fields:
            first = begin + field.first if is_there else begin + 1
            last = begin + field.last if is_there else begin
            fields.append(replace(field, first=first, last=last))
        begin += is_there * reading.LENGTH
    return Layout(*fields).cut, 1 + len(kinds)


_ONCE = {
    "5": records.INFORMATION,
    "6": records.NAME,
    "7": records.ADDRESS_1,
    "8": records.ADDRESS_2,
}
# Payments as most are: none of these records more than once, and in this order.
_USUAL = {
    kinds: _usual(kinds)
    for count in range(len(_ONCE) + 1)
    for kinds in map("".join, combinations(_ONCE, count))
}
_blank_payment, _fill_payment = drafting(
    PaymentReceived,
    *("record", "key", "deposit_key", "account", "agreement_number", "amount", "currency"),
    *("bank_date", "bank_code", "method", "bank_reference", "reference", "text"),
    *("payer_name", "payer_street", "payer_zip", "payer_city", "payer_country"),
)
