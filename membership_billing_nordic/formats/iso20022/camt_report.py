"""One notification or statement of a camt message: its account, its totals, its keys."""

from collections.abc import Iterator
from decimal import Decimal

from ..issues import error, warning
from ..messages import ControlTotal, FormatIssue, Message
from . import camt_payment
from .camt_entry import BOOKED, SIGNS, Head
from .elements import Values
from .values import ZERO, money, signed_number

# Of the domains of bank transaction codes, those of payments; in a statement the others are
# the bank's own doings, such as interest.
_PAYMENT_DOMAINS = frozenset({"PMNT", "XTND", ""})
_OPENING = ("OPBD", "PRCD")
_CLOSING = "CLBD"


class Counted:
    """Number and sum of entries, of all of them and of the booked ones."""

    def __init__(self):
        self.all = [0, ZERO]
        self.booked = [0, ZERO]

    def add(self, amount: Decimal, is_booked: bool) -> None:
        for counted in (self.all, self.booked) if is_booked else (self.all,):
            counted[0] += 1
            counted[1] += amount


class Report:
    """What the entries of one account in one message have in common."""

    def __init__(self, file, record: int, ordinal: int, is_statement: bool, values: Values):
        self._file = file
        self.record = record
        self.is_statement = is_statement
        self.name = f"{'statement' if is_statement else 'notification'} {ordinal}"
        self.number = values.get("number", "")
        self.account = values.get("account", "")
        self.currency = values.get("currency", "")
        scheme = values.get("account_scheme")
        in_schemes = scheme in camt_payment.AGREEMENT_SCHEMES
        self.agreement_number = self.account if in_schemes else ""
        self.entries = 0
        self._counted = {1: Counted(), -1: Counted()}
        self._statuses: dict[str, int] = {}
        self._left_out = [0, ZERO]

    def faults(self) -> Iterator[FormatIssue]:
        if not self.account:
            yield error(self.record, f"{self.name}: account", "an account before the entries")

    def takes_domain(self, domain: str) -> bool:
        """May entries of this domain be payments? All entries of a notification may."""
        return not self.is_statement or domain in _PAYMENT_DOMAINS

    def unique_key(self, key: str) -> str:
        return self._file.unique_key(self.account, key)

    def pass_over_details(self, amount: Decimal) -> None:
        """Note an entry whose payments are told elsewhere."""
        self._left_out[0] += 1
        self._left_out[1] += amount

    def count(self, head: Head) -> None:
        """Take an entry into the totals."""
        is_booked = head.status == BOOKED
        if not is_booked and head.status:
            self._statuses[head.status] = self._statuses.get(head.status, 0) + 1
        if head.sign is not None and head.amount is not None:
            self._counted[head.sign].add(head.amount, is_booked)

    # ------------------------------------------------------------------ the end

    def finish(self, values: Values) -> Iterator[Message]:
        """Compare the totals that the report declares, and tell what was passed over."""
        credits, debits = self._counted[1], self._counted[-1]
        for name, parts in (("credits", (credits,)), ("debits", (debits,))):
            for declared in values.get(name, ())[:1]:
                yield from self._compare(f"{self.name} {name}", declared, parts)
        for declared in values.get("entries", ())[:1]:
            yield from self._compare(self.name, declared, (credits, debits))
        yield from self._compare_balances(values)
        if self._statuses:
            found = ", ".join(f"{count} {status}" for status, count in self._statuses.items())
            action = "passed over until the bank reports them as booked"
            yield warning(self.record, f"{self.name}: status", BOOKED, found[:100], action)
        count, amount = self._left_out
        if count:
            found = f"{count} entries without any, {amount} in all"
            action = "passed over: their payments have to come in another message"
            yield warning(
                self.record, f"{self.name}: transaction details", "of all credits", found, action
            )

    def _compare(self, scope: str, declared: Values, parts: tuple[Counted, ...]):
        texts = (declared.get("count", ""), declared.get("sum", ""))
        number = int(texts[0]) if texts[0].isascii() and texts[0].isdigit() else None
        for quantity, place, value in (
            ("records", 0, None if number is None else Decimal(number)),
            ("amount", 1, signed_number(texts[1])),
        ):
            if value is None:
                continue
            # Some banks leave the entries out that are not booked.
            counted = [
                Decimal(sum(getattr(part, kind)[place] for part in parts))
                for kind in ("all", "booked")
            ]
            found = value if value in counted else counted[0]
            yield from self._total(scope, quantity, value, found)

    def _compare_balances(self, values: Values) -> Iterator[Message]:
        """The booked entries lead from the opening to the closing balance."""
        balances: dict[str, Decimal] = {}
        for balance in values.get("balances", ()):
            amount, sign = (
                money(balance.get("amount", ("",))[0]),
                SIGNS.get(balance.get("indicator")),
            )
            if amount is not None and sign is not None:
                balances.setdefault(balance.get("kind", ""), amount * sign)
        opening = next((balances[kind] for kind in _OPENING if kind in balances), None)
        is_whole = values.get("is_last_page", "true") in ("true", "1")
        if opening is None or _CLOSING not in balances or not is_whole:
            return
        moved = self._counted[1].booked[1] - self._counted[-1].booked[1]
        scope = f"{self.name} closing balance"
        yield from self._total(scope, "amount", balances[_CLOSING], opening + moved)

    def _total(self, scope: str, quantity: str, declared: Decimal, counted: Decimal):
        total = ControlTotal(
            record=self.record, scope=scope, quantity=quantity, declared=declared, counted=counted
        )
        yield total
        if not total.agrees:
            name = "number of entries" if quantity == "records" else "sum of entries"
            yield warning(self.record, f"{scope}: {name}", f"{declared}", f"{counted}")
