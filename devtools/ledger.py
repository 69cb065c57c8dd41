"""A table that holds two tellings of the same side by side: the program's records, the ledger."""

from dataclasses import dataclass, field

AGREES, DIFFERS = "agrees", "DIFFERS"
_WHAT, _AMOUNT = 46, 14


@dataclass
class Comparison:
    """Sums by what they are, each told twice, in hundredths; or words."""

    rows: list[tuple[str, int | str, int | str]] = field(default_factory=list)

    def add(self, what: str, records: int | str, ledger: int | str) -> None:
        self.rows.append((what, records, ledger))

    @property
    def agrees(self) -> bool:
        return all(records == ledger for _what, records, ledger in self.rows)

    def lines(self) -> list[str]:
        return [
            f"{what:<{_WHAT}}{_amount(records)}{_amount(ledger)}"
            f"  {AGREES if records == ledger else DIFFERS}"
            for what, records, ledger in self.rows
        ]


def parts_line(what: str, amounts: list[int]) -> str:
    """A line of several amounts; nothing is a dash."""
    return f"{what:<{_WHAT}}" + "".join(_amount(amount) for amount in amounts)


def heading(what: str, columns: list[str]) -> str:
    return f"{what:<{_WHAT}}" + "".join(f"{column:>{_AMOUNT}}" for column in columns)


def ruler(columns: int) -> str:
    return "-" * (_WHAT + _AMOUNT * columns)


def _amount(hundredths):
    if isinstance(hundredths, str):
        return f"{hundredths:>{_AMOUNT}}"
    return f"{hundredths / 100:>{_AMOUNT},.2f}" if hundredths else f"{'-':>{_AMOUNT}}"
