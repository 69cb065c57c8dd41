"""Scripts for the tests in which a country's add-on leaves: what is the same whatever country."""

_BOOK = """
from pathlib import Path
path = Path({path!r})
file = env["bank.file"]._receive(path.name, path.read_bytes())
env["bank.file"]._cron_process()
env.cr.commit()
assert file.state == "booked", file.state
"""
_UNINSTALL = """
env["ir.module.module"].search([("name", "=", {addon!r})]).button_immediate_uninstall()
env.cr.commit()
"""
_GENERIC = """
assert env["ir.module.module"].search([("name", "=", {addon!r})]).state == "uninstalled"
everything = dict(active_test=False)
connection = env["bank.connection"].with_context(**everything).search([])
agreement = env["bank.agreement"].with_context(**everything).search([])
assert (connection.scheme, connection.active) == ("generic", False), connection.scheme
assert (agreement.scheme, agreement.active) == ("generic", False), agreement.scheme
assert connection.customer_number and agreement.number and agreement.layout_ids
"""
_WORKS_ON = """
for model in {models!r}:
    records = env[model].with_context(**everything).search([])
    assert records, model
    records.web_read({{name: {{}} for name in records._fields}})
    env[model].get_views([(False, "list"), (False, "form"), (False, "search")])

env["ir.actions.report"]._render_qweb_html("account.account_invoices", paid.ids)
invoice = paid.copy({{"invoice_date": paid.invoice_date}})
invoice.action_post()
assert invoice.payment_reference == invoice.name, invoice.payment_reference
env["bank.file"]._cron_process()
env["bank.connection"]._cron_make_debit_files()
env.cr.commit()
print("works")
"""
MODELS = (
    "bank.connection",
    "bank.agreement",
    "bank.file",
    "bank.payment",
    "bank.deposit",
    "billing.reference",
    "account.journal",
    "account.move",
)


def book(path):
    """The file at a path comes in and is booked."""
    return _BOOK.format(path=str(path))


def uninstall(addon):
    return _UNINSTALL.format(addon=addon)


def look(addon, checks, models=()):
    """The add-on is gone, the ``checks`` hold, and what is left can be read and goes on working.

    ``checks`` leave in ``paid`` an invoice that was paid while the add-on was there; ``models``
    are looked at beside :data:`MODELS`.
    """
    works_on = _WORKS_ON.format(models=(*MODELS, *models))
    return f"{_GENERIC.format(addon=addon)}{checks}{works_on}"
