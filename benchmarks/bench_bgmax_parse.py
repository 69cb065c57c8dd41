"""BgMax read with full validation, against a bare loop that only slices the same fields."""

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
ROUNDS = 7
PER_DEPOSIT = 1_000
# First and last positions of what is read of each record, as in the manual.
FIELDS = {
    b"01": ((3, 22), (23, 24), (25, 44), (45, 45)),
    b"05": ((3, 12), (13, 22), (23, 25)),
    b"20": ((3, 12), (13, 37), (38, 55), (56, 56), (57, 57), (58, 69), (70, 70), (71, 71)),
    b"25": ((3, 52),),
    b"26": ((3, 37), (38, 72)),
    b"27": ((3, 37), (38, 46)),
    b"28": ((3, 37), (38, 72), (73, 74)),
    b"15": ((3, 37), (38, 45), (46, 50), (51, 68), (69, 71), (72, 79)),
    b"70": ((3, 10), (11, 18), (19, 26), (27, 34)),
}


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
    ours, larger, bare = best["ours"], best["larger"], best["bare"]
    growth = larger["cpu"] / LARGER / ours["cpu"]
    print(f"{PAYMENTS} payments of 5 records, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  slices alone             {bare['cpu']:7.2f} s   {bare['memory']:6.1f} MB")
    print(f"  our decoder              {ours['cpu']:7.2f} s   {ours['memory']:6.1f} MB")
    print(f"  our decoder, {LARGER} x as many {larger['cpu']:7.2f} s   {larger['memory']:6.1f} MB")
    print(f"speed against slices alone:      {bare['cpu'] / ours['cpu']:.2f} x (at least 0.4)")
    print(f"CPU per payment at {LARGER} x as many:   {growth:.2f} x (below 1.10)")
    print("Memory: peak resident size (VmHWM) of the process above that just before reading.")
    return 0


def _write(path: Path, count: int) -> Path:
    with path.open("w", encoding="latin-1", newline="") as file:
        file.writelines(f"{line:80}\r\n" for line in _lines(count))
    return path


def _lines(count: int):
    yield f"{'01BGMAX':22}0120260928173035010331P"
    for deposit, begin in enumerate(range(0, count, PER_DEPOSIT), 1):
        yield f"050009912346{'':10}SEK"
        total = 0
        for serial in range(begin, begin + PER_DEPOSIT):
            ore = 34900 + 100 * (serial % 2000)
            total += ore
            reference = f"{serial:011d}0"
            yield f"20{0:010d}{reference:>25}{ore:018d}21{serial:012d}0"
            yield f"25Medlemsavgift {serial}"
            yield f"26Åsa Öberg {serial}"
            yield f"27{f'Storgatan {serial % 90}':35}123 45"
            yield "28Västerås"
        yield f"15{50000000010000:035d}20260928{deposit:05d}{total:018d}SEK{PER_DEPOSIT:08d}"
    yield f"70{count:08d}{0:08d}{0:08d}{deposit:08d}"


def _measure(reader: str, path: Path) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_bgmax_parse", reader, str(path)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _ours() -> Callable[[Path], None]:
    from devtools.mount import mount

    mount()
    from odoo.addons.l10n_se_bg.formats import bgmax

    def read(path: Path) -> None:
        with path.open("rb") as stream:
            for message in bgmax.decode(stream):
                if type(message).__name__ == "FormatIssue":
                    raise SystemExit(f"unexpected: {message}")

    return read


def _bare() -> Callable[[Path], None]:
    slices = {
        kind: tuple(slice(first - 1, last) for first, last in fields)
        for kind, fields in FIELDS.items()
    }

    def read(path: Path) -> None:
        with path.open("rb") as stream:
            for line in stream:
                for span in slices[line[:2]]:
                    line[span]

    return read


def _peak() -> float:
    """Peak resident size in MB. (That of getrusage would count the parent's, too.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _run(reader: str, path: str) -> None:
    read = {"ours": _ours, "bare": _bare}[reader]()
    before, started = _peak(), time.process_time()
    read(Path(path))
    cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "memory": _peak() - before}))


if __name__ == "__main__":
    _run(*sys.argv[1:])
