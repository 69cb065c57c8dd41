"""camt.054 read with full validation, against a bare lxml loop that reads four fields of each."""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

ROOT = Path(__file__).resolve().parents[1]
TRANSACTIONS = 100_000
PER_ENTRY = 100
ROUNDS = 3
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"

HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="{NAMESPACE}">
  <BkToCstmrDbtCdtNtfctn>
    <GrpHdr><MsgId>1</MsgId><CreDtTm>2026-11-02T06:00:00</CreDtTm></GrpHdr>
    <Ntfctn>
      <Id>N1</Id>
      <Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id></Acct>
"""
ENTRY = """      <Ntry>
        <Amt Ccy="SEK">%(amount)s</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd>
        <Sts><Cd>BOOK</Cd></Sts>
        <BookgDt><Dt>2026-11-02</Dt></BookgDt>
        <AcctSvcrRef>E%(number)d</AcctSvcrRef>
        <BkTxCd><Prtry><Cd>230</Cd></Prtry></BkTxCd>
        <NtryDtls>
"""
TRANSACTION = """          <TxDtls>
            <Refs>
              <AcctSvcrRef>%(number)012d</AcctSvcrRef>
              <EndToEndId>NOTPROVIDED</EndToEndId>
            </Refs>
            <Amt Ccy="SEK">450.00</Amt>
            <CdtDbtInd>CRDT</CdtDbtInd>
            <RltdPties>
              <Dbtr>
                <Pty>
                  <Nm>Payer %(number)d</Nm>
                  <PstlAdr>
                    <StrtNm>Storgatan 1</StrtNm>
                    <PstCd>12345</PstCd>
                    <TwnNm>Storaker</TwnNm>
                  </PstlAdr>
                </Pty>
              </Dbtr>
              <DbtrAcct><Id><IBAN>SE3550000000054910000003</IBAN></Id></DbtrAcct>
              <CdtrAcct>
                <Id><Othr><Id>9912346</Id><SchmeNm><Prtry>BGNR</Prtry></SchmeNm></Othr></Id>
              </CdtrAcct>
            </RltdPties>
            <RmtInf>
              <Strd>
                <CdtrRefInf>
                  <Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>
                  <Ref>%(number)014d0</Ref>
                </CdtrRefInf>
              </Strd>
            </RmtInf>
          </TxDtls>
"""
ENTRY_END = "        </NtryDtls>\n      </Ntry>\n"
END = "    </Ntfctn>\n  </BkToCstmrDbtCdtNtfctn>\n</Document>\n"


def main() -> int:
    """Print CPU time, speed and memory as ratios; returns an exit status."""
    with tempfile.TemporaryDirectory() as folder:
        path = _write(Path(folder) / "camt.xml")
        # In turns, so that a busy machine slows down both alike.
        rounds = [{name: _measure(name, path) for name in READERS} for _ in range(ROUNDS)]
    best = {name: min((r[name] for r in rounds), key=lambda m: m["cpu"]) for name in READERS}
    ours, bare = best["ours"], best["bare"]
    print(f"{TRANSACTIONS} transactions, best CPU seconds of {ROUNDS} runs, each in a process")
    print(f"  bare iterparse, 4 fields {bare['cpu']:7.2f} s   {bare['memory']:6.1f} MB")
    print(f"  our decoder              {ours['cpu']:7.2f} s   {ours['memory']:6.1f} MB")
    print(f"speed against the bare loop:     {bare['cpu'] / ours['cpu']:.2f} x (at least 0.80)")
    print(f"memory above the start:          {ours['memory']:.1f} MB (at most 60)")
    print("Memory: peak resident size (VmHWM) of the process above that just before reading.")
    return 0


def _write(path: Path) -> Path:
    with path.open("w") as stream:
        stream.write(HEAD)
        for number in range(TRANSACTIONS // PER_ENTRY):
            stream.write(ENTRY % {"number": number, "amount": f"{450 * PER_ENTRY}.00"})
            for place in range(PER_ENTRY):
                stream.write(TRANSACTION % {"number": number * PER_ENTRY + place})
            stream.write(ENTRY_END)
        stream.write(END)
    return path


def _measure(reader: str, path: Path) -> dict:
    command = [sys.executable, "-m", "benchmarks.bench_camt_parse", reader, str(path)]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(result.stdout)


def _ours() -> Callable[[Path], None]:
    from devtools.mount import mount

    mount()
    from odoo.addons.membership_billing_nordic.formats.iso20022 import camt

    def read(path: Path) -> None:
        payments = 0
        with path.open("rb") as stream:
            for message in camt.NOTIFICATION.decode(stream):
                kind = type(message).__name__
                if kind == "FormatIssue":
                    raise SystemExit(f"unexpected: {message}")
                payments += kind == "PaymentReceived"
        assert payments == TRANSACTIONS

    return read


def _bare() -> Callable[[Path], None]:
    paths = [
        "/".join(f"{{{NAMESPACE}}}{name}" for name in path.split("/"))
        for path in (
            "Amt",
            "Refs/AcctSvcrRef",
            "RltdPties/Dbtr/Pty/Nm",
            "RmtInf/Strd/CdtrRefInf/Ref",
        )
    ]

    def read(path: Path) -> None:
        events = etree.iterparse(str(path), events=("end",), tag=f"{{{NAMESPACE}}}TxDtls")
        for _event, element in events:
            for each in paths:
                element.findtext(each)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]

    return read


def _peak() -> float:
    """Peak resident size in MB. (That of getrusage would count the parent's, too.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


READERS = {"bare": _bare, "ours": _ours}


def _run(reader: str, path: str) -> None:
    read = READERS[reader]()
    before, started = _peak(), time.process_time()
    read(Path(path))
    cpu = time.process_time() - started
    print(json.dumps({"cpu": cpu, "memory": _peak() - before}))


if __name__ == "__main__":
    _run(*sys.argv[1:])
