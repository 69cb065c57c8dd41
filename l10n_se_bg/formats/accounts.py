"""Swedish bank accounts: clearing number and account, as typed and as 16 digits in files.

Source: Bankgirot's list of bank account numbers. In some series the clearing number is part
of the check, in others it is not.
"""

import re
from bisect import bisect
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import luhn

CLEARING_DIGITS, ACCOUNT_DIGITS = 4, 12
_SWEDBANK = "8"  # its fifth clearing digit is no part of the number in files
_NORDEA_PERSONAL = (3300, 3782)
_TYPED = re.compile(r"(\d{4}(?:-?\d)?)[\s,.:/-]+([\d\s,.-]+)", re.ASCII)
_NOT_DIGITS = re.compile(r"[\s,.:/-]+")


def _mod11(digits: str) -> bool:
    """Weights 1, 2 … 10, 1, 2 … from the right; their sum is a multiple of 11."""
    return sum(int(d) * (i % 10 + 1) for i, d in enumerate(reversed(digits))) % 11 == 0


def _without_first_digit(clearing: str, account: str) -> bool:
    return _mod11(clearing[1:] + account)


def _with_whole_clearing(clearing: str, account: str) -> bool:
    return _mod11(clearing + account)


def _account_mod10(_clearing: str, account: str) -> bool:
    return luhn.is_valid(account)


def _account_mod11(_clearing: str, account: str) -> bool:
    return _mod11(account)


@dataclass(frozen=True, slots=True)
class Kind:
    """How long the accounts of a series are, and what their check digit is made of.

    Where the check is not ``is_certain`` there are good accounts that fail it.
    """

    digits: int
    check: Callable[[str, str], bool] | None
    is_certain: bool = True


KIND_1_1 = Kind(7, _without_first_digit)
KIND_1_2 = Kind(7, _with_whole_clearing)
KIND_1 = Kind(7, None)  # which of the two is not public
KIND_2_TEN = Kind(10, _account_mod10)
KIND_2_NINE = Kind(9, _account_mod11)
KIND_2_SWEDBANK = Kind(10, _account_mod10, is_certain=False)


@dataclass(frozen=True, slots=True, order=True)
class Series:
    """Clearing numbers of one bank. Without ``has_bankgiro`` no direct debit reaches them."""

    first: int
    last: int
    bank: str
    kind: Kind
    has_bankgiro: bool = True


def _series(kind: Kind, bank: str, *ranges: tuple[int, int], has_bankgiro: bool = True):
    return [Series(first, last, bank, kind, has_bankgiro) for first, last in ranges]


