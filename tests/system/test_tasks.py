"""The frequent tasks in a real browser, with the clicks and page loads they cost.

The budgets stand in docs/tasks.md. Typing and keys are free: they need no aiming.
"""

import re
from pathlib import Path

import pytest

from devtools.paths import ROOT
from tests.support.processes import OdooScript

MODULE = "membership_billing_nordic"
SET_UP = """
from datetime import date, timedelta
from decimal import Decimal
from devtools.scenarios import association
from tests.bank_simulator.clearing_house import ClearingHouse
today = date.today()
opened = today.replace(day=1)
club = association.found(env, opened)
members = association.join(env, club.plans["SEASON"], 12, opened, seed=5)
run = env["billing.run"]._bill_now(members)
invoices = env["account.move"].search([("mbn_run_id", "=", run.id)], order="id")
house = ClearingHouse(
    seed=3,
    recipient=association.CUSTOMER_NUMBER,
    agreements={association.ACCOUNT: association.AGREEMENT_NUMBER},
    habits={"mistyped": 100},
)
house.announce(
    [
        {
            "reference": invoice.payment_reference,
            "amount": Decimal(str(invoice.amount_total)),
            "due_date": today,
            "account": association.ACCOUNT,
            "payer": invoice.partner_id.name,
        }
        for invoice in invoices[:1]
    ],
    today - timedelta(days=14),
)
for file in house.play(today - timedelta(days=14), today + timedelta(days=21)):
    env["bank.file"]._receive(file.name, file.content)
env["bank.file"]._cron_process()
invoices.mbn_agreement_id.debit_out = True
owing = invoices[8]
mandate = env["direct.debit.mandate"].create(
    {"agreement_id": owing.mbn_agreement_id.id, "partner_id": owing.partner_id.id}
)
mandate.action_activate()
order = owing._mbn_plan_orders()
order.state = "sent"
order._fail(meaning="No cover")
env["direct.debit.call"]._list(orders=order)
association.join(env, club.plans["MONTH"], 8, opened, seed=6)
caller, leaver, changer = members[1:4].member_id
print("CALLER", caller.phone or caller.email, "|", caller.name)
for name, member in (("leaver", leaver), ("changer", changer)):
    print("RECORD", name, member.id)
print("PARENT", members[5].member_id.name)
print("TO PLACE", env["bank.payment"].search_count([("state", "=", "unmatched")]))
env.cr.commit()
"""
BUDGET_ROW = re.compile(r"^\| ([^|]+?) +\| +(\d) +\|")
COUNT_CLICKS = """
addEventListener("pointerdown", event => {
    if (event.isTrusted) sessionStorage.clicks = Number(sessionStorage.clicks || 0) + 1;
}, true);
"""


def budgets() -> dict:
    """Clicks allowed for each task, as docs/tasks.md promises them."""
    text = (ROOT / "docs" / "tasks.md").read_text()
    rows = (BUDGET_ROW.match(line) for line in text.splitlines())
    return {row.group(1): int(row.group(2)) for row in rows if row}


class Task:
    """One task of a clerk on an open page; counts real clicks and full page loads."""

    def __init__(self, page, server, action, record=""):
        self.page = page
        page.goto(f"{server.url}/odoo/action-{MODULE}.{action}{record and f'/{record}'}")
        page.wait_for_selector(".o_list_renderer, .o_form_renderer")
        page.evaluate("sessionStorage.clicks = 0")
        self.loads = 0
        page.on("load", self._loaded)

    def _loaded(self, _page):
        self.loads += 1

    def press(self, text, within=""):
        """Click the button with this text."""
        place = self.page.locator(within or ".o_web_client")
        place.get_by_role("button", name=text, exact=True).first.click()

    def fill(self, field, text):
        """Type into a field."""
        self.page.fill(f".modal [name={field}] input", text)

    def choose(self, field, text):
        """Type into a relation until it shows the record, and take it by key."""
        self.fill(field, text)
        self.page.wait_for_selector(f".o-autocomplete--dropdown-item:has-text('{text}')")
        self.page.keyboard.press("Enter")

    def done(self, name):
        """The task is finished: it has kept to its budget."""
        self.page.remove_listener("load", self._loaded)
        clicks = int(self.page.evaluate("sessionStorage.clicks"))
        assert self.loads == 0, f"{name}: {self.loads} page loads"
        assert 0 < clicks <= budgets()[name], f"{name}: {clicks} clicks"


