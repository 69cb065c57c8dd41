"""The clearing house behind two folders, as its SFTP server shows them."""

from datetime import date, datetime, time, timedelta
from pathlib import Path

from . import banking_days
from .clearing_house import BankFile, ClearingHouse

_ORDERS = "DIRREM"
_READY = time(17, 30)


class Folders:
    """``inbound`` takes files and shows receipts, ``outbound`` has what Nets delivers.

    Call :meth:`step` whenever time has passed; times are wall time in Oslo. The
    association fetches and removes what lies in the folders, through any server.
    """

    def __init__(self, house: ClearingHouse, inbound: Path, outbound: Path, since: date):
        self.house = house
        self.inbound, self.outbound = inbound, outbound
        self.delivered: list[BankFile] = []
        self._next_day = since
        self._receipts = 0

    def step(self, day: date, now: time) -> list[Path]:
        """Take what was handed in, answer it, and deliver what is ready; returns what was written."""
        at = datetime.combine(day, now)
        return self._take(at) + self._deliver(at)

    def _take(self, at: datetime) -> list[Path]:
        written = []
        # Under another name a file is still being written.
        for path in sorted(self.inbound.glob(f"{_ORDERS}*")):
            answer = self.house.debits.take(path.read_bytes(), at)
            path.unlink()
            if not answer.refused:
                self._receipts += 1
                name = f"KV.GODKJENT.F{answer.number}.D{at:%y%m%d}.T{at:%H%M%S}.K{self._receipts}"
                text = f"<html><body>Forsendelse {answer.number} er godkjent</body></html>"
                written.append(_write(self.inbound / f"{name}.html", text.encode("latin-1")))
        return written

    def _deliver(self, at: datetime) -> list[Path]:
        last = at.date() if at.time() >= _READY else at.date() - timedelta(days=1)
        files = [self.house.deliver(day) for day in banking_days.between(self._next_day, last)]
        self._next_day = max(self._next_day, last + timedelta(days=1))
        ready = [file for file in files if file is not None]
        self.delivered += ready
        return [_write(self.outbound / file.name, file.content) for file in ready]


def _write(path: Path, content: bytes) -> Path:
    """Under its name it is there as a whole."""
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    return unfinished.rename(path)
