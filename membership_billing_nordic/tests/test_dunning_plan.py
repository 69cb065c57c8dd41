"""Payment plans, and letters of a previous system that are counted on."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..wizards.csv_list import write_rows
from ..wizards.dunning_letter_import import COLUMNS
from .bank_file_common import BankFileCommon
from .dunning_common import DunningCommon


class PlanCommon(DunningCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._law(cls.land, {"plan_fee_cap": 170, "plan_fee_count": 1})

    def _wizard(self, claims, **vals):
        action = claims.action_plan()
        form = Form(self.env[action["res_model"]].with_context(**action["context"]))
        form.first_date = "2026-10-01"
        for name, value in vals.items():
            form[name] = value
        return form.save()

    def _plan(self, claims, **vals):
        action = self._wizard(claims, **vals).action_agree()
        return self.env["dunning.payment.plan"].browse(action["res_id"])

    def _reminded(self, amount=1000.0):
        """The claim of an invoice with a reminder and its fee, a day later."""
        invoice = self._due(amount)
        self._send()
        self._at(2026, 9, 16)
        return self._claim(invoice)


@tagged("post_install", "-at_install")
class TestDunningPlan(PlanCommon):
    def test_the_plan_is_sent_in_writing_with_a_reference_of_its_own(self):
        claim = self._reminded()
        wizard = self._wizard(claim)
        self.assertRecordValues(
            wizard, [{"amount_owed": 1038.0, "fee": 170.0, "amount_total": 1208.0}]
        )
        self.assertEqual(wizard.line_ids.mapped("amount"), [402.67, 402.67, 402.66])
        plan = self._plan(claim)
        self.assertEqual(
            plan.instalment_ids.mapped("due_date"),
            [date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1)],
        )
        letter = plan.letter_ids
        self.assertRecordValues(
            letter,
            [
                {
                    "kind": "plan",
                    "principal_total": 1000.0,
                    "fee_total": 170.0,
                    "fee_before": 38.0,
                    "total": 1208.0,
                    "reference": plan.reference,
                    "state": "sent",
                }
            ],
        )
        reference = self.env["billing.reference"].search([("plan_id", "=", plan.id)])
        self.assertRecordValues(reference, [{"kind": "plan", "printed": plan.reference}])
        self.assertNotEqual(plan.reference, claim.invoice_id.payment_reference)
        self.assertRecordValues(claim, [{"state": "reminded", "letter_count": 1}])
        self.assertIn(plan.name, claim.partner_id.mbn_dunning_text)
        html = self.env["ir.actions.report"]._render_qweb_html(
            "membership_billing_nordic.report_dunning_letter", letter.ids
        )[0]
        for part in ("402.66", "12/01/2026", "Last instalment by", plan.reference):
            self.assertIn(part, html.decode())

    def test_no_letters_while_it_is_kept_and_the_next_one_when_it_is_broken(self):
        claim = self._reminded()
        plan = self._plan(claim)
        self._at(2026, 9, 30)
        self.assert_skipped(self._preview(), claim.invoice_id, "plan")
        self._at(2026, 10, 1)
        self._pay(claim.invoice_id, 402.67)
        self.assertRecordValues(plan, [{"amount_paid": 402.67, "amount_open": 805.33}])
        self.assertEqual(plan.instalment_ids.mapped("amount_open"), [0.0, 402.67, 402.66])
        # 1 November is a Sunday: due on Monday, then three banking days.
        self._at(2026, 11, 5)
        self.assert_skipped(self._preview(), claim.invoice_id, "plan")
        self._at(2026, 11, 6)
        run = self._preview()
        self.assertRecordValues(plan, [{"state": "broken", "ended_on": date(2026, 11, 6)}])
        desk = self.env["billing.exception"]._open_rows(plan, "dunning_plan_broken")
        self.assertIn("402.67", desk.name)
        self.assertRecordValues(
            run.line_ids, [{"state": "pending", "level_id": self.notice.id, "principal": 597.33}]
        )
        self._pay(claim.invoice_id)
        self.assertEqual(plan.amount_open, 805.33, "what was open when it ended")
        claim.sudo().letter_line_ids._cancel_open("Goodwill")
        self._work()
        self.assertEqual(desk.state, "done", "nothing is open any more")

    def test_a_plan_is_not_broken_before_the_bank_files_are_read(self):
        claim = self._reminded()
        plan = self._plan(claim)
        self.agreement.payments_in = True
        expected = self.env["bank.file.expectation"].create(
            {
                "name": "Payments",
                "connection_id": self.connection.id,
                "settled_until": date(2026, 10, 5),
            }
        )
        self._at(2026, 10, 9)
        self._work()
        self.assertEqual(plan.state, "kept", "payments up to 6 October are not known")
        expected.settled_until = date(2026, 10, 6)
        self._work()
        self.assertEqual(plan.state, "broken")

    def test_a_fee_only_as_far_as_the_law_allows_it(self):
        claim = self._reminded()
        self._refused("170.00", self._wizard(claim, fee=171.0).action_agree)
        plan = self._plan(claim)
        plan.action_end()
        self.assertEqual(plan.state, "cancelled")
        self.assertEqual(self._wizard(claim).fee, 0.0, "one for each debt")
        self.env["dunning.law"].search(
            [("country_id", "=", self.land.id), ("code", "=", "plan_fee_cap")]
        ).value = 180
        wizard = self._wizard(claim)
        self.assertEqual(wizard.fee, 0.0)
        self.assertIn("Confirm", wizard.fee_note)
        self.assertTrue(self._plan(claim))

    def test_what_can_be_no_plan_is_refused(self):
        claim = self._reminded()
        other = self._due(payer=self._payer("Ola", email="o@example.com"))
        self._preview()
        self._refused("one payer", (claim | self._claim(other)).action_plan)
        wizard = self._wizard(claim)
        wizard.line_ids[0].amount = 1.0
        self._refused("806.33", wizard.action_agree)
        self.payer.email = False
        self._refused("no usable address", self._wizard(claim).action_agree)
        self.payer.email = "kari@example.com"
        self._plan(claim)
        self._refused("already", claim.action_plan)

    def _refused(self, text, button):
        with self.assertRaises(UserError) as caught:
            button()
        self.assertIn(text, str(caught.exception))

    # Letters of a previous system

    def _import(self, *rows, button="action_import"):
        wizard = self.env["dunning.letter.import"].create({"content": write_rows(COLUMNS, rows)})
        getattr(wizard, button)()
        return wizard.line_ids

    def _letters(self):
        return self.env["dunning.letter"].search([("is_imported", "=", True)])

    def test_fees_and_counts_go_on_from_the_previous_system(self):
        self._at(2026, 10, 20)
        one, two = self._due(), self._due(payer=self._payer("Ola", email="o@example.com"))
        rows = (
            {
                "invoice": one.name,
                "letter": "A-17",
                "sent_on": "2026-09-16",
                "deadline": "2026-09-30",
                "fee": "38,00",
                "fee_open": "38,00",
                "interest": "2,00",
            },
            {
                "reference": two.payment_reference,
                "sent_on": "2026-09-16",
                "deadline": "2026-09-30",
                "fee": "38",
            },
            {
                "invoice": two.name,
                "sent_on": "2026-10-01",
                "deadline": "2026-10-15",
                "fee": "38",
            },
        )
        preview = self._import(*rows, button="action_preview")
        self.assertEqual(preview.mapped("outcome"), ["recorded"] * 3)
        self.assertEqual(preview.mapped("next_level"), ["Last notice"] * 3)
        self.assertFalse(self._letters(), "it was a preview")
        self.assertFalse(self._import(*rows))
        self.assertIn("A-17", self._letters()[-1].name + self._letters()[0].name)
        again = self._import(*rows, button="action_preview")
        self.assertEqual(again.mapped("outcome"), ["unchanged"] * 3)
        self.assertRecordValues(
            self._claim(one) | self._claim(two),
            [
                {"state": "reminded", "letter_count": 1, "fee_open": 38.0},
                {"state": "reminded", "letter_count": 2, "fee_open": 0.0},
            ],
        )
        run, notice = self._preview(), self.notice.id
        self.assertRecordValues(
            run.line_ids.sorted(lambda line: line.claim_id.id),
            [
                # 49 days of 1000 at 12.25 %, less what the previous system claimed
                {"level_id": notice, "fee": 38.0, "fee_reason": False, "interest": 14.45},
                {"level_id": notice, "fee": 0.0, "fee_reason": "count", "interest": 16.45},
            ],
        )

    def test_days_between_letters_hold_across_the_change(self):
        self._at(2026, 10, 20)
        self._law(self.land, {"fee_spacing_days": 25})
        invoice = self._due()
        self._import(
            {
                "invoice": invoice.name,
                "sent_on": "2026-09-30",
                "deadline": "2026-10-14",
                "fee": "38",
            }
        )
        self.assertEqual(self._claim(invoice).next_date, date(2026, 10, 15))
        run = self._preview()
        self.assert_skipped(run, invoice, "law_early")
        self.assertEqual(run.line_ids.detail, "From 10/25/2026 on")
        self._at(2026, 10, 25)
        self.assertRecordValues(self._preview().line_ids, [{"state": "pending", "fee": 38.0}])

    def test_bad_rows_hinder_no_other(self):
        self._at(2026, 10, 20)
        invoice, later = self._due(), self._due(due="2026-12-01")
        lines = self._import(
            {"invoice": "NO/SUCH", "sent_on": "2026-09-16"},
            {"invoice": later.name, "sent_on": "2026-09-16"},
            {"invoice": invoice.name, "sent_on": "2026-10-21"},
            {"invoice": invoice.name, "sent_on": "16.9.2026"},
            {"invoice": invoice.name, "sent_on": "2026-09-16", "kind": "threat"},
            {"invoice": invoice.name, "sent_on": "2026-09-16", "fee": "50", "fee_open": "50"},
            {"invoice": invoice.name, "sent_on": "2026-09-16", "compensation": "430"},
            {"invoice": invoice.name, "sent_on": "2026-09-17", "fee": "50"},
        )
        expected = (
            "no such invoice", "Nothing is overdue", "no later than today", "2026-01-31",
            "no kind of letter", "allowed a fee of", "only for companies",
        )  # fmt: skip
        errors = [line.error for line in lines.sorted("row")]
        self.assertEqual(len(errors), len(expected))
        for error, text in zip(errors, expected, strict=True):
            self.assertIn(text, error)
        self.assertEqual(self._letters().sent_on, date(2026, 9, 17), "an old fee that is settled")


@tagged("post_install", "-at_install")
class TestDunningPlanMoney(BankFileCommon, PlanCommon):
    def test_money_with_its_reference_fulfils_it_up_to_the_fees(self):
        self.agreement.payments_in = True
        self.env["bank.file.expectation"].create(
            {
                "name": "Payments",
                "connection_id": self.connection.id,
                "settled_until": date(2026, 9, 15),
            }
        )
        first, second = self._due(600.0), self._due(400.0, due="2026-08-30")
        self._send()
        self._at(2026, 9, 16)
        claims = self._claim(first) | self._claim(second)
        plan = self._plan(claims, count=2)
        self.assertEqual(plan.instalment_ids.mapped("amount"), [604.0, 604.0])
        self._at(2026, 10, 1)
        self._book(self._payment(604.0, plan.reference, bank_date=date(2026, 10, 1)))
        self.assertEqual((second.amount_residual, first.amount_residual), (0.0, 396.0))
        self.assertEqual(plan.next_date, date(2026, 11, 1))
        self._at(2026, 10, 30)
        self._book(
            self._payment(604.0, plan.reference, deposit_key="D2", bank_date=date(2026, 10, 30))
        )
        self._work()
        self.assertRecordValues(plan, [{"state": "done", "amount_open": 0.0}])
        self.assertEqual(set(claims.mapped("state")), {"closed"})
        self.assertAlmostEqual(self._balance(self.fees), -208.0)
