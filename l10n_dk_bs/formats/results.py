"""The sections of delivery 0602: what became of collections and payment slips."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from ...membership_billing_nordic.formats import messages
from ...membership_billing_nordic.formats.drafts import drafting
from ...membership_billing_nordic.formats.fixed_width import Field, printable
from ...membership_billing_nordic.formats.issues import error, warning
from ...membership_billing_nordic.formats.messages import (
    FormatIssue,
    Message,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
)
from . import records
from . import records_0602 as layouts
from .checks import date_error, field_errors, is_given, kroner, read_date
from .fi import is_payment_id
from .lines import NumberedLines
from .numbers import NO_MANDATE, customer_number
from .records_0602 import Result
from .sections import Section

_MOST_WAITING = 1000  # slips whose texts came before them; a bound on memory
_MOST_MOMENTS = 10_000  # pairs of dates that are remembered; a bound on memory
_TO_CREDITOR, _NO_AMOUNT, _TO_DEBTOR = b"1", b"0", b"2"
_NO_DATES = b"0" * 12
_NO_MANDATE = NO_MANDATE.encode()
_blank_payment, _fill_payment = drafting(PaymentReceived)
_cut_automatic = layouts.AUTOMATIC_LAYOUT.cut
_cut_quick = layouts.QUICK_LAYOUT.cut


@lru_cache(maxsize=4096)
def _amount(raw: bytes) -> tuple[int, Decimal]:
    """An amount in øre and in kroner; 0 if it is none."""
    ore = int(raw) if raw.isdigit() else 0
    return ore, kroner(ore)


@dataclass(slots=True)
class _Deposit:
    """One sum on the creditor's account while its payments are still coming.

    The ``usual`` ones are counted apart, to be counted fast.
    """

    record: int
    key: str
    agreement: str
    bank_date: date
    ore: int = 0
    charges: int = 0
    count: int = 0
    usual_ore: int = 0
    usual_count: int = 0

    def message(self) -> messages.Deposit:
        return messages.Deposit(
            record=self.record,
            deposit_key=self.key,
            account="",
            agreement_number=self.agreement,
            bank_date=self.bank_date,
            amount=kroner(self.ore + self.usual_ore - self.charges),
            charges=kroner(self.charges),
            currency="DKK",
            count=self.count + self.usual_count,
        )


class _ResultSection(Section):
    """Payments by bookkeeping date, which is the day the creditor's account moves."""

    layout = layouts.AUTOMATIC_LAYOUT
    codes: dict[bytes, Result]

    def __init__(self, delivery, record: int, line: bytes, ordinal: int):
        super().__init__(delivery, record, line, ordinal)
        self.deposits: dict[date, _Deposit] = {}
        self.moments: dict[bytes, tuple[_Deposit, date | None]] = {}
        self.results = {
            self.head(records.TRANSACTION, code, b"000"): result
            for code, result in self.codes.items()
        }
        # Names, and where they are: these fields are looked at one by one when one is wrong.
        self.fields: dict[str, Field] = {field.name: field for field in self.layout.fields}

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        for deposit in self.deposits.values():
            self.totals.transactions += deposit.usual_count
            self.totals.amount += deposit.usual_ore
            self.totals.requested += deposit.usual_ore
        yield from super().finish(record, line)
        for deposit in self.deposits.values():
            if deposit.count or deposit.usual_count:
                yield deposit.message()

    def unknown(self, record: int, line: bytes) -> FormatIssue:
        """The error of a record that is none of this section; it counts in the totals."""
        if line.startswith(records.TRANSACTION):
            self.count(line)
        codes = ", ".join(code.decode() for code in self.codes)
        return self.stray(record, line, f"BS042 with {codes}")

    def count(self, line: bytes) -> None:
        """Add a transaction to the totals as far as it can be read."""
        self.totals.transactions += 1
        paid, asked = line[self.fields["amount paid"].span], line[self.fields["amount"].span]
        self.totals.amount += int(paid) if paid.isdigit() else 0
        self.totals.requested += int(asked) if asked.isdigit() else 0
        self.totals.unread += not (paid.isdigit() and asked.isdigit())

    def moment(self, record: int, line: bytes, due: bytes) -> tuple[_Deposit, date | None] | None:
        """The deposit a payment is part of and the day it was paid; None if neither is known.

        Of the dates of payment and bookkeeping, one may be missing; if both are, the due
        date stands in.
        """
        paid_on, booked_on = (self.fields[name] for name in ("payment date", "bookkeeping date"))
        found = {}
        for field in (paid_on, booked_on):
            found[field] = read_date(line[field.span])
            if is_given(line[field.span]) and not found[field]:
                self.issues.append(date_error(record, field, line))
                return None
        bank_date = found[booked_on] or found[paid_on] or read_date(due)
        if not bank_date:
            self.issues.append(error(record, booked_on.name, "a date DDMMYY", "000000"))
            return None
        if not (found[booked_on] or found[paid_on]):
            action = "read all the same, on the due date"
            self.issues.append(warning(record, booked_on.name, "a date DDMMYY", "000000", action))
        deposit = self.deposits.get(bank_date)
        if deposit is None:
            key = f"{self.agreement}:{self.code.decode()}:{bank_date}:{self.name}"
            deposit = _Deposit(record, key, self.agreement, bank_date)
            self.deposits[bank_date] = deposit
        moment = deposit, found[paid_on]
        dates = line[paid_on.first - 1 : booked_on.last]
        if dates != _NO_DATES and len(self.moments) < _MOST_MOMENTS:
            self.moments[dates] = moment
        return moment

    def text(self, raw: bytes) -> str:
        """A text as a person reads it."""
        text = raw.decode("latin-1").strip()
        return text if text.isprintable() else printable(raw)

    def is_without_amount(self, record: int, ore: int, sign: bytes) -> bool:
        """Is there nothing to book? Told as an error unless no amount was asked for."""
        if ore:
            return False
        if sign == _NO_AMOUNT:
            action = "nothing to book"
            self.issues.append(warning(record, "amount paid", "an amount", "0", action))
        else:
            self.issues.append(error(record, "amount paid", "more than 0", "0"))
        return True


