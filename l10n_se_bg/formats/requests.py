"""Our own Autogiro files read back: mandates, payments, cancellations and changes."""

from collections.abc import Iterator
from datetime import date

from ...membership_billing_nordic.formats.messages import (
    CollectionChange,
    CollectionRequest,
    CollectionWithdrawal,
    CreditTransfer,
    MandateAnswer,
    MandateCancellation,
    MandateChange,
    MandateRequest,
    Message,
    OutgoingMessage,
    Transmission,
)
from . import records
from .checks import A_DATE, error, is_given, kronor, plain_number, read_date
from .deadlines import banking_days
from .giro_numbers import is_bankgiro
from .reports import COLLECTION, CURRENCY, PAYOUT, Section

AT_ONCE = "GENAST"
REJECTS = "AV"
ONCE = "0"
# Interval, and whether on the last day of the month, by period code.
PERIODS = {
    "1": ("month", False),
    "2": ("quarter", False),
    "3": ("half_year", False),
    "4": ("year", False),
    "5": ("month", True),
    "6": ("quarter", True),
    "7": ("half_year", True),
    "8": ("year", True),
}
# What must stand in each kind of cancellation (23 to 25) and change (26 to 29).
CHANGE_FIELDS = {
    "23": ("payer number",),
    "24": ("payer number", "payment date"),
    "25": ("payer number", "payment date", "amount", "payment code"),
    "26": ("new date",),
    "27": ("payment date", "new date"),
    "28": ("payer number", "payment date", "new date"),
    "29": ("payer number", "payment date", "amount", "payment code", "new date"),
}
_NUMBERS = ("payer number", "amount")
_DATES = ("payment date", "new date")


