"""AvtaleGiro claims built and encoded, against netsgiro from the Python registry."""

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
CLAIMS = 100_000
LARGER = 4
ROUNDS = 3
ACCOUNT, SENDER, NETS = "99991042764", "00123456", "00008080"
TODAY, DUE = date(2026, 10, 15), date(2026, 11, 2)
# One in so many is told by the bank, in lines whose two columns are both used: netsgiro
# writes blank records where one is not.
NOTIFIED = 5
LINES = (
    f"{'Medlemskontingent 2026 for medlemmer i':40}Ås skiklubb, betales med AvtaleGiro",
    f"{'Spørsmål om kontingenten besvares av':40}kassereren på post@example.no",
)


def main() -> int:
    """Print CPU time, speed and memory as ratios; returns an exit status."""
    # In turns, so that a busy machine slows down both alike.
    rounds = [
        {
            "netsgiro": _measure("netsgiro", CLAIMS),
            "ours": _measure("ours", CLAIMS),
            "larger": _measure("ours", CLAIMS * LARGER),
        }
        for _ in range(ROUNDS)
    ]
    best = {name: min((r[name] for r in rounds), key=lambda m: m["cpu"]) for name in rounds[0]}
    ours, larger, peer = best["ours"], best["larger"], best["netsgiro"]
    print(f"{CLAIMS} claims, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  netsgiro                {peer['cpu']:7.2f} s   {peer['memory']:6.1f} MB")
    print(f"  our encoder             {ours['cpu']:7.2f} s   {ours['memory']:6.1f} MB")
    print(f"    of it building        {ours['built']:7.2f} s")
    print(f"  our encoder, {LARGER} x as many{larger['cpu']:7.2f} s   {larger['memory']:6.1f} MB")
    print(f"speed against netsgiro:         {peer['cpu'] / ours['cpu']:.1f} x (at least 8)")
    growth = larger["cpu"] / LARGER / ours["cpu"]
    print(f"CPU per claim at {LARGER} x as many:    {growth:.2f} x")
    same = ours["sha256"] == peer["sha256"]
    print(f"bytes, line ends apart:         {'equal' if same else 'DIFFERENT'}, {ours['size']}")
    return 0 if same else 1


def _measure(writer: str, count: int) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_avtalegiro_write", writer, str(count)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _facts(count: int) -> list[tuple]:
    """KID, amount, name, text and whether the bank tells the payer: as a program has them."""
    return [
        (
            f"{serial:014d}0",
            Decimal(f"{349 + serial % 2000}.00"),
            f"Medlem {serial}"[:10],
            f"Kontingent {serial}",
            serial % NOTIFIED == 0,
        )
        for serial in range(count)
    ]


def _ours() -> Callable[[list[tuple]], tuple[bytes, float]]:
    from devtools.mount import mount

    mount()
    from odoo.addons.l10n_no_ocr.formats import avtalegiro
    from odoo.addons.membership_billing_nordic.formats.drafts import drafting
    from odoo.addons.membership_billing_nordic.formats.messages import (
        Assignment,
        CollectionRequest,
        Transmission,
    )

    blank, fill = drafting(CollectionRequest)

    def request(kid, amount, name, text, is_notified):
        draft = blank()
        fill(
            draft,
            key=kid,
            account=ACCOUNT,
            reference=kid,
            payer_name=name,
            amount=amount,
            currency="NOK",
            due_date=DUE,
            statement_text=text,
            is_notified_by_bank=is_notified,
            lines=LINES if is_notified else (),
        )
        draft.__class__ = CollectionRequest
        return draft

    def write(facts: list[tuple]) -> tuple[bytes, float]:
        requests = tuple(request(*each) for each in facts)
        built = process_time()
        transmission = Transmission(record=1, sender=SENDER, recipient=NETS, number="0000001")
        assignment = Assignment(number=1, account=ACCOUNT, requests=requests)
        return avtalegiro.encode(transmission, [assignment], TODAY).content, built

    return write


def _netsgiro() -> Callable[[list[tuple]], tuple[bytes, float]]:
    import netsgiro

    def write(facts: list[tuple]) -> tuple[bytes, float]:
        transmission = netsgiro.Transmission(
            number="0000001", data_transmitter=SENDER, data_recipient=NETS
        )
        assignment = transmission.add_assignment(
            service_code=netsgiro.ServiceCode.AVTALEGIRO,
            assignment_type=netsgiro.AssignmentType.TRANSACTIONS,
            number="0000001",
            account=ACCOUNT,
        )
        notice = "\n".join(LINES)
        for kid, amount, name, text, is_notified in facts:
            assignment.add_payment_request(
                kid=kid,
                due_date=DUE,
                amount=amount,
                reference=text,
                payer_name=name,
                bank_notification=notice if is_notified else False,
            )
        built = process_time()
        return transmission.to_ocr().encode("latin-1"), built

    return write


def _peak() -> float:
    """Peak resident size in MB. (That of getrusage would count the parent's, too.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _run(writer: str, count: str) -> None:
    write = {"ours": _ours, "netsgiro": _netsgiro}[writer]()
    facts = _facts(int(count))
    before, started = _peak(), process_time()
    content, built = write(facts)
    cpu = process_time() - started
    # netsgiro ends lines with LF, and the last one with nothing.
    plain = content.replace(b"\r\n", b"\n").removesuffix(b"\n")
    print(
        json.dumps(
            {
                "cpu": cpu,
                "built": built - started,
                "memory": _peak() - before,
                "size": len(plain),
                "sha256": sha256(plain).hexdigest(),
            }
        )
    )


if __name__ == "__main__":
    _run(*sys.argv[1:])