class AutomaticSection(_ResultSection):
    """Automatic payments (section 0211)."""

    layout = layouts.AUTOMATIC_LAYOUT
    codes = layouts.AUTOMATIC_CODES

    def __init__(self, delivery, record: int, line: bytes, ordinal: int):
        super().__init__(delivery, record, line, ordinal)
        # Due dates that were read, as they end the keys of payments.
        self.days: dict[bytes, str] = {}

    def read(self, following: NumberedLines) -> Iterator[Message]:
        """Yield a message for each payment, and the deposits at the end."""
        record, issues = self.first_record, self.issues
        result_of, usual = self.results.get, self.usual_reader()
        completed = self.head(records.TRANSACTION, layouts.COMPLETED.code.encode(), b"000")
        for record, line in following:
            if line.startswith(completed) and (payment := usual(record, line)):
                yield payment
            elif result := result_of(line[:25]):
                message = self.message(record, line, result)
                if issues:
                    yield from self.drain()
                if message is not None:
                    yield message
            elif line[records.KIND] in records.FRAME:
                yield from self.finish(record, line)
                return
            else:
                yield self.unknown(record, line)
        raise self.truncated(record)

    def usual_reader(self) -> Callable[[int, bytes], PaymentReceived | None]:
        """A fast function that reads a payment with nothing to say about it.

        It gives None for others, which it does not count.
        """
        moment_of, day_of, agreement = self.moments.get, self.days.get, self.agreement

        def usual(record: int, line: bytes) -> PaymentReceived | None:
            customer, mandate, due, sign, asked, reference, dates, paid = _cut_quick(line)
            moment, day, (ore, amount) = moment_of(dates), day_of(due), _amount(paid)
            payer = customer.lstrip(b"0")
            is_usual = (
                (moment and day and ore)
                and (sign == _TO_CREDITOR and asked == paid)
                and (mandate.isdigit() and payer.isdigit())
            )
            name = reference.rstrip().decode("latin-1")
            if not is_usual or not name.isprintable():
                return None
            deposit, paid_on = moment
            deposit.usual_count += 1
            deposit.usual_ore += ore
            payer = payer.decode()
            payment = _blank_payment()
            _fill_payment(
                payment,
                record=record,
                key=f"0236:{payer}{day}",
                deposit_key=deposit.key,
                account="",
                agreement_number=agreement,
                amount=amount,
                currency="DKK",
                bank_date=deposit.bank_date,
                order_date=paid_on,
                reference=name,
                bank_code="0236",
                method="direct_debit",
                payer_number=payer,
                mandate_number="" if mandate == _NO_MANDATE else mandate.decode(),
            )
            payment.__class__ = PaymentReceived
            return payment

        return usual

    def message(self, record: int, line: bytes, result: Result) -> Message | None:
        """What one record says; None if a fault keeps it out."""
        customer, mandate, due, sign, asked, reference, _paid_on, _booked_on, paid = _cut_automatic(
            line
        )
        # All numeric fields, in two pieces.
        if not (line[40:69].isdigit() and line[103:128].isdigit()):
            self.count(line)
            self.issues += field_errors(self.layout, record, line)
            return None
        ore, amount = _amount(paid)
        totals = self.totals
        totals.transactions += 1
        totals.amount += ore
        totals.requested += ore if asked == paid else int(asked)
        due_date = read_date(due)
        payer = customer.lstrip(b"0")
        payer = payer.decode() if payer.isdigit() else customer_number(customer.decode("latin-1"))
        if due_date is None or not payer:
            self.issues += self.unnamed(record, line, due_date)
            return None
        facts = {
            "record": record,
            "account": "",
            "agreement_number": self.agreement,
            "reference": self.text(reference),
            "payer_number": payer,
            "mandate_number": "" if mandate == _NO_MANDATE else mandate.decode(),
            "currency": "DKK",
            "bank_code": result.code,
        }
        if not result.brings and (not ore or result.code != layouts.REJECTED):
            return self.failed(facts, asked, sign, due_date, result, ore)
        if self.is_without_amount(record, ore, sign):
            return None
        moment = self.moments.get(line[103:115]) or self.moment(record, line, due)
        if moment is None:
            return None
        if sign != _TO_CREDITOR or (asked != paid and result.brings > 0):
            ore, amount = self.unusual(record, sign, asked, ore, amount)
        self.days[due] = f":{due_date}"
        # The same customer can be paid and debited on a day.
        way = ":out" if sign == _TO_DEBTOR else ""
        key = f"{result.code}:{payer}{self.days[due]}{way}"
        return self.payment(facts, moment, result, ore, amount, key)

    def payment(self, facts, moment, result, ore, amount, key) -> Message:
        """A payment or a reversal, counted in its deposit."""
        deposit, paid_on = moment
        deposit.count += 1
        deposit.ore += ore if result.brings > 0 else -ore
        facts |= {
            "key": key,
            "deposit_key": deposit.key,
            "amount": amount,
            "bank_date": deposit.bank_date,
            "order_date": paid_on,
            "method": result.method,
        }
        if result.brings > 0:
            return PaymentReceived(**facts)
        meaning = result.meaning if result.brings else layouts.REJECTED_AFTERWARDS
        return PaymentReversed(**facts, reason=meaning)

    def failed(self, facts, asked, sign, due_date, result, ore) -> PaymentFailed | RequestEvent:
        """A collection that brought nothing, or a disbursement that was not carried out."""
        if ore:
            expected, found = "0 with a collection that was cancelled", str(kroner(ore))
            self.issues.append(warning(facts["record"], "amount paid", expected, found))
        facts |= {
            "amount": kroner(int(asked)),
            "due_date": due_date,
            "meaning": layouts.NOT_PAID_OUT.get(result.code, result.meaning)
            if sign == _TO_DEBTOR
            else result.meaning,
        }
        del facts["account"]
        if sign != _TO_DEBTOR:
            return PaymentFailed(**facts)
        del facts["mandate_number"]
        return RequestEvent(**facts, event="rejected")

    def unusual(self, record, sign, asked, ore, amount):
        """The amount of a disbursement, or of one that is not what was asked for."""
        if sign == _TO_DEBTOR:
            return -ore, -amount
        if sign != _TO_CREDITOR:
            self.issues.append(warning(record, "sign", "1 or 2", sign.decode(), "read as 1"))
        elif int(asked) != ore:
            expected, found = str(kroner(int(asked))), str(amount)
            self.issues.append(warning(record, "amount paid", expected, found))
        return ore, amount

    def unnamed(self, record: int, line: bytes, due_date) -> Iterator[FormatIssue]:
        if due_date is None:
            yield date_error(record, self.fields["due date"], line)
        else:
            yield error(record, "customer number", "a number")


