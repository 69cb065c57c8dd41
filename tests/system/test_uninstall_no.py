"""Norway's add-on leaves with data in it: nothing is lost, and the database goes on working."""

from datetime import date

from devtools.scenarios import association
from tests.bank_simulator import nets

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
BOOK = """
from pathlib import Path
File = env["bank.file"]
file = File._receive("ocr.txt", Path({path!r}).read_bytes())
File._cron_process()
env.cr.commit()
assert file.state == "booked", file.state
assert env["account.move"].search([("payment_reference", "=", {kid!r})]).amount_residual == 0
"""
UNINSTALL = """
env["ir.module.module"].search([("name", "=", "l10n_no_ocr")]).button_immediate_uninstall()
env.cr.commit()
"""
LOOK = """
assert env["ir.module.module"].search([("name", "=", "l10n_no_ocr")]).state == "uninstalled"
everything = dict(active_test=False)
connection = env["bank.connection"].with_context(**everything).search([])
agreement = env["bank.agreement"].with_context(**everything).search([])
assert (connection.scheme, connection.active) == ("generic", False), connection.scheme
assert (agreement.scheme, agreement.active) == ("generic", False), agreement.scheme
assert connection.customer_number and agreement.number and agreement.layout_ids

paid = env["account.move"].search([("payment_reference", "=", {kid!r})])
assert paid.amount_residual == 0
assert paid.mbn_reference_ids.printed == {kid!r}
assert len(env["bank.payer.number"].search([])) == 2

for model in ("bank.connection", "bank.agreement", "bank.file", "bank.payment", "bank.deposit",
              "billing.reference", "account.journal", "account.move"):
    records = env[model].with_context(**everything).search([])
    assert records, model
    records.web_read({{name: {{}} for name in records._fields}})
    env[model].get_views([(False, "list"), (False, "form"), (False, "search")])

invoice = paid.copy({{"invoice_date": "2026-10-02"}})
invoice.action_post()
assert invoice.payment_reference == invoice.name, invoice.payment_reference
env["bank.file"]._cron_process()
env.cr.commit()
print("works")
"""


def test_norway_leaves_a_working_database_behind(database, odoo_script, tmp_path):
    said = odoo_script(database, BILL).wait()
    kid = said.split("KID")[1].split()[0]
    path = tmp_path / "ocr.txt"
    path.write_bytes(a_file_that_pays(kid))
    odoo_script(database, BOOK.format(path=str(path), kid=kid)).wait()
    odoo_script(database, UNINSTALL).wait()
    assert "works" in odoo_script(database, LOOK.format(kid=kid)).wait()


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
