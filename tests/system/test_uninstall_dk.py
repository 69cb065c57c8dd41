"""Denmark's add-on leaves with data in it: nothing is lost, and the database goes on working."""

from datetime import date

from tests.bank_simulator.denmark import writing

from .uninstalling import book, look, uninstall

SUPPLIER, CREDITOR, GROUP = "13585628", "01234567", "00001"

SET_UP = f"""
from freezegun import freeze_time
company = env.company
company.write({{"name": "Sejlklubben", "country_id": env.ref("base.dk").id, "mbn_send_invoices": False}})
env["account.chart.template"].try_loading("dk", company, install_demo=False)
bank = env["account.journal"].search([("type", "=", "bank"), ("company_id", "=", company.id)], limit=1)
bank.bank_account_id = env["res.partner.bank"].create(
    {{"acc_number": "12340001234567", "partner_id": company.partner_id.id}}
)
connection = env["bank.connection"].create(
    {{"name": "BS", "scheme": "dk_bs", "customer_number": "{SUPPLIER}"}}
)
agreement = env["bank.agreement"].create({{
    "connection_id": connection.id, "journal_id": bank.id, "debit_out": True,
    "l10n_dk_creditor": "{CREDITOR}", "l10n_dk_debtor_group": "{GROUP}",
    "l10n_dk_fi_creditor": "87654321",
    "layout_ids": [(0, 0, {{"payer_digits": 7, "serial_digits": 7}})],
}})
journal = env["account.journal"].search([("type", "=", "sale"), ("company_id", "=", company.id)], limit=1)
journal.write({{"mbn_agreement_id": agreement.id, "invoice_reference_model": "agreement"}})
payers = env["res.partner"].create([{{"name": "Åse Sørensen"}}, {{"name": "Bo Øst"}}])
mandates = env["direct.debit.mandate"].create([
    {{"agreement_id": agreement.id, "partner_id": payers[0].id, "number": "000000019"}},
    {{"agreement_id": agreement.id, "partner_id": payers[1].id, "l10n_dk_identity": "0101800000",
     "l10n_dk_account": "99991234567"}},
])
mandates[0].action_activate()
mandates[1].action_request()
with freeze_time("2026-10-15 08:00:00"):
    invoices = env["account.move"].create([
        {{
            "move_type": "out_invoice", "partner_id": payers[0].id, "journal_id": journal.id,
            "invoice_date": "2026-10-15", "invoice_date_due": day, "invoice_payment_term_id": False,
            "invoice_line_ids": [(0, 0, {{"name": "Fee", "price_unit": 500, "tax_ids": [(5,)]}})],
        }}
        for day in ("2026-11-02", "2026-12-01")
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
assert agreement.number == "01234567-00001", agreement.number
orders = env["direct.debit.order"].search([])
assert sorted(orders.mapped("state")) == ["collected", "sent"], orders.mapped("state")
paid = orders.filtered(lambda order: order.state == "collected").line_ids.invoice_id
assert paid.amount_residual == 0 and paid.mbn_reference_ids.printed == paid.payment_reference
assert sorted(env["direct.debit.mandate"].search([]).mapped("state")) == ["active", "requested"]
"""


def test_denmark_leaves_a_working_database_behind(database, odoo_script, tmp_path):
    said = odoo_script(database, SET_UP).wait()
    customer, reference = said.split("ORDER")[1].split()[:2]
    path = tmp_path / "D1-602.BS1"
    path.write_bytes(a_file_that_pays(customer, reference))
    odoo_script(database, book(path) + COLLECTED.format(reference=reference)).wait()
    odoo_script(database, uninstall("l10n_dk_bs")).wait()
    debits = ("direct.debit.mandate", "direct.debit.order")
    assert "works" in odoo_script(database, look("l10n_dk_bs", KEPT, debits)).wait()


def a_file_that_pays(customer, reference):
    day = date(2026, 11, 2)
    paid = writing.Result(
        code="0236",
        customer=customer,
        mandate="000000019",
        due_on=day,
        amount=500_00,
        reference=reference,
        paid_on=day,
        booked_on=day,
        paid=500_00,
    )
    section = writing.Section(
        number=writing.AUTOMATIC, creditor=CREDITOR, group=GROUP, made_on=day, items=[paid]
    )
    return writing.delivery("0602", [section], supplier=SUPPLIER, number="1", made_on=day)
