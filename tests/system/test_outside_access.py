"""Other programs, over JSON-2 and XML-RPC, against a real server."""

import base64
import json
import os
import re
import subprocess
import sys
import urllib.error
import urllib.request
import xmlrpc.client
from datetime import date

import pytest

from devtools.paths import ROOT
from devtools.scenarios import association
from tests.bank_simulator import nets
from tests.support.processes import OdooScript

GUIDE = ROOT / "docs" / "integrators.md"
SET_UP = """
from datetime import date, datetime, timedelta
from devtools.scenarios import association
association.found(env, date(2026, 10, 1))
groups = {"manager": "group_billing_manager", "desk": "group_billing_front_desk"}
for login, group in groups.items():
    user = env["res.users"].create(
        {
            "name": login,
            "login": login,
            "group_ids": [(6, 0, [env.ref(f"membership_billing_nordic.{group}").id])],
        }
    )
    end = datetime.now() + timedelta(days=1)
    key = env(user=user.id)["res.users.apikeys"]._generate("rpc", "test", end)
    print("KEY", login, user.id, key)
admin_key = env(user=2)["res.users.apikeys"]._generate("rpc", "test", end)
print("KEY admin 2", admin_key)
env.cr.commit()
"""
BILL_AND_BOOK = """
Run = env["billing.run"]
run = Run.create({"date": "2026-11-01"})
run.action_preview()
run.action_confirm()
Run._cron_work()
env["bank.file"]._cron_process()
env.cr.commit()
"""


class Outside:
    """A program with an API key."""

    def __init__(self, server, database, user, key):
        self.server, self.database, self.user, self.key = server, database, user, key

    def json2(self, method, **arguments):
        """(HTTP status, answer) of a method of billing.api."""
        request = urllib.request.Request(  # noqa: S310 - our own server on the loopback interface
            f"{self.server.url}/json/2/billing.api/{method}",
            data=json.dumps(arguments).encode(),
            headers={
                "Authorization": f"bearer {self.key}",
                "Content-Type": "application/json",
                "X-Odoo-Database": self.database,
            },
        )
        try:
            with urllib.request.urlopen(request) as answer:  # noqa: S310
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as fault:
            return fault.code, json.load(fault)["message"]

    def xmlrpc(self, method, **arguments):
        """The answer of a method of billing.api; raises Fault."""
        odoo = xmlrpc.client.ServerProxy(f"{self.server.url}/xmlrpc/2/object")
        return odoo.execute_kw(
            self.database, self.user, self.key, "billing.api", method, [], arguments
        )


@pytest.fixture(scope="module")
def club(module_database, odoo_server, tmp_path_factory):
    """A served database with a ski club, and programs by log-in name."""
    log = tmp_path_factory.mktemp("club") / "script.log"
    output = OdooScript(module_database, SET_UP, log).wait()
    server = odoo_server(module_database)
    keys = re.findall(r"^KEY (\w+) (\d+) (\w+)$", output, re.MULTILINE)
    assert len(keys) == 3
    return {login: Outside(server, module_database, int(user), key) for login, user, key in keys}


