"""Every screen in a real browser, in four languages, on the demo's month.

The pictures stay in `.dev/screens/<language>/` for a look.
"""

import re

import pytest

from devtools.paths import DEV
from tests.support.processes import OdooScript

CONTENT = (
    ".o_list_renderer, .o_form_renderer, .o_kanban_renderer, .o_calendar_renderer, "
    ".o_view_nocontent"
)
LANGUAGES = ("en_US", "da_DK", "sv_SE", "nb_NO")
TRANSLATED = LANGUAGES[1:]
SCREENS = DEV / "screens"
MODULE = "membership_billing_nordic"
SET_UP = """
from datetime import date
from pathlib import Path
from devtools.scenarios import norway
print(norway.run(env, Path({folder!r})))
env["billing.run"].create({{"date": date.today().replace(day=1)}}).action_preview()
env["billing.run"]._cron_work()
env["bank.file"]._receive("notes.txt", b"Minutes of the annual meeting")
env["bank.file"]._cron_process()
records = {{
    "run": env["billing.run"].search([("state", "=", "preview")]),
    "file": env["bank.file"].search([("payment_count", ">", 9)]),
    "refused": env["bank.file"].search([("state", "=", "refused")]),
    "agreement": env["bank.agreement"].search([]),
    "plan": env["membership.plan"].search([]),
    "contract": env["membership.contract"].search([("member_status", "=", "active")]),
    "invoice": env["account.move"].search([("payment_state", "=", "partial")]),
    "payment": env["bank.payment"].search([("outcome", "=", "over")]),
    "to_place": env["bank.payment"].search([("state", "=", "unmatched")]),
}}
for name, rows in records.items():
    print("RECORD", name, rows[:1].id)
records["member"] = records["contract"].member_id
print("RECORD", "member", records["member"][:1].id)
for language in {languages!r}:
    env["res.users"].create(
        {{
            "name": "Kari Kontor",
            "login": language,
            "password": "kontor-kontor",
            "lang": language,
            "group_ids": [(6, 0, [env.ref("{module}.group_billing_manager").id])],
        }}
    )
env.cr.commit()
"""
LISTS = (
    "action_billing_exception",
    "action_billing_block",
    "action_members",
    "action_membership_contract",
    "action_membership_association",
    "action_membership_period",
    "action_membership_plan",
    "action_membership_invoice",
    "action_money_standing",
    "action_bank_money_move",
    "action_bank_difference",
    "action_bank_payment_taken_back",
    "action_bank_refund",
    "action_billing_run",
    "action_billing_one_off",
    "action_billing_delivery",
    "action_billing_delivery_bundle",
    "action_billing_delivery_step",
    "action_billing_document_layout",
    "action_bank_file",
    "action_bank_file_out",
    "action_bank_file_expectation",
    "action_bank_notice",
    "action_bank_deposit",
    "action_bank_payment",
    "action_bank_payment_to_place",
    "action_direct_debit_order",
    "action_direct_debit_deadline",
    "action_direct_debit_failure",
    "action_direct_debit_failure_policy",
    "action_direct_debit_call",
    "action_debt_collection_agency",
    "action_debt_collection_case",
    "action_debt_collection_file",
    "action_dunning_run",
    "action_dunning_claim",
    "action_dunning_letter",
    "action_dunning_payment_plan",
    "action_dunning_policy",
    "action_dunning_law",
    "action_dunning_interest_rate",
    "action_bank_agreement",
    "action_bank_channel",
    "action_bank_connection",
    "action_billing_reference",
    "action_bank_payer_number",
)
FORMS = {
    "billing-preview": ("action_billing_run", "run"),
    "bank-file": ("action_bank_file", "file"),
    "bank-file-refused": ("action_bank_file", "refused"),
    "agreement": ("action_bank_agreement", "agreement"),
    "plan": ("action_membership_plan", "plan"),
    "contract": ("action_membership_contract", "contract"),
    "member": ("action_members", "member"),
    "invoice": ("action_membership_invoice", "invoice"),
    "payment": ("action_bank_payment", "payment"),
    "payment-to-place": ("action_bank_payment_to_place", "to_place"),
}

DIALOGS = {
    "dialog-change": "action_mbn_change",
    "dialog-pause-end": "action_mbn_stop",
    "dialog-send-again": "action_mbn_send_again",
    "dialog-correct": "action_mbn_correct",
    "dialog-sign-up": "action_mbn_new_contract",
}


@pytest.fixture(scope="module")
def month(module_database, odoo_server, tmp_path_factory):
    """A server on the demo's month, and the ids of some records in it."""
    folder = tmp_path_factory.mktemp("month")
    script = OdooScript(
        module_database,
        SET_UP.format(folder=str(folder), languages=LANGUAGES, module=MODULE),
        folder / "script.log",
    )
    output = script.wait()
    assert "All sums agree with the ledger." in output
    records = dict(re.findall(r"^RECORD (\w+) (\d+)$", output, re.MULTILINE))
    return odoo_server(module_database), records


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request, month, log_in):
    server, _records = month
    page = log_in(server, login=request.param, password="kontor-kontor")
    page.language = request.param
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    return page


def look(page, server, path, name):
    """Open a page, keep its picture, and see that nothing went wrong."""
    page.goto(f"{server.url}/odoo/{path}")
    page.wait_for_selector(f"{CONTENT}, .o_error_dialog")
    keep_picture(page, name)
    brand = "Membership Billing" if page.language == "en_US" else "Medlemsfakturering"
    assert page.inner_text(".o_menu_brand") == brand


def keep_picture(page, name):
    """Keep the picture of what is on the page, and see that nothing went wrong."""
    page.wait_for_selector(".o_loading_indicator", state="hidden")
    folder = SCREENS / page.language
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png")
    assert not page.query_selector(".o_error_dialog")
    assert page.faults == []


def shown_to(page, names):
    """In English all of them, in the other languages a third of them each: it takes seconds."""
    if page.language in TRANSLATED:
        return list(names)[TRANSLATED.index(page.language) :: len(TRANSLATED)]
    return list(names)


def test_every_list_opens(page, month):
    server, _records = month
    for action in shown_to(page, LISTS):
        look(page, server, f"action-{MODULE}.{action}", action.removeprefix("action_"))


def test_the_settings_open(month, log_in):
    server, _records = month
    page = log_in(server)
    page.language, page.faults = "en_US", []
    look(page, server, f"action-{MODULE}.action_billing_settings", "billing_settings")


def test_every_form_opens(page, month):
    server, records = month
    assert set(records) == {record for _action, record in FORMS.values()}
    for name in shown_to(page, FORMS):
        action, record = FORMS[name]
        look(page, server, f"action-{MODULE}.{action}/{records[record]}", name)
        assert page.query_selector(".o_form_renderer")


def test_the_dialogs_of_the_card_open(page, month):
    server, records = month
    for name in shown_to(page, DIALOGS):
        page.goto(f"{server.url}/odoo/action-{MODULE}.action_members/{records['member']}")
        page.click(f"button[name={DIALOGS[name]}]")
        page.wait_for_selector(".modal .o_form_renderer")
        keep_picture(page, name)
