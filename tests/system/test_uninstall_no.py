"""Norway's add-on leaves with data in it: nothing is lost, and the database goes on working."""

from datetime import date

from devtools.scenarios import association
from tests.bank_simulator import nets

from .uninstalling import book, look, uninstall

BILL = """
from datetime import date
from devtools.scenarios import association
club = association.found(env, date(2026, 10, 1))
payers = env["res.partner"].create([{"name": "Kari Nordmann"}, {"name": "Ola Nordmann"}])
invoices = env["account.move"].create([
    {
        "move_type": "out_invoice", "partner_id": payer.id, "journal_id": club.journal.id,
        "invoice_date": "2026-10-01",
        "invoice_line_ids": [(0, 0, {"name": "Fee", "price_unit": 500, "tax_ids": [(5,)]})],
    }
    for payer in payers
])
invoices.action_post()
env.cr.commit()
print("KID", invoices[0].payment_reference)
"""
PAID = """
paid = env["account.move"].search([("payment_reference", "=", {kid!r})])
assert paid.amount_residual == 0
"""
KEPT = """
assert paid.mbn_reference_ids.printed == paid.payment_reference
assert len(env["bank.payer.number"].search([])) == 2
"""


def test_norway_leaves_a_working_database_behind(database, odoo_script, tmp_path):
    said = odoo_script(database, BILL).wait()
    kid = said.split("KID")[1].split()[0]
    path = tmp_path / "ocr.txt"
    path.write_bytes(a_file_that_pays(kid))
    is_paid = PAID.format(kid=kid)
    odoo_script(database, book(path) + is_paid).wait()
    odoo_script(database, uninstall("l10n_no_ocr")).wait()
    assert "works" in odoo_script(database, look("l10n_no_ocr", is_paid + KEPT)).wait()


def a_file_that_pays(kid):
    paid = nets.Transaction(
        settled_on=date(2026, 10, 12), amount=500_00, kid=kid, bank_sum=(1, 1, 1)
    )
    payments = nets.Payments(
        account=association.ACCOUNT, agreement=association.AGREEMENT_NUMBER, transactions=[paid]
    )
    return nets.file_of(
        [payments], number=1, recipient=association.CUSTOMER_NUMBER, made_on=date(2026, 10, 12)
    )