SERIES = sorted(
    (
        *_series(KIND_1_1, "Nordea", (1100, 1199), (1400, 2099), (3000, 3299), (3301, 3399)),
        *_series(KIND_1_1, "Nordea", (3410, 3781), (3783, 3999)),
        *_series(KIND_1_1, "Danske Bank", (1200, 1399), (2400, 2499)),
        *_series(KIND_1_1, "Länsförsäkringar Bank", (3400, 3409), (9060, 9069)),
        *_series(KIND_1_1, "SEB", (5000, 5999), (9120, 9124), (9130, 9149)),
        *_series(KIND_1_1, "Swedbank", (7000, 7999)),
        *_series(KIND_1_1, "Ikano Bank", (9170, 9179)),
        *_series(KIND_1_1, "Marginalen Bank", (9230, 9239)),
        *_series(KIND_1_1, "SBAB", (9250, 9259)),
        *_series(KIND_1_1, "ICA Banken", (9270, 9279)),
        *_series(KIND_1_1, "Resurs Bank", (9280, 9289)),
        *_series(KIND_1_1, "Forex Bank", (9400, 9449)),
        *_series(KIND_1_1, "Santander Consumer Bank", (9460, 9469), has_bankgiro=False),
        *_series(KIND_1_1, "Lån & Spar Bank", (9630, 9639), has_bankgiro=False),
        *_series(KIND_1_1, "BlueStep Finans", (9680, 9689), has_bankgiro=False),
        *_series(KIND_1_2, "Ålandsbanken", (2300, 2399)),
        *_series(KIND_1_2, "Nordea", (4000, 4999)),
        *_series(KIND_1_2, "Länsförsäkringar Bank", (9020, 9029)),
        *_series(KIND_1_2, "Citibank", (9040, 9049)),
        *_series(KIND_1_2, "Nordnet Bank", (9100, 9109)),
        *_series(KIND_1_2, "Skandiabanken", (9150, 9169)),
        *_series(KIND_1_2, "DNB", (9190, 9199), (9260, 9269)),
        *_series(KIND_1_2, "Landshypotek", (9390, 9399), has_bankgiro=False),
        *_series(KIND_1_2, "BNP Paribas", (9470, 9479)),
        *_series(KIND_1_2, "Avanza Bank", (9550, 9569), has_bankgiro=False),
        *_series(KIND_1_2, "Erik Penser", (9590, 9599), has_bankgiro=False),
        *_series(KIND_1_2, "Nordax Bank", (9640, 9649)),
        *_series(KIND_1_2, "MedMera Bank", (9650, 9659)),
        *_series(KIND_1_2, "Svea Bank", (9660, 9669)),
        *_series(KIND_1_2, "JAK Medlemsbank", (9670, 9679)),
        *_series(KIND_1_2, "Ekobanken", (9700, 9709)),
        *_series(KIND_1_2, "Klarna Bank", (9780, 9789)),
        *_series(KIND_1_2, "Riksgälden", (9880, 9889)),
        *_series(KIND_1, "Lunar Bank", (9710, 9719)),
        *_series(KIND_1, "Northmill Bank", (9750, 9759)),
        *_series(KIND_2_TEN, "Nordea", (3300, 3300), (3782, 3782)),
        *_series(KIND_2_TEN, "Nordea Plusgirot", (9500, 9549), (9960, 9969)),
        *_series(KIND_2_TEN, "Danske Bank", (9180, 9189)),
        *_series(KIND_2_TEN, "Swedbank", (9300, 9349)),
        *_series(KIND_2_TEN, "Sparbanken Syd", (9570, 9579)),
        *_series(KIND_2_TEN, "Riksgälden", (9890, 9899)),
        *_series(KIND_2_NINE, "Handelsbanken", (6000, 6999)),
        *_series(KIND_2_SWEDBANK, "Swedbank or a savings bank", (8000, 8999)),
    ),
    key=lambda each: each.first,
)
_FIRSTS = [each.first for each in SERIES]


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account that was read. ``in_files`` are the 16 digits.

    ``is_valid`` is None where the check digit proves nothing: an unknown series, or one with
    good accounts that fail.
    """

    clearing: str
    account: str
    series: Series | None
    is_valid: bool | None

    @property
    def in_files(self) -> str:
        return self.clearing + self.account.zfill(ACCOUNT_DIGITS)

    @property
    def has_bankgiro(self) -> bool:
        """Can it be debited? Unknown series are let by."""
        return self.series is None or self.series.has_bankgiro


def series_of(clearing: str) -> Series | None:
    """The series that a clearing number of four digits is in."""
    number = int(clearing)
    place = bisect(_FIRSTS, number)
    found = SERIES[place - 1] if place else None
    return found if found and number <= found.last else None


def account_typed(text: str) -> BankAccount:
    """An account as a person writes it, ``8327-9, 123 456 789-7``.

    Raises ``ValueError`` when its length cannot be right.
    """
    match = _TYPED.fullmatch((text or "").strip())
    if match and (len(_digits(match[1])) == CLEARING_DIGITS or text.strip()[0] == _SWEDBANK):
        return bank_account(match[1], match[2])
    digits = _digits(text)
    # Ten digits of account behind five of clearing: more than four leave room for.
    end = CLEARING_DIGITS + (digits[:1] == _SWEDBANK and len(digits) > 14)
    return bank_account(digits[:end], digits[end:])


def bank_account(clearing: str, account: str) -> BankAccount:
    """The account of a clearing number (of Swedbank's with or without the fifth digit).

    Raises ``ValueError`` when a length cannot be right.
    """
    clearing, account = _digits(clearing), _digits(account)
    if len(clearing) == CLEARING_DIGITS + 1 and clearing[0] == _SWEDBANK:
        if not luhn.is_valid(clearing):
            raise ValueError("clearing number: the fifth digit is wrong")
        clearing = clearing[:CLEARING_DIGITS]
    if len(clearing) != CLEARING_DIGITS or clearing[0] == "0":
        raise ValueError("clearing number: expected 4 digits")
    series = series_of(clearing)
    if int(clearing) in _NORDEA_PERSONAL and len(account) == ACCOUNT_DIGITS:
        account = account[2:]  # a person number with its century
    longest = series.kind.digits if series else ACCOUNT_DIGITS
    account = account.lstrip("0").zfill(1)
    if len(account) > longest or account == "0":
        raise ValueError(f"account number: expected 1 to {longest} digits")
    account = account.zfill(longest)
    return BankAccount(clearing, account, series, _verdict(clearing, account, series))


def account_in_file(field: str) -> BankAccount:
    """The account of 16 digits of a file. Raises ``ValueError`` when a length is not right."""
    return bank_account(field[:CLEARING_DIGITS], field[CLEARING_DIGITS:])


def _verdict(clearing: str, account: str, series: Series | None) -> bool | None:
    if series is None or series.kind.check is None:
        return None
    is_valid = series.kind.check(clearing, account)
    return is_valid if is_valid or series.kind.is_certain else None


def _digits(text: str) -> str:
    digits = _NOT_DIGITS.sub("", text or "")
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError("account number: expected digits")
    return digits
