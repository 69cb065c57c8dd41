"""Other programs, over JSON-2 and XML-RPC, against a real server."""

import base64
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import xmlrpc.client
from datetime import date

import psycopg2
import pytest

from devtools import odoo
from devtools.paths import ROOT
from devtools.scenarios import association
from tests.bank_simulator import nets
from tests.support.processes import OdooScript

GUIDE = ROOT / "docs" / "integrators.md"
SET_UP = """
from datetime import date, datetime, timedelta
from devtools.scenarios import association
association.found(env, date(2026, 10, 1))
groups = {
    "manager": "group_billing_manager",
    "desk": "group_billing_front_desk",
    "local": "group_association_administrator",
}
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
north, south = env["membership.association"].create(
    [
        {"partner_id": env["res.partner"].create({"name": name}).id, "code": code}
        for name, code in (("North", "N"), ("South", "S"))
    ]
)
north.administrator_ids = env["res.users"].search([("login", "=", "local")])
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


PAY_OUT = """
company = env.company
north = env["membership.association"].search([("code", "=", "N")])
if not company.mbn_share_account_id:
    payable = env["account.account"].search([("account_type", "=", "liability_payable")], limit=1)
    company.mbn_share_account_id = payable.copy({"code": "299900"})
    company.mbn_refund_limit = 1000.0
    env["membership.share.rule"].create(
        {"recipient": "own", "amount": 10.0, "date_from": "2026-01-01"}
    )
contract = env["membership.contract"].create(
    {
        "member_id": env["res.partner"].create({"name": "Share"}).id,
        "plan_id": env["membership.plan"].search([("code", "=", "MONTH")]).id,
        "association_id": north.id,
        "date_start": "2026-11-01",
    }
)
contract.action_confirm()
contract.action_bill_now()
for invoice in contract.charge_ids.invoice_id:
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=invoice.ids
    ).create({})._create_payments()
env["membership.share"]._cron_book()
payout = env["membership.payout"]._propose(
    company, company._billing_today(), north, method="manual"
)
payout.action_approve()
env.cr.commit()
print("PAYOUT", payout.id, payout.state)
"""


class Outside:
    """A program with an API key."""

    def __init__(self, server, database, user, key):
        self.server, self.database, self.user, self.key = server, database, user, key

    def json2(self, method, model="billing.api", **arguments):
        """(HTTP status, answer) of a method."""
        request = urllib.request.Request(  # noqa: S310 - our own server on the loopback interface
            f"{self.server.url}/json/2/{model}/{method}",
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

    def xmlrpc(self, method, model="billing.api", ids=None, **arguments):
        """The answer of a method; raises Fault."""
        server = xmlrpc.client.ServerProxy(f"{self.server.url}/xmlrpc/2/object", allow_none=True)
        # What JSON-2 names comes first here: the ids, or what create makes.
        first = arguments.pop("vals_list", ids)
        on = [] if first is None else [first]
        return server.execute_kw(self.database, self.user, self.key, model, method, on, arguments)

    def refused(self, way, method, **arguments):
        """Why a method refuses to do it."""
        if way == "xmlrpc":
            with pytest.raises(xmlrpc.client.Fault) as fault:
                self.xmlrpc(method, **arguments)
            return fault.value.faultString
        status, answer = self.json2(method, **arguments)
        assert status >= 400, answer
        return answer


@pytest.fixture(scope="module")
def club(module_database, odoo_server, tmp_path_factory):
    """A served database with a ski club, and programs by log-in name."""
    log = tmp_path_factory.mktemp("club") / "script.log"
    output = OdooScript(module_database, SET_UP, log).wait()
    server = odoo_server(module_database)
    keys = re.findall(r"^KEY (\w+) (\d+) (\w+)$", output, re.MULTILINE)
    assert len(keys) == 4
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
    assert lines[2:6] == [
        "signed up Ola Dahl plan YOUTH",
        "['updated ', 'created ', 'error birth_date: expected a date as YYYY-MM-DD.']",
        "created",
        "would cancel ",
    ]
    assert "cancelled 2027-12-31" in lines
    assert lines[-8:-1] == [
        "entitled not_invoiced Not invoiced yet",
        "changes ['contract', 'member']",
        "since then 0",
        "mandates []",
        "over XML-RPC MONTH not_invoiced",
        "over XML-RPC unchanged",
        "over XML-RPC 0",
    ]
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
        (
            "entitlement",
            {},
            "Argument member_id: expected just one of member_id, member_number and "
            "member_external_id.",
        ),
        (
            "changes",
            {"since": "2026-11-01"},
            "Argument since: expected the cursor of an earlier answer, or an empty text.",
        ),
        (
            "cancel_contract",
            {"external_id": "no such contract"},
            "Argument external_id: expected the external id of a contract you may see.",
        ),
        (
            "sign_up",
            {"member": {"name": "A"}, "contract": {"plan": "NONE"}},
            "Argument plan: expected the code of one plan of your company.",
        ),
        (
            "upsert_members",
            {"rows": "crm-1001"},
            "Argument rows: expected a list.",
        ),
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


@pytest.fixture
def sql(club):
    """Call it for a connection of its own to the club's database."""
    connections = []

    def connect():
        server = odoo.connection().environment
        connections.append(
            psycopg2.connect(
                dbname=club["admin"].database,
                host=server["PGHOST"],
                port=server.get("PGPORT", "5432"),
                user=server["PGUSER"],
                password=server.get("PGPASSWORD"),
            )
        )
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