class SlipSection(_ResultSection):
    """Payment slips (section 0215). Address and text of the payer come beside some of them."""

    layout = layouts.SLIP_LAYOUT
    codes = layouts.SLIP_CODES
    _lists = {
        records.ADDRESS: (layouts.ADDRESS_CODE, layouts.MOST_ADDRESSES),
        records.TEXT: (layouts.TEXT_CODE, layouts.MOST_TEXTS),
    }

    def __init__(self, delivery, record: int, line: bytes, ordinal: int):
        super().__init__(delivery, record, line, ordinal)
        self.slip: _Slip | None = None
        # Of slips that are still to come, by archive reference.
        self.waiting: dict[bytes, _PayerTexts] = {}

    def record(self, record: int, line: bytes) -> Iterator[Message]:
        """A slip goes out when the next one begins: it may have further records."""
        kind = line[records.KIND]
        result = self.results.get(line[:25])
        if result is not None:
            yield from self.completed()
            self.begin(record, line, result)
            yield from self.drain()
        elif kind in self._lists and line[: len(self.further(kind))] == self.further(kind):
            yield from self.add(record, line, kind)
        else:
            yield self.unknown(record, line)

    def further(self, kind: bytes) -> bytes:
        """The beginning of an address or a text record of this section."""
        return kind + self.creditor + self._lists[kind][0]

    def finish(self, record: int, line: bytes) -> Iterator[Message]:
        yield from self.completed()
        for texts in self.waiting.values():
            yield error(texts.record, "archive reference", "that of a payment slip")
        self.waiting.clear()
        yield from super().finish(record, line)

    def begin(self, record: int, line: bytes, result: Result) -> None:
        """Read a slip and keep it until it is whole."""
        self.slip = None
        self.count(line)
        if faults := field_errors(self.layout, record, line):
            self.issues += faults
            return
        due, sign, paid = (
            line[self.fields[name].span] for name in ("due date", "sign", "amount paid")
        )
        ore, amount = _amount(paid)
        if self.is_without_amount(record, ore, sign):
            return
        moment = self.moments.get(line[103:115]) or self.moment(record, line, due)
        if moment is None:
            return
        deposit, paid_on = moment
        deposit.count += 1
        deposit.ore += ore * result.brings
        deposit.charges += self.fee(record, line)
        facts = {
            "record": record,
            "deposit_key": deposit.key,
            "account": "",
            "agreement_number": self.agreement,
            "amount": amount,
            "currency": "DKK",
            "bank_date": deposit.bank_date,
            "order_date": paid_on,
            "bank_code": result.code,
            "method": result.method,
            **self.names(line, result),
        }
        archive = line[self.fields["archive reference"].span]
        texts = self.waiting.pop(archive, None) or _PayerTexts(record)
        self.slip = _Slip(archive, result, facts, texts)

    def fee(self, record: int, line: bytes) -> int:
        """What the bank kept back of a slip, in øre."""
        code = line[self.fields["fee code"].span]
        if code not in (b"0", b"1"):
            self.issues.append(warning(record, "fee code", "0 or 1", printable(code), "read as 0"))
        return int(line[self.fields["fee"].span]) if code == b"1" else 0

    def names(self, line: bytes, result: Result) -> dict:
        """By what a slip is told: its own reference, else the number it was paid with."""
        customer, reference, archive = (
            self.text(line[self.fields[name].span])
            for name in ("customer number", "reference", "archive reference")
        )
        payer = customer_number(customer)
        # Without an archive reference only its place in the delivery tells it from others.
        unique = archive or f"{self.name}/{self.totals.transactions}"
        return {
            "key": f"{result.code}:{payer}:{unique}",
            "reference": reference or (customer if payer else ""),
            "payer_number": payer,
            "bank_reference": archive,
            "form_number": customer if is_payment_id(customer) else "",
        }

    def add(self, record: int, line: bytes, kind: bytes) -> Iterator[FormatIssue]:
        """One line of the payer's address or text."""
        _slip_type, archive, raw = layouts.PAYER_LAYOUT.cut(line)
        is_address = kind == records.ADDRESS
        if is_address:
            self.totals.addresses += 1
        else:
            self.totals.texts += 1
        if line[self.group] != self.group_number:
            yield self.stray(record, line, "")
            return
        if self.slip and self.slip.archive == archive:
            texts = self.slip.texts
        elif archive in self.waiting or len(self.waiting) < _MOST_WAITING:
            texts = self.waiting.setdefault(archive, _PayerTexts(record))
        else:
            yield error(record, "archive reference", "that of a payment slip nearby")
            return
        lines = texts.address if is_address else texts.text
        number, most = line[layouts.RECORD_NUMBER], self._lists[kind][1]
        if not number.isdigit() or int(number) != len(lines) + 1 or len(lines) == most:
            expected = f"{len(lines) + 1:03d}, {most:03d} at most"
            yield error(record, "record number", expected, printable(number))
            return
        lines.append(self.text(raw))

    def completed(self) -> Iterator[Message]:
        if self.slip:
            yield self.slip.message()
            self.slip = None


@dataclass(slots=True)
class _PayerTexts:
    """What came of a payer's address and text; ``record`` is the first of it."""

    record: int
    address: list[str] | None = None
    text: list[str] | None = None

    def __post_init__(self):
        self.address, self.text = [], []


@dataclass(slots=True)
class _Slip:
    """A slip while its further records come."""

    archive: bytes
    result: Result
    facts: dict
    texts: _PayerTexts

    def message(self) -> Message:
        address = self.texts.address
        facts = self.facts | {
            "payer_name": address[0] if address else "",
            "payer_street": "\n".join(address[1:]),
            "text": "\n".join(self.texts.text),
        }
        if self.result.brings > 0:
            return PaymentReceived(**facts)
        return PaymentReversed(**facts, reason=self.result.meaning)
