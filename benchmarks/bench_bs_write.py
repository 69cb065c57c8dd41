"""Betalingsservice collections (0601) encoded, against a bare loop that formats as many records."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import BinaryIO

ROOT = Path(__file__).resolve().parents[1]
COLLECTIONS = 100_000
LARGER = 4
ROUNDS = 5
# An address of two lines and a postcode, the collection, five lines of text.
RECORDS = 9
AGREEMENT, SUPPLIER = "01234567-00001", "12345678"
TODAY, DUE = date(2026, 10, 15), date(2026, 11, 2)


def main() -> int:
    """Print CPU time, speed and memory as ratios; returns an exit status."""
    # In turns, so that a busy machine slows down both alike.
    rounds = [
        {
            "bare": _measure("bare", COLLECTIONS),
            "ours": _measure("ours", COLLECTIONS),
            "larger": _measure("ours", COLLECTIONS * LARGER),
        }
        for _ in range(ROUNDS)
    ]
    best = {name: min((r[name] for r in rounds), key=lambda m: m["cpu"]) for name in rounds[0]}
    bare, ours, larger = best["bare"], best["ours"], best["larger"]
    print(f"{COLLECTIONS} collections, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  bare loop of f-strings   {bare['cpu']:7.2f} s   {bare['memory']:6.1f} MB")
    print(f"  our encoder              {ours['cpu']:7.2f} s   {ours['memory']:6.1f} MB")
    print(f"  our encoder, {LARGER} x as many {larger['cpu']:7.2f} s   {larger['memory']:6.1f} MB")
    speed = bare["cpu"] / ours["cpu"]
    print(f"speed against the bare loop:     {speed:.2f} x (at least 0.30)")
    print(f"CPU per collection at {LARGER} x as many: {larger['cpu'] / LARGER / ours['cpu']:.2f} x")
    growth = larger["memory"] - ours["memory"]
    print(f"memory at {LARGER} x as many:           {growth:+.1f} MB (below 2)")
    print("Memory: peak resident size (VmHWM) of the process above that just before writing.")
    return 0 if speed >= 0.3 and growth < 2 else 1


def _measure(writer: str, count: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_bs_write", writer, str(count)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _facts(count: int) -> Iterator[dict]:
    """What a program knows of each collection."""
    for serial in range(count):
        amount = 349 + serial % 2000
        yield {
            "key": f"{serial}",
            "payer_number": f"{100001 + serial}",
            "payer_name": f"Åse Sørensen {serial}",
            "amount": Decimal(f"{amount}.00"),
            "reference": f"INV{serial:06d}",
            "lines": (
                f"Kontingent 2026 for medlem nr. {serial:<20}{amount:>6},00",
                "Medlemsbladet er med i prisen",
                "Spørgsmål: kassereren@example.dk",
                "",
                "Tak for din støtte",
            ),
        }


def _ours() -> Callable[[BinaryIO, int], None]:
    from devtools.mount import mount

    mount()
    from odoo.addons.l10n_dk_bs.formats.outgoing_collections import Collections
    from odoo.addons.membership_billing_nordic.formats.drafts import drafting
    from odoo.addons.membership_billing_nordic.formats.messages import (
        Assignment,
        CollectionRequest,
        Transmission,
    )

    blank, fill = drafting(CollectionRequest)

    def requests(count):
        # The numbers rise as texts, too, as they are written in that order.
        for facts in _facts(count):
            draft = blank()
            fill(
                draft,
                account="",
                agreement_number=AGREEMENT,
                currency="DKK",
                due_date=DUE,
                payer_street="Prøvevej 1, 2. th.",
                payer_zip="8000",
                **facts,
            )
            draft.__class__ = CollectionRequest
            yield draft

    def write(stream: BinaryIO, count: int) -> None:
        transmission = Transmission(record=1, sender=SUPPLIER, number="42")
        assignment = Assignment(
            number=1, account="", agreement_number=AGREEMENT, requests=requests(count)
        )
        Collections().write(stream, transmission, [assignment], TODAY)

    return write


def _bare() -> Callable[[BinaryIO, int], None]:
    """As many records of 128 characters; not checked, broken or counted."""

    def write(stream: BinaryIO, count: int) -> None:
        pieces = []
        texts = (f"{'Kontingent 2026':54}349,00", "Medlemsblad", "Spørgsmål", "", "Tak")
        for serial in range(count):
            customer, ore = 100001 + serial, 34900 + 100 * (serial % 2000)
            head, who = "BS022012345670240", f"00001{customer:0>15}000000000"
            pieces.append(f"{head}00001{who}{f'Åse Sørensen {serial}':<35}{'':42}\r\n")
            pieces.append(f"{head}00002{who}{'Prøvevej 1, 2. th.':<35}{'':42}\r\n")
            pieces.append(f"{head}00009{who}{'':15}{'8000':4}{'DK':3}{'':55}\r\n")
            pieces.append(
                f"BS04201234567028000000{who}{DUE:%d%m%Y}1{ore:013d}{f'INV{serial:06d}':<30}"
                f"00{'':15}{'':8}\r\n"
            )
            for number, text in enumerate(texts, 1):
                pieces.append(f"BS052012345670241{number:05d}{who} {text:<60}{'':16}\r\n")
            if len(pieces) > 2000:
                stream.write("".join(pieces).encode("latin-1"))
                pieces.clear()
        stream.write("".join(pieces).encode("latin-1"))

    return write


def _peak() -> float:
    """Peak resident size in MB. (That of getrusage would count the parent's, too.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _run(writer: str, count: str) -> None:
    write = {"ours": _ours, "bare": _bare}[writer]()
    with tempfile.TemporaryFile() as stream:
        before, started = _peak(), process_time()
        write(stream, int(count))
        cpu = process_time() - started
        if stream.tell() < 60 * RECORDS * int(count):
            raise SystemExit("too few records were written")
    print(json.dumps({"cpu": cpu, "memory": _peak() - before}))


if __name__ == "__main__":
    _run(*sys.argv[1:])
