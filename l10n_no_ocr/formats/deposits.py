"""The sums on the bank statement, put together from the payments that make them up."""

from collections.abc import Iterator

from ...membership_billing_nordic.formats.messages import Deposit
from .checks import Refused, kroner, read_date

# They are only complete at the end of the file, as an account may come in several
# assignments. Far more than one file ever held; a bound on memory for hostile ones.
MOST_DEPOSITS = 250_000


class Deposits:
    """Groups payments by account, settlement date, centre, day code, part and serial.

    Source: no_nets.md, section 3.4.
    """

    def __init__(self):
        self._open = {}

    def add(self, account: str, agreement: str, bank_sum: bytes, record: int, ore: int) -> str:
        """Add a payment and return the key of its deposit.

        ``bank_sum`` are bytes 16 to 31 of the payment's first record, all digits.
        """
        entry = self._open.get((account, bank_sum))
        if entry is None:
            if len(self._open) == MOST_DEPOSITS:
                limit = f"at most {MOST_DEPOSITS} bank sums in one file"
                raise Refused(record, "serial number", limit, "more")
            entry = [record, ore, 1, agreement, deposit_key(account, bank_sum)]
            self._open[account, bank_sum] = entry
        else:
            entry[1] += ore
            entry[2] += 1
        return entry[4]

    def messages(self) -> Iterator[Deposit]:
        for (account, bank_sum), (record, ore, count, agreement, key) in self._open.items():
            yield Deposit(
                record=record,
                deposit_key=key,
                account=account,
                agreement_number=agreement,
                bank_date=read_date(bank_sum[:6]),
                amount=kroner(ore),
                currency="NOK",
                count=count,
            )


def deposit_key(account: str, bank_sum: bytes) -> str:
    day = read_date(bank_sum[:6]).isoformat()
    rest = bank_sum[6:].decode()
    return f"{account}:{day}:{rest[:2]}:{rest[2:4]}:{rest[4]}:{rest[5:]}"
