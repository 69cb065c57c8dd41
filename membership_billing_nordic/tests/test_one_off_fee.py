from odoo import Command
from odoo.tests import tagged

from .test_one_off import ADDRESS, OneOffCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOneOffFee(OneOffCommon):
    """Letters cost 49, also for a shirt; accounts and projects are those of memberships."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usual = cls.company_data["default_account_revenue"]
        cls.own = cls.usual.copy()
        cls.fee_product = cls._product("Invoice fee")
        cls.letters = cls.env["billing.invoice.fee"].create(
            {
                "amount": 49.0,
                "channel": "letter",
                "product_id": cls.fee_product.id,
                "date_from": "2026-01-01",
            }
        )
        cls.env["billing.delivery.step"].create(
            [{"sequence": 1, "channel": "email"}, {"sequence": 2, "channel": "letter"}]
        )
        cls.of_anne = cls._contract(member=cls._payer("Anne Papir", email=False, **ADDRESS))

    def _fees(self, one_off):
        return {line.member_id.name: (line.fee_amount, line.amount) for line in one_off.line_ids}

    def test_a_letter_costs_the_fee_an_email_nothing(self):
        one_off = self._one_off(self.of_kari, self.of_anne)
        one_off.action_preview()
        fees = {"Kari": (0.0, 150.0), "Anne Papir": (49.0, 199.0)}
        self.assertEqual(self._fees(one_off), fees)
        one_off.action_preview()
        self.assertEqual(self._fees(one_off), fees)
        action = one_off.line_ids[1].action_look()
        self.assertIn("199.00", self.env[action["res_model"]].browse(action["res_id"]).facts)
        one_off.action_confirm()
        self.assertEqual((one_off.made_count, one_off.amount_total), (2, 349.0))
        invoice = self._invoices(self.of_anne)
        self.assertEqual(invoice.amount_total, 199.0)
        self.assertEqual(
            [(line.name, line.mbn_charge_id.kind) for line in invoice.invoice_line_ids],
            [("Shirt", "single"), ("Invoice fee", "invoice_fee")],
        )
        self._pay(invoice)
        self.assertEqual(set(invoice.mbn_charge_ids.mapped("state")), {"paid"})

    def test_a_fee_need_not_be_for_one_off_invoices_or_the_first(self):
        for vals in ({"one_off": False}, {"one_off": True, "skip_first": True}):
            self.letters.write(vals)
            one_off = self._one_off(self.of_anne)
            one_off.action_preview()
            self.assertEqual(self._fees(one_off), {"Anne Papir": (0.0, 150.0)})
        self._bill_until("2027-01-01")
        one_off.action_preview()
        self.assertEqual(self._fees(one_off), {"Anne Papir": (49.0, 199.0)})

    def test_a_mandate_makes_it_free(self):
        self.letters.copy(
            {"means": "debit", "amount": 0.0, "product_id": False, "date_from": "2026-01-01"}
        )
        self.agreement.debit_out = True
        self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": self.of_anne.payer_id.id}
        ).action_activate()
        one_off = self._one_off(self.of_anne)
        one_off.action_preview()
        self.assertEqual(self._fees(one_off), {"Anne Papir": (0.0, 150.0)})

    def test_a_common_invoice_has_one_fee_at_its_end(self):
        self.company.mbn_common_invoice = True
        child = self._contract(member=self._payer("Ida"), payer_id=self.of_anne.payer_id.id)
        one_off = self._one_off(self.of_anne, child)
        one_off.action_confirm()
        invoice = one_off.line_ids.invoice_id
        self.assertEqual((len(invoice), invoice.amount_total), (1, 349.0))
        self.assertEqual(
            [line.mbn_charge_id.kind for line in invoice.invoice_line_ids],
            ["single", "single", "invoice_fee"],
        )
        self.assertEqual(invoice.invoice_line_ids[-1].product_id, self.fee_product)

    def test_strangers_pay_the_fee_and_a_changed_fee_is_looked_at_again(self):
        stranger = self._payer("Stranger", email=False, **ADDRESS)
        one_off = self._one_off(line_ids=[Command.create({"member_id": stranger.id})])
        one_off.action_preview()
        self.assertEqual(self._fees(one_off), {"Stranger": (49.0, 199.0)})
        self.letters.amount = 59.0
        one_off.action_confirm()
        self.assertEqual(one_off.line_ids.problem_kind, "changed")
        again = self._one_off(line_ids=[Command.create({"member_id": stranger.id})])
        again.action_confirm()
        invoice = again.line_ids.invoice_id
        self.assertEqual(invoice.amount_total, 209.0)
        self.assertFalse(invoice.mbn_charge_ids)

    def test_credited_with_the_rest_unless_owed_all_the_same(self):
        for is_credited, owed in ((True, 0.0), (False, 49.0)):
            self.letters.is_credited = is_credited
            one_off = self._one_off(self.of_anne)
            one_off.action_confirm()
            invoice = one_off.line_ids.invoice_id
            single = invoice.mbn_charge_ids.filtered(lambda charge: charge.kind == "single")
            single._credit({single: 150.0}, "No shirt left")
            self.assertEqual(invoice.amount_residual, owed)

    def test_posting_rules_hold_for_members_not_for_strangers(self):
        plan = self.env["account.analytic.plan"].create({"name": "Clubs"})
        club, mine = self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in ("Club", "Mine")]
        )
        rule = self.env["billing.posting.rule"].create(
            {"account_id": self.own.id, "analytic_distribution": {str(club.id): 100.0}}
        )
        self.of_ola.analytic_distribution = {str(mine.id): 100.0}
        stranger = self._payer("Stranger", email="stranger@example.com")
        items = [{"product_id": self.shirt.id}, {"plan_id": self.guest.id}]
        found = {}
        for scope in ("fee", "all"):
            rule.scope = scope
            one_off = self._one_off(self.of_anne, self.of_ola, items=items)
            one_off.action_confirm()
            lines = one_off.line_ids.invoice_id.invoice_line_ids
            found[scope] = [
                (line.account_id, list(map(int, line.analytic_distribution))) for line in lines
            ]
        fee, own, usual = [club.id], self.own, self.usual
        self.assertEqual(found["fee"][:3], [(usual, fee), (own, fee), (usual, fee)])
        self.assertEqual(found["fee"][3:], [(usual, [mine.id]), (own, [mine.id])])
        self.assertEqual(found["all"][:3], [(own, fee), (own, fee), (usual, fee)])
        one_off = self._one_off(line_ids=[Command.create({"member_id": stranger.id})])
        one_off.action_confirm()
        line = one_off.line_ids.invoice_id.invoice_line_ids
        self.assertEqual((line.account_id, line.analytic_distribution), (usual, False))