class Requests(Section):
    """One section of a file of ours. It has no end record."""

    start = records.REQUESTS_START
    needs_end = False
    end_kind = None

    def transmission(self) -> Transmission:
        return Transmission(
            record=self.record,
            sender=self.customer_number,
            recipient="",
            created_on=read_date(self.timestamp),
        )

    def item(self, record: int, kind: str, line: str) -> Iterator[Message | OutgoingMessage]:
        read = self.readers.get(kind)
        if read is None:
            yield self.unknown(record, kind)
            return
        request = read(self, record, kind, line)
        if request is not None:
            yield request

    def order_of(self, record: int, payer_number: str) -> dict:
        return self.about(record, payer_number) | {"key": f"{self.bankgiro}:{record}"}

    def is_ours(self, record: int, bankgiro: str) -> bool:
        """Is the payee that of the opening record? Bankgirot refuses the record else."""
        if plain_number(bankgiro) == self.bankgiro:
            return True
        self.issues.append(error(record, "payee bankgiro", "that of the opening record"))
        return False

    def is_usable(self, record: int, table: records.Table, line: str) -> bool:
        if not self.is_sound(table, record, line):
            return False
        values = table.values(line)
        return self.is_ours(record, values["payee bankgiro"])

    # ------------------------------------------------------------------ mandates

    def cancelled(self, record: int, kind: str, line: str) -> OutgoingMessage | None:
        if not self.is_usable(record, records.END_MANDATE, line):
            return None
        values = records.END_MANDATE.values(line)
        return MandateCancellation(**self.order_of(record, values["payer number"]))

    def mandate(self, record: int, kind: str, line: str) -> OutgoingMessage | None:
        """A new mandate, or the answer to one that the payer gave in the internet bank."""
        if not self.is_usable(record, records.NEW_MANDATE, line):
            return None
        values = records.NEW_MANDATE.values(line)
        order = self.order_of(record, values["payer number"])
        if values["answer"] not in ("", REJECTS):
            self.issues.append(error(record, "answer", f"blank or {REJECTS}", values["answer"]))
            return None
        if values["answer"]:
            return MandateAnswer(**order, is_accepted=False)
        if is_given(values["account"]) or is_bankgiro(order["payer_number"]):
            return MandateRequest(
                **order,
                payer_account=values["account"],
                payer_identity=values["payer identity"].removeprefix("00"),
            )
        return MandateAnswer(**order, is_accepted=True)

    def renumbered(self, record: int, kind: str, line: str) -> OutgoingMessage | None:
        if not self.is_usable(record, records.CHANGE_MANDATE, line):
            return None
        values = records.CHANGE_MANDATE.values(line)
        if not self.is_ours(record, values["payee bankgiro again"]):
            return None
        return MandateChange(
            **self.order_of(record, values["payer number"]),
            new_payer_number=plain_number(values["new payer number"]),
        )

    # ------------------------------------------------------------------ payments

    def payment(self, record: int, kind: str, line: str) -> OutgoingMessage | None:
        """A debit (82) or credit (32)."""
        if not self.is_usable(record, records.ORDER, line):
            return None
        values = records.ORDER.values(line)
        is_immediate = values["payment date"] == AT_ONCE
        day = self.first_day() if is_immediate else read_date(values["payment date"])
        period, times = values["period code"], values["recurrences"]
        interval, at_month_end = PERIODS.get(period, ("", False))
        if day is None:
            expected = f"{A_DATE}, or {AT_ONCE}"
            self.issues.append(error(record, "payment date", expected, values["payment date"]))
        elif not (interval or period == ONCE) or (is_immediate and period != ONCE):
            expected = f"0 to 8, and 0 with {AT_ONCE}"
            self.issues.append(error(record, "period code", expected, period))
        elif times and not (interval and records.is_number(times)):
            self.issues.append(error(record, "recurrences", "digits of a recurring order", times))
        elif not int(values["amount"]):
            self.issues.append(error(record, "amount", "more than 0"))
        else:
            message = CollectionRequest if kind == COLLECTION else CreditTransfer
            return message(
                **self.order_of(record, values["payer number"]),
                reference=values["reference"],
                amount=kronor(int(values["amount"])),
                currency=CURRENCY,
                due_date=day,
                is_immediate=is_immediate,
                interval=interval,
                at_month_end=at_month_end,
                times=int(times) if times else None,
            )
        return None

    def first_day(self) -> date | None:
        """The nearest day on which a debit can be made: the banking day after the file's."""
        written = read_date(self.timestamp)
        return written and banking_days().forward(written, 1)

    # ------------------------------------------------------------------ changes

    def change(self, record: int, kind: str, line: str) -> OutgoingMessage | None:
        """A cancellation or another date of what was sent before."""
        if not self.is_usable(record, records.CHANGE, line):
            return None
        values = records.CHANGE.values(line)
        needed = CHANGE_FIELDS[kind]
        for name in needed:
            if not self.is_filled(record, name, values[name]):
                return None
        given = {name: values[name] for name in needed}
        order = self.order_of(record, given.get("payer number", ""))
        order["reference"] = values["reference"]
        due, new = (read_date(given[name]) if name in given else None for name in _DATES)
        amount = kronor(int(given["amount"])) if "amount" in given else None
        is_credit = given.get("payment code") == PAYOUT
        if kind == "25" and not is_credit:
            return CollectionWithdrawal(**order, amount=amount, currency=CURRENCY, due_date=due)
        return CollectionChange(
            **order,
            amount=amount,
            currency="" if amount is None else CURRENCY,
            due_date=due,
            is_credit=is_credit,
            new_date=new,
        )

    def is_filled(self, record: int, name: str, text: str) -> bool:
        if name in _NUMBERS:
            is_right, expected = records.is_number(text), "digits"
        elif name in _DATES:
            is_right, expected = read_date(text) is not None, A_DATE
        else:
            is_right, expected = text in (COLLECTION, PAYOUT), f"{COLLECTION} or {PAYOUT}"
        if not is_right:
            found = "" if name == "payer number" else text
            self.issues.append(error(record, name, expected, found))
        return is_right

    readers = {
        "03": cancelled,
        "04": mandate,
        "05": renumbered,
        COLLECTION: payment,
        PAYOUT: payment,
        **dict.fromkeys(CHANGE_FIELDS, change),
    }
