from datetime import date

from odoo.tests import tagged

from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestOffer(ContractCommon):
    """A plan whose renewal is offered 14 days ahead, due in 14 days, with 10 days of grace."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offered = cls._plan(
            "Offered", renewal="offer", lead_days=14, payment_term_days=14, grace_days=10
        )

    def _member_on_offer(self, **vals):
        """Paid for 2027; 2028 is offered on 18 December 2027, due on 1 January 2028."""
        contract = self._contract(plan=self.offered, **vals)
        self._bill_until("2027-01-01")
        self._pay(self._invoices(contract))
        self._bill_until("2027-12-18")
        return contract

    def _assert_goes_on(self, contract):
        self.assertRecordValues(contract, [{"state": "confirmed", "date_end": False}])
        self.assertFalse(self._credit_notes(contract))

    def test_the_first_period_is_owed_and_the_next_is_an_offer(self):
        contract = self._member_on_offer()
        periods = contract.period_ids.sorted("date_from")
        self.assertEqual(periods.mapped("is_offer"), [False, True])
        self.assertEqual(periods[1].charge_ids.date_due, date(2028, 1, 1))

    def test_an_unpaid_first_period_does_not_lapse(self):
        contract = self._contract(plan=self.offered)
        self._bill_until("2027-01-01")
        self._set_today("2027-06-01")
        self._a_day_passes()
        self._assert_goes_on(contract)
        self.assertEqual(contract.member_status, "suspended")

    def test_an_offer_lapses_after_due_date_and_grace(self):
        contract = self._member_on_offer()
        invoice = self._invoices(contract)[1]
        self._set_today("2028-01-11")
        self._a_day_passes()
        self._assert_goes_on(contract)
        self.assertEqual(contract.status_reason, "grace")
        self.assertIn("lapses on 01/12/2028", contract.status_text)
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertRecordValues(
            contract,
            [
                {
                    "state": "ended",
                    "member_status": "ended",
                    "date_end": date(2027, 12, 31),
                    "end_reason": "unpaid",
                    "paid_until": date(2027, 12, 31),
                }
            ],
        )
        self.assertRecordValues(
            self._credit_notes(contract),
            [{"state": "posted", "amount_total": 1200.0, "mbn_send_state": False}],
        )
        self.assertEqual((invoice.amount_residual, invoice.payment_state), (0.0, "reversed"))
        self.assertEqual(contract.period_ids.sorted("date_from").mapped("state"), ["paid", "void"])

    def test_lapsing_is_kept_in_the_history(self):
        contract = self._member_on_offer()
        self._set_today("2028-01-12")
        self._a_day_passes()
        ended = contract.change_ids.filtered(lambda change: change.kind == "end")
        self.assertEqual(ended.reason, "unpaid")
        self.assertEqual(ended.date_value, date(2027, 12, 31))
        self.assertIn(self._invoices(contract)[1].name, ended.note)
        facts = contract._facts_on(date(2028, 1, 1))[contract.id]
        self.assertEqual(facts["status"], "ended")

    def test_lapsing_again_changes_nothing(self):
        contract = self._member_on_offer()
        self._set_today("2028-01-12")
        self._a_day_passes()
        self._a_day_passes()
        self.assertEqual(len(self._credit_notes(contract)), 1)
        self.assertFalse(contract.next_invoice_date)

    def test_an_offer_that_was_taken_stays(self):
        contract = self._member_on_offer()
        self._pay(self._invoices(contract)[1])
        self._set_today("2028-03-01")
        self._a_day_passes()
        self._assert_goes_on(contract)
        self.assertEqual(contract.paid_until, date(2028, 12, 31))

    def test_a_payment_that_comes_too_late_stands_to_the_payers_credit(self):
        contract = self._member_on_offer()
        invoice = self._invoices(contract)[1]
        self._set_today("2028-01-12")
        self._a_day_passes()
        receivable = invoice.line_ids.filtered(lambda line: line.display_type == "payment_term")
        entry = self.env["billing.settlement.writer"]._book(
            self.agreement.booking_journal_id,
            date(2028, 1, 15),
            "Payment",
            self.agreement.clearing_account_id,
            [
                {
                    "partner": invoice.partner_id,
                    "account": receivable.account_id,
                    "amount": 1200.0,
                    "currency": invoice.currency_id,
                    "label": "Payment",
                    "lines": receivable.browse(),
                }
            ],
        )[0]
        self.assertEqual(contract.state, "ended")
        self.assertFalse(entry.reconciled)
        self.assertEqual(entry.partner_id, contract.payer_id)

    def test_a_partly_paid_offer_goes_to_the_desk(self):
        contract = self._member_on_offer()
        self._pay(self._invoices(contract)[1], 500.0)
        self._set_today("2028-01-12")
        self._a_day_passes()
        self._assert_goes_on(contract)
        rows = self.env["billing.exception"].search(
            [("kind", "=", "membership_offer_stuck"), ("res_id", "=", contract.id)]
        )
        self.assertEqual(rows.mapped("state"), ["open"])
        self.assertIn(self._invoices(contract)[1].name, rows.name)
        self._pay(self._invoices(contract)[1])
        self._a_day_passes()
        self.assertEqual(rows.mapped("state"), ["done"])

    def test_one_that_cannot_lapse_does_not_keep_the_others(self):
        stuck, other = self._contract(plan=self.offered), self._contract(plan=self.offered)
        self._bill_until("2027-01-01")
        self._pay(self._invoices(stuck))
        self._pay(self._invoices(other))
        self._bill_until("2027-12-18")
        self._pay(self._invoices(stuck)[1], 500.0)
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertEqual((stuck.state, other.state), ("confirmed", "ended"))

    def test_only_the_offer_of_a_common_invoice_is_credited(self):
        self.company.mbn_common_invoice = True
        contract = self._contract(plan=self.offered)
        self._bill_until("2027-01-01")
        self._pay(self._invoices(contract))
        contract._charge_once(self.product, "Key", 1.0, 75.0)
        self._bill_until("2027-12-18")
        invoice = self._invoices(contract)[1]
        self.assertEqual(invoice.amount_total, 1275.0)
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertEqual(self._credit_notes(contract).amount_total, 1200.0)
        self.assertEqual(invoice.amount_residual, 75.0)
        self.assertEqual(contract.state, "ended")

    def test_a_lapsed_membership_is_taken_up_again(self):
        contract = self._member_on_offer()
        self._set_today("2028-01-12")
        self._a_day_passes()
        contract.action_undo_end()
        self.assertRecordValues(
            contract, [{"state": "confirmed", "next_period_start": date(2028, 1, 1)}]
        )
        self._bill_until("2028-01-13")
        self.assertEqual(self._invoices(contract)[2].amount_total, 1200.0)

    def test_an_offer_of_who_leaves_anyway_is_credited_quietly(self):
        contract = self._member_on_offer()
        contract._end(date(2027, 12, 31), "request")
        self.assertFalse(self._credit_notes(contract))
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertEqual(self._credit_notes(contract).amount_total, 1200.0)
        self.assertEqual(contract.end_reason, "request")

    def test_two_offers_on_a_common_invoice_both_lapse(self):
        self.company.mbn_common_invoice = True
        parent = self._payer("Anne Nordmann")
        contracts = self.env["membership.contract"].union(
            *(
                self._contract(plan=self.offered, member=self._payer(name), payer_id=parent.id)
                for name in ("Ola", "Kari")
            )
        )
        self._bill_until("2027-01-01")
        self._pay(self._invoices(contracts))
        self._bill_until("2027-12-18")
        invoice = self._invoices(contracts)[1]
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertEqual(contracts.mapped("state"), ["ended", "ended"])
        self.assertEqual(self._credit_notes(contracts).mapped("amount_total"), [1200.0, 1200.0])
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_what_is_paid_of_a_common_invoice_keeps_the_second_offer(self):
        self.company.mbn_common_invoice = True
        parent = self._payer("Anne Nordmann")
        first = self._contract(plan=self.offered, payer_id=parent.id)
        second = self._contract(plan=self.offered, payer_id=parent.id)
        self._bill_until("2027-01-01")
        self._pay(self._invoices(first))
        self._bill_until("2027-12-18")
        self._set_today("2027-12-20")
        first._end(date(2027, 12, 31), credit=True)
        self._pay(self._invoices(second)[1], 500.0)
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertRecordValues(second, [{"state": "confirmed", "date_end": False}])

    def test_an_offer_of_who_has_left_in_its_period_lapses(self):
        contract = self._member_on_offer()
        contract._end(date(2028, 1, 3), "request")
        self._set_today("2028-01-12")
        self._a_day_passes()
        self.assertRecordValues(
            contract,
            [{"state": "ended", "date_end": date(2027, 12, 31), "end_reason": "unpaid"}],
        )
        self.assertEqual(self._credit_notes(contract).amount_total, 1200.0)
        self.assertEqual(contract.period_ids.sorted("date_from").mapped("state"), ["paid", "void"])
        self.assertFalse(
            self.env["billing.exception"].search_count([("kind", "=", "membership_offer_stuck")])
        )
