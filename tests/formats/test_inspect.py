"""`./dev inspect`: recognition, the printed objects, exit statuses, and no memory growth."""

import hashlib
import json
import os
import resource
import subprocess
import sys
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from odoo.addons.l10n_no_ocr.formats import ocr_giro
from odoo.addons.membership_billing_nordic.formats import inspect, messages, registry
from odoo.addons.membership_billing_nordic.formats.tally import Tally

from devtools.paths import ROOT
from tests.bank_simulator import nets

from .reading import ACCOUNT, SAMPLES, Reading, one_file, payment, with_field

EXAMPLE_B = SAMPLES / "no" / "own_example_B_ocr_fbo.txt"


def run(path, **options):
    """Run the program as `./dev inspect` does, in a process of its own."""
    command = [sys.executable, "-m", "devtools.inspect_file", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    return subprocess.run(
        command, env=environment, capture_output=True, check=False, cwd=ROOT, **options
    )


def objects(result):
    return [json.loads(line) for line in result.stdout.decode().splitlines()]


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "file.txt"
        path.write_bytes(content)
        return path

    return write


def test_a_readable_file_is_printed_message_by_message():
    result = run(EXAMPLE_B)
    assert (result.returncode, result.stderr) == (0, b"")
    printed = objects(result)
    assert printed[1] == {
        "type": "PaymentReceived",
        "record": 3,
        "key": "00008080:2900001:99991042764:0000001:0000001",
        "deposit_key": "99991042764:2026-11-02:01:02:4:00001",
        "account": "99991042764",
        "agreement_number": "001234567",
        "amount": "450.00",
        "currency": "NOK",
        "bank_date": "2026-11-02",
        "order_date": "2026-10-30",
        "reference": "000100126000171",
        "bank_code": "10",
        "method": "giro",
        "payer_account": "99990512341",
        "bank_reference": "099038562",
        "form_number": "9636827194",
    }
    assert printed[-1] == {
        "type": "Summary",
        "format": "no.ocr_giro",
        "refused": False,
        "payments": 4,
        "payments_sum": "1620.50",
        "deposits": 3,
        "deposits_sum": "1650.50",
        "mandates": 3,
        "requests": 0,
        "issues": 0,
        "sha256": hashlib.sha256(EXAMPLE_B.read_bytes()).hexdigest(),
    }
    assert list(printed[-1]) == [
        *("type", "format", "refused", "payments", "payments_sum", "deposits", "deposits_sum"),
        *("mandates", "requests", "issues", "sha256"),
    ]
    totals = [x for x in printed if x["type"] == "ControlTotal"]
    assert totals[-2:] == [
        {
            "type": "ControlTotal",
            "record": 18,
            "scope": "file",
            "quantity": quantity,
            "declared": value,
            "counted": value,
        }
        for quantity, value in (("records", 18), ("amount", "1680.50"))
    ]


def test_the_launcher_passes_the_exit_status_on(file):
    path = file(b"not a bank file")
    result = subprocess.run([ROOT / "dev", "inspect", path], capture_output=True, check=False)
    assert result.returncode == 2
    assert objects(result)[-1]["format"] is None


def test_output_is_utf8_whatever_the_terminal_says(file):
    result = run(file(one_file(payment(kind="21", kid="", text="Blåbærsyltetøy"))))
    assert objects(result)[1]["text"] == "Blåbærsyltetøy"
    assert "Blåbærsyltetøy".encode() in result.stdout


def test_a_refused_file_says_why(file):
    result = run(file(with_field(one_file(payment()), 6, 17, "00000099")))
    assert result.returncode == 1
    *_, summary = printed = objects(result)
    assert summary["refused"] is True
    assert (summary["payments"], summary["issues"]) == (1, 1)
    assert [x for x in printed if x["type"] == "FormatIssue"] == [
        {
            "type": "FormatIssue",
            "record": 6,
            "severity": "refusal",
            "field": "file: number of records",
            "expected": "99",
            "found": "6",
            "action": "file refused",
        }
    ]


def test_a_truncated_file_is_refused(file):
    result = run(file(EXAMPLE_B.read_bytes()[:500]))
    assert result.returncode == 1
    assert objects(result)[-1]["refused"] is True


@pytest.mark.parametrize(
    "content", [b"", b"hello\n", b"\x00" * 5000, bytes(range(256)) * 50, b"%PDF-1.7\n\xff"]
)
def test_no_format_knows_it(file, content):
    result = run(file(content))
    assert result.returncode == 2
    [summary] = objects(result)
    assert (summary["format"], summary["refused"], summary["issues"]) == (None, True, 0)
    assert summary["sha256"] == hashlib.sha256(content).hexdigest()
    assert result.stderr.decode().count("\n") == 1


@pytest.mark.parametrize("path", ["nowhere.txt", "/dev/zero", str(SAMPLES)])
def test_what_is_no_file_gets_one_plain_line(path):
    result = run(path)
    assert (result.returncode, result.stdout) == (2, b"")
    assert result.stderr.decode().count("\n") == 1
    assert b"Traceback" not in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_gets_one_plain_line(file):
    path = file(b"NY")
    path.chmod(0)
    assert run(path).returncode == 2


def test_a_reader_that_leaves_early_hears_no_complaint(file):
    path = file(one_file(*[payment() for _ in range(5000)]))
    command = f"{sys.executable} -m devtools.inspect_file {path} | head -1"
    result = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, check=True)
    assert objects(result)[0]["type"] == "Transmission"
    assert result.stderr == b""


