"""Reads what an association sends Nets, as strictly as Nets: AvtaleGiro claims and withdrawals.

Positions are those of Nets' AvtaleGiro system specification, counted from 1.
"""

from dataclasses import dataclass, field
from datetime import date

from .nets import NETS
from .strict_reading import (
    RefusedError,
    at,
    day,
    demand,
    demand_no_line_end,
    digits,
    parts,
    raw_records,
)

CLAIMS, WITHDRAWALS = "2100", "2136"
_TYPES = {CLAIMS: ("02", "21"), WITHDRAWALS: ("93",)}
_DAY = "%d%m%y"


@dataclass(slots=True, kw_only=True)
class Order:
    """One claim or one withdrawal; ``amount`` in øre."""

    number: int
    kind: str
    account: str
    kid: str
    due_on: date
    amount: int
    name: str = ""
    reference: str = ""
    text: dict[tuple[int, int], str] = field(default_factory=dict)
    refused: str = ""

    @property
    def is_withdrawal(self) -> bool:
        return self.kind == "93"

    @property
    def identity(self) -> tuple:
        return self.account, self.kid, self.due_on, self.amount


@dataclass(slots=True, kw_only=True)
class OrderAssignment:
    """The claims or the withdrawals of one account."""

    service: str
    number: str
    account: str
    orders: list[Order] = field(default_factory=list)
    size: int = 0
    amount: int = 0
    refused: str = ""

    @property
    def due_dates(self) -> list[date]:
        return sorted(order.due_on for order in self.orders)


@dataclass(slots=True, kw_only=True)
class OrderFile:
    """A transmission from an association."""

    sender: str
    number: str
    assignments: list[OrderAssignment] = field(default_factory=list)


def read(content: bytes) -> OrderFile:
    """The orders of a file. What is wrong with one of its parts stands in its ``refused``.

    :raises RefusedError: the whole transmission is refused
    """
    lines = _lines(content)
    first, *body, last = lines
    demand(at(first, 1, 8) == "NY000010", "no transmission start")
    demand(at(last, 1, 8) == "NY000089", "no transmission end")
    demand(at(first, 24, 31) == NETS, "wrong recipient")
    demand(at(first, 9, 16) != NETS, "the sender is Nets itself")
    file = OrderFile(sender=digits(first, 9, 16), number=digits(first, 17, 23))
    _zeros(first, 32)
    for part in parts(body, (7, 8), ("20", "88"), ("an assignment", "assignments")):
        file.assignments.append(_assignment(part))
    _check_end(file, last, len(lines))
    return file


def _lines(content: bytes) -> list[str]:
    lines = raw_records(content, at_least=2)
    for number, line in enumerate(lines, 1):
        demand(len(line) == 80, f"record {number} has {len(line)} bytes")
        demand_no_line_end(number, line)
    return [line.decode("latin-1") for line in lines]


def _check_end(file: OrderFile, last: str, size: int) -> None:
    orders = [order for assignment in file.assignments for order in assignment.orders]
    demand(int(digits(last, 9, 16)) == len(orders), "file: wrong number of transactions")
    demand(int(digits(last, 17, 24)) == size, "file: wrong number of records")
    demand(orders, "file: no transactions")
    amount = sum(assignment.amount for assignment in file.assignments)
    demand(int(digits(last, 25, 41)) == amount, "file: wrong sum")
    earliest = min(order.due_on for order in orders)
    demand(at(last, 42, 47) == f"{earliest:%d%m%y}", "file: wrong earliest due date")
    _zeros(last, 48)


