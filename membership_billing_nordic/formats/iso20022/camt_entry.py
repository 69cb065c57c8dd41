"""One entry of a camt message: a deposit, and the transactions that make it up."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from ..drafts import drafting
from ..issues import error, refusal, warning
from ..messages import (
    Deposit,
    FormatIssue,
    Message,
    PaymentMade,
    PaymentReceived,
    PaymentReversed,
    ReferenceAmount,
)
from . import camt_payment
from .elements import Values
from .values import ZERO, day, identifier, money

SIGNS = {"CRDT": 1, "DBIT": -1}
BOOKED = "BOOK"
_TRUE = frozenset({"true", "1"})
_AMOUNTS = ("amount", "transferred", "counter_value", "instructed")
_NOTHING = ("", "")
_AFTER = {"additional": ""}  # stands after the transactions
MOST_WAITING = 5000

_RECEIVED = (*drafting(PaymentReceived), PaymentReceived)
_REVERSED = (*drafting(PaymentReversed), PaymentReversed)


class Head:
    """The entry's own fields, as far as they were read. Amounts have the account's sign."""

    def __init__(self, values: Values, report):
        self.values = values
        amount, currency = values.get("amount", ("", ""))
        self.currency = currency or report.currency
        self.sign = SIGNS.get(values.get("indicator"))
        self.amount = money(amount)
        self.status = values.get("status", "")
        self.bank_date = day(values.get("booked", "")) or day(values.get("valued", ""))
        self.bank_reference = identifier(values.get("bank_reference", ""))
        self.entry_reference = identifier(values.get("entry_reference", ""))
        self.kind = camt_payment.kind(values)
        self.is_reversal = values.get("is_reversal", "").lower() in _TRUE

    @property
    def is_complete(self) -> bool:
        """Is everything there that a schema wants before the transactions?"""
        has_code = "code_domain" in self.values or "code_proprietary" in self.values
        return bool(self.status and has_code) and next(self.faults(), None) is None

    @property
    def domain(self) -> str:
        return self.values.get("code_domain", "")

    def faults(self) -> Iterator[tuple[str, str, str]]:
        """What keeps the entry from being used: field, what is expected, what is found."""
        if self.amount is None:
            yield "amount", "an amount of at most two decimals", self.values.get("amount", ("",))[0]
        if len(self.currency) != 3:
            yield "currency", "three letters", self.currency
        if self.sign is None:
            yield "credit or debit", "CRDT or DBIT", self.values.get("indicator", "")
        if self.bank_date is None:
            found = self.values.get("booked") or self.values.get("valued", "")
            yield "booking date", "a date YYYY-MM-DD", found

    @property
    def signed_amount(self) -> Decimal:
        return self.amount * self.sign


def _ordered_on(values: Values) -> date | None:
    text = values.get("accepted") or values.get("transacted")
    return day(text) if text else None


class Entry:
    """An entry while its transactions go by.

    The first transaction waits for a second one or the end, for the amount of an only one is
    that of the entry. All of them wait while the entry's own fields are not there, as in a
    file whose order is wrong.
    """

    def __init__(self, report, record: int, ordinal: int):
        self.report = report
        self.record = record
        self.name = f"entry {ordinal}"
        self.transactions = 0
        self.declared_count = 0
        self.batch = ""
        self.head: Head | None = None
        self._is_used = False
        self._waiting: list[tuple[int, Values]] = []
        self._emitted = 0
        self._sum = ZERO
        self._charges = ZERO
        self._agreement = report.agreement_number
        self._key = ""
        self._seen: dict[str, int] = {}

    def add(self, record: int, values: Values, read_head) -> Iterable[Message]:
        """Take in one transaction; ``read_head`` gives the entry's own fields as read so far."""
        self.transactions += 1
        if self.head is not None:
            return self._transaction(record, values)
        self._waiting.append((record, values))
        if self.transactions == 2:
            head = Head(read_head(), self.report)
            return self._begin(head) if head.is_complete else ()
        if self.transactions == MOST_WAITING:
            return self._begin(Head(read_head(), self.report))
        return ()

    def finish(self, values: Values) -> Iterator[Message]:
        """The rest of the entry, given its own fields: what waited, the deposit, the checks."""
        head = Head(values, self.report)
        if self.head is None:
            yield from self._begin(head)
        elif head.values | _AFTER != self.head.values | _AFTER:
            expected = "the entry's own fields before its transactions"
            yield refusal(self.record, f"{self.name}: order of elements", expected)
        if not self._is_used:
            return
        if not self.transactions:
            yield from self._without_transactions()
        if self._emitted or self._stands_for_several:
            yield from self._checked()
            yield self._deposit()

    # ------------------------------------------------------------------ use or pass over

    def _begin(self, head: Head) -> Iterator[Message]:
        self.head = head
        faults = list(head.faults()) if head.status == BOOKED or not head.status else []
        for field, expected, found in faults:
            yield error(self.record, f"{self.name}: {field}", expected, found)
        if not head.status:
            yield error(self.record, f"{self.name}: status", BOOKED)
        self._is_used = (
            not faults and head.status == BOOKED and self.report.takes_domain(head.domain)
        )
        if self._is_used:
            self._key = self.report.unique_key(self._natural_key())
        waiting, self._waiting = self._waiting, []
        for record, values in waiting:
            yield from self._transaction(record, values)

    def _natural_key(self) -> str:
        """Day, the bank's reference and amount; the reference alone may come again.

        Without one the report and the place in it have to serve.
        """
        head = self.head
        reference = head.bank_reference
        if not reference:
            reference = f"{self.report.number}/{head.entry_reference or self.name}"
        return f"{head.bank_date}:{reference}:{head.signed_amount}"

    # ------------------------------------------------------------------ transactions

    def _transaction(self, record: int, values: Values) -> Iterable[Message]:
        """The messages of one transaction."""
        if not self._is_used:
            return ()
        head = self.head
        sign = SIGNS.get(values.get("indicator", head.values["indicator"]))
        if sign is None:
            return (error(record, "transaction: credit or debit", "CRDT or DBIT"),)
        goes_back = sign < 0 and self._goes_back(values)
        if sign < 0 and head.sign < 0 and not goes_back:
            return self._made(record, values)
        amount = self._amount(values, sign)
        if amount is None:
            expected = f"an amount in {head.currency} of at most two decimals"
            return (error(record, "transaction: amount", expected),)
        self._emitted += 1
        self._sum += amount * sign
        return self._payment(record, values, amount if goes_back else amount * sign, goes_back)

    def _made(self, record: int, values: Values) -> Iterable[Message]:
        """Money that left by an order: told where the bank says what the order called it."""
        reference = identifier(values.get("end_to_end", ""))
        batch = identifier(values.get("batch", "")) or self.batch
        amount = self._amount(values, -1) if self.transactions else self.head.amount
        if not amount or not (reference or batch):
            return ()
        return (
            PaymentMade(
                record=record,
                key=f"{self._key}:{reference or batch}:{self.transactions}",
                account=self.report.account,
                agreement_number=self.report.agreement_number,
                amount=amount,
                currency=self.head.currency,
                bank_date=self.head.bank_date,
                reference=reference,
                batch=batch,
                bank_code=self.head.kind[0],
                bank_reference=values.get("bank_reference", "") or self.head.bank_reference,
            ),
        )

    def _goes_back(self, values: Values) -> bool:
        """Is this money that an earlier payment brought?"""
        own = self.head.values
        sub_family = values.get("code_sub_family") or own.get("code_sub_family")
        return (
            self.head.is_reversal
            or "returns" in values
            or sub_family in camt_payment.REVERSAL_SUB_FAMILIES
        )

    def _amount(self, values: Values, sign: int) -> Decimal | None:
        """What was paid, in the entry's currency, before the bank took charges from it."""
        currency = self.head.currency
        for name in _AMOUNTS:
            text, unit = values.get(name, _NOTHING)
            if text and (unit or currency) == currency:
                amount = money(text)
                break
        else:
            return self.head.amount if self.transactions == 1 else None
        if amount is None or "charges" not in values:
            return amount
        charges = camt_payment.charges(values, currency)
        text, unit = values.get("instructed", _NOTHING)
        gross = money(text) if unit == currency else None
        if gross is not None and (gross - amount) * sign == charges:
            amount = gross
        self._charges += charges
        return amount

    def _payment(
        self, record: int, values: Values, amount: Decimal, goes_back: bool
    ) -> list[Message]:
        head, report = self.head, self.report
        has_code = "code_domain" in values or "code_proprietary" in values
        code, method = camt_payment.kind(values) if has_code else head.kind
        written = camt_payment.text(values)
        messages: list[Message] = []
        blank, fill, message_class = _REVERSED if goes_back else _RECEIVED
        payment = blank()
        fill(
            payment,
            record=record,
            key=self._payment_key(values),
            deposit_key=self._key,
            account=report.account,
            agreement_number=self._agreement_number(record, values, messages),
            amount=amount,
            currency=head.currency,
            bank_date=head.bank_date,
            order_date=_ordered_on(values),
            reference=self._reference(values, written, goes_back),
            references=self._references(record, values, amount, messages),
            bank_code=code,
            method=method,
            text=camt_payment.with_foreign_amount(written, values, head.currency),
            bank_reference=values.get("bank_reference", ""),
            mandate_number=values.get("mandate", ""),
            **camt_payment.payer(values, report.account),
        )
        if goes_back:
            payment.reason = camt_payment.reason(values)
        payment.__class__ = message_class
        messages.append(payment)
        return messages

    def _reference(self, values: Values, written: str, goes_back: bool) -> str:
        """What the payment is for; of money of ours that came back, what the order called it."""
        came_back = "returns" in values and not goes_back
        mark = identifier(values.get("end_to_end", "")) if came_back else ""
        return mark or camt_payment.main_reference(values, written)

    def _payment_key(self, values: Values) -> str:
        """The deposit's key and the bank's reference, with a count where that repeats."""
        reference = camt_payment.own_reference(values, self.head.bank_reference)
        if not reference:
            return f"{self._key}:@{self._emitted}"
        seen = self._seen[reference] = self._seen.get(reference, 0) + 1
        return f"{self._key}:{reference}" + (f"#{seen}" if seen > 1 else "")

    def _agreement_number(self, record: int, values: Values, messages: list[Message]) -> str:
        number = camt_payment.agreement_number(values)
        if not number:
            return self._agreement
        if self._agreement and number != self._agreement:
            expected = "one number for all payments of an entry"
            messages.append(warning(record, f"{self.name}: agreement number", expected))
        self._agreement = self._agreement or number
        return number

    def _references(
        self, record: int, values: Values, amount: Decimal, messages: list[Message]
    ) -> tuple[ReferenceAmount, ...]:
        """The references where there are several, checked if all of them have amounts."""
        structured = values.get("structured", ())
        if len(structured) < 2 and not (structured and "documents" in structured[0]):
            return ()
        given = camt_payment.references(values, self.head.currency)
        amounts = [each.amount for each in given]
        if len(given) < 2:
            return ()
        if None not in amounts and sum(amounts) != amount:
            name = "transaction: sum of the references"
            messages.append(warning(record, name, str(amount), str(sum(amounts))))
        return given

    # ------------------------------------------------------------------ the whole

    @property
    def _stands_for_several(self) -> bool:
        """A sum whose transactions the bank did not list, though it says how many they are."""
        return (
            not self.transactions
            and self.declared_count > 1
            and self.head.sign > 0
            and not self.report.is_statement
        )

    def _without_transactions(self) -> Iterable[Message]:
        """An entry is one payment itself, or its transactions come in another message."""
        head, report = self.head, self.report
        goes_back = self._goes_back({})
        if head.sign < 0 and not goes_back:
            return self._made(self.record, {"batch": self.batch})
        if report.is_statement:
            report.pass_over_details(head.signed_amount)
            return ()
        if self._stands_for_several:
            return ()
        self._emitted += 1
        self._sum += head.signed_amount
        values = {"additional": head.values.get("additional", "")}
        return self._payment(self.record, values, head.amount, goes_back)

    def _checked(self) -> Iterator[FormatIssue]:
        """Compare what the entry declares with its transactions; find the charges between."""
        head = self.head
        count = max(self.transactions, 1 if self._emitted else 0)
        if self.declared_count and self.declared_count != count:
            name = f"{self.name}: number of transactions"
            yield warning(self.record, name, str(self.declared_count), str(self.transactions))
        kept = self._sum - head.signed_amount
        own = camt_payment.charges(head.values, head.currency)
        possible = {ZERO, own, self._charges, own + self._charges}
        self._charges = kept if kept in possible else ZERO
        if self._sum - self._charges != head.signed_amount:
            name = f"{self.name}: sum of the transactions"
            yield warning(self.record, name, str(head.signed_amount), str(self._sum))

    def _deposit(self) -> Deposit:
        head = self.head
        return Deposit(
            record=self.record,
            deposit_key=self._key,
            account=self.report.account,
            agreement_number=self._agreement,
            bank_date=head.bank_date,
            amount=head.signed_amount,
            charges=self._charges,
            currency=head.currency,
            count=self.declared_count or self.transactions or 1,
            bank_reference=head.bank_reference or head.entry_reference,
        )
