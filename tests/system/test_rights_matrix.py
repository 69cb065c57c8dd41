"""Every model and every public method with every role, over the network, as a browser calls them.

What is expected is the add-on's own table, so both tests say the same.
"""

import json
import re
import runpy
import urllib.request
import xmlrpc.client
from http.cookiejar import CookieJar

import pytest

from devtools.paths import ROOT
from tests.support.processes import OdooScript

TABLE = runpy.run_path(str(ROOT / "membership_billing_nordic" / "tests" / "rights_table.py"))
ROLES = TABLE["ROLES"]
PASSWORD = "matrix-of-rights"
SET_UP = """
from datetime import date
from devtools.scenarios import association
club = association.found(env, date(2026, 10, 1))
club.company.mbn_associations_bill = True
plan = club.plans["MONTH"]
users = {{}}
for role, group in {roles!r}.items():
    users[role] = env["res.users"].create(
        {{
            "name": role,
            "login": role,
            "password": {password!r},
            "group_ids": [(6, 0, [env.ref(group).id])],
        }}
    )

def association_of(name, administrators=()):
    partner = env["res.partner"].create({{"name": name, "is_company": True}})
    return env["membership.association"].create(
        {{"partner_id": partner.id, "administrator_ids": [(6, 0, administrators)]}}
    )

def member_of(name, where, **vals):
    member = env["res.partner"].create({{"name": name}})
    contract = env["membership.contract"].create(
        {{
            "member_id": member.id,
            "plan_id": plan.id,
            "date_start": "2026-11-01",
            "association_id": where.id,
        }}
        | vals
    )
    contract.action_confirm()
    return contract

north = association_of("North", users["association"].ids)
south = association_of("South")
own = member_of(
    "Ola",
    north,
    payer_id=users["portal"].partner_id.id,
    outside_partner_id=users["outside"].id,
)
other = member_of("Liv", south)
env["res.partner.bank"].create({{"acc_number": "86011117947", "partner_id": other.member_id.id}})
known = {{
    "contract": own, "member": own.member_id, "other": other, "stranger": other.member_id,
    "south": south, "north": north, "plan_id": plan,
}}
for name, record in known.items():
    print("KNOWN", name, record.id)
print("PLAN", plan.code)
env.cr.commit()
"""


