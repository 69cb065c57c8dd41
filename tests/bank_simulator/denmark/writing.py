"""Writes what Betalingsservice sends a creditor: 0602 results, 0603 mandates and 0621 remarks.

Positions are those of the guides for data suppliers; every amount is in øre.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from ..fixed_width import encode, fixed

AUTOMATIC, SLIPS = "0211", "0215"
ACTIVE, CHANGES, ELECTRONIC_SLIPS = "0210", "0212", "0219"
NO_MANDATE = "9" * 9


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of a collection, or with sign 2 of a disbursement (0236 to 0239)."""

    code: str
    customer: str
    mandate: str
    due_on: date
    amount: int
    reference: str = ""
    paid_on: date | None = None
    booked_on: date | None = None
    paid: int = 0
    sign: str = "1"

    def records(self, section: "Section") -> Iterator[str]:
        yield _line(
            f"BS042{section.creditor}{self.code}000{section.group}{self.customer.upper():0>15}"
            f"{self.mandate:0>9}{_day(self.due_on)}{self.sign}{self.amount:013d}{self.reference:<30}    "
            f"{_day(self.paid_on)}{_day(self.booked_on)}{self.paid:013d}"
        )


@dataclass(slots=True, kw_only=True)
class Slip:
    """A payment slip that was paid (0297) or paid back (0299). ``customer`` is empty on type 73."""

    code: str = "0297"
    kind: str = "71"
    customer: str = ""
    due_on: date | None = None
    amount: int = 0
    reference: str = ""
    archive: str = ""
    paid_on: date
    booked_on: date
    paid: int
    fee: int = 0
    address: tuple[str, ...] = ()
    text: tuple[str, ...] = ()

    def records(self, section: "Section") -> Iterator[str]:
        customer = f"{self.customer:0>15}" if self.customer else " " * 15
        yield _line(
            f"BS042{section.creditor}{self.code}000{section.group}0000{customer}{self.kind}"
            f"{'1' if self.fee else '0'}{self.fee:05d}{_day(self.due_on)}{'1' if self.amount else '0'}"
            f"{self.amount:013d}{self.reference[:9]:<9}{self.archive:<22}"
            f"{_day(self.paid_on)}{_day(self.booked_on)}{self.paid:013d}"
        )
        for record, code, lines in (("022", "0290", self.address), ("052", "0295", self.text)):
            for number, text in enumerate(lines, 1):
                yield _line(
                    f"BS{record}{section.creditor}{code}{number:03d}{section.group}0000{customer}"
                    f"{self.kind}{self.archive:<22}{text:<35}"
                )


@dataclass(slots=True, kw_only=True)
class Notice:
    """A mandate that is there (0230), was made (0231) or ended (0232 to 0234)."""

    code: str
    customer: str
    mandate: str
    begins: date
    ends: date | None = None

    def records(self, section: "Section") -> Iterator[str]:
        yield _line(
            f"BS042{section.creditor}{self.code}000{section.group}{self.customer.upper():0>15}"
            f"{self.mandate:0>9}{_day(self.begins)}{_day(self.ends)}"
        )


@dataclass(slots=True, kw_only=True)
class Remark:
    """The echo of a request (0200) with a text number, whose second digit 3 is an error."""

    customer: str
    day: date
    text_number: str = "030001"

    def records(self, section: "Section") -> Iterator[str]:
        echo = f"BS022{section.creditor}0200000{section.group}{self.customer.upper():0>15}"
        yield _line(f"{echo}{'':0<9}{_day(self.day)}{'':59}{self.text_number}")


@dataclass(slots=True, kw_only=True)
class Unplaced:
    """A disbursement for which there is no mandate, as the information list tells of it.

    That it does is known, but not the place of its fields: this is the record as it was sent.
    """

    customer: str
    due_on: date
    amount: int
    reference: str

    def records(self, section: "Section") -> Iterator[str]:
        yield _line(
            f"BS042{section.creditor}028000000{section.group}{self.customer.upper():0>15}"
            f"{'':0<9}{self.due_on:%d%m%Y}2{self.amount:013d}{self.reference:<30}00"
        )


@dataclass(slots=True, kw_only=True)
class Section:
    """The results or notices of one creditor and debtor group."""

    number: str
    creditor: str
    group: str
    made_on: date
    items: list = field(default_factory=list)

    def records(self) -> Iterator[str]:
        filler = "000" if self.number in (AUTOMATIC, SLIPS) else "   "
        yield _line(
            f"BS012{self.creditor}{self.number}{filler}{self.group}{'':24}{_day(self.made_on)}"
        )
        for item in self.items:
            yield from item.records(self)
        count, amount, texts, addresses = self.totals
        yield _line(
            f"BS092{self.creditor}{self.number}000{self.group}{'':6}{count:011d}{amount:015d}"
            f"{texts:011d}{'':15}{addresses:011d}"
        )

    @property
    def totals(self) -> tuple[int, int, int, int]:
        """Records 042, the sum of what they say was paid, records 052 and 022."""
        slips = [item for item in self.items if isinstance(item, Slip)]
        return (
            len(self.items),
            sum(getattr(item, "paid", 0) for item in self.items),
            sum(len(slip.text) for slip in slips),
            sum(len(slip.address) for slip in slips),
        )


def delivery(
    kind: str, sections: Iterable[Section], *, supplier: str, number: str, made_on: date
) -> bytes:
    """A whole delivery ``0602`` or ``0603``, CR LF after every record."""
    sections = list(sections)
    frame = f"{supplier}BS1{kind}"
    lines = [_line(f"BS002{frame}{number:0>10}{'':19}{_day(made_on)}")]
    for section in sections:
        lines += section.records()
    count, amount, texts, addresses = (
        sum(column) for column in zip(*(section.totals for section in sections), strict=True)
    )
    lines.append(
        f"BS992{frame}{len(sections):011d}{count:011d}{amount:015d}{texts:011d}{'':0<15}"
        f"{addresses:011d}{'':0<34}"
    )
    return _encode(lines)


def remarks(
    kind: str, sections: Iterable[Section], *, supplier: str, number: str, made_on: date
) -> bytes:
    """An information list (0621), as far as it is known: its records between start and end."""
    sections = list(sections)
    frame = f"{supplier}BS1{kind}"
    echoes = [
        line for section in sections for item in section.items for line in item.records(section)
    ]
    start = _line(f"BS002{frame}{number:0>10}{'':19}{_day(made_on)}")
    return _encode([start, *echoes, f"BS992{frame}{'':0<108}"])


def _encode(lines: Iterable[str]) -> bytes:
    """Records as they arrive: without the blanks at their ends."""
    return encode(line.rstrip() for line in lines)


def _line(text: str) -> str:
    return fixed(text, 128)


def _day(day: date | None) -> str:
    return f"{day:%d%m%y}" if day else "000000"
