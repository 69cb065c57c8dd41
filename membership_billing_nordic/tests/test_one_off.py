import base64
from unittest.mock import patch

import psycopg2
from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .contract_common import ContractCommon

ADDRESS = {"street": "Storgata 1", "zip": "0155", "city": "Oslo"}


class OneOffCommon(ContractCommon):
    """Ola and Kari are members, Kari's mother pays for her; a product and an extra plan."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_send_invoices = True
        cls.shirt = cls._product("Shirt")
        cls.shirt.write({"default_code": "SHIRT", "lst_price": 150.0})
        cls.guest = cls._plan("Guest", amount=90.0, code="GUEST")
        cls.mother = cls._payer("Mother", email="mother@example.com")
        cls.of_ola = cls._contract()
        cls.ola = cls.of_ola.member_id
        cls.of_kari = cls._contract(member=cls._payer("Kari"), payer_id=cls.mother.id)

    def _one_off(self, *contracts, user=None, items=None, **vals):
        one_off = self.env["billing.one.off"].with_user(user or self.env.user)
        return one_off.create(
            {
                "item_ids": [
                    Command.create(item) for item in items or [{"product_id": self.shirt.id}]
                ],
                "line_ids": [Command.create({"contract_id": one.id}) for one in contracts],
            }
            | vals
        )

    def _list(self, text, **vals):
        return self.env["billing.one.off"].create(
            {"content": base64.b64encode(text.encode()), "file_name": "camp.csv"} | vals
        )

    def _problems(self, one_off):
        return [(line.problem_kind, line.problem) for line in one_off.out_line_ids]


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOneOff(OneOffCommon):
    def test_one_invoice_with_all_kinds_of_lines(self):
        action = self.of_kari.action_one_off()
        one_off = self.env[action["res_model"]].browse(action["res_id"])
        one_off.item_ids = [
            Command.create({"product_id": self.shirt.id, "quantity": 2}),
            Command.create({"name": "A lost key", "price_unit": 35.5}),
            Command.create({"plan_id": self.guest.id}),
        ]
        self.company.mbn_text_product_id = self._product("Other")
        one_off.action_preview()
        line = one_off.line_ids
        self.assertEqual((line.amount, line.payer_id, line.state), (425.5, self.mother, "pending"))
        self.assertEqual((line.channel, str(line.date_due)), ("email", "2027-01-15"))
        self.assertFalse(line.invoice_id)
        one_off.action_confirm()
        invoice = line.invoice_id
        self.assertEqual(one_off.state, "done")
        self.assertEqual((invoice.state, invoice.amount_total), ("posted", 425.5))
        self.assertEqual(
            invoice.invoice_line_ids.mapped("name"),
            ["Shirt, Kari", "A lost key, Kari", "Guest, Kari"],
        )
        self.assertEqual(invoice.mbn_agreement_id, self.agreement)
        self.assertEqual(invoice.mbn_reference_id.move_id, invoice)
        self.assertEqual(invoice.mbn_send_state, "waiting")
        self.assertEqual(invoice.mbn_contract_ids, self.of_kari)
        charges = invoice.mbn_charge_ids
        self.assertEqual(set(charges.mapped("kind")), {"single"})
        self._pay(invoice)
        self.assertEqual(set(charges.mapped("state")), {"paid"})
        self.assertFalse(self.of_kari.period_ids)

    def test_a_person_without_membership(self):
        stranger = self._payer("Stranger", email="stranger@example.com")
        action = stranger.action_mbn_one_off()
        one_off = self.env[action["res_model"]].browse(action["res_id"])
        one_off.item_ids = [Command.create({"product_id": self.shirt.id})]
        shown = one_off.action_confirm()
        invoice = self.env["account.move"].browse(shown["res_id"])
        self.assertEqual((invoice.partner_id, invoice.amount_total), (stranger, 150.0))
        self.assertEqual(str(invoice.invoice_date_due), "2027-01-15")
        self.assertTrue(invoice.payment_reference)

    def test_a_member_is_invoiced_by_the_membership(self):
        action = (self.of_kari.member_id | self.ola).action_mbn_one_off()
        one_off = self.env[action["res_model"]].browse(action["res_id"])
        self.assertEqual(one_off.line_ids.contract_id, self.of_kari | self.of_ola)

    def test_who_is_left_out_and_why(self):
        dead = self._contract(member=self._payer("Nobody"))
        wrong = self._contract(member=self._payer("Wrong", email="ola@nowhere"))
        letter = self._contract(member=self._payer("Letter", email="x@y", **ADDRESS))
        blocked = self._contract(member=self._payer("Blocked", email="b@example.com"))
        self.env["billing.block"].create(
            {"contract_id": blocked.id, "date_from": "2027-01-01", "reason": "other"}
        )
        euro = self._plan("Euro", currency_id=self.env.ref("base.EUR").id)
        abroad = self._contract(plan=euro, member=self._payer("Abroad", email="a@example.com"))
        self.env["billing.delivery.step"].create(
            [{"channel": channel} for channel in ("email", "letter", "portal")]
        )
        one_off = self._one_off(self.of_ola, dead, wrong, letter, blocked, abroad)
        one_off.action_preview()
        self.assertEqual(
            {line.member_id.name: line.problem_kind for line in one_off.out_line_ids},
            {"Nobody": "address", "Wrong": "email", "Blocked": "blocked", "Abroad": "currency"},
        )
        self.assertEqual(
            {line.member_id.name: line.channel for line in one_off.bill_line_ids},
            {"Ola Nordmann": "email", "Letter": "letter"},
        )
        self.assertEqual((one_off.bill_count, one_off.amount_total), (2, 300.0))
        self.assertIn("By means of payment", one_off.totals)
        self.assertEqual(one_off.out_line_ids[0].action_fix()["res_id"], dead.member_id.id)
        one_off.unreached = True
        self.assertEqual(one_off.state, "draft")
        dead.member_id.email = "found@example.com"
        one_off.action_confirm()
        self.assertEqual(one_off.made_count, 4)
        self.assertFalse(blocked.charge_ids or abroad.charge_ids)

    def test_a_currency_that_the_agreement_does_not_take(self):
        euro = self.env.ref("base.EUR")
        stranger = self._payer("Stranger", email="stranger@example.com")
        one_off = self._one_off(currency_id=euro.id)
        one_off.line_ids = [Command.create({"member_id": stranger.id})]
        with self.assertRaisesRegex(UserError, "takes no EUR"):
            one_off.action_confirm()
        self.assertEqual(one_off.state, "preview")
        self.assertFalse(stranger.invoice_ids)

    def test_what_is_made_is_what_was_looked_through(self):
        one_off = self._one_off(self.of_ola, self.of_kari)
        one_off.action_preview()
        self.of_kari._change({"payer_id": self.ola.id})
        one_off.action_confirm()
        self.assertEqual((one_off.made_count, one_off.out_count), (1, 1))
        self.assertEqual(one_off.out_line_ids.problem_kind, "changed")
        with self.assertRaisesRegex(UserError, "made already"):
            one_off.with_user(self._clerk("user")).unreached = True

    def test_many_in_chunks_and_each_once(self):
        members = [self._payer(f"M{number}", email="m@example.com") for number in range(6)]
        one_off = self._one_off()
        one_off.line_ids = [Command.create({"member_id": member.id}) for member in members]
        path = "odoo.addons.membership_billing_nordic.models.membership.billing_one_off"
        with patch(f"{path}.AT_ONCE", 2), patch.object(type(one_off), "_run_chunk_size", 2):
            one_off.action_preview()
            one_off.action_confirm()
            self.assertEqual((one_off.state, one_off.made_count), ("confirmed", 0))
            with self._commits(seconds=0):
                one_off._cron_work()
            self.assertEqual((one_off.state, one_off.made_count), ("confirmed", 2))
            with self._commits():
                one_off._cron_work()
        invoices = one_off.line_ids.invoice_id
        self.assertEqual((one_off.state, len(invoices)), ("done", 6))
        self.assertEqual(len(set(invoices.mapped("payment_reference"))), 6)
        line = one_off.line_ids[0]
        line.sudo().write({"state": "pending", "invoice_id": False})
        one_off.sudo().state = "confirmed"
        with self._commits(), mute_logger("odoo.sql_db", "odoo.addons.membership_billing_nordic"):
            one_off._cron_work()
        self.assertEqual(line.state, "failed")
        self.assertIn("invoiced to this recipient already", line.problem)

    def test_the_database_lets_nothing_be_invoiced_twice(self):
        one_off = self._one_off(self.of_ola)
        one_off.action_confirm()
        line = one_off.line_ids.invoice_id.invoice_line_ids
        copy = line.move_id.copy()
        self.assertFalse(copy.invoice_line_ids.mbn_one_off_line_id)
        with self.assertRaises(psycopg2.IntegrityError), mute_logger("odoo.sql_db"):
            copy.invoice_line_ids.write(
                {
                    "mbn_one_off_line_id": line.mbn_one_off_line_id.id,
                    "mbn_one_off_item_id": line.mbn_one_off_item_id.id,
                }
            )
            self.env.flush_all()

    def test_preview_of_an_invoice_that_does_not_exist(self):
        self.company.mbn_invoice_pdf = "notice"
        one_off = self._one_off(self.of_kari)
        one_off.action_preview()
        moves = self.env["account.move"].search_count([])
        action = one_off.line_ids.action_look()
        shown = self.env[action["res_model"]].browse(action["res_id"])
        self.assertTrue(shown.pdf)
        self.assertIn("150.00", shown.facts)
        self.assertEqual(shown.email_to, "mother@example.com")
        self.assertEqual(self.env["account.move"].search_count([]), moves)
        self.assertEqual((one_off.state, one_off.line_ids.state), ("preview", "pending"))

    def test_a_second_person(self):
        self.company.mbn_second_person = True
        one_off = self._one_off(self.of_ola)
        one_off.action_preview()
        with self.assertRaisesRegex(UserError, "Somebody else has to release it"):
            one_off.action_confirm()
        one_off.with_user(self._clerk("user")).action_confirm()
        self.assertEqual(one_off.made_count, 1)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOneOffList(OneOffCommon):
    def test_good_rows_are_used_and_wrong_ones_told(self):
        numbers = self.ola.mbn_member_number, self.of_kari.member_id.mbn_member_number
        one_off = self._list(
            "member_number;description;amount;quantity;product\r\n"
            f"{numbers[0]};Camp;1 250,50;;\r\n"
            f"{numbers[0]};;;2;SHIRT\r\n"
            f"{numbers[1]};Camp;12x;;\r\n"
            "99999999;Camp;100;;\r\n"
            f"{numbers[1]};Camp;1.250;;\r\n"
            f"{numbers[1]};;;;HAT\r\n"
            f"{numbers[1]};Camp;100;0;\r\n"
            f"{numbers[1]};Camp\r\n"
        )
        self.company.mbn_text_product_id = self._product("Other")
        one_off.action_read_list()
        self.assertEqual(one_off.bill_line_ids.contract_id, self.of_ola)
        self.assertEqual((one_off.bill_count, one_off.amount_total), (1, 1550.5))
        thousands = "a number as 450.00 or 450,00, without separators of thousands"
        self.assertEqual(
            [line.problem for line in one_off.out_line_ids],
            [
                f"camp.csv, line 4, column amount: “12x” - expected {thousands}.",
                "camp.csv, line 5, column member_number: “99999999” - expected the number of a "
                "member you may see.",
                f"camp.csv, line 6, column amount: “1.250” - expected {thousands}.",
                "camp.csv, line 7, column product: “HAT” - expected the internal reference of one "
                "product.",
                "camp.csv, line 8, column quantity: “0” - expected a number above zero.",
                "camp.csv, line 9: expected as many cells as there are columns.",
            ],
        )
        one_off.action_confirm()
        self.assertEqual(
            one_off.line_ids.invoice_id.invoice_line_ids.mapped("price_total"), [1250.5, 300.0]
        )

    def test_a_payer_number_names_who_pays(self):
        invoice = (
            self._bill("2027-01-01")
            .line_ids.filtered(lambda line: line.payer_id == self.mother)
            .invoice_id
        )
        [row] = self.mother.mbn_payer_number_ids
        one_off = self._list(f"payer_number,plan\n{row.number},GUEST\n")
        one_off.action_read_list()
        self.assertEqual(one_off.bill_line_ids.payer_id, invoice.partner_id)
        self.assertEqual(one_off.bill_line_ids.contract_id, self.of_kari)
        self.assertEqual(one_off.amount_total, 90.0)

    def test_a_list_that_cannot_be_read_says_which(self):
        with self.assertRaisesRegex(UserError, "camp.csv: The list has a column price"):
            self._list("member_number;price\n1;2\n").action_read_list()
        one_off = self._list("member_number;description;amount\n1;Camp;5\n")
        one_off.action_read_list()
        with self.assertRaisesRegex(UserError, "Nobody is left to be invoiced"):
            one_off.action_confirm()
        one_off.content = base64.b64encode(
            f"member_number;description;amount\n{self.ola.mbn_member_number};Camp;5\n".encode()
        )
        one_off.action_read_list()
        self.assertEqual((one_off.bill_count, one_off.out_count), (1, 0))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOneOffRights(OneOffCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        clubs = cls.env["res.partner"].create([{"name": "North"}, {"name": "South"}])
        cls.north, cls.south = cls.env["membership.association"].create(
            [{"partner_id": club.id} for club in clubs]
        )
        cls.of_ola.association_id = cls.north
        cls.of_kari.association_id = cls.south
        cls.treasurer = new_test_user(
            cls.env, "treasurer", "membership_billing_nordic.group_association_administrator"
        )
        cls.north.administrator_ids = cls.treasurer
        cls.company.mbn_associations_bill = True
        cls.api = cls.env["billing.api"].with_user(cls.treasurer)

    def _row(self, contract, **vals):
        return {"contract_id": contract.id, "product": "SHIRT"} | vals

    def test_an_administrator_invoices_own_members(self):
        call = {"rows": [self._row(self.of_ola, quantity=2)], "external_id": "shirts-1"}
        answer = self.api.make_invoices(**call)
        self.assertEqual(self.api.make_invoices(**call), answer)
        self.assertEqual((answer["state"], answer["amount"]), ("done", "300.00"))
        [row] = answer["invoices"]
        self.assertEqual((row["amount"], row["contract_ids"]), ("300.00", self.of_ola.ids))
        invoice = self.env["account.move"].browse(row["invoice_id"])
        self.assertEqual(invoice.with_user(self.treasurer).amount_total, 300.0)
        next_one = self.api.next_invoice(contract_id=self.of_ola.id)
        self.assertEqual((next_one["amount"], next_one["problems"]), ("1200.00", []))
        run = self._bill("2027-01-01")
        billed = run.line_ids.filtered(lambda line: line.contract_id == self.of_ola).invoice_id
        self.assertEqual((invoice | billed).mapped("mbn_association_id"), self.north)

    def test_and_nobody_else(self):
        answer = self.api.make_invoices(
            rows=[self._row(self.of_kari), {"member_id": self.mother.id, "product": "SHIRT"}]
        )
        self.assertEqual(answer["invoices"], [])
        self.assertEqual([row["reason"] for row in answer["recipients"]], ["row", "row"])
        self.assertIn("the id of a contract you may see", answer["recipients"][0]["problem"])
        one_off = self._one_off(self.of_ola, user=self.treasurer)
        with self.assertRaisesRegex(AccessError, "not among your members"):
            one_off.line_ids = [Command.create({"contract_id": self.of_kari.id})]
        with self.assertRaisesRegex(AccessError, "not among your members"):
            self._one_off(
                user=self.treasurer, line_ids=[Command.create({"member_id": self.ola.id})]
            )
        with self.assertRaises(AccessError):
            self.of_kari.with_user(self.treasurer).action_one_off()
        with self.assertRaises(AccessError):
            self.of_kari.with_user(self.treasurer).action_next_invoice()
        with self.assertRaises(UserError):
            self.api.next_invoice(contract_id=self.of_kari.id)
        self.company.mbn_associations_bill = False
        with self.assertRaisesRegex(AccessError, "invoiced by the office"):
            one_off.action_confirm()
        with self.assertRaisesRegex(AccessError, "invoiced by the office"):
            self.api.make_invoices(rows=[self._row(self.of_ola)])
        office = self._one_off(self.of_ola)
        with self.assertRaises(AccessError):
            office.with_user(self.treasurer).read(["name"])

    def test_nobody_writes_what_the_program_keeps(self):
        one_off = self._one_off(self.of_ola, user=self._clerk("user"))
        with self.assertRaisesRegex(AccessError, "kept by the program"):
            one_off.state = "confirmed"
        with self.assertRaisesRegex(AccessError, "kept by the program"):
            one_off.line_ids.payer_id = self.mother
        made = one_off.with_context(default_state="done").create({})
        self.assertEqual(made.state, "draft")
        with self.assertRaises(AccessError):
            self._one_off(self.of_ola, user=self._clerk("front_desk"))

    def test_over_the_network_a_preview_makes_nothing(self):
        api = self.env["billing.api"].with_user(self._clerk("user"))
        answer = api.make_invoices(
            rows=[self._row(self.of_ola), self._row(self.of_kari), self._row(self.of_ola)],
            preview=True,
        )
        self.assertEqual((answer["state"], answer["amount"]), ("preview", "450.00"))
        self.assertEqual([row["rows"] for row in answer["recipients"]], [[1, 3], [2]])
        self.assertFalse(self.env["billing.one.off"].search([]))
        with self.assertRaisesRegex(UserError, "Argument price: expected no such field"):
            api.make_invoices(rows=[{"price": "1.00"}])
