"""Sweden's add-on leaves with data in it: nothing is lost, and the database goes on working."""

from datetime import date, datetime

from tests.bank_simulator.sweden import autogiro

from .uninstalling import book, look, uninstall

CUSTOMER, BANKGIRO, ACCOUNT = "471117", "9912346", "5000000001111116"

SET_UP = f"""
from freezegun import freeze_time
company = env.company
company.write({{"name": "Segelklubben", "country_id": env.ref("base.se").id, "mbn_send_invoices": False}})
env["account.chart.template"].try_loading("se", company, install_demo=False)
bank = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
bank.bank_account_id = env["res.partner.bank"].create(
    {{"acc_number": "5000-1111116", "partner_id": company.partner_id.id}}
)
connection = env["bank.connection"].create(
    {{"name": "Bankgirot", "scheme": "se_bankgirot", "customer_number": "{CUSTOMER}",
      "l10n_se_seal_key": "1234567890ABCDEF1234567890ABCDEF"}}
)
agreement = env["bank.agreement"].create({{
    "connection_id": connection.id, "journal_id": bank.id, "debit_out": True,
    "number": "{BANKGIRO}", "l10n_se_plusgiro": "12 34 56-6", "debit_notice_by": "bank",
    "layout_ids": [(0, 0, {{"payer_digits": 6, "serial_digits": 5}})],
}})
journal = env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
journal.write({{"mbn_agreement_id": agreement.id, "invoice_reference_model": "agreement"}})
payers = env["res.partner"].create([
    {{"name": "Åsa Öberg"}}, {{"name": "Bo Ek", "l10n_se_identity": "19121212-1212"}},
])
account = env["res.partner.bank"].create({{"acc_number": "5000-1111116", "partner_id": payers[1].id}})
mandates = env["direct.debit.mandate"].create([
    {{"agreement_id": agreement.id, "partner_id": payers[0].id}},
    {{"agreement_id": agreement.id, "partner_id": payers[1].id, "partner_bank_id": account.id}},
])
mandates[0].action_activate()
mandates[1].action_request()
with freeze_time("2026-09-01 08:00:00"):
    invoices = env["account.move"].create([
        {{
            "move_type": "out_invoice", "partner_id": payers[0].id, "journal_id": journal.id,
            "invoice_date": "2026-09-01", "invoice_date_due": day, "invoice_payment_term_id": False,
            "invoice_line_ids": [(0, 0, {{"name": "Fee", "price_unit": 500, "tax_ids": [(5,)]}})],
        }}
        for day in ("2026-09-28", "2026-10-28")
    ])
    invoices.action_post()
    file = connection._make_debit_file(everything=True)
    file._mark_sent()
env.cr.commit()
order = invoices[0].mbn_order_line_ids.order_id
print("ORDER", order.mandate_id.payer_number, order.reference)
"""
COLLECTED = """
order = env["direct.debit.order"].search([("reference", "=", {reference!r})])
assert order.state == "collected" and order.line_ids.invoice_id.amount_residual == 0
"""
KEPT = """
assert agreement.number == "9912346", agreement.number
orders = env["direct.debit.order"].search([])
assert sorted(orders.mapped("state")) == ["collected", "sent"], orders.mapped("state")
paid = orders.filtered(lambda order: order.state == "collected").line_ids.invoice_id
assert paid.amount_residual == 0 and paid.mbn_reference_ids.printed == paid.payment_reference
assert sorted(env["direct.debit.mandate"].search([]).mapped("state")) == ["active", "requested"]
"""


def test_sweden_leaves_a_working_database_behind(database, odoo_script, tmp_path):
    said = odoo_script(database, SET_UP).wait()
    payer, reference = said.split("ORDER")[1].split()[:2]
    path = tmp_path / "BFEP.UAGAG"
    path.write_bytes(a_file_that_pays(payer, reference))
    odoo_script(database, book(path) + COLLECTED.format(reference=reference)).wait()
    odoo_script(database, uninstall("l10n_se_bg")).wait()
    debits = ("direct.debit.mandate", "direct.debit.order")
    assert "works" in odoo_script(database, look("l10n_se_bg", KEPT, debits)).wait()


def a_file_that_pays(payer, reference):
    day = date(2026, 9, 28)
    payee = autogiro.Payee(customer=CUSTOMER, bankgiro=BANKGIRO, account=ACCOUNT)
    paid = autogiro.Debit(paid_on=day, payer=payer, amount=500_00, reference=reference)
    return autogiro.specification(payee, [paid], [], 41, datetime(2026, 9, 28, 6))
