"""Betalingsservice results (0602) read with full validation, against a bare loop that slices."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAYMENTS = 100_000
LARGER = 4
ROUNDS = 5
# Where the fields of a payment are: type, creditor, code, record number, debtor group, customer,
# mandate, due date, sign, amount, reference, dates of payment and bookkeeping, amount paid.
SPANS = (
    *((2, 5), (5, 13), (13, 17), (17, 20), (20, 25), (25, 40), (40, 49), (49, 55), (55, 56)),
    *((56, 69), (69, 99), (103, 109), (109, 115), (115, 128)),
)


def main() -> int:
    """Print CPU time, speed and memory as ratios; returns an exit status."""
    with tempfile.TemporaryDirectory() as folder:
        small = _write(Path(folder) / "small.txt", PAYMENTS)
        large = _write(Path(folder) / "large.txt", PAYMENTS * LARGER)
        # In turns, so that a busy machine slows down both alike.
        rounds = [
            {
                "bare": _measure("bare", small),
                "ours": _measure("ours", small),
                "larger": _measure("ours", large),
            }
            for _ in range(ROUNDS)
        ]
    best = {name: min((r[name] for r in rounds), key=lambda m: m["cpu"]) for name in rounds[0]}
    bare, ours, larger = best["bare"], best["ours"], best["larger"]
    print(f"{PAYMENTS} payments, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  bare loop that slices    {bare['cpu']:7.2f} s   {bare['memory']:6.1f} MB")
    print(f"  our decoder              {ours['cpu']:7.2f} s   {ours['memory']:6.1f} MB")
    print(f"  our decoder, {LARGER} x as many {larger['cpu']:7.2f} s   {larger['memory']:6.1f} MB")
    speed = bare["cpu"] / ours["cpu"]
    print(f"speed against the bare loop:     {speed:.2f} x (at least 0.40)")
    print(f"CPU per payment at {LARGER} x as many:  {larger['cpu'] / LARGER / ours['cpu']:.2f} x")
    growth = larger["memory"] - ours["memory"]
    print(f"memory at {LARGER} x as many:           {growth:+.1f} MB (below 2)")
    print("Memory: peak resident size (VmHWM) of the process above that just before reading.")
    return 0 if speed >= 0.4 and growth < 2 else 1


def _write(path: Path, count: int) -> Path:
    total = 0
    with path.open("w", newline="", encoding="latin-1") as file:
        file.write("BS00212345678BS106022012345001                   011126\r\n")
        file.write("BS01201234567021100000001                        011126\r\n")
        for serial in range(count):
            ore = 34900 + 100 * (serial % 2000)
            total += ore
            file.write(
                f"BS04201234567023600000001{100001 + serial:015d}{serial + 1:09d}0211261{ore:013d}"
                f"{f'INV{serial:06d}':30}    021126021126{ore:013d}\r\n"
            )
        counts = f"{count:011d}{total:015d}{0:011d}"
        file.write(f"BS09201234567021100000001      {counts}{'':15}{0:011d}\r\n")
        file.write(f"BS99212345678BS10602{1:011d}{counts}{0:060d}\r\n")
    return path


def _measure(reader: str, path: Path) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_bs_parse", reader, str(path)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _ours() -> Callable[[Path], int]:
    from devtools.mount import mount

    mount()
    from odoo.addons.l10n_dk_bs import formats
    from odoo.addons.membership_billing_nordic.formats.messages import FormatIssue, PaymentReceived

    [decoder] = [each for each in formats.DECODERS if each.FORMAT == "dk.bs_0602"]

    def read(path: Path) -> int:
        count = 0
        with path.open("rb") as stream:
            for message in decoder.decode(stream):
                kind = type(message)
                if kind is PaymentReceived:
                    count += 1
                elif kind is FormatIssue:
                    raise SystemExit(f"unexpected: {message}")
        return count

    return read


def _bare() -> Callable[[Path], int]:
    """The slices written out, as fast as Python has them."""
    slices = ", ".join(f"line[{first}:{last}]" for first, last in SPANS)
    code = (
        "def read(path):\n"
        "    count = 0\n"
        "    with path.open('rb') as stream:\n"
        "        for line in stream:\n"
        "            if line[:5] == b'BS042':\n"
        f"                fields = ({slices})\n"
        "                count += 1\n"
        "    return count\n"
    )
    names = {}
    exec(code, names)  # noqa: S102 - our own lines above
    return names["read"]


def _peak() -> float:
    """Peak resident size in MB. (That of getrusage would count the parent's, too.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _run(reader: str, path: str) -> None:
    read = {"ours": _ours, "bare": _bare}[reader]()
    before, started = _peak(), time.process_time()
    if not read(Path(path)):
        raise SystemExit("nothing was read")
    cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "memory": _peak() - before}))


if __name__ == "__main__":
    _run(*sys.argv[1:])