LIMIT = 200 << 20
LARGER = 300 << 20


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))


def sparse(path, head, size):
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(size)
    return path


@pytest.mark.parametrize(
    ("head", "status"),
    [(b"", 2), (b"NY000010", 1), (one_file(payment())[:164], 1), (one_file(payment()), 1)],
    ids=["zeros", "zeros after a start", "zeros in an assignment", "zeros after the end"],
)
def test_a_file_without_line_ends_may_be_larger_than_memory(tmp_path, head, status):
    path = sparse(tmp_path / "large", head, LARGER)
    result = run(path, preexec_fn=limited)
    assert (result.returncode, objects(result)[-1]["refused"]) == (status, True)


def measured_peak(count):
    """Peak memory in bytes of decoding ``count`` payments from a generated stream."""
    code = f"""
from pathlib import Path
from devtools.mount import mount
mount()
from tests.formats.test_inspect import Endless
from odoo.addons.l10n_no_ocr.formats import ocr_giro
payments = sum(type(x).__name__ == "PaymentReceived" for x in ocr_giro.decode(Endless({count})))
assert payments == {count}
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return int(result.stdout) * 1024


class Endless:
    """A valid file of any number of payments, made while it is read."""

    def __init__(self, count):
        self.records = self._records(count)
        self.rest = b""

    def _records(self, count):
        assignment = nets.Payments(account=ACCOUNT, transactions=[])
        start, end = assignment.records()
        yield f"NY000010000080800000001001234560{'':0<48}"
        yield start
        for serial in range(1, count + 1):
            yield from nets.transaction_records(serial, payment(100, bank_sum=(1, 1, serial % 50)))
        totals = f"{count:08d}{2 * count + 2:08d}{100 * count:017d}"
        yield f"NY090088{totals}".ljust(80, "0")
        yield f"NY000089{count:08d}{2 * count + 4:08d}{100 * count:017d}".ljust(80, "0")

    def read(self, size):
        while len(self.rest) < size and (record := next(self.records, None)):
            self.rest += f"{record}\r\n".encode()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data


def test_memory_does_not_grow_with_the_file():
    small, large = measured_peak(1_000), measured_peak(40_000)
    assert large - small < 2 * 1024 * 1024


# The pieces.


def test_recognition_looks_at_the_head_only_and_rewinds():
    class Watched(BytesIO):
        read_bytes = 0

        def read(self, size=-1):
            self.read_bytes += size
            return super().read(size)

    stream = Watched(EXAMPLE_B.read_bytes())
    stream.seek(33)
    assert registry.recognise(stream, [ocr_giro]) is ocr_giro
    assert (stream.tell(), stream.read_bytes) == (0, registry.HEAD_SIZE)
    assert registry.recognise(BytesIO(b"BGMAX"), [ocr_giro]) is None
    assert registry.recognise(BytesIO(), []) is None


def test_the_decoders_of_all_addons_are_found():
    assert ocr_giro in inspect.decoders()


def test_empty_fields_are_left_out_and_zeros_kept():
    message = messages.PaymentReceived(
        record=1,
        key="k",
        account="a",
        amount=Decimal("0.00"),
        currency="SEK",
        bank_date=date(2026, 2, 1),
        references=(
            messages.ReferenceAmount("1", Decimal("2.5")),
            messages.ReferenceAmount("2"),
        ),
    )
    assert inspect.as_json(message) == {
        "type": "PaymentReceived",
        "record": 1,
        "key": "k",
        "account": "a",
        "amount": "0.00",
        "currency": "SEK",
        "bank_date": "2026-02-01",
        "references": [{"reference": "1", "amount": "2.50"}, {"reference": "2"}],
        "method": "other",
    }


def test_false_is_an_answer_where_nothing_said_is_none():
    event = messages.MandateEvent(record=1, event="registered", written_notice=False)
    assert inspect.as_json(event)["written_notice"] is False
    event = messages.MandateEvent(record=1, event="registered")
    assert "written_notice" not in inspect.as_json(event)


def test_the_tally_counts_every_kind():
    tally = Tally()
    for message in Reading(EXAMPLE_B.read_bytes()).messages:
        tally.add(message)
    tally.add(messages.RequestEvent(record=1, event="accepted"))
    tally.add(messages.FileReceipt(record=1, event="accepted", transmission_number="1"))
    for severity in (messages.WARNING, messages.ERROR, messages.ERROR):
        tally.add(messages.FormatIssue(record=1, severity=severity, field="f", expected="e"))
    assert not tally.refused
    tally.add(messages.FormatIssue(record=1, severity=messages.REFUSAL, field="f", expected="e"))
    assert tally.refused
    assert (tally.payments, tally.payments_sum) == (4, Decimal("1620.50"))
    assert (tally.deposits, tally.deposits_sum) == (3, Decimal("1650.50"))
    assert (tally.mandates, tally.requests) == (3, 2)
    assert (tally.issues, tally.warnings, tally.errors) == (4, 1, 2)
    assert tally.transmission.number == "2900001"
    assert len(tally.control_totals) == 9
