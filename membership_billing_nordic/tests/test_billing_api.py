"""What other programs call: rows in, rows out. Over the wire: tests/system."""

from datetime import date
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .membership_common import MembershipCommon

MODULE = "membership_billing_nordic"


class ApiCommon(MembershipCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.adult = cls._plan(name="Adult", code="ADULT")
        cls.youth = cls._plan(name="Youth", code="YOUTH", price=50.0)
        cls.north, cls.south = cls.env["membership.association"].create(
            [
                {"partner_id": cls._member(name).id, "code": code}
                for name, code in (("North", "N"), ("South", "S"))
            ]
        )
        cls.desk = cls._user("desk", "group_billing_front_desk")
        cls.local = cls._user("local", "group_association_administrator")
        cls.north.administrator_ids = cls.local
        cls.api = cls.env["billing.api"]

    @classmethod
    def _user(cls, login, group):
        return new_test_user(cls.env, login=f"api-{login}", groups=f"{MODULE}.{group}")

    def _as(self, user):
        return self.api.with_user(user)

    @staticmethod
    def _told(answers, name="outcome"):
        return [answer[name] for answer in answers]


@tagged("post_install", "-at_install", "post_install_l10n")
class TestUpsertMembers(ApiCommon):
    def test_rows_create_change_and_leave_as_is(self):
        rows = [
            {"external_id": "a", "name": "Anna Berg", "email": "anna@example.no", "country": "NO"},
            {"external_id": "b", "name": "Bo Dahl", "birth_date": "1990-05-17"},
        ]
        first = self._as(self.desk).upsert_members(rows)
        self.assertEqual(self._told(first), ["created", "created"])
        self.assertEqual(self._told(first, "row"), [1, 2])
        anna, bo = self.env["res.partner"].browse(self._told(first, "member_id"))
        self.assertEqual((anna.name, anna.country_id.code), ("Anna Berg", "NO"))
        self.assertEqual(bo.mbn_birth_date, date(1990, 5, 17))

        again = self._as(self.desk).upsert_members(rows)
        self.assertEqual(self._told(again), ["unchanged", "unchanged"])
        self.assertEqual(self._told(again, "member_id"), [anna.id, bo.id])

        rows[0] |= {"email": "", "phone": "91234567"}
        changed = self._as(self.desk).upsert_members(rows)
        self.assertEqual(self._told(changed), ["updated", "unchanged"])
        self.assertEqual((anna.email, anna.phone), (False, "91234567"))
        self.assertEqual(anna.country_id.code, "NO")

    def test_what_a_row_does_not_name_stays(self):
        anna = self._member("Anna Berg", mbn_external_id="a", city="Oslo", email="a@example.no")
        self._as(self.desk).upsert_members([{"external_id": "a", "city": "Bergen"}])
        self.assertEqual(
            (anna.name, anna.city, anna.email), ("Anna Berg", "Bergen", "a@example.no")
        )

    def test_bad_rows_say_what_is_wrong_and_hinder_none(self):
        taken = self._member("Taken", mbn_member_number="7001")
        answers = self.api.upsert_members(
            [
                {"external_id": "good-1", "name": "Good One"},
                {"external_id": "x1", "name": "A", "birth_date": "17.05.1990"},
                {"external_id": "x2", "name": "A", "birth_date": "2090-01-01"},
                {"external_id": "x3", "name": "A", "email": "no at sign"},
                {"external_id": "x4", "name": "A", "country": "Norge"},
                {"external_id": "x5", "name": ""},
                {"external_id": "x6"},
                {"external_id": "x7", "name": "A", "member_number": "7001"},
                {"external_id": "x8", "name": "A", "shoe_size": 44},
                {"external_id": "good-1", "name": "Twice"},
                {"name": "No key"},
                "no row",
                {"external_id": "x9", "name": "A\0"},
                {"external_id": "x10", "name": "A", "language": "tlh_QO"},
                {"external_id": ["x11"], "name": "A"},
                {"external_id": "good-2", "name": "Good Two"},
            ]
        )
        self.assertEqual(
            [(answer["row"], answer["outcome"]) for answer in answers if not answer["error"]],
            [(1, "created"), (16, "created")],
        )
        errors = self._told(answers, "error")
        languages = ", ".join(code for code, _name in self.env["res.lang"].get_installed())
        self.assertEqual(errors[1], "birth_date: expected a date as YYYY-MM-DD.")
        self.assertEqual(errors[2], "A: the date of birth is in the future.")
        self.assertEqual(errors[3], "email: expected one e-mail address, as name@example.org.")
        self.assertEqual(errors[4], "country: expected an ISO country code of two letters.")
        self.assertEqual(errors[5], "name: expected a text that is not empty.")
        self.assertEqual(errors[6], "name: expected a text that is not empty.")
        self.assertEqual(errors[7], "member_number: expected a number nobody else has.")
        self.assertIn("shoe_size: expected no such field; known are member_id, name,", errors[8])
        self.assertEqual(errors[9], "external_id: expected one row for each.")
        self.assertEqual(errors[10], "external_id: expected a text that is not empty.")
        self.assertEqual(errors[11], "rows: expected a mapping.")
        self.assertEqual(errors[12], "name: expected a text.")
        self.assertEqual(errors[13], f"language: expected one of {languages}.")
        self.assertEqual(errors[14], "external_id: expected a text.")
        self.assertEqual(set(self._told(answers, "member_id")[1:15]), {0})
        self.assertEqual(taken.mbn_member_number, "7001")
        self.assertFalse(self.env["res.partner"].search([("mbn_external_id", "like", "x%")]))

    def test_an_unexpected_error_in_one_row_leaves_the_others(self):
        partners = type(self.env["res.partner"])
        create = partners.create

        def fails(records, vals_list):
            if any(vals.get("name") == "Trouble" for vals in vals_list):
                raise RuntimeError("Trouble's e-mail is trouble@example.no")
            return create(records, vals_list)

        rows = [{"external_id": name, "name": name} for name in ("One", "Trouble", "Two")]
        with patch.object(partners, "create", fails), self.assertLogs("odoo.addons", "ERROR"):
            answers = self.api.upsert_members(rows)
        self.assertEqual(self._told(answers), ["created", "error", "created"])
        self.assertEqual(
            answers[1]["error"],
            "Unexpected error (RuntimeError). The server's log has the details.",
        )

    def test_a_member_without_external_id_gets_one(self):
        anna = self._member("Anna Berg")
        row = {"external_id": "a", "member_id": anna.id}
        self.assertEqual(self._told(self.api.upsert_members([row])), ["updated"])
        self.assertEqual(anna.mbn_external_id, "a")
        self.assertEqual(self._told(self.api.upsert_members([row])), ["unchanged"])
        other = self.api.upsert_members([{"external_id": "b", "member_id": anna.id}])
        self.assertEqual(
            other[0]["error"],
            "member_id: expected the id of the member with this external_id, or of one with none.",
        )

    def test_too_many_rows_are_refused_at_once(self):
        with self.assertRaisesRegex(UserError, "Argument rows: expected at most 1000 rows"):
            self.api.upsert_members([{}] * 1001)
        with self.assertRaisesRegex(UserError, "Argument rows: expected a list"):
            self.api.upsert_members({"external_id": "a"})

    def test_many_rows_take_few_queries(self):
        rows = [{"external_id": f"m{n}", "name": f"Member {n}"} for n in range(200)]
        self.api.upsert_members(rows[:1])
        self.env.flush_all()
        with self.assertQueryCount(15):
            self.assertEqual(
                self._told(self.api.upsert_members(rows))[:2], ["unchanged", "created"]
            )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestUpsertContracts(ApiCommon):
    def _row(self, **given):
        return {
            "external_id": "c1",
            "member_external_id": "a",
            "plan": "ADULT",
            "date_start": "2026-01-01",
        } | given

    def _upsert(self, **given):
        [answer] = self._as(self.desk).upsert_contracts([self._row(**given)])
        self.assertEqual(answer["error"], "")
        return answer["outcome"], self.env["membership.contract"].browse(answer["contract_id"])

    def setUp(self):
        super().setUp()
        self.anna = self._member("Anna Berg", mbn_external_id="a")
        self.parent = self._member("Per Berg", mbn_external_id="p", mbn_member_number="8001")

    def test_a_contract_is_made_with_all_it_names(self):
        self.product.default_code = "LOCKER"
        outcome, contract = self._upsert(
            payer_member_number="8001",
            association="N",
            billed_from="2026-02-01",
            sales_channel="web",
            campaign="spring",
            lines=[{"product": "LOCKER", "quantity": 2, "price": "15.50"}],
        )
        self.assertEqual(outcome, "created")
        self.assertEqual(contract.state, "confirmed")
        self.assertEqual((contract.member_id, contract.payer_id), (self.anna, self.parent))
        self.assertEqual((contract.plan_id, contract.association_id), (self.adult, self.north))
        self.assertEqual(contract.billed_from, date(2026, 2, 1))
        self.assertEqual((contract.sales_channel, contract.campaign), ("web", "spring"))
        line = contract.line_ids
        self.assertEqual((line.product_id, line.quantity, line.price_unit), (self.product, 2, 15.5))
        again, same = self._upsert(lines=[{"product": "LOCKER", "quantity": 2, "price": "15.50"}])
        self.assertEqual((again, same), ("unchanged", contract))

    def test_payer_association_and_texts_change_on_an_existing_contract(self):
        contract = self._upsert()[1]
        self.assertEqual(contract.payer_id, self.anna)
        outcome, same = self._upsert(payer_external_id="p", association="S", campaign="autumn")
        self.assertEqual((outcome, same), ("updated", contract))
        self.assertEqual(contract.payer_id, self.parent)
        self.assertEqual(contract.association_id, self.south)
        self.assertEqual(contract.campaign, "autumn")
        change = contract.change_ids.filtered(lambda change: change.kind == "payer")
        self.assertEqual(change.filtered("reason").mapped("reason"), ["joined", "request"])

    def test_the_plan_changes_at_the_end_of_what_is_billed(self):
        contract = self._upsert()[1]
        self._period(contract, "2026-01-01", "2026-01-31")
        outcome, _same = self._upsert(plan="YOUTH")
        self.assertEqual(outcome, "updated")
        self.assertEqual(contract.plan_id, self.adult)
        self.assertEqual(contract.next_plan_id, self.youth)
        self.assertEqual(contract.next_plan_date, date(2026, 2, 1))
        self.assertEqual(self._upsert(plan="YOUTH")[0], "unchanged")
        self.assertEqual(self._upsert(plan="ADULT")[0], "updated")
        self.assertFalse(contract.next_plan_id)

    def test_what_cannot_change_is_told(self):
        self._upsert()
        for given, error in (
            ({"date_start": "2026-01-02"}, "date_start"),
            ({"billed_from": "2026-01-02"}, "billed_from"),
            ({"date_end": "2026-12-31"}, "date_end"),
            ({"member_external_id": "p"}, "member_id"),
        ):
            [answer] = self.api.upsert_contracts([self._row(**given)])
            self.assertEqual(answer["outcome"], "error")
            self.assertEqual(
                answer["error"],
                f"{error}: expected what the contract has: it cannot be changed here.",
            )
            self.assertTrue(answer["contract_id"])

    def test_a_draft_is_confirmed_later(self):
        outcome, contract = self._upsert(confirm=False)
        self.assertEqual((outcome, contract.state), ("created", "draft"))
        self.assertEqual(self._upsert(confirm=False)[0], "unchanged")
        self.assertEqual(self._upsert()[0], "updated")
        self.assertEqual(contract.state, "confirmed")

    def test_bad_rows_hinder_none(self):
        company = self._member("Employer", is_company=True)
        self._member("Contact", parent_id=company.id, mbn_external_id="contact")
        rows = [
            self._row(external_id="g1"),
            self._row(external_id="x1", plan="NONE"),
            self._row(external_id="x2", member_external_id="nobody"),
            self._row(external_id="x3", member_number="8001"),
            self._row(external_id="x4", association="X"),
            self._row(external_id="x5", payer_external_id="contact"),
            self._row(external_id="x6", date_end="2025-01-01"),
            self._row(external_id="x7", lines=[{"quantity": 1}]),
            self._row(external_id="x8", confirm="yes"),
            self._row(external_id="x9", date_start=""),
            self._row(external_id="x10", member_external_id=""),
            self._row(external_id="g2", member_external_id="", member_id=self.parent.id),
        ]
        answers = self.api.upsert_contracts(rows)
        errors = self._told(answers, "error")
        self.assertEqual(self._told(answers)[0], "created")
        self.assertEqual(self._told(answers)[-1], "created")
        self.assertEqual(set(self._told(answers)[1:-1]), {"error"})
        self.assertEqual(errors[1], "plan: expected the code of one plan of your company.")
        self.assertEqual(
            errors[2],
            "member_external_id: expected the external id of a member you may see.",
        )
        self.assertEqual(errors[3], "member_number: expected nothing beside member_external_id.")
        self.assertEqual(
            errors[4], "association: expected the code of one association you may see."
        )
        self.assertIn("Contact is a contact of Employer", errors[5])
        self.assertEqual(errors[6], "A contract cannot end before it starts.")
        self.assertEqual(errors[7], "lines: expected a product in each line.")
        self.assertEqual(errors[8], "confirm: expected true or false.")
        self.assertEqual(errors[9], "date_start: expected a value for a new contract.")
        self.assertEqual(errors[10], "member_id: expected who the member is.")
        contracts = self.env["membership.contract"].search(
            [("member_id", "in", (self.anna | self.parent).ids)]
        )
        self.assertEqual(sorted(contracts.mapped("external_id")), ["g1", "g2"])

    def test_an_administrator_keeps_to_the_own_association(self):
        theirs = self._contract(self.adult, association_id=self.south.id, external_id="south")
        local = self._as(self.local)
        member = local.upsert_members([{"external_id": "n", "name": "Nina Nord"}])[0]
        self.assertEqual(member["outcome"], "created")
        answers = local.upsert_contracts(
            [
                self._row(external_id="n1", member_external_id="n", association="N"),
                self._row(external_id="n2", member_external_id="n", association="S"),
                self._row(external_id="south", member_external_id="n", association="N"),
                {"external_id": "n3", "contract_id": theirs.id},
                self._row(external_id="n4", association="N"),
            ]
        )
        self.assertEqual(
            [(answer["outcome"], answer["error"]) for answer in answers],
            [
                ("created", ""),
                ("error", "association: expected the code of one association you may see."),
                ("error", "Your rights do not allow this."),
                ("error", "contract_id: expected the id of a contract you may see."),
                (
                    "error",
                    "member_external_id: expected the external id of a member you may see.",
                ),
            ],
        )
        self.assertEqual(
            self._told(local.upsert_members([{"external_id": "a", "name": "Stolen"}]), "error"),
            ["Your rights do not allow this."],
        )
        self.assertEqual(self.anna.name, "Anna Berg")
        self.assertNotIn(self.anna.id, self._told(local.list_members(limit=1000), "member_id"))
        self.assertEqual(self._told(local.list_contracts(), "external_id"), ["n1"])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEntitlement(ApiCommon):
    def _ask(self, contract, **given):
        return self._as(self.desk).entitlement(**(given or {"member_id": contract.member_id.id}))

    def test_a_paid_member_may_in(self):
        contract = self._contract(self.adult, member=self._member(mbn_external_id="e"))
        self._period(contract, "2026-01-01", "2026-01-31", "paid")
        expected = {
            "entitled": True,
            "status": "active",
            "reason": "paid",
            "reason_text": "Paid",
            "paid_until": "2026-01-31",
            "plan": "ADULT",
            "member_id": contract.member_id.id,
            "contract_id": contract.id,
            "valid_from": "2026-01-01",
            "valid_to": "",
            "next_check": "2026-02-01",
        }
        self.assertEqual(self._ask(contract), expected)
        self.assertEqual(self._ask(contract, member_number=contract.member_number), expected)
        self.assertEqual(self._ask(contract, member_external_id="e"), expected)

    def test_why_not(self):
        contract = self._contract(self.adult)
        self._period(contract, "2026-01-01", "2026-01-31", due="2026-01-15")
        told = []
        for day in (date(2026, 1, 15), date(2026, 1, 16), date(2026, 1, 26)):
            self._set_today(day)
            answer = self._ask(contract)
            told.append((answer["entitled"], answer["status"], answer["reason"]))
        self.assertEqual(
            told,
            [
                (True, "active", "not_due"),
                (True, "waiting", "grace"),
                (False, "suspended", "unpaid"),
            ],
        )

    def test_the_answer_does_not_wait_for_the_nightly_update(self):
        contract = self._contract(self.adult)
        contract._end(date(2026, 1, 10))
        self.assertTrue(self._ask(contract)["entitled"])
        self._set_today(date(2026, 1, 11))
        answer = self._ask(contract)
        self.assertEqual((answer["entitled"], answer["reason"]), (False, "ended"))

    def test_the_best_of_several_contracts_counts(self):
        member = self._member()
        ended = self._contract(self.adult, member=member)
        ended._end(date(2026, 1, 5))
        later = self._contract(self.youth, member=member, start="2026-03-01")
        self._set_today(date(2026, 1, 10))
        self.assertEqual(self._ask(ended)["reason"], "not_started")
        self._set_today(date(2026, 3, 1))
        answer = self._ask(ended)
        self.assertEqual((answer["entitled"], answer["contract_id"]), (True, later.id))

    def test_nobody_and_no_membership_look_the_same(self):
        without = self._ask(None, member_id=self._member().id)
        self.assertEqual(without, self._ask(None, member_number="no such number"))
        self.assertEqual(
            (without["entitled"], without["reason"], without["reason_text"]),
            (False, "no_membership", "No membership"),
        )
        south = self._contract(self.adult, association_id=self.south.id)
        self.assertEqual(without, self._as(self.local).entitlement(member_id=south.member_id.id))

    def test_the_member_is_named_in_one_way(self):
        for given in ({}, {"member_id": 1, "member_number": "1"}):
            with self.assertRaisesRegex(UserError, "just one of member_id, member_number and"):
                self.api.entitlement(**given)

    def test_many_are_answered_in_order(self):
        first, second = (
            self._contract(self.adult, member=self._member(mbn_external_id=key)) for key in "12"
        )
        answers = self._as(self.desk).entitlements(
            [
                {"member_external_id": "2"},
                {"member_number": "no such number"},
                {"member_number": first.member_number},
                {"member_id": second.member_id.id},
            ]
        )
        self.assertEqual(self._told(answers, "contract_id"), [second.id, 0, first.id, second.id])
        self.assertEqual(self._as(self.desk).entitlements([]), [])

    def test_a_door_asks_two_queries(self):
        contract = self._contract(self.adult)
        number = contract.member_number
        desk = self._as(self.desk)
        self.env.flush_all()
        self.env.invalidate_all()
        desk.entitlement(member_number=number)
        for model in ("membership.contract", "membership.plan", "res.partner"):
            self.env[model].invalidate_model()
        with self.assertQueryCount(2):
            self.assertTrue(desk.entitlement(member_number=number)["entitled"])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestChanges(ApiCommon):
    def setUp(self):
        super().setUp()
        log = type(self.env["billing.change"])
        # What this very transaction changed is told, too: a test commits nothing.
        self.startPatcher(
            patch.object(log, "_horizon", lambda _self: SQL("'18446744073709551615'::xid8"))
        )

    def _changes(self, api=None, **given):
        self.env.flush_all()
        return (self.api if api is None else api).changes(**given)

    def _all(self, **given):
        """Every change from the beginning, page by page."""
        rows, since, more = [], "", True
        while more:
            page = self._changes(since=since, **given)
            since, more = page["cursor"], page["more"]
            rows += page["changes"]
        return rows

    def test_each_kind_is_told_with_its_row(self):
        contract = self._contract(self.adult, external_id="c1")
        invoice = self._invoice(contract.payer_id, 100.0)
        rows = self._all()
        member = next(
            row for row in rows if (row["kind"], row["id"]) == ("member", contract.member_id.id)
        )
        self.assertEqual((member["name"], member["status"]), ("Ola Nordmann", "active"))
        self.assertRegex(member["changed_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        told = next(row for row in rows if (row["kind"], row["id"]) == ("contract", contract.id))
        self.assertEqual((told["external_id"], told["plan"]), ("c1", "ADULT"))
        told = next(row for row in rows if (row["kind"], row["id"]) == ("invoice", invoice.id))
        self.assertEqual((told["amount"], told["state"]), ("100.00", "open"))

    def test_drafts_and_contacts_are_not_told_but_a_taken_back_invoice_is(self):
        contact = self._member("Only a contact")
        draft = self._invoice(self.payer, 100.0, post=False)
        posted = self._invoice(self.payer, 100.0)
        posted.button_cancel() if posted.state == "draft" else posted.button_draft()
        told = {(row["kind"], row["id"]): row for row in self._all()}
        self.assertNotIn(("member", contact.id), told)
        self.assertNotIn(("invoice", draft.id), told)
        self.assertEqual(told["invoice", posted.id]["state"], "draft")

    def test_pages_tell_all_and_the_end_is_quiet(self):
        contracts = self.env["membership.contract"].union(
            *(self._contract(self.adult) for _number in range(5))
        )
        whole = {(row["kind"], row["id"]) for row in self._all(limit=1000)}
        small = {(row["kind"], row["id"]) for row in self._all(limit=2)}
        self.assertEqual(whole, small)
        self.assertLessEqual({("contract", contract.id) for contract in contracts}, whole)
        end = self._changes(since="", limit=1000)
        quiet = self._changes(since=end["cursor"])
        self.assertEqual(quiet, {"changes": [], "cursor": end["cursor"], "more": False})

    def test_kinds_narrow_what_is_told(self):
        self._contract(self.adult)
        self.assertEqual({row["kind"] for row in self._all(kinds=["contract"])}, {"contract"})
        with self.assertRaisesRegex(UserError, "kinds: expected one of member, contract, invoice"):
            self._changes(kinds=["plan"])

    def test_rights_hold(self):
        north = self._contract(self.adult, association_id=self.north.id)
        south = self._contract(self.adult, association_id=self.south.id)
        self.env["billing.change"]._cluster()
        told = self._changes(self._as(self.local), limit=1000)["changes"]
        self.assertIn(("contract", north.id), {(row["kind"], row["id"]) for row in told})
        self.assertNotIn(south.id, {row["id"] for row in told if row["kind"] == "contract"})
        self.assertNotIn(south.member_id.id, {row["id"] for row in told if row["kind"] == "member"})
        desk = self._changes(self._as(self.desk), limit=1000)["changes"]
        self.assertNotIn("payment", {row["kind"] for row in desk})
        with self.assertRaises(AccessError):
            self._changes(self._as(self.desk), kinds=["payment"])

    def test_a_cursor_is_taken_as_it_was_given_or_refused(self):
        for since in ("yesterday", "1/2/3", "1/1-1/99999999999999999999/member/1"):
            with self.assertRaisesRegex(UserError, "since: expected the cursor of an earlier"):
                self._changes(since=since)

    def test_after_a_restore_elsewhere_everything_is_told_again(self):
        contract = self._contract(self.adult)
        end = self._changes(limit=1000)
        self.assertFalse(self._changes(since=end["cursor"])["changes"])
        log = type(self.env["billing.change"])
        with patch.object(log, "_present_cluster", lambda _self: "99-1"):
            again = self._changes(since=end["cursor"], limit=1000)
            self.assertIn(contract.id, self._told(again["changes"], "id"))
            self.assertEqual(self.env["billing.change"]._after(None, ["contract"], 1)[0][0][0], "0")
            self.assertFalse(self._changes(since=again["cursor"])["changes"])

    def test_superseded_changes_are_forgotten(self):
        contract = self._contract(self.adult)
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO billing_change VALUES ('1', 'contract', %s, now()), "
            "('2', 'contract', %s, now())",
            [contract.id, contract.id],
        )
        self.env["billing.change"]._gc_superseded()
        self.env.cr.execute(
            "SELECT transaction FROM billing_change WHERE kind = 'contract' AND res_id = %s",
            [contract.id],
        )
        [(kept,)] = self.env.cr.fetchall()
        self.env.cr.execute("SELECT pg_current_xact_id()")
        self.assertEqual(kept, self.env.cr.fetchone()[0])

    def test_uninstalling_leaves_no_trigger_on_the_tables_of_others(self):
        self.env["billing.change"]._uninstall()
        self.env.cr.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'billing_change%'")
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self._member("Written without the table")
        self.env.flush_all()

    def test_what_was_there_before_is_told_from_the_beginning(self):
        contract = self._contract(self.adult)
        self.env.flush_all()
        log = self.env["billing.change"]
        log._uninstall()
        log._install()
        told, _position = log._after(None, ["contract"], 1000)
        self.assertIn(contract.id, [change.res_id for change in told])


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOutsiders(ApiCommon):
    def test_members_on_the_portal_are_not_served(self):
        member = new_test_user(self.env, login="api-portal", groups="base.group_portal")
        self._contract(self.adult, member=member.partner_id, external_id="c1")
        api = self._as(member)
        for method, *arguments in (
            ("list_members",),
            ("search_members", "Ola"),
            ("list_contracts",),
            ("list_invoices",),
            ("list_payments",),
            ("entitlement", member.partner_id.id),
            ("entitlements", []),
            ("changes",),
            ("create_member", "Ola"),
            ("upsert_members", []),
            ("upsert_contracts", []),
            ("sign_up", {"name": "Ola"}, {}),
            ("cancel_contract", 0, "c1"),
            ("pause_contract", 0, "c1"),
            ("resume_contract", 0, "c1"),
            ("change_contract", 0, "c1", "YOUTH"),
        ):
            with self.subTest(method=method), self.assertRaises(AccessError):
                getattr(api, method)(*arguments)

    def test_an_outside_partner_leaves_drafts_for_the_office(self):
        agency = self._user("agency", "group_outside_partner")
        others = self._contract(self.adult, external_id="office")
        answer = self._as(agency).sign_up(
            {"name": "Street Donor", "external_id": "s1"},
            {"plan": "ADULT", "date_start": "2026-01-01", "external_id": "sc1"},
        )
        self.assertEqual(answer["contract"]["decision"], "draft")
        self.assertEqual(self._told(self._as(agency).list_contracts(), "external_id"), ["sc1"])
        row = {"external_id": "sc1", "campaign": "spring"}
        self.assertEqual(self._told(self._as(agency).upsert_contracts([row])), ["updated"])
        for given in ({"external_id": "office"}, {"contract_id": others.id}):
            with self.assertRaisesRegex(UserError, "of a (record|contract) you may see"):
                self._as(agency).cancel_contract(**given)