@pytest.fixture(scope="module")
def office(module_database, odoo_server, tmp_path_factory):
    """A server on a small club, and what its set-up printed."""
    log = tmp_path_factory.mktemp("office") / "script.log"
    output = OdooScript(module_database, SET_UP, log).wait()
    return odoo_server(module_database, cron_threads=1), output


@pytest.fixture(scope="module")
def page(office, log_in):
    page = log_in(office[0])
    page.set_default_timeout(20000)
    page.context.add_init_script(COUNT_CLICKS)
    return page


def record(office, name):
    return re.search(rf"^RECORD {name} (\d+)$", office[1], re.MULTILINE).group(1)


def test_answer_a_call(page, office):
    key, name = re.search(r"^CALLER (.+?) \| (.+)$", office[1], re.MULTILINE).groups()
    task = Task(page, office[0], "action_members")
    page.fill(".o_searchview_input", key)
    page.keyboard.press("Enter")
    page.wait_for_selector(".o_searchview_facet")
    page.click(f".o_data_row td:has-text('{name}')")
    page.wait_for_selector(f".o_form_view h1:has-text('{name}')")
    assert page.is_visible("text=Who Pays How")
    task.done("Answer a call")


def test_sign_up(page, office):
    task = Task(page, office[0], "action_members")
    task.press("Sign Up")
    task.fill("name", "Nora Nyberg")
    task.fill("email", "nora@example.no")
    task.choose("plan_id", "Sesong voksen")
    task.press("Save and Bill Now", within=".modal")
    page.wait_for_selector(".modal", state="hidden")
    page.wait_for_selector("text=Nora Nyberg")
    task.done("Sign up")


def test_change_payer(page, office):
    parent = re.search(r"^PARENT (.+)$", office[1], re.MULTILINE).group(1)
    task = Task(page, office[0], "action_members", record(office, "changer"))
    task.press("Change")
    task.choose("payer_id", parent)
    page.wait_for_selector(".modal :text('What It Brings With It')")
    task.press("Change", within=".modal")
    page.wait_for_selector(".modal", state="hidden")
    page.wait_for_selector(f".o_form_view :text('{parent}')")
    task.done("Change payer")


@pytest.mark.parametrize("operation", ["Pause", "End Membership"])
def test_resign_or_pause(page, office, operation):
    task = Task(page, office[0], "action_members", record(office, "leaver"))
    task.press("Pause / End")
    page.wait_for_selector(".modal [name=operation]")
    if operation == "Pause":
        page.click(".modal [name=operation] label:has-text('Pause')")
    task.press(operation, within=".modal footer")
    page.wait_for_selector(".modal", state="hidden")
    task.done("Resign or pause")


def test_fee_run(page, office):
    task = Task(page, office[0], "action_billing_run")
    task.press("New")
    task.press("Preview")
    task.press("Make the Invoices")
    task.press("Ok", within=".modal")
    page.wait_for_selector(".modal", state="hidden")
    task.done("Fee run")
    page.wait_for_timeout(2000)
    for _ in range(10):
        page.reload()
        page.wait_for_selector(".o_form_renderer")
        if page.is_visible(".o_arrow_button_current:text-is('Done')"):
            return
        page.wait_for_timeout(2000)
    raise AssertionError("the run is not done")


def test_place_a_payment(page, office):
    assert "TO PLACE 1" in office[1]
    task = Task(page, office[0], "action_bank_payment_to_place")
    page.click(".o_data_row button:has-text('Accept')")
    page.wait_for_selector("text=Nothing to place")
    task.done("Place a payment")


def test_failed_debit(page, office):
    task = Task(page, office[0], "action_direct_debit_call")
    page.click(".o_data_row button[name=action_new_date]")
    page.wait_for_selector(".modal :text('account is debited on')")
    task.press("Record", within=".modal footer")
    page.wait_for_selector("text=Nobody is to be called")
    task.done("Failed debit")


def test_every_task_of_the_page_is_driven_here():
    driven = set(re.findall(r'\.done\("([^"]+)"\)', Path(__file__).read_text()))
    assert set(budgets()) == driven