def _members(club, name, count):
    rows = [{"external_id": f"{name}-{n}", "name": f"{name} {n}"} for n in range(count)]
    status, answers = club["desk"].json2("upsert_members", rows=rows)
    assert status == 200
    return [answer["member_id"] for answer in answers]


def _follow(club, since):
    """(rows, cursor) of all that changed since."""
    rows, more = [], True
    while more:
        status, page = club["desk"].json2("changes", since=since, kinds=["member"], limit=20)
        assert status == 200
        rows += page["changes"]
        since, more = page["cursor"], page["more"]
    return rows, since


def _write(connection, member_id, phone):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE res_partner SET phone = %s, write_date = now() AT TIME ZONE 'UTC' "
            "WHERE id = %s",
            [phone, member_id],
        )


def test_a_change_that_is_committed_late_is_told(club, sql):
    slow_id, quick_id = _members(club, "late", 2)
    cursor = _follow(club, "")[1]
    slow, quick = sql(), sql()
    _write(slow, slow_id, "111")
    _write(quick, quick_id, "222")
    quick.commit()
    early, cursor = _follow(club, cursor)
    assert early == []  # an older transaction is still writing
    slow.commit()
    late, cursor = _follow(club, cursor)
    assert {row["id"]: row["phone"] for row in late} == {slow_id: "111", quick_id: "222"}
    assert _follow(club, cursor)[0] == []


def test_what_is_rolled_back_is_not_told_and_readers_hold_nothing_up(club, sql):
    first_id, second_id = _members(club, "back", 2)
    cursor = _follow(club, "")[1]
    reader, gone, done = sql(), sql(), sql()
    with reader.cursor() as reading:
        reading.execute("SELECT count(*) FROM res_partner")
    _write(gone, first_id, "333")
    gone.rollback()
    _write(done, second_id, "444")
    done.commit()
    assert [row["id"] for row in _follow(club, cursor)[0]] == [second_id]


def test_a_copy_that_follows_changes_under_way_ends_up_equal(club, sql):
    members = _members(club, "copy", 12)
    copy = {row["id"]: row["phone"] for row in _follow(club, "")[0]}
    cursor = _follow(club, "")[1]

    def work(seed, connection):
        chance = random.Random(seed)
        for turn in range(25):
            # In order, so that writers wait for each other and never for ever.
            for member_id in sorted(chance.sample(members, 3)):
                _write(connection, member_id, f"{seed}-{turn}")
                time.sleep(chance.random() / 50)
            (connection.commit if chance.random() < 0.8 else connection.rollback)()

    writers = [threading.Thread(target=work, args=(seed, sql())) for seed in range(5)]
    for writer in writers:
        writer.start()
    polls = 0
    while any(writer.is_alive() for writer in writers):
        rows, cursor = _follow(club, cursor)
        copy |= {row["id"]: row["phone"] for row in rows}
        polls += 1
    rows, cursor = _follow(club, cursor)
    copy |= {row["id"]: row["phone"] for row in rows}
    with sql().cursor() as check:
        check.execute(
            "SELECT id, coalesce(phone, '') FROM res_partner WHERE id = ANY(%s)", [members]
        )
        assert {member_id: copy[member_id] for member_id in members} == dict(check.fetchall())
    assert polls > 3


