"""OCR giro read with full validation, against netsgiro from the Python registry."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from tests.bank_simulator import nets

ROOT = Path(__file__).resolve().parents[1]
TRANSACTIONS = 100_000
LARGER = 4
ROUNDS = 3
PER_BANK_SUM = 100


def main() -> int:
    """Print CPU time, speed and memory as ratios; returns an exit status."""
    with tempfile.TemporaryDirectory() as folder:
        small = _write(Path(folder) / "small.txt", TRANSACTIONS)
        large = _write(Path(folder) / "large.txt", TRANSACTIONS * LARGER)
        # In turns, so that a busy machine slows down both alike.
        rounds = [
            {
                "netsgiro": _measure("netsgiro", small),
                "ours": _measure("ours", small),
                # Read as often as it takes to be as long as the larger one.
                "repeated": _measure("ours", small, LARGER),
                "larger": _measure("ours", large),
            }
            for _ in range(ROUNDS)
        ]
    best = {name: min((r[name] for r in rounds), key=lambda m: m["cpu"]) for name in rounds[0]}
    _report(best)
    return 0


def _report(best: dict) -> None:
    ours, larger, peer = best["ours"], best["larger"], best["netsgiro"]
    growth = larger["cpu"] / best["repeated"]["cpu"]
    print(f"{TRANSACTIONS} transactions, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  netsgiro.parse           {peer['cpu']:7.2f} s   {peer['memory']:6.1f} MB")
    print(f"  our decoder              {ours['cpu']:7.2f} s   {ours['memory']:6.1f} MB")
    print(f"  our decoder, {LARGER} x as many {larger['cpu']:7.2f} s   {larger['memory']:6.1f} MB")
    print(f"speed against netsgiro:          {peer['cpu'] / ours['cpu']:.1f} x (at least 8)")
    print(f"CPU per record at {LARGER} x the size:    {growth:.2f} x (below 1.10)")
    print(f"memory against netsgiro:         {ours['memory'] / peer['memory']:.3f} x")
    print("Memory: peak resident size (VmHWM) of the process above that just before reading.")


def _write(path: Path, count: int) -> Path:
    day = date(2026, 11, 2)
    transactions = [
        nets.Transaction(
            kind="15",
            settled_on=day,
            ordered_on=day,
            amount=34900 + 100 * (serial % 2000),
            kid=f"{serial:014d}0",
            bank_sum=(1, 1, 1 + serial // PER_BANK_SUM),
            archive_reference=f"{serial:09d}",
        )
        for serial in range(count)
    ]
    payments = nets.Payments(account="99991042764", transactions=transactions)
    content = nets.file_of([payments], number=1, recipient="00123456", made_on=day)
    path.write_bytes(content)
    return path


def _measure(reader: str, path: Path, times: int = 1) -> dict:
    arguments = [reader, str(path), str(times)]
    command = [sys.executable, "-m", "benchmarks.bench_ocr_parse", *arguments]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _ours() -> Callable[[Path], None]:
    from devtools.mount import mount

    mount()
    from odoo.addons.l10n_no_ocr.formats import ocr_giro

    def read(path: Path) -> None:
        with path.open("rb") as stream:
            for message in ocr_giro.decode(stream):
                if type(message).__name__ == "FormatIssue":
                    raise SystemExit(f"unexpected: {message}")

    return read


def _netsgiro() -> Callable[[Path], None]:
    import netsgiro

    # It wants the whole text, without carriage returns.
    return lambda path: netsgiro.parse(path.read_text("latin-1"))


def _peak() -> float:
    """Peak resident size in MB. (That of getrusage would count the parent's, too.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _run(reader: str, path: str, times: str) -> None:
    read = {"ours": _ours, "netsgiro": _netsgiro}[reader]()
    before, started = _peak(), time.process_time()
    for _ in range(int(times)):
        read(Path(path))
    cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "memory": _peak() - before}))


if __name__ == "__main__":
    _run(*sys.argv[1:])
