"""`./dev inspect` reads every delivery of Betalingsservice."""

import json
import os
import subprocess
import sys

import pytest

from devtools.paths import ROOT

from .danish import SAMPLES, sample
from .reading import with_field


def inspected(path):
    """Exit status and printed objects of the program, run as `./dev inspect` does."""
    command = [sys.executable, "-m", "devtools.inspect_file", str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, env=environment, capture_output=True, check=False, cwd=ROOT)
    return result.returncode, [json.loads(line) for line in result.stdout.decode().splitlines()]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("0601", {"claims": 2, "claims_sum": "1584.50", "first_due": "2026-11-02"}),
        ("0602", {"payments": 4, "payments_sum": "734.50", "deposits_sum": "734.50"}),
        ("0603", {"mandates": 4, "payments": 0}),
        ("0605", {"payments": 0, "mandates": 0}),
    ],
)
def test_each_example_is_read(kind, expected):
    status, printed = inspected(SAMPLES / f"{kind}_example.txt")
    summary = printed[-1]
    assert (status, summary["format"], summary["refused"]) == (0, f"dk.bs_{kind}", False)
    assert (summary["issues"], printed[0]["type"]) == (0, "Transmission")
    assert {name: summary[name] for name in expected} == expected


def test_a_notice_of_the_bank_is_printed_and_counts_as_nothing(tmp_path):
    path = tmp_path / "anything"
    path.write_bytes(sample("0602").replace(b"BS10602", b"BS10621"))
    status, printed = inspected(path)
    assert status == 0
    assert [x["kind"] for x in printed if x["type"] == "BankNotice"] == ["information"] * 6
    assert (printed[-1]["format"], printed[-1]["payments"]) == ("dk.bs_other", 0)


def test_a_refused_delivery_says_why(tmp_path):
    path = tmp_path / "anything"
    path.write_bytes(with_field(sample("0602"), 7, 43, f"{70001:015d}"))
    status, printed = inspected(path)
    assert status == 1
    assert [x["field"] for x in printed if x["type"] == "FormatIssue"] == ["section 1: sum"]


def test_no_personal_number_is_printed():
    _status, printed = inspected(SAMPLES / "0605_example.txt")
    assert "0101800000" not in json.dumps(printed)