def _assignment(lines: list[str]) -> OrderAssignment:
    start, *body, end = lines
    service = at(start, 3, 6)
    demand(service in _TYPES, f"no assignment {service} is taken")
    assignment = OrderAssignment(
        service=service, number=digits(start, 18, 24), account=digits(start, 25, 35)
    )
    assignment.size = len(lines)
    try:
        _read_orders(assignment, body)
        demand(at(start, 9, 17) == "0" * 9, "an agreement number where there is none")
        _zeros(start, 36)
        demand(at(end, 1, 8) == f"NY{service}88", "the end of another assignment")
        _check_assignment_end(assignment, end)
    except RefusedError as refused:
        assignment.refused = str(refused)
    return assignment


def _check_assignment_end(assignment: OrderAssignment, end: str) -> None:
    days = assignment.due_dates
    demand(days, "no transactions")
    demand(int(digits(end, 9, 16)) == len(days), "wrong number of transactions")
    demand(int(digits(end, 17, 24)) == assignment.size, "wrong number of records")
    demand(int(digits(end, 25, 41)) == assignment.amount, "wrong sum")
    demand(at(end, 42, 47) == f"{days[0]:%d%m%y}", "wrong earliest due date")
    demand(at(end, 48, 53) == f"{days[-1]:%d%m%y}", "wrong latest due date")
    _zeros(end, 54)


def _read_orders(assignment: OrderAssignment, body: list[str]) -> None:
    groups: list[list[str]] = []
    for line in body:
        demand(at(line, 1, 4) == "NY21", "a record of another service")
        if at(line, 7, 8) == "30":
            groups.append([])
        demand(groups, "a record before the first item 1")
        groups[-1].append(line)
    highest = 0
    for group in groups:
        order = _order(assignment, group[0])
        assignment.orders.append(order)
        assignment.amount += order.amount
        demand(order.number > highest, "transaction numbers do not rise")
        highest = order.number
        try:
            _read_rest(order, group)
        except RefusedError as refused:
            order.refused = str(refused)


def _order(assignment: OrderAssignment, line: str) -> Order:
    return Order(
        number=int(digits(line, 9, 15)),
        kind=at(line, 5, 6),
        account=assignment.account,
        kid=at(line, 50, 74).strip(),
        due_on=day(at(line, 16, 21), _DAY),
        amount=int(digits(line, 33, 49)),
    )


def _read_rest(order: Order, group: list[str]) -> None:
    item_1, *rest = group
    service = WITHDRAWALS if order.is_withdrawal else CLAIMS
    demand(order.kind in _TYPES[service], f"transaction type {order.kind}")
    demand(at(item_1, 22, 32) == " " * 11, "filler of item 1")
    demand(at(item_1, 50, 74) == order.kid.rjust(25), "the KID is not right-aligned")
    demand(order.kid[:-1].isdigit() and order.kid[-1] in "0123456789-", "no KID")
    demand(order.amount > 0, "no amount")
    _zeros(item_1, 75)
    for line in rest:
        demand(int(digits(line, 9, 15)) == order.number, "a record of another transaction")
    if order.is_withdrawal:
        return
    demand(rest and at(rest[0], 5, 8) == f"{order.kind}31", "no item 2")
    demand(at(rest[0], 26, 50) == " " * 25, "filler of item 2")
    _zeros(rest[0], 76)
    order.name, order.reference = at(rest[0], 16, 25).strip(), at(rest[0], 51, 75).strip()
    for line in rest[1:]:
        _read_text(order, line)


def _read_text(order: Order, line: str) -> None:
    demand(at(line, 5, 8) == "2149", "no specification record")
    demand(at(line, 16, 16) == "4", "kind of specification")
    number, column = int(digits(line, 17, 19)), int(digits(line, 20, 20))
    demand(1 <= number <= 42, f"line {number}")
    demand(column in (1, 2), f"column {column}")
    demand((number, column) not in order.text, "a line and column twice")
    text = at(line, 21, 60).rstrip()
    demand(text, "a blank specification record")
    _zeros(line, 61)
    order.text[number, column] = text


def _zeros(line: str, first: int) -> None:
    demand(not line[first - 1 :].strip("0"), f"no zeros from {first} on")
