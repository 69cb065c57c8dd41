"""What a pause within paid time comes to: the paused days are given back once, to the øre."""

from datetime import date, timedelta

from odoo.tests import tagged

from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestFreezeMoney(ContractCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        terms = {
            "change_timing": "middle",
            "first_period": "day",
            "lead_days": 14,
            "binding_months": 12,
            "freeze_extends_binding": True,
        }
        cls.yearly = cls._plan("Gym, Yearly", 1200.0, **terms)
        cls.monthly = cls._plan("Gym, Monthly", 349.0, term="month", **terms)

    def _member(self, plan, pay=True):
        contract = self._contract(plan=plan)
        self._bill_until("2027-01-01")
        if pay:
            self._pay_all(contract)
        return contract

    def _pay_all(self, contract):
        for invoice in self._invoices(contract):
            if invoice.amount_residual:
                self._pay(invoice, amount=invoice.amount_residual)

    def _live(self, last, contract=None, pay=True):
        """Every day until ``last``: status, billing, and the payers pay."""
        today, last = self._clock["today"], date.fromisoformat(last)
        while today < last:
            today += timedelta(days=1)
            self._set_today(str(today))
            self._a_day_passes()
            if contract.next_invoice_date and contract.next_invoice_date <= today:
                self._bill(str(today))
                if pay:
                    self._pay_all(contract)

    def _net(self, contract):
        """What was invoiced less what was credited."""
        moves = self._invoices(contract) | self._credit_notes(contract)
        return round(sum(moves.mapped("amount_total_signed")), 2)

    def _open(self, contract):
        moves = self._invoices(contract) | self._credit_notes(contract)
        return round(sum(moves.mapped("amount_residual_signed")), 2)

    def test_a_pause_within_a_paid_year_gives_back_its_days_once(self):
        contract = self._member(self.yearly)
        self._set_today("2027-03-20")
        contract._pause(date(2027, 4, 1), date(2027, 5, 11))
        self._live("2027-05-11", contract)
        self.assertEqual((contract.state, contract.member_status), ("confirmed", "active"))
        # 325 of 365 days; what was paid is set off, 40 days stand in the member's favour
        self.assertEqual(self._net(contract), 1068.49)
        self.assertEqual(self._open(contract), -131.51)
        self.assertEqual(
            self._periods(contract),
            self._days(("2027-01-01", "2027-03-31"), ("2027-05-11", "2027-12-31")),
        )
        self.assertEqual(contract._binding_end(date(2027, 6, 1)), date(2028, 2, 9))

    def test_an_open_pause_gives_back_what_it_was_in_the_end(self):
        contract = self._member(self.yearly)
        self._set_today("2027-04-01")
        contract._pause(date(2027, 4, 1))
        self._live("2027-05-11", contract)
        self.assertEqual(contract.state, "paused")
        contract._resume(date(2027, 5, 11))
        self._live("2027-05-12", contract)
        self.assertEqual(self._net(contract), 1068.49)
        self.assertEqual(self._open(contract), -131.51)

    def test_an_unpaid_year_is_owed_less_its_paused_days(self):
        contract = self._member(self.yearly, pay=False)
        self._set_today("2027-04-01")
        contract._pause(date(2027, 4, 1), date(2027, 5, 11))
        self._live("2027-05-11", contract, pay=False)
        self.assertEqual((self._net(contract), self._open(contract)), (1068.49, 1068.49))

    def _check_moved(self, resume, until, net, still_open):
        """A pause until 10 May ends on another day, asked before and after the rest was invoiced."""
        for asked_on in ("2027-04-20", "2027-04-29"):
            with self.subTest(asked_on=asked_on):
                self._set_today("2027-01-01")
                contract = self._member(self.yearly)
                self._set_today("2027-03-20")
                contract._pause(date(2027, 4, 1), date(2027, 5, 11))
                self._live(asked_on, contract)
                contract._move_resume(resume)
                self._live(until, contract)
                self.assertEqual(contract.state, "confirmed")
                self.assertEqual(self._net(contract), net)
                self.assertEqual(self._open(contract), still_open)

    def test_who_goes_on_earlier_than_planned_pays_for_these_days_once(self):
        # 335 of 365 days
        self._check_moved(date(2027, 5, 1), "2027-05-12", 1101.37, -98.63)

    def test_who_goes_on_later_than_planned_does_not_pay_for_these_days(self):
        # 304 of 365 days
        self._check_moved(date(2027, 6, 1), "2027-06-02", 999.45, -200.55)

    def test_months_that_are_paused_in_part(self):
        contract = self._member(self.monthly)
        self._live("2027-01-20", contract)
        # February is invoiced ahead and paid; 21 January to 15 February are given back
        self.assertEqual(self._net(contract), 698.0)
        contract._pause(date(2027, 1, 21), date(2027, 2, 16))
        self._live("2027-02-17", contract)
        expected = round(349 * 20 / 31, 2) + round(349 * 13 / 28, 2)
        self.assertEqual(self._net(contract), round(expected + self._of_march(contract), 2))

    def _of_march(self, contract):
        return sum(
            period.amount for period in contract.period_ids if period.date_from >= date(2027, 3, 1)
        )

    def test_two_pauses_and_one_over_new_year(self):
        contract = self._member(self.yearly)
        self._set_today("2027-03-01")
        contract._pause(date(2027, 3, 1), date(2027, 3, 11))
        self._live("2027-06-01", contract)
        contract._pause(date(2027, 6, 1), date(2027, 6, 21))
        self._live("2027-12-10", contract)
        contract._pause(date(2027, 12, 22), date(2028, 1, 11))
        self._live("2028-01-12", contract)
        # 325 of 365 days (10, 20 and 10 are paused), then 356 of 366
        self.assertEqual(self._net(contract), round(1068.49 + 1200 * 356 / 366, 2))
        self.assertEqual(contract._binding_end(date(2027, 6, 1)), date(2028, 2, 19))

    def test_who_ends_while_paused_owes_nothing_for_the_time_after(self):
        contract = self._member(self.yearly)
        self._set_today("2027-03-20")
        contract._pause(date(2027, 4, 1), date(2027, 5, 11))
        self._live("2027-04-29", contract)
        contract._end(date(2027, 4, 30), credit=True)
        self._live("2027-06-01", contract)
        self.assertEqual(self._net(contract), 295.89)  # 90 of 365 days