def test_the_guides_examples_run(club):
    program = "\n".join(re.findall(r"^```python\n(.*?)^```", GUIDE.read_text(), re.M | re.S))
    admin = club["admin"]
    environment = {
        **os.environ,
        "ODOO_URL": admin.server.url,
        "ODOO_DATABASE": admin.database,
        "ODOO_API_KEY": admin.key,
    }
    ended = subprocess.run(
        [sys.executable, "-I", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert re.fullmatch(r"member number \S+ status \w+", lines[0])
    assert re.fullmatch(r"422 external_id crm-1001 is taken by the record with id \d+\.", lines[1])
    assert lines[-1].endswith("received")


@pytest.mark.parametrize("way", ["json2", "xmlrpc"])
def test_from_sign_up_to_a_booked_bank_file(club, odoo_script, way):
    def call(method, **arguments):
        answer = getattr(club["manager"], way)(method, **arguments)
        return answer[1] if way == "json2" else answer

    member = call("create_member", name=f"Ola {way}", external_id=f"{way}-1")
    contract = call(
        "create_contract",
        member_id=member["member_id"],
        plan="MONTH",
        date_start="2026-11-01",
        external_id=f"{way}-contract",
    )
    assert contract["decision"] == "confirmed"
    assert contract["paid_until"] == ""
    odoo_script(club["manager"].database, BILL_AND_BOOK).wait()
    (invoice,) = call("list_invoices", payer_id=member["member_id"])
    assert (invoice["amount"], invoice["state"]) == ("349.00", "open")
    upload = call(
        "upload_bank_file", name=f"{way}.txt", content=_paid(invoice["reference"], number=len(way))
    )
    assert not upload["done"]
    odoo_script(
        club["manager"].database, 'env["bank.file"]._cron_process(); env.cr.commit()'
    ).wait()
    outcome = call("bank_file_outcome", file_id=upload["file_id"])
    assert (outcome["issues"], outcome["held"], outcome["unplaced"]) == ([], 0, 0)
    assert (outcome["state"], outcome["payments"], outcome["payments_sum"]) == (
        "booked",
        1,
        "349.00",
    )
    (payment,) = call("list_payments", file_id=upload["file_id"])
    assert payment["invoice_ids"] == [invoice["invoice_id"]]
    assert call("list_invoices", payer_id=member["member_id"])[0]["state"] == "paid"
    (contract,) = call("list_contracts", member_id=member["member_id"])
    assert (contract["status"], contract["paid_until"]) == ("active", "2026-11-30")


def _paid(reference, number):
    payments = nets.Payments(
        account=association.ACCOUNT,
        agreement=association.AGREEMENT_NUMBER,
        transactions=[
            nets.Transaction(
                settled_on=date(2026, 11, 12),
                amount=34900,
                kid=reference,
                bank_sum=(1, 1, number),
            )
        ],
    )
    file = nets.file_of(
        [payments],
        number=number,
        recipient=association.CUSTOMER_NUMBER,
        made_on=date(2026, 11, 12),
    )
    return base64.b64encode(file).decode()


def test_the_same_bytes_again_point_to_the_first_file(club):
    content = base64.b64encode(b"some text that is no bank file").decode()
    manager = club["manager"]
    first = manager.json2("upload_bank_file", name="first.txt", content=content)[1]
    again = manager.json2("upload_bank_file", name="again.txt", content=content)[1]
    assert (again["state"], again["duplicate_of"]) == ("refused", first["file_id"])


@pytest.mark.parametrize(
    ("method", "arguments", "sentence"),
    [
        ("create_member", {"name": ""}, "Argument name: expected a text that is not empty."),
        ("create_member", {"name": 5}, "Argument name: expected a text."),
        (
            "create_member",
            {"name": "A", "birth_date": "31.12.1999"},
            "Argument birth_date: expected a date as YYYY-MM-DD.",
        ),
        (
            "create_member",
            {"name": "A", "country": "Norge"},
            "Argument country: expected an ISO country code of two letters.",
        ),
        (
            "create_contract",
            {"member_id": 999999, "plan": "MONTH", "date_start": "2026-11-01"},
            "Argument member_id: expected the id of a record you may see.",
        ),
        (
            "create_contract",
            {"member_id": 1, "plan": "NONE", "date_start": "2026-11-01"},
            "Argument plan: expected the code of one plan of your company.",
        ),
        ("list_invoices", {"limit": 0}, "Argument limit: expected a whole number from 1 to 1000."),
        (
            "list_invoices",
            {"state": "late"},
            "Argument state: expected one of open, partly_paid, paid, reversed.",
        ),
        (
            "upload_bank_file",
            {"name": "a", "content": "æ"},
            "Argument content: expected the file's bytes in base64.",
        ),
        ("upload_bank_file", {"name": "a.txt", "content": ""}, "a.txt is empty."),
    ],
)
def test_a_wrong_argument_is_one_sentence(club, method, arguments, sentence):
    assert club["manager"].json2(method, **arguments) == (422, sentence)
    with pytest.raises(xmlrpc.client.Fault) as fault:
        club["manager"].xmlrpc(method, **arguments)
    assert fault.value.faultString == sentence
    assert "Traceback" not in fault.value.faultString


def test_the_front_desk_signs_up_but_sees_no_bank(club):
    desk = club["desk"]
    status, member = desk.json2("create_member", name="Desk Member")
    assert status == 200
    status, contract = desk.json2(
        "create_contract", member_id=member["member_id"], plan="YOUTH", date_start="2026-11-01"
    )
    assert (status, contract["plan"]) == (200, "YOUTH")
    assert desk.json2("list_payments")[0] == 403
    content = base64.b64encode(b"x").decode()
    assert desk.json2("upload_bank_file", name="a", content=content)[0] == 403
    assert desk.json2("bank_file_outcome", file_id=1)[0] == 403


def test_without_a_key_there_is_no_answer(club):
    stranger = Outside(club["desk"].server, club["desk"].database, 0, "0" * 40)
    assert stranger.json2("list_contracts")[0] == 401
