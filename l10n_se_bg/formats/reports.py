"""The sections of Autogiro reports from Bankgirot, of the new and of the old layout.

Each class is given the opening record of a section, then record by record up to its end, and
yields what it finds. What an end record says is compared with the records and told when it
differs, but it keeps nothing out: only deposit records are about money.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from ...membership_billing_nordic.formats.messages import (
    Deposit,
    FormatIssue,
    MandateEvent,
    Message,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
    Transmission,
)
from . import codes, records
from .accounts import account_in_file
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
    refusal,
    require_sound,
    too_long,
    warning,
)
from .identities import ORGANISATION, ORGANISATION_OF_BANKGIRO, is_identity
from .reading import TOO_LONG
from .records import Table, is_number

CURRENCY = "SEK"
COLLECTION, PAYOUT, REFUND = "82", "32", "77"
BANKGIROT = "BANKGIROT"
_OVERPUNCHED = {**{sign: str(d) for d, sign in enumerate("åJKLMNOPQR")}, "}": "0"}
_REFERENCE_MARKER = "REFERENS"
_FOREIGN = "00000"
_AMOUNT_DIGITS = 12
_NOTHING_DEPOSITED = "00000"


class Section:
    """What all sections have in common: their payee, their records and their end."""

    start: Table
    end_kind: str | None = "09"
    needs_end = True

    def __init__(self, record: int, line: str):
        require_sound(self.start, record, line)
        opening = self.start.values(line)
        self.record = record
        self.bankgiro = plain_number(opening["payee bankgiro"])
        self.customer_number = opening.get("customer number", "")
        self.timestamp = opening.get("timestamp") or opening.get("date", "")
        self.is_ended = False
        self.issues: list[FormatIssue] = []

    def transmission(self) -> Transmission:
        """Of the file that begins with this section."""
        return Transmission(
            record=self.record,
            sender=BANKGIROT,
            recipient=self.customer_number,
            number=self.timestamp if len(self.timestamp) > len("YYYYMMDD") else "",
            created_on=read_date(self.timestamp[:8]),
        )

    def read(self, record: int, kind: str, line: str) -> Iterator[Message]:
        """One record that follows the opening."""
        if self.is_ended:
            raise RefusedError(record, "record", "the opening of a section or the file's end", kind)
        if line.startswith(TOO_LONG):
            yield too_long(record, line)
        elif kind == self.end_kind:
            yield from self.end(record, line)
            self.is_ended = True
        else:
            yield from self.item(record, kind, line)
        yield from self.issues
        self.issues.clear()

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        raise NotImplementedError

    def end(self, record: int, line: str) -> Iterator[Message]:
        raise NotImplementedError

    def finish(self, record: int) -> Iterator[Message]:
        """The section is over, as the file ends or another one begins at ``record``."""
        if self.needs_end and not self.is_ended:
            expected = f"the end of the section, {self.end_kind}"
            raise RefusedError(record, "record", expected, "none")
        return iter(())

    def unknown(self, record: int, kind: str) -> FormatIssue:
        return error(record, "record", "a record of this section", kind)

    def about(self, record: int, payer_number: str) -> dict:
        """What every message of the section begins with."""
        return {
            "record": record,
            "account": "",
            "agreement_number": self.bankgiro,
            "payer_number": plain_number(payer_number),
        }

    def is_sound(self, table: Table, record: int, line: str) -> bool:
        """Are its numeric fields numeric? Notes those that are not."""
        faults = table.faults(line)
        self.issues += [
            error(record, each.name, "digits", records.quote(each, line)) for each in faults
        ]
        return not faults

    def a_date(self, record: int, name: str, text: str) -> date | None:
        """A date that may be absurd: then it is told and left empty."""
        found = read_date(text)
        if found is None and is_given(text):
            self.issues.append(warning(record, name, A_DATE, text, LEFT_EMPTY))
        return found

    def compare(self, record: int, table: Table, line: str, *counted: int) -> Iterator[Message]:
        """The control totals of an end record beside what was ``counted``, in its order."""
        for each, found in zip(table.fields, counted, strict=True):
            declared = _signed(line[each.span])
            if declared is None:
                yield warning(record, each.name, "digits", line[each.span], "not compared")
                continue
            is_sum = each.name.startswith("sum")
            quantity = "amount" if is_sum else "records"
            scope = each.name.removeprefix("sum of ").removeprefix("number of ")
            declared = abs(declared)
            yield from compared(record, scope, quantity, declared, found, warning)


def _signed(text: str) -> int | None:
    """A number whose last digit may be a letter: then it is below zero. None if it is none."""
    if is_number(text):
        return int(text)
    last = _OVERPUNCHED.get(text[-1:])
    if last is None or not is_number(text[:-1] or "0"):
        return None
    return -int(text[:-1] + last)


@dataclass(slots=True)
class Sums:
    """Number and öre of collections and of payouts."""

    count: dict = field(default_factory=lambda: {COLLECTION: 0, PAYOUT: 0})
    ore: dict = field(default_factory=lambda: {COLLECTION: 0, PAYOUT: 0})

    def add(self, kind: str, ore: int) -> None:
        self.count[kind] += 1
        self.ore[kind] += ore

    @property
    def as_in_sums_end(self) -> tuple[int, ...]:
        count, ore = self.count, self.ore
        return ore[PAYOUT], count[PAYOUT], count[COLLECTION], ore[COLLECTION]


# ------------------------------------------------------------------ payments


@dataclass(slots=True)
class Group:
    """The payments behind one deposit or withdrawal record, and what that record says."""

    record: int
    kind: str
    key: str
    bank_date: date | None
    serial: str
    declared_ore: int
    declared_count: int
    ore: int = 0
    count: int = 0
    unread: int = 0


class PaymentSection(Section):
    """Payments that were made or stopped: what both layouts have in common."""

    def payment(self, record: int, kind: str, line: str, group: Group | None) -> Iterator[Message]:
        """A collection (82) or payout (32), whatever became of it."""
        values = records.PAID.values(line)
        status = values["status"]
        if not self.is_sound(records.PAID, record, line) or not self.knows(record, status):
            if group:
                group.unread += 1
            return
        due = self.a_date(record, "payment date", values["payment date"])
        ore = int(values["amount"])
        self.count(kind, ore)
        about = self.about(record, values["payer number"]) | {
            "reference": values["reference"],
            "amount": kronor(ore),
            "currency": CURRENCY,
        }
        if status in codes.STOPPED:
            yield from self.stopped(kind, status, due or (group and group.bank_date), about)
            return
        group = group or self.group_of(record, kind, due)
        group.count += 1
        group.ore += ore
        if group.bank_date is None:
            return  # told of by its deposit record
        about |= {
            "key": self.key(group, values),
            "deposit_key": group.key,
            "bank_date": group.bank_date,
            "bank_code": kind,
            "method": "direct_debit",
        }
        if kind == COLLECTION:
            yield PaymentReceived(**about)
        else:
            yield PaymentReversed(**about, reason="paid out as ordered")

    def stopped(self, kind: str, status: str, due: date | None, about: dict) -> Iterator[Message]:
        """A payment that was not made."""
        meaning = codes.STOPPED[status]
        if due is None:
            yield error(about["record"], "payment date", A_DATE)
        elif kind == COLLECTION:
            yield PaymentFailed(
                **about,
                due_date=due,
                bank_code=status,
                meaning=meaning,
                will_retry=status == codes.WAITS,
            )
        else:
            yield RequestEvent(
                **about, event="rejected", due_date=due, bank_code=status, meaning=meaning
            )

    def knows(self, record: int, status: str) -> bool:
        if status in codes.STOPPED or status in self.executed:
            return True
        self.issues.append(error(record, "status", "0, 1, 2 or 9", status))
        return False

    def deposit(self, group: Group) -> Deposit:
        """What the account moved by."""
        ore = group.declared_ore
        return Deposit(
            record=group.record,
            deposit_key=group.key,
            account="",
            agreement_number=self.bankgiro,
            bank_date=group.bank_date,
            amount=kronor(ore if group.kind == COLLECTION else -ore),
            currency=CURRENCY,
            count=group.count,
            bank_reference=group.serial,
        )


class NewPayments(PaymentSection):
    """Payment specification, new layout: what each deposit and withdrawal consists of."""

    start = records.NEW_START
    executed = (codes.EXECUTED,)
    groups = {"15": COLLECTION, "16": PAYOUT, "17": REFUND}

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.group: Group | None = None
        self.deposits = dict.fromkeys(self.groups.values(), 0)
        self.payments = dict.fromkeys(self.groups.values(), 0)

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if kind in self.groups:
            yield from self.close(record)
            self.open(record, self.groups[kind], line)
        elif kind not in self.groups.values():
            yield self.unknown(record, kind)
        elif self.group is None or self.group.kind != kind:
            opening = next(code for code, opened in self.groups.items() if opened == kind)
            yield error(record, "record", f"a record {opening} before it", kind)
        elif kind == REFUND:
            yield from self.refund(record, line)
        else:
            yield from self.payment(record, kind, line, self.group)

    def open(self, record: int, kind: str, line: str) -> None:
        require_sound(records.DEPOSIT, record, line)
        _account, day, serial, amount, _blank, count = records.DEPOSIT.cut(line)
        bank_date = read_date(day)
        # Withdrawals have serial numbers of their own.
        own_series = "" if kind == COLLECTION else f":{kind}"
        self.group = Group(
            record=record,
            kind=kind,
            key=f"{self.bankgiro}:{bank_date}:{serial}{own_series}",
            bank_date=bank_date,
            serial=serial,
            declared_ore=int(amount),
            declared_count=int(count),
        )
        if bank_date is None:
            expected = f"{A_DATE}; none of its payments is used"
            self.issues.append(error(record, "payment date", expected, day))

    def close(self, record: int) -> Iterator[Message]:
        """Compare the group that is over with its deposit record, and tell of the deposit."""
        group, self.group = self.group, None
        if group is None:
            return
        scope = f"deposit at record {group.record}"
        issue = error if group.unread else refusal
        first = group.record
        yield from compared(first, scope, "transactions", group.declared_count, group.count, issue)
        yield from compared(first, scope, "amount", group.declared_ore, group.ore, issue)
        self.payments[group.kind] += group.count
        if group.serial != _NOTHING_DEPOSITED:
            self.deposits[group.kind] += 1
        if group.bank_date and (group.declared_ore or group.count):
            yield self.deposit(group)

    def count(self, kind: str, ore: int) -> None:
        """The end record counts what was executed alone."""

    def key(self, group: Group, values: dict) -> str:
        return f"{group.key}:@{group.count}"

    def refund(self, record: int, line: str) -> Iterator[Message]:
        """Money that a payer wanted back (77)."""
        group, values = self.group, records.REFUND.values(line)
        if not self.is_sound(records.REFUND, record, line):
            group.unread += 1
            return
        code = values["refund code"]
        group.count += 1
        group.ore += int(values["amount"])
        original = self.a_date(record, "original payment date", values["original payment date"])
        self.a_date(record, "refund date", values["refund date"])
        if code not in codes.REFUNDS:
            yield warning(record, "refund code", "01, 02 or 03", code)
        if group.bank_date:
            yield PaymentReversed(
                **self.about(record, values["payer number"]),
                key=self.key(group, values),
                deposit_key=group.key,
                amount=kronor(int(values["amount"])),
                currency=CURRENCY,
                bank_date=group.bank_date,
                order_date=original,
                reference=values["reference"],
                bank_code=REFUND,
                method="direct_debit",
                reason=f"{code} {codes.REFUNDS.get(code, '')}".strip(),
            )

    def end(self, record: int, line: str) -> Iterator[Message]:
        yield from self.close(record)
        counted = [
            number
            for kind in self.groups.values()
            for number in (self.deposits[kind], self.payments[kind])
        ]
        yield from self.compare(record, records.PAID_END, line, *counted)


class OldPayments(PaymentSection):
    """Payment specification, old layout: no deposits, so they are put together by date."""

    start = records.OLD_START
    executed = ("", codes.EXECUTED)

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.sums = Sums()
        self.made: dict[tuple[str, date], Group] = {}
        self.last_identity: tuple = ()
        self.repeated = 0

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if kind in (COLLECTION, PAYOUT):
            yield from self.payment(record, kind, line, None)
        else:
            yield self.unknown(record, kind)

    def count(self, kind: str, ore: int) -> None:
        """The end record counts what was stopped too."""
        self.sums.add(kind, ore)

    def group_of(self, record: int, kind: str, due: date | None) -> Group:
        if (kind, due) not in self.made:
            key = f"{self.bankgiro}:{due}:{kind}"
            self.made[kind, due] = Group(record, kind, key, due, "", 0, 0)
            if due is None:
                self.issues.append(error(record, "payment date", A_DATE))
        return self.made[kind, due]

    def key(self, group: Group, values: dict) -> str:
        """By what the payment is: those that are alike come one after the other."""
        identity = (
            group.key,
            plain_number(values["payer number"]),
            values["amount"].lstrip("0"),
            plain_number(values["reference"]),
        )
        self.repeated = self.repeated + 1 if identity == self.last_identity else 0
        self.last_identity = identity
        again = f":#{self.repeated + 1}" if self.repeated else ""
        return ":".join(identity) + again

    def end(self, record: int, line: str) -> Iterator[Message]:
        for group in self.made.values():
            group.declared_ore = group.ore
            if group.bank_date:
                yield self.deposit(group)
        yield from self.compare(record, records.SUMS_END, line, *self.sums.as_in_sums_end)


# ------------------------------------------------------------------ mandates


class MandateSection(Section):
    """What mandate reports have in common."""

    def payer(self, record: int, account: str, identity: str) -> dict:
        """Account and identity number; numbers that cannot be right are told and kept."""
        account, identity = account.strip(), identity.strip()
        found = {"payer_account": "", "payer_identity": ""}
        if is_given(account):
            found["payer_account"] = account
            if not _may_be_account(account):
                self.issues.append(warning(record, "account", "a right check digit"))
        if is_given(identity):
            is_organisation = identity[:2] in (ORGANISATION, ORGANISATION_OF_BANKGIRO)
            found["payer_identity"] = identity[2:] if is_organisation else identity
            if not is_identity(identity):
                self.issues.append(warning(record, "payer identity", "a right check digit"))
        return found


def _may_be_account(digits: str) -> bool:
    try:
        return account_in_file(digits).is_valid is not False
    except ValueError:
        return False


class Advice(MandateSection):
    """What became of mandates: answers to ours, and what payers and banks changed."""

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.counted = 0

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if kind != "73":
            yield self.unknown(record, kind)
            return
        self.counted += 1
        values = records.ADVICE.values(line)
        information, comment = values["information code"], values["comment code"]
        comment = "" if comment == "00" else comment
        event = codes.mandate_event(information, comment)
        if not event:
            expected = "information and comment codes that are known"
            yield error(record, "information code", expected, f"{information} {comment}")
            return
        if not self.is_sound(records.ADVICE, record, line):
            return
        valid_from = values["valid from"]
        if is_given(valid_from):
            effective = self.a_date(record, "valid from", f"20{valid_from}")
        else:
            effective = self.a_date(record, "action date", values["action date"])
        meaning = codes.MANDATE_INFORMATION[information], codes.MANDATE_COMMENTS[comment]
        yield MandateEvent(
            **self.about(record, values["payer number"]),
            **self.payer(record, values["account"], values["payer identity"]),
            event=event,
            effective_date=effective,
            bank_code=information + comment,
            meaning=": ".join(filter(None, meaning)),
        )

    def end(self, record: int, line: str) -> Iterator[Message]:
        yield from self.compare(record, records.COUNT_END, line, self.counted)


class NewAdvice(Advice):
    start = records.NEW_START


class OldAdvice(Advice):
    start = records.SHORT_START


class InternetMandates(MandateSection):
    """Mandates that payers gave in their internet bank: each is to be answered."""

    start = records.SHORT_START
    end_kind = "59"
    details = ("53", "54", "55", "56")

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.counted = 0
        self.mandate: tuple[int, str] | None = None
        self.followed: dict[str, str] = {}

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if kind == "52":
            self.counted += 1
            yield from self.complete()
            if self.is_sound(records.INTERNET_MANDATE, record, line):
                self.mandate = record, line
        elif kind not in self.details:
            yield self.unknown(record, kind)
        else:
            self.counted += 1
            if self.mandate is None:
                yield error(record, "record", "a mandate, 52, before it", kind)
            else:
                self.followed[kind] = line

    def complete(self) -> Iterator[Message]:
        """The mandate whose records were all read."""
        if self.mandate is None:
            return
        record, line = self.mandate
        values = records.INTERNET_MANDATE.values(line)
        if not is_given(values["payer number"]):
            yield error(record, "payer number", "digits that are not all 0")
        else:
            message_type = values["message type"]
            if message_type not in codes.REQUEST_TYPES:
                yield warning(record, "message type", "0, 1 or 2", message_type)
            yield MandateEvent(
                **self.about(record, values["payer number"]),
                **self.payer(record, values["account"], values["payer identity"]),
                **self.address(),
                event="requested",
                bank_code=message_type,
                meaning=codes.REQUEST_TYPES.get(message_type, ""),
            )
        self.mandate = None
        self.followed = {}

    def address(self) -> dict:
        line_of = self.followed.get
        blank = ""
        text = line_of("53", blank)[2:38].strip()
        parts = [
            part.strip()
            for kind in ("54", "55")
            for part in records.INTERNET_LINES.cut(line_of(kind, blank))
        ]
        postcode, city = (part.strip() for part in records.INTERNET_CITY.cut(line_of("56", blank)))
        is_foreign = postcode == _FOREIGN
        return {
            "text": text,
            "payer_name": parts[0],
            "payer_street": ", ".join(filter(None, parts[1:])),
            "payer_zip": "" if is_foreign else postcode,
            "payer_city": "" if is_foreign else city,
            "payer_country": city if is_foreign else "",
        }

    def end(self, record: int, line: str) -> Iterator[Message]:
        yield from self.complete()
        yield from self.compare(record, records.COUNT_END, line, self.counted)


class Register(MandateSection):
    """The whole register of mandates: rows without an opening or an end."""

    needs_end = False
    end_kind = None

    def __init__(self, record: int, line: str, table: Table):
        self.table = table
        self.record = record
        self.bankgiro = ""
        self.is_ended = False
        self.issues = []

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if not self.is_sound(self.table, record, line):
            return
        values = self.table.values(line)
        self.bankgiro = plain_number(values["payee bankgiro"])
        status = values["status"]
        if status not in codes.REGISTER_STATES:
            yield error(record, "status", "1 or 2", status)
            return
        origin = codes.REGISTER_ORIGINS.get(values["mandate type"], "")
        yield MandateEvent(
            **self.about(record, values["payer number"]),
            **self.payer(record, values["account"], values["payer identity"]),
            event="listed",
            effective_date=self.a_date(record, "created", values["created"]),
            bank_code=status + values["mandate type"],
            meaning=" ".join(filter(None, (codes.REGISTER_STATES[status], origin))),
        )

    def transmission(self) -> Transmission:
        return Transmission(record=self.record, sender=BANKGIROT)


# ------------------------------------------------------------------ our orders


class Rejected(Section):
    """Orders of ours that were refused when they came in. Its payer number begins at 15."""

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.sums = Sums()

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if kind not in (COLLECTION, PAYOUT):
            yield self.unknown(record, kind)
            return
        values = records.REJECTED.values(line)
        digits, code = values["amount"], values["comment code"]
        ore = int(digits) if len(digits) == _AMOUNT_DIGITS and is_number(digits) else None
        self.sums.add(kind, ore or 0)
        if not self.is_sound(records.REJECTED, record, line):
            return
        if code not in codes.REJECTIONS:
            yield warning(record, "comment code", "one that is known", code)
        yield RequestEvent(
            **self.about(record, values["payer number"]),
            event="rejected",
            reference=values["reference"],
            amount=None if ore is None else kronor(ore),
            currency=CURRENCY,
            due_date=self.a_date(record, "payment date", values["payment date"]),
            bank_code=code,
            meaning=codes.REJECTIONS.get(code, ""),
        )

    def end(self, record: int, line: str) -> Iterator[Message]:
        count, ore = self.sums.count, self.sums.ore
        counted = count[PAYOUT], ore[PAYOUT], count[COLLECTION], ore[COLLECTION]
        yield from self.compare(record, records.REJECTED_END, line, *counted)


class NewRejected(Rejected):
    start = records.NEW_START


class OldRejected(Rejected):
    start = records.OLD_START


class Changes(Section):
    """Orders that were cancelled or moved, by us or by others, and what was refused of that."""

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.sums = Sums()

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        values = records.CHANGED.values(line)
        code, amount = values["comment code"], values["amount"]
        if kind not in codes.CHANGES:
            yield self.unknown(record, kind)
            return
        if code not in codes.CHANGE_COMMENTS:
            yield error(record, "comment code", "one that is known", code)
            return
        ore = int(amount) if is_number(amount) else 0
        event = codes.CHANGE_EVENTS.get(code, "unchanged")
        if event != "unchanged" and values["payment code"] in (COLLECTION, PAYOUT):
            self.sums.add(values["payment code"], ore)
        has_reference = values["reference marker"] == _REFERENCE_MARKER
        yield RequestEvent(
            **self.about(record, values["payer number"]),
            event=event,
            reference=values["reference"] if has_reference else "",
            amount=kronor(ore) if ore else None,
            currency=CURRENCY if ore else "",
            due_date=self.a_date(record, "payment date", values["payment date"]),
            new_due_date=self.a_date(record, "new date", values["new date"]),
            bank_code=kind + code,
            meaning=f"{codes.CHANGES[kind]}: {codes.CHANGE_COMMENTS[code]}",
        )

    def end(self, record: int, line: str) -> Iterator[Message]:
        yield from self.compare(record, records.SUMS_END, line, *self.sums.as_in_sums_end)


class NewChanges(Changes):
    start = records.NEW_START


class OldChanges(Changes):
    start = records.OLD_START


class Stored(Section):
    """The orders that Bankgirot keeps until they are due."""

    start = records.OLD_START

    def __init__(self, record: int, line: str):
        super().__init__(record, line)
        self.sums = Sums()

    def item(self, record: int, kind: str, line: str) -> Iterator[Message]:
        if kind not in (COLLECTION, PAYOUT):
            yield self.unknown(record, kind)
            return
        if not self.is_sound(records.PAID, record, line):
            return
        values = records.PAID.values(line)
        ore = int(values["amount"])
        self.sums.add(kind, ore)
        yield RequestEvent(
            **self.about(record, values["payer number"]),
            event="accepted",
            reference=values["reference"],
            amount=kronor(ore),
            currency=CURRENCY,
            due_date=self.a_date(record, "payment date", values["payment date"]),
            bank_code=kind,
            meaning="kept until it is due",
        )

    def end(self, record: int, line: str) -> Iterator[Message]:
        yield from self.compare(record, records.SUMS_END, line, *self.sums.as_in_sums_end)