class Caller:
    """Somebody who has logged in with a browser, and calls what a browser can call."""

    def __init__(self, server, login):
        self.server = server
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        answer = self.post(
            "/web/session/authenticate",
            {"db": server.database, "login": login, "password": PASSWORD},
        )
        assert answer["result"]["username"] == login

    def post(self, path, params):
        request = urllib.request.Request(  # noqa: S310 - our own server on the loopback interface
            self.server.url + path,
            data=json.dumps({"jsonrpc": "2.0", "method": "call", "params": params}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with self.opener.open(request) as answer:
            return json.load(answer)

    def call(self, model, method, *arguments, **named):
        """What the method returns.

        :raises Refused: AccessError in Odoo; :raises Fault: any other error
        """
        answer = self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": arguments, "kwargs": named},
        )
        if "error" not in answer:
            return answer.get("result")
        fault = answer["error"]["data"]
        kind = Refused if fault["name"] == "odoo.exceptions.AccessError" else Fault
        raise kind(fault["message"])

    def outcome(self, model, method, *arguments, **named):
        """``x`` when the call is let through, ``-`` when it is refused."""
        try:
            self.call(model, method, *arguments, **named)
        except Refused:
            return "-"
        except Fault:  # let through, but there is nothing to do
            return "x"
        return "x"


class Fault(Exception):
    """The server could not do what was asked."""


class Refused(Exception):
    """The server does not let the caller do that."""


@pytest.fixture(scope="module")
def club(module_database, odoo_server, tmp_path_factory):
    """Callers by role, and ids by name."""
    log = tmp_path_factory.mktemp("club") / "script.log"
    script = SET_UP.format(roles=ROLES, password=PASSWORD)
    output = OdooScript(module_database, script, log).wait()
    server = odoo_server(module_database)
    ids = {name: int(number) for name, number in re.findall(r"^KNOWN (\w+) (\d+)$", output, re.M)}
    ids["plan"] = re.search(r"^PLAN (\w+)$", output, re.M).group(1)
    return {role: Caller(server, role) for role in ROLES}, ids


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_with_every_model_what_the_table_says(club, role):
    caller = club[0][role]
    operations = {"c": "create", "r": "read", "u": "write", "d": "unlink"}
    found = {
        model: "".join(
            letter
            for letter, operation in operations.items()
            if caller.call(model, "has_access", [], operation)
        )
        or "-"
        for model in TABLE["models"]()
    }
    assert found == {model: row[role] for model, row in TABLE["models"]().items()}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_neither_reads_nor_creates_what_it_may_not(club, role):
    caller = club[0][role]
    calls = {"r": ("search_read", [], ["id"]), "c": ("create", {})}
    through = [
        (model, letter)
        for model, row in TABLE["models"]().items()
        for letter, (method, *arguments) in calls.items()
        if letter not in row[role]
        and model.startswith(("bank.", "billing.", "membership."))
        and caller.outcome(model, method, *arguments) == "x"
    ]
    assert through == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_call_what_the_table_says(club, role):
    callers, ids = club
    known = {"<contract>": ids["contract"], "<member>": ids["member"], "<plan>": ids["plan"]}
    found = {}
    for name in TABLE["methods"]():
        model, _dot, method = name.rpartition(".")
        records = [] if model == "billing.api" else [[]]
        arguments = TABLE["arguments"](name, known)
        found[name] = callers[role].outcome(model, method, *records, **arguments)
    assert found == {name: row[role] for name, row in TABLE["methods"]().items()}


def test_an_association_administrator_gets_nowhere_in_another_association(club):
    callers, ids = club
    caller, other, stranger = callers["association"], ids["other"], ids["stranger"]
    both = [["id", "in", [ids["contract"], other]]]
    assert caller.call("membership.contract", "search", both) == [ids["contract"]]
    assert caller.call("membership.association", "search", []) == [ids["north"]]
    assert caller.call("res.partner", "search", [["id", "=", stranger]]) == []
    assert caller.call("res.partner", "name_search", "Liv") == []
    assert caller.call("billing.api", "search_members", text="Liv") == []
    new = {"member_id": stranger, "plan_id": ids["plan_id"], "date_start": "2026-11-01"}
    attempts = [
        ("membership.contract", "read", [other], ["name"]),
        ("membership.contract", "write", [other], {"association_id": ids["north"]}),
        ("membership.contract", "action_end", [other]),
        ("membership.contract", "create", new | {"association_id": ids["north"]}),
        ("membership.contract", "write", [ids["contract"]], {"member_id": stranger}),
        ("membership.contract", "write", [ids["contract"]], {"payer_id": stranger}),
        ("membership.contract", "write", [ids["contract"]], {"association_id": ids["south"]}),
        ("membership.association", "write", [ids["south"]], {"text": "mine"}),
        ("membership.association", "write", [ids["north"]], {"parent_id": ids["south"]}),
        ("res.partner", "read", [stranger], ["name"]),
        ("res.partner", "write", [stranger], {"email": "me@example.com"}),
        ("membership.signup", "create", {"person_id": stranger}),
        ("membership.contract.alter", "create", {"contract_ids": [[6, 0, [other]]]}),
        ("membership.contract.stop", "create", {"contract_ids": [[6, 0, [other]]]}),
        ("billing.run", "create", {}),
    ]
    assert [caller.outcome(*call) for call in attempts] == ["-"] * len(attempts)


def test_a_portal_member_sees_no_other_member(club):
    callers, ids = club
    caller = callers["portal"]
    assert caller.call("membership.contract", "search", []) == [ids["contract"]]
    (own,) = caller.call("membership.contract", "read", [ids["contract"]], ["member_status"])
    assert own["member_status"] == "active"
    attempts = [
        ("membership.contract", "read", [ids["other"]], ["name"]),
        ("membership.contract", "write", [ids["contract"]], {"date_end": "2026-11-30"}),
        ("membership.contract", "action_end", [ids["contract"]]),
        ("res.partner", "read", [ids["stranger"]], ["name"]),
        ("res.partner", "read", [ids["member"]], ["name"]),
        ("billing.api", "list_members"),
    ]
    assert [caller.outcome(*call) for call in attempts] == ["-"] * len(attempts)


def test_the_front_desk_reads_no_bank_account(club):
    callers, ids = club
    desk, office = callers["desk"], callers["user"]
    assert desk.call("res.partner.bank", "search_read", [], ["acc_number"]) == []
    accounts = [["partner_id", "=", ids["stranger"]]]
    (account,) = office.call("res.partner.bank", "search_read", accounts, ["acc_number"])
    assert account["acc_number"] == "86011117947"
    assert desk.outcome("res.partner.bank", "read", [account["id"]], ["acc_number"]) == "-"
    assert desk.outcome("bank.payment", "search_read", [], ["account"]) == "-"
    (card,) = desk.call("res.partner", "read", [ids["stranger"]], ["bank_ids"])
    assert card["bank_ids"] == []


def test_the_auditor_writes_nothing(club):
    callers, ids = club
    auditor = callers["auditor"]
    assert set(auditor.call("membership.contract", "search", [])) >= {ids["contract"], ids["other"]}
    attempts = [
        ("membership.contract", "write", [ids["contract"]], {"date_end": "2026-11-30"}),
        ("membership.contract", "action_resume", [ids["contract"]]),
        ("membership.association", "write", [ids["north"]], {"text": "audited"}),
        ("res.partner", "write", [ids["member"]], {"email": "a@example.com"}),
        ("res.partner", "create", {"name": "New"}),
        ("billing.run", "create", {}),
    ]
    assert [auditor.outcome(*call) for call in attempts] == ["-"] * len(attempts)


def test_xmlrpc_refuses_the_same(club):
    callers, ids = club
    server = callers["association"].server
    common = xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/common")
    odoo = xmlrpc.client.ServerProxy(f"{server.url}/xmlrpc/2/object")
    user = common.authenticate(server.database, "association", PASSWORD, {})
    with pytest.raises(xmlrpc.client.Fault) as fault:
        odoo.execute_kw(
            server.database, user, PASSWORD, "membership.contract", "action_end", [[ids["other"]]]
        )
    assert fault.value.faultCode == 4  # Odoo's number of an AccessError
