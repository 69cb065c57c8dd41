from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .contract_common import ContractCommon

ADDRESS = {"street": "Storgata 1", "zip": "0155", "city": "Oslo"}


@tagged("post_install", "-at_install", "post_install_l10n")
class TestInvoiceFee(ContractCommon):
    """Letters cost 49, other invoices nothing; who pays by direct debit pays no fee."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.company_data["default_account_revenue"].copy()
        cls.fee_product = cls._product("Invoice fee")
        cls.fee_product.property_account_income_id = cls.account
        cls.fees = cls.env["billing.invoice.fee"]
        cls.letters = cls._fee(49.0, channel="letter")
        cls.env["billing.delivery.step"].create(
            [{"sequence": 1, "channel": "email"}, {"sequence": 2, "channel": "letter"}]
        )
        cls.on_paper = cls._payer("Anne Papir", **ADDRESS)

    @classmethod
    def _fee(cls, amount, **vals):
        return cls.fees.create(
            {"amount": amount, "product_id": cls.fee_product.id, "date_from": "2026-01-01"} | vals
        )

    def _lines(self, invoice):
        return [
            (line.name.partition(",")[0], line.price_total) for line in invoice.invoice_line_ids
        ]

    def _fees_of(self, run):
        return {line.payer_id.name: line.fee_amount for line in run.line_ids}

    def test_preview_quote_and_invoice_say_the_same(self):
        by_mail = self._contract()
        contract = self._contract(member=self.on_paper)
        self.assertEqual(
            [(line.text, line.amount) for line in contract._quote(self._clock["today"])],
            [("Yearly", 1200.0), ("Invoice Fee", 49.0)],
        )
        run = self._preview("2027-01-01")
        self.assertEqual(self._fees_of(run), {"Ola Nordmann": 0.0, "Anne Papir": 49.0})
        self.assertEqual(run.amount_total, 2449.0)
        run.action_confirm()
        self._work()
        invoice = self._invoices(contract)
        self.assertEqual(self._lines(invoice), [("Yearly", 1200.0), ("Invoice fee", 49.0)])
        fee = invoice.invoice_line_ids[1]
        self.assertEqual(fee.account_id, self.account)
        self.assertEqual(fee.mbn_charge_id.kind, "invoice_fee")
        self.assertEqual(self._invoices(by_mail).amount_total, 1200.0)
        self._pay(invoice)
        self.assertEqual(fee.mbn_charge_id.state, "paid")
        self.assertEqual(str(contract.paid_until), "2027-12-31")

    def test_a_mandate_makes_the_invoice_free(self):
        self._fee(0.0, means="debit", channel="letter", product_id=False)
        self.agreement.debit_out = True
        self.env["direct.debit.mandate"].create(
            {"agreement_id": self.agreement.id, "partner_id": self.on_paper.id}
        ).action_activate()
        contract = self._contract(member=self.on_paper)
        self.assertEqual(self._fees_of(self._preview("2027-01-01")), {"Anne Papir": 0.0})
        self.assertEqual(len(contract._quote(self._clock["today"])), 1)

    def test_plan_before_channel_first_invoice_and_donations(self):
        self._fee(20.0, plan_id=self.plan.id, skip_first=True)
        gift = self._plan("Gift", claim_kind="donation")
        self._contract(member=self.on_paper, plan=gift)
        contract = self._contract(member=self.on_paper)
        first = self._bill_until("2027-01-01")
        self.assertEqual(sum(first.line_ids.mapped("fee_amount")), 0.0)
        second = self._bill_until("2028-01-01")
        line = second.line_ids.filtered(lambda row: row.contract_id == contract)
        self.assertEqual((line.fee_amount, line.amount), (20.0, 1220.0))
        self.assertEqual(sum(second.line_ids.mapped("fee_amount")), 20.0)

    def test_a_common_invoice_has_one_fee(self):
        self.company.mbn_common_invoice = True
        children = [self._payer("Ida Papir"), self._payer("Per Papir")]
        contracts = [self._contract(member=one, payer_id=self.on_paper.id) for one in children]
        quotes = [len(one._quote(self._clock["today"])) for one in contracts]
        self.assertEqual(quotes, [2, 1])
        invoice = self._bill_until("2027-01-01").line_ids.invoice_id
        self.assertEqual(len(invoice), 1)
        self.assertEqual(invoice.amount_total, 2449.0)
        self.assertEqual(invoice.invoice_line_ids[-1].mbn_charge_id.kind, "invoice_fee")

    def test_taxes_of_the_fee_are_its_own(self):
        self.fee_product.taxes_id = [Command.set(self.vat.ids)]
        self._contract(member=self.on_paper)
        run = self._bill_until("2027-01-01")
        self.assertEqual(run.line_ids.fee_amount, round(49.0 * (1 + self.vat.amount / 100), 2))
        self.assertEqual(run.line_ids.invoice_id.amount_total, run.line_ids.amount)

    def test_credited_with_the_invoice_or_owed_all_the_same(self):
        for is_credited, owed in ((True, 0.0), (False, 49.0)):
            self.letters.is_credited = is_credited
            contract = self._contract(member=self.on_paper)
            self._bill_until("2027-01-01")
            invoice = self._invoices(contract)
            fees = contract.charge_ids.filtered(lambda charge: charge.kind == "fee")
            fees._credit({fees: 1200.0}, "Left")
            self.assertEqual(invoice.amount_residual, owed)
        partly = self._contract(member=self.on_paper)
        self.letters.is_credited = True
        self._bill_until("2027-01-01")
        fees = partly.charge_ids.filtered(lambda charge: charge.kind == "fee")
        fees._credit({fees: 600.0}, "Half of it")
        self.assertEqual(self._invoices(partly).amount_residual, 649.0)

    def test_all_that_is_left_is_without_the_fee_that_is_owed_all_the_same(self):
        self.letters.is_credited = False
        for asked_for, owed in (({}, 49.0), ({"with_kept": True}, 0.0)):
            contract = self._contract(member=self.on_paper)
            self._bill_until("2027-01-01")
            invoice = self._invoices(contract)
            wizard = self.env["billing.credit"].create({"move_id": invoice.id, **asked_for})
            self.assertTrue(wizard.has_kept)
            self.assertEqual((wizard.left, wizard.amount), (1249.0, 1249.0 - owed))
            wizard.action_credit()
            self.assertEqual(invoice.amount_residual, owed)
        self.assertEqual(contract.charge_ids.mapped("state"), ["void", "void"])

    def test_an_amount_and_single_lines_of_an_invoice_with_a_fee(self):
        self.letters.is_credited = False
        contract = self._contract(member=self.on_paper)
        self._bill_until("2027-01-01")
        invoice = self._invoices(contract)
        wizards = self.env["billing.credit"]
        wizards.create({"move_id": invoice.id, "scope": "amount", "amount": 200.0}).action_credit()
        self.assertEqual(invoice.reversal_move_ids.invoice_line_ids.mapped("price_total"), [200.0])
        by_line = wizards.create({"move_id": invoice.id, "scope": "lines"})
        by_line.line_ids.filtered(lambda row: row.left == 49.0).amount = 49.0
        by_line.action_credit()
        self.assertEqual(invoice.amount_residual, 1000.0)

    def test_what_is_billed_again_has_one_new_fee(self):
        contract = self._contract(member=self.on_paper)
        run = self._bill_until("2027-01-01")
        run.action_undo()
        self._work()
        self.assertEqual(self._invoices(contract).payment_state, "reversed")
        again = self._bill_until("2027-01-01").line_ids
        self.assertEqual((again.amount, again.fee_amount), (1249.0, 49.0))
        self.assertEqual(len(again.invoice_id.invoice_line_ids), 2)

    def test_a_fee_needs_a_product(self):
        with self.assertRaisesRegex(ValidationError, "choose the product"):
            self._fee(10.0, product_id=False)
