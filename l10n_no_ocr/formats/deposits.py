"""The sums on the bank statement, put together from the payments that make them up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ...membership_billing_nordic.formats import messages
from ...membership_billing_nordic.formats.issues import RefusedError
from .checks import kroner, read_date

# They are only complete at the end of the file, as an account may come in several
# assignments. Far more than one file ever held; a bound on memory for hostile ones.
MOST_DEPOSITS = 250_000


@dataclass(slots=True)
class Deposit:
    """One sum on the statement of an account while its payments are still coming."""

    record: int
    key: str
    account: str
    agreement: str
    bank_date: date
    ore: int = 0
    count: int = 0

    def message(self) -> messages.Deposit:
        return messages.Deposit(
            record=self.record,
            deposit_key=self.key,
            account=self.account,
            agreement_number=self.agreement,
            bank_date=self.bank_date,
            amount=kroner(self.ore),
            currency="NOK",
            count=self.count,
        )


class Deposits:
    """Groups payments by account, settlement date, centre, day code, part and serial.

    Source: OCR giro system specification, amount item 1.
    """

    def __init__(self):
        self._accounts: dict[str, dict[bytes, Deposit]] = {}
        self._count = 0

    def of_account(self, account: str) -> dict[bytes, Deposit]:
        """The account's deposits by bytes 16 to 31 of a payment's first record."""
        return self._accounts.setdefault(account, {})

    def open(self, account: str, agreement: str, bank_sum: bytes, record: int) -> Deposit:
        """A new deposit; ``bank_sum`` must be digits that begin with a possible date."""
        if self._count == MOST_DEPOSITS:
            limit = f"at most {MOST_DEPOSITS} bank sums in one file"
            raise RefusedError(record, "serial number", limit, "more")
        self._count += 1
        bank_date = read_date(bank_sum[:6])
        rest = bank_sum[6:].decode()
        key = f"{account}:{bank_date}:{rest[:2]}:{rest[2:4]}:{rest[4]}:{rest[5:]}"
        deposit = Deposit(record, key, account, agreement, bank_date)
        self._accounts[account][bank_sum] = deposit
        return deposit

    def messages(self) -> Iterator[messages.Deposit]:
        for deposits in self._accounts.values():
            for deposit in deposits.values():
                yield deposit.message()