@pytest.mark.parametrize("way", ["json2", "xmlrpc"])
def test_an_administrator_of_an_association_sees_and_does_the_own_only(club, way):
    def call(user, method, **arguments):
        answer = getattr(club[user], way)(method, **arguments)
        return answer[1] if way == "json2" else answer

    ours = call(
        "desk",
        "sign_up",
        member={"name": f"North {way}"},
        contract={"plan": "MONTH", "date_start": "2026-11-01", "association": "N"},
    )
    theirs = call(
        "desk",
        "sign_up",
        member={"name": f"South {way}", "external_id": f"south-{way}"},
        contract={"plan": "MONTH", "date_start": "2026-11-01", "association": "S"},
    )
    told = call("local", "changes", kinds=["member", "contract"], limit=1000)["changes"]
    assert ours["contract"]["contract_id"] in {r["id"] for r in told if r["kind"] == "contract"}
    assert {r["association"] for r in told if r["kind"] == "contract"} == {"N"}
    assert theirs["member"]["member_id"] not in {r["id"] for r in told if r["kind"] == "member"}
    door = call("local", "entitlement", member_id=theirs["member"]["member_id"])
    assert (door["entitled"], door["reason"]) == (False, "no_membership")
    assert call("local", "entitlement", member_id=ours["member"]["member_id"])["entitled"]
    [refused] = call(
        "local", "upsert_members", rows=[{"external_id": f"south-{way}", "name": "Mine"}]
    )
    assert refused["error"] == "Your rights do not allow this."
    with pytest.raises((xmlrpc.client.Fault, AssertionError)) as fault:
        answer = club["local"].json2(
            "cancel_contract", contract_id=theirs["contract"]["contract_id"]
        )
        assert answer[0] == 200, answer[1]
    assert "expected the id of a record you may see" in str(fault.value)


@pytest.mark.parametrize("way", ["json2", "xmlrpc"])
def test_a_pay_out_is_undone_by_a_manager_only_and_once(club, odoo_script, way):
    def call(method, **arguments):
        answer = getattr(club["manager"], way)(method, **arguments)
        return answer[1] if way == "json2" else answer

    output = odoo_script(club["manager"].database, PAY_OUT).wait()
    [(payout, state)] = re.findall(r"^PAYOUT (\d+) (\w+)$", output, re.MULTILINE)
    payout = int(payout)
    assert state == "approved"
    vals = {"vals_list": [{"payout_id": payout, "reason": f"Wrong month, {way}"}]}
    wizards = {"model": "membership.payout.undo"}
    for user in ("desk", "local"):
        for refused in (
            club[user].refused(way, "action_undo", model="membership.payout", ids=[payout]),
            club[user].refused(way, "create", **wizards, **vals),
        ):
            assert "list index" not in refused
    read = {"model": "membership.payout", "ids": [payout], "fields": ["state", "undo_reason"]}
    assert call("read", **read)[0]["state"] == "approved"
    wizard = call("create", **wizards, **vals)
    call("action_undo", **wizards, ids=wizard)
    [row] = call("read", **read)
    assert (row["state"], row["undo_reason"]) == ("undone", f"Wrong month, {way}")
    again = club["manager"].refused(way, "action_undo", **wizards, ids=wizard)
    assert "Only a pay-out that is approved can be undone" in again


def test_without_a_key_there_is_no_answer(club):
    stranger = Outside(club["desk"].server, club["desk"].database, 0, "0" * 40)
    assert stranger.json2("list_contracts")[0] == 401
