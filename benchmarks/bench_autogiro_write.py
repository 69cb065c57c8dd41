"""Autogiro debits checked, encoded and sealed, against a bare loop that only formats lines."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parents[1]
DEBITS = 100_000
LARGER = 4
ROUNDS = 3
PAYEE, CUSTOMER = "9912346", "471117"
KEY = bytes.fromhex("1234567890ABCDEF1234567890ABCDEF")
TODAY, DUE = date(2026, 9, 1), date(2026, 9, 28)


def main() -> int:
    """Print CPU time, speed and memory as ratios; returns an exit status."""
    # In turns, so that a busy machine slows down both alike.
    rounds = [
        {
            "bare": _measure("bare", DEBITS),
            "ours": _measure("ours", DEBITS),
            "larger": _measure("ours", DEBITS * LARGER),
        }
        for _ in range(ROUNDS)
    ]
    best = {name: min((r[name] for r in rounds), key=lambda m: m["cpu"]) for name in rounds[0]}
    ours, larger, bare = best["ours"], best["larger"], best["bare"]
    growth = larger["cpu"] / LARGER / ours["cpu"]
    print(f"{DEBITS} debits, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  lines alone              {bare['cpu']:7.2f} s")
    print(f"  our encoder, sealed      {ours['cpu']:7.2f} s")
    print(f"  our encoder, {LARGER} x as many {larger['cpu']:7.2f} s")
    print(f"speed against lines alone:     {bare['cpu'] / ours['cpu']:.2f} x (at least 0.3)")
    print(f"CPU per debit at {LARGER} x as many:    {growth:.2f} x (below 1.10)")
    same = ours["lines"] == bare["lines"]
    print(f"lines of debits: {'equal' if same else 'DIFFERENT'}")
    return 0 if same else 1


def _measure(writer: str, count: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_autogiro_write", writer, str(count)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _facts(count: int) -> list[tuple]:
    """Payer number, amount and reference: as a program has them."""
    return [
        (str(1000 + serial), Decimal(f"{349 + serial % 2000}.00"), f"INV{serial:010d}")
        for serial in range(count)
    ]


def _ours(facts: list[tuple]) -> Callable[[], bytes]:
    from devtools.mount import mount

    mount()
    from odoo.addons.l10n_se_bg.formats.autogiro_orders import AutogiroOrders
    from odoo.addons.membership_billing_nordic.formats.messages import (
        Assignment,
        CollectionRequest,
        Transmission,
    )

    requests = tuple(
        CollectionRequest(
            key=str(number),
            account="",
            agreement_number=PAYEE,
            payer_number=payer,
            reference=reference,
            amount=amount,
            currency="SEK",
            due_date=DUE,
        )
        for number, (payer, amount, reference) in enumerate(facts)
    )
    transmission = Transmission(record=1, sender=CUSTOMER)
    assignment = Assignment(number=1, account="", agreement_number=PAYEE, requests=requests)
    encoder = AutogiroOrders(KEY)
    return lambda: encoder.encode(transmission, [assignment], TODAY).content


def _bare(facts: list[tuple]) -> Callable[[], bytes]:
    day, payee = f"{DUE:%Y%m%d}", int(PAYEE)
    rows = [(int(payer), int(amount * 100), reference) for payer, amount, reference in facts]

    def write() -> bytes:
        pattern = "82%s0    %016d%012d%010d%-16s           "
        lines = [pattern % (day, payer, ore, payee, text) for payer, ore, text in rows]
        return "\r\n".join(lines).encode("latin-1")

    return write


def _run(writer: str, count: str) -> None:
    write = {"ours": _ours, "bare": _bare}[writer](_facts(int(count)))
    started = process_time()
    content = write()
    cpu = process_time() - started
    debits = [line for line in content.split(b"\r\n") if line.startswith(b"82")]
    print(json.dumps({"cpu": cpu, "lines": sha256(b"".join(debits)).hexdigest()}))


if __name__ == "__main__":
    _run(*sys.argv[1:])
