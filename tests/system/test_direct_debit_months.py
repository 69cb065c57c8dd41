"""Three months by scheduled actions alone: the clock moves, nobody presses a button."""

import re

import pytest

from devtools import system_packages
from tests.support.sftp_server import is_there

# Easter, 1 May, Ascension Day and Whit Monday are in these months.
_CODE = """
from datetime import date
from pathlib import Path
from devtools.scenarios import debits

outcome = debits.three_months(
    env, Path({folder!r}), date(2026, 3, 1), date(2026, 5, 26), members=12, signed_up=8
)
print("DEBITS", sorted(outcome.items()))
moves = env["account.move"].search([("move_type", "=", "out_invoice")])
print("INVOICES", len(moves), sorted(set(moves.mapped("payment_state"))))
print("DESK", sorted(env["billing.exception"].search([("state", "=", "open")]).mapped("kind")))
files = env["bank.file"].search([("direction", "=", "out")], order="id")
print("FILES", [(file.name, file.state) for file in files])
late = env["bank.file"].search([("direction", "=", "out")]).filtered(
    lambda file: file.sent_on > file.deadline
)
print("LATE", len(late))
clearing = env["bank.agreement"].search([]).clearing_account_id
lines = env["account.move.line"].search(
    [("account_id", "in", clearing.ids), ("parent_state", "=", "posted")]
)
print("CLEARING", round(sum(lines.mapped("balance")), 2))
"""


_DENMARK = """
from datetime import date
from pathlib import Path
from devtools.scenarios import denmark

months = denmark.play(env, Path({folder!r}), date(2026, 2, 5), date(2026, 5, 15), count=9)
print("DEBITS", sorted(months.account().items()))
invoices = months.club.invoices()
print("INVOICES", len(invoices), sum(invoices.mapped("amount_residual")))
files = env["bank.file"].search(
    [("direction", "=", "out"), ("company_id", "=", months.club.company.id)], order="id"
)
print("FILES", [(file.name[-11:], file.state) for file in files])
incoming = env["bank.file"].search(
    [("direction", "=", "in"), ("company_id", "=", months.club.company.id)]
)
print("FORMATS", sorted(set(incoming.mapped("format"))), sorted(set(incoming.mapped("state"))))
print("LATE", len(files.filtered(lambda file: file.deadline and file.sent_on > file.deadline)))
desk = env["billing.exception"].search([("state", "=", "open")])
print("DESK", sorted(set(desk.mapped("kind"))))
"""
_SWEDEN = (
    _DENMARK.replace("denmark", "sweden")
    + """
reported = env["bank.payment"].search([("state", "=", "reported")])
print("REPORTED", sorted(set(reported.file_id.mapped("format"))), len(reported) > 1)
refunds = env["bank.refund"].search([])
print("REFUNDS", [(refund.state, refund.amount, refund.route) for refund in refunds])
"""
)


@pytest.fixture(scope="module")
def sshd():
    system_packages.ensure((system_packages.SSHD,))
    if not is_there():
        pytest.skip("sshd is not on this machine and cannot be installed")


def _said(output, word):
    return re.search(rf"^{word} (.*)$", output, re.MULTILINE)[1]


def test_scheduled_actions_alone_carry_three_months(sshd, database, odoo_script, tmp_path):
    output = odoo_script(database, _CODE.format(folder=str(tmp_path))).wait(timeout=900)
    assert _said(output, "DEBITS") == "[('collected', (14, 488600)), ('failed', (2, 69800))]"
    assert _said(output, "INVOICES").startswith("36 ")
    assert re.sub(r"\d{6}\.", "", _said(output, "FILES")) == (
        "[('DIRREM.0000001', 'confirmed'), ('DIRREM.0000002', 'confirmed')]"
    )
    assert _said(output, "LATE") == "0"
    assert _said(output, "DESK") == "[]"
    assert _said(output, "CLEARING") == "0.0"


def test_three_months_of_betalingsservice(database, odoo_script, tmp_path):
    output = odoo_script(database, _DENMARK.format(folder=str(tmp_path))).wait(timeout=900)
    debits = "('collected', 14), ('failed', 2), ('reversed', 2)"
    slips = "('slip_collected', 5), ('slip_reversed', 2), ('slip_unpaid', 2)"
    assert _said(output, "DEBITS") == f"[{debits}, {slips}]"
    assert _said(output, "INVOICES") == "36 3112.5"
    files = ", ".join(f"('000000{number}.txt', 'sent')" for number in range(1, 9))
    assert _said(output, "FILES") == f"[{files}]"
    assert _said(output, "LATE") == "0"
    # What payers had taken back is for a person to look at.
    assert _said(output, "DESK") == "['payment_taken_back']"


def test_three_months_of_autogiro_and_bankgiro(database, odoo_script, tmp_path):
    """The bank changes from BgMax to camt.054 on the way, and sends both for some days.

    No payment is lost or booked twice.
    """
    output = odoo_script(database, _SWEDEN.format(folder=str(tmp_path))).wait(timeout=900)
    assert _said(output, "DEBITS") == "[('collected', 10), ('failed', 1), ('reversed', 1)]"
    assert _said(output, "INVOICES") == "36 3141.0"
    formats = "['iso.camt_054', 'se.autogiro', 'se.bgmax']"
    assert _said(output, "FORMATS") == f"{formats} ['booked']"
    assert _said(output, "LATE") == "0"
    assert _said(output, "REFUNDS") == "[('paid', 349.0, 'mandate')]"
    assert _said(output, "REPORTED") == "['se.bgmax'] True"
    # Numbers that broke in the middle of a text are found there.
    assert _said(output, "DESK") == "[]"
