"""The Credit button: in full or in part, open or paid, and what it brings with it."""

from datetime import date

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .association_common import AssociationCommon
from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestInvoiceCredit(ContractCommon):
    """Ola's yearly membership of 1200, billed on 1 January 2027."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan.first_period = "month"
        cls.contract = cls._contract()

    def setUp(self):
        super().setUp()
        self._bill_until("2027-01-01")
        self.bill = self._invoices(self.contract)
        self.clerk = self._clerk("user")

    def _wizard(self, move=None, user=None, **vals):
        action = (move or self.bill).with_user(user or self.clerk).action_mbn_credit()
        wizard = self.env["billing.credit"].with_user(user or self.clerk).browse(action["res_id"])
        wizard.write(vals)
        return wizard

    def _credit_it(self, move=None, **vals):
        return self.env["account.move"].browse(
            self._wizard(move, **vals).action_credit().get("res_id")
        )

    def _owed(self, payer):
        lines = self.env["account.move.line"].search(
            [("partner_id", "=", payer.id), ("account_type", "=", "asset_receivable")]
        )
        posted = lines.filtered(lambda line: line.parent_state == "posted")
        return self.company.currency_id.round(sum(posted.mapped("balance")))

    def test_all_of_an_open_invoice_closes_it_and_its_period(self):
        note = self._credit_it(reason="mistake")
        self.assertRecordValues(
            note,
            [
                {
                    "state": "posted",
                    "move_type": "out_refund",
                    "amount_total": 1200.0,
                    "amount_residual": 0.0,
                    "invoice_date": date(2027, 1, 1),
                    "ref": "Invoiced by mistake",
                    "reversed_entry_id": self.bill.id,
                }
            ],
        )
        self.assertEqual((self.bill.amount_residual, self.bill.mbn_credited), (0.0, 1200.0))
        self.assertEqual(self.contract.period_ids.state, "credited")
        self.assertEqual(self._owed(self.contract.payer_id), 0.0)
        self.assertFalse(self.bill.with_user(self.clerk).mbn_can_credit)
        with self.assertRaisesRegex(UserError, "above zero"):
            self._credit_it()

    def test_what_stands_by_a_credit_note_pays_the_next_invoice_as_money_does(self):
        self._pay(self.bill)
        self._credit_it(reason="goodwill")
        self._bill_until("2028-01-01")
        newer = self._invoices(self.contract) - self.bill
        self.assertEqual((newer.amount_residual, newer.mbn_charge_ids.state), (0.0, "paid"))

    def test_a_part_of_a_paid_invoice_stands_and_pays_the_next_one(self):
        self._pay(self.bill)
        wizard = self._wizard(scope="amount", amount=300.0, reason="goodwill")
        for part in ("300.00", "Used by itself on the next invoice", "stays, at a lower price"):
            self.assertIn(part, wizard.preview)
        wizard.action_credit()
        self.assertEqual(self.contract.period_ids.state, "paid")
        self.assertEqual(self._owed(self.contract.payer_id), -300.0)
        self._bill_until("2027-12-20")
        newest = self._invoices(self.contract)[-1]
        self.assertEqual((newest.amount_total, newest.amount_residual), (1200.0, 900.0))
        self.assertEqual(self._owed(self.contract.payer_id), 900.0)

    def test_never_more_than_is_left(self):
        self._credit_it(scope="amount", amount=700.0)
        wizard = self._wizard(scope="amount", amount=500.01)
        self.assertEqual(wizard.left, 500.0)
        with self.assertRaisesRegex(UserError, "500.00"):
            wizard.action_credit()
        self._credit_it()
        self.assertEqual(self.bill.mbn_credited, 1200.0)
        with self.assertRaises(UserError) as refused:
            self._credit(self.bill)
        self.assertIn("no more than that can be credited", str(refused.exception))
        notes = self._credit_notes(self.contract)
        self.assertEqual(notes.mapped("amount_total"), [700.0, 500.0])
        self.assertEqual(self.contract.period_ids.state, "credited")

    def test_what_is_billed_again_is_a_new_period(self):
        self._credit_it(bill_again=True, reason="price")
        self.assertEqual(self.contract.period_ids.state, "void")
        self.plan.price_ids.amount = 1000.0
        self._bill_until("2027-01-02")
        self.assertEqual(self._invoices(self.contract)[-1].amount_total, 1000.0)

    def test_one_of_a_family_is_credited_by_line(self):
        self.company.mbn_common_invoice = True
        payer = self._payer("Familien")
        family = [
            self._contract(member=self._payer(name), payer_id=payer.id) for name in ("Liv", "Per")
        ]
        self._bill_until("2027-01-02")
        common = self._invoices(family[0])
        self.assertEqual((common.amount_total, self._invoices(family[1])), (2400.0, common))
        self._pay(common)
        wizard = self._wizard(common, scope="lines")
        line = wizard.line_ids.filtered(
            lambda row: row.move_line_id == family[0].charge_ids.invoice_line_id
        )
        line.amount = 1200.01
        with self.assertRaisesRegex(UserError, "1,200.00 is left|1,200.00"):
            wizard.action_credit()
        line.amount = 1200.0
        wizard.action_credit()
        self.assertEqual(family[0].period_ids.state, "credited")
        self.assertEqual(family[1].period_ids.state, "paid")
        self.assertEqual(self._owed(payer), -1200.0)

    def test_taxes_come_back_with_it_to_the_cent(self):
        self.product.taxes_id = self.vat
        contract = self._contract(member=self._payer("Kari"))
        self._bill_until("2027-01-02")
        bill = self._invoices(contract)
        self.assertEqual(bill.amount_total, 1380.0)
        self._credit_it(bill, scope="amount", amount=333.33)
        note = self._credit_notes(contract)
        self.assertEqual((note.amount_total, note.amount_untaxed), (333.33, 289.85))
        self._credit_it(bill)
        notes = self._credit_notes(contract)
        self.assertEqual(sum(notes.mapped("amount_total")), 1380.0)
        self.assertEqual(self._owed(contract.payer_id), 0.0)

    def test_the_money_pays_what_is_open(self):
        self._pay(self.bill)
        other = self._invoice(self.contract.payer_id, 500.0, invoice_date="2027-01-01")
        wizard = self._wizard(money="open")
        self.assertIn(other.name, wizard.preview)
        wizard.action_credit()
        self.assertEqual(other.amount_residual, 0.0)
        self.assertEqual(self._owed(self.contract.payer_id), -700.0)

    def test_the_money_is_paid_back(self):
        self._pay(self.bill)
        action = self._wizard(money="refund", text="Sorry").action_credit()
        self.assertEqual(action["res_model"], "bank.refund.propose")
        proposal = self.env["bank.refund.propose"].browse(action["res_id"])
        self.assertEqual((proposal.amount, proposal.reason), (1200.0, "Sorry"))

    def test_an_invoice_by_hand_and_cores_button(self):
        bill = self._invoice(self.payer, 450)
        action = bill.with_user(self.clerk).action_reverse()
        self.assertEqual(action["res_model"], "billing.credit")
        form = Form(self.env["billing.credit"].browse(action["res_id"]))
        self.assertFalse(form.has_charges)
        form.scope = "amount"
        form.amount = 50
        form.save().action_credit()
        self.assertEqual(bill.amount_residual, 400)

    def test_the_front_desk_may_not(self):
        desk = self._clerk("front_desk")
        with self.assertRaises(AccessError):
            self.bill.with_user(desk).action_mbn_credit()
        with self.assertRaises(AccessError):
            self.env["billing.credit"].with_user(desk).create({"move_id": self.bill.id})

    # ------------------------------------------------------------------ stopping early

    def _left(self, rule, day="2027-04-10"):
        self.plan.end_credit = rule
        return sum(self.contract._left_after(date.fromisoformat(day)).values())

    def test_the_plan_says_what_is_left(self):
        self.assertEqual(self._left("part"), 800.0)
        self.assertEqual(self._left("month"), 800.0)
        self.assertEqual(self._left("none"), 0.0)
        # 100 of 365 days of 1200 are owed
        self.assertEqual(self._left("day"), 871.23)

    def test_stopping_a_paid_membership_credits_and_proposes_to_pay_back(self):
        self._pay(self.bill)
        self._set_today("2027-04-10")
        action = self.contract.with_user(self.clerk).action_end()
        stop = self._dialog(action, self.clerk)
        stop.date = date(2027, 4, 10)
        self.assertEqual((stop.left_amount, stop.was_paid), (800.0, True))
        stop.money = "refund"
        self.assertIn("proposed to be paid back", stop.preview)
        stop.reason = "moved"
        refund = stop.save().action_apply()
        proposal = self.env["bank.refund.propose"].browse(refund["res_id"])
        self.assertEqual((proposal.amount, proposal.standing), (800.0, 800.0))
        self.assertEqual(self._owed(self.contract.payer_id), -800.0)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCreditOfAssociations(AssociationCommon):
    def test_administrators_credit_their_own_members_only_if_they_may(self):
        mine, others = self._charged_invoice(self.of_ola), self._charged_invoice(self.of_liv)
        user = self._administrator(self.tromso)
        with self.assertRaises(AccessError):
            mine.with_user(user).action_mbn_credit()
        self.company.mbn_administrators_credit = True
        with self.assertRaises(AccessError):
            self.env["billing.credit"].with_user(user).create({"move_id": others.id})
        action = mine.with_user(user).action_mbn_credit()
        wizard = self.env["billing.credit"].with_user(user).browse(action["res_id"])
        self.assertFalse(wizard.may_refund)
        wizard.money = "refund"
        with self.assertRaises(AccessError):
            wizard.action_credit()
        wizard.money = "next"
        wizard.action_credit()
        self.assertEqual((mine.amount_residual, others.amount_residual), (0.0, 100.0))
