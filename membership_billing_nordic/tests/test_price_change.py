"""Price changes of many members: who pays what, who is told, who keeps the old price, and undo."""

from datetime import date

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPriceChange(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bound_plan = cls._plan("Bound", 1000.0, binding_months=24)
        cls.env["billing.delivery.step"].search([]).unlink()
        for channel in ("email", "letter"):
            cls.env["billing.delivery.step"].create(
                {"company_id": cls.company.id, "channel": channel}
            )

    def setUp(self):
        super().setUp()
        self.one = self._contract()
        self._bill_until("2027-01-01")

    def _change(self, **vals):
        return self.env["membership.price.change"].create(
            {
                "date": "2028-01-01",
                "plan_ids": [Command.set(self.plan.ids)],
                "value": 5.0,
                "rounding": 5.0,
            }
            | vals
        )

    def _decide(self, change):
        change.action_preview()
        change.action_confirm()
        self._go_on()
        return change

    def _go_on(self):
        with self._commits():
            self.env["membership.price.change"]._cron_work()

    def _lines(self, change):
        return [
            (line.contract_id, line.state, line.reason, line.amount_before, line.amount_after)
            for line in change.line_ids.sorted("id")
        ]

    def _next_year(self, contract):
        self._bill_until("2027-12-18")
        return contract.period_ids.filtered(lambda one: one.date_from.year == 2028).amount

    def test_members_are_told_and_pay_the_new_price_from_the_day_on(self):
        change = self._change()
        change.action_preview()
        self.assertEqual(change.state, "preview")
        self.assertEqual(self._lines(change), [(self.one, "pending", False, 1200.0, 1260.0)])
        self.assertEqual(self.plan.price_ids.mapped("amount"), [1200.0])
        change.action_confirm()
        self.assertEqual(change.state, "confirmed")
        self._go_on()
        self.assertEqual((change.state, change.line_ids.state), ("done", "told"))
        self.assertIn("1,260.00", change.line_ids.message_id.body)
        self.assertEqual(self._next_year(self.one), 1260.0)

    def test_guarantee_and_binding_keep_the_price_as_long_as_they_last(self):
        bound = self._contract(plan=self.bound_plan)
        self.one.price_guaranteed_until = "2028-06-30"
        self._bill_until("2027-01-02")
        change = self._change(plan_ids=[Command.set((self.plan + self.bound_plan).ids)])
        self._decide(change)
        self.assertEqual(
            self._lines(change),
            [
                (self.one, "left_out", "guarantee", 1200.0, 1260.0),
                (bound, "left_out", "bound", 1000.0, 1050.0),
            ],
        )
        self.assertEqual(
            change.line_ids.mapped("keep_until"), [date(2028, 6, 30), date(2028, 12, 31)]
        )
        self.assertEqual(self._next_year(self.one), 1200.0)
        self._bill_until("2028-12-18")
        self.assertEqual(
            (self.one + bound)
            .period_ids.filtered(lambda one: one.date_from.year == 2029)
            .mapped("amount"),
            [1260.0, 1050.0],
        )

    def test_who_cannot_be_told_keeps_the_price_and_is_on_the_desk(self):
        self.one.payer_id.email = False
        change = self._decide(self._change())
        self.assertEqual(self._lines(change)[0][1:3], ("held", "untold"))
        desk = self.env["billing.exception"].search([("kind", "=", "price_change_held")])
        self.assertEqual(desk._of_kinds("membership.price.change", ("price_change_held",)), change)
        # by the next price list they come along again
        self.one.payer_id.email = "ola@example.com"
        again = self._decide(self._change(date="2029-01-01", value=10.0))
        self.assertEqual(self._lines(again), [(self.one, "told", False, 1200.0, 1385.0)])
        again.action_undo()
        self._set_today("2027-12-01")
        self.assertEqual(self.one._own_price_on(self.plan.id, date(2030, 1, 1)), 1200.0)
        self.assertEqual(self._next_year(self.one), 1200.0)

    def test_letters_are_printed_first_and_late_ones_do_not_count(self):
        self.one.payer_id.write(
            {"email": False, "street": "Street 1", "zip": "0001", "city": "Oslo"}
        )
        change = self._decide(self._change())
        self.assertEqual((change.state, change.print_count), ("printing", 1))
        self.assertEqual(self.plan.price_ids.mapped("amount"), [1200.0])
        self.env["res.lang"]._activate_lang("nb_NO")
        self.one.payer_id.lang = "nb_NO"
        letters = "membership_billing_nordic.report_price_change_letters"
        page = self.env["ir.actions.report"]._render_qweb_html(letters, change.line_ids.ids)[0]
        for text in (self.company.name, "01.01.2028", "260,00"):
            self.assertIn(text, page.decode())
        with self.env.cr.savepoint() as savepoint:
            self.assertEqual(change.action_print()["type"], "ir.actions.report")
            self.assertEqual(change.state, "done")
            savepoint.rollback()
        self.env.invalidate_all()
        self._set_today("2027-12-03")
        self._go_on()
        self.assertEqual((change.state, change.line_ids.reason), ("done", "late"))
        self.assertEqual(self._next_year(self.one), 1200.0)

    def test_chosen_memberships_get_prices_of_their_own(self):
        other = self._contract()
        change = self._change(
            scope="contract",
            plan_ids=[],
            contract_ids=[Command.set(self.one.ids)],
            method="amount",
            value=-100.0,
            rounding=0,
        )
        self._decide(change)
        self.assertEqual(self.one._own_price_on(self.plan.id, date(2028, 1, 1)), 1100.0)
        self.assertEqual(self._next_year(self.one), 1100.0)
        self.assertEqual(sum(other.period_ids.mapped("amount")), 2400.0)

    def test_undo_before_the_day_but_not_after_it_is_billed(self):
        change = self._decide(self._change())
        change.action_undo()
        price = self.plan.price_ids
        self.assertEqual((price.amount, price.valid_to, change.state), (1200.0, False, "undone"))
        again = self._decide(self._change(value=10.0))
        self.assertEqual(self._next_year(self.one), 1320.0)
        with self.assertRaisesRegex(UserError, "invoiced with the new price"):
            again.action_undo()

    def test_who_was_told_of_the_new_price_is_told_by_the_same_channel_that_it_stays(self):
        address = {"email": False, "street": "Street 1", "zip": "0001", "city": "Oslo"}
        by_letter = self._contract(member=self._payer("Letter", **address))
        gone = self._contract(member=self._payer("Gone", email="gone@example.com"))
        untold = self._contract(member=self._payer("Nobody"))
        by_sms = self._contract(
            member=self._payer("Phone", phone="+4740000001", country_id=self.env.ref("base.no").id)
        )
        self.env["billing.delivery.step"].create(
            {"company_id": self.company.id, "channel": "sms", "sequence": 90}
        )
        self._bill_until("2027-01-02")
        change = self._decide(self._change())
        change.action_print()
        gone.payer_id.email = False
        change.action_undo()
        self.assertEqual(set(change.line_ids.mapped("undo_state")), {"pending", False})
        self._go_on()
        lines = {line.contract_id: line for line in change.line_ids}
        self.assertEqual(
            [lines[one].undo_state for one in (self.one, by_letter, gone, untold, by_sms)],
            ["told", "print", "untold", False, "told"],
        )
        [message] = self.one.message_ids.filtered(lambda one: "price stays" in (one.subject or ""))
        self.assertEqual(message.partner_ids, self.one.payer_id)
        self.assertIn("1,200.00", message.body)
        texts = self.env["sms.sms"].search([("partner_id", "=", by_sms.payer_id.id)], order="id")
        self.assertIn("does not come", texts[-1].body)
        [todo] = self.env["billing.exception"].search(
            [("kind", "=", "price_change_held"), ("state", "=", "open")]
        )
        self.assertIn("Gone", todo.next_action)
        self.assertEqual(change.undo_print_count, 1)
        change.action_print()
        self.assertEqual(lines[by_letter].undo_state, "told")
        count = len(self.one.message_ids)
        self._go_on()
        self.assertEqual(len(self.one.message_ids), count)

    def test_a_letter_that_was_not_printed_is_not_printed_after_an_undo(self):
        self.one.payer_id.write(
            {"email": False, "street": "Street 1", "zip": "0001", "city": "Oslo"}
        )
        change = self._decide(self._change())
        change.action_undo()
        self._go_on()
        self.assertEqual(self._lines(change)[0][1:3], ("held", "undone"))
        self.assertFalse(change.line_ids.undo_state)
        with self.assertRaisesRegex(UserError, "no letters"):
            change.action_print()

    def test_what_stands_against_it_is_said(self):
        with self.assertRaisesRegex(UserError, "Choose a day to come"):
            self._change(date="2027-01-01").action_preview()
        late = self._change(date="2027-01-20")
        late.action_preview()
        with self.assertRaisesRegex(UserError, "at the earliest"):
            late.action_confirm()
        self._decide(self._change())
        with self.assertRaisesRegex(UserError, "in the price list already"):
            self._change().action_preview()
        self.company.mbn_second_person = True
        own = self._change(date="2029-01-01")
        own.action_preview()
        with self.assertRaisesRegex(UserError, "Somebody else"):
            own.action_confirm()
        with self.assertRaises(AccessError):
            own.with_user(self._clerk("user")).action_preview()

    def test_what_changed_since_the_preview_is_not_done(self):
        change = self._change()
        change.action_preview()
        self.one._change({"payer_id": self._payer("Kari", email="kari@example.com").id})
        change.action_confirm()
        self._go_on()
        self.assertEqual(self._lines(change)[0][1:3], ("held", "changed"))
        self.assertEqual(self._next_year(self.one), 1200.0)
