from odoo.tests import freeze_time, tagged

from .run_common import RunCommon


@tagged("post_install", "-at_install", "post_install_l10n")
@freeze_time("2027-01-15")
class TestBillingPreview(RunCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.monthly = cls._plan("Monthly", 100.0, term="month", lead_days=0)

    def _rows(self, totals, *names):
        return [tuple(total[name] for name in ("label", *names)) for total in totals]

    # Totals

    def test_totals_by_association_sales_channel_and_means_of_payment(self):
        club = self.env["membership.association"].create({"partner_id": self._payer("Club").id})
        other = self._agreement("86011117947", number="007654321")
        journal = self.sale_journal.copy({"mbn_agreement_id": other.id})
        self._contract(association_id=club.id, sales_channel="Fair", agreement_id=other.id)
        self._contract(sales_channel="Fair")
        self._contract()
        run = self._preview("2027-01-15")
        self.assertEqual(
            self._rows(run.association_total_ids, "contract_count", "amount"),
            [("No association", 2, 2400.0), ("Club", 1, 1200.0)],
        )
        self.assertEqual(
            self._rows(run.sales_total_ids, "contract_count", "amount"),
            [("Fair", 2, 2400.0), ("No sales channel", 1, 1200.0)],
        )
        self.assertEqual(
            self._rows(run.means_total_ids, "contract_count", "amount"),
            [(self.agreement.display_name, 2, 2400.0), (other.display_name, 1, 1200.0)],
        )
        self.assertEqual(run.line_ids.journal_id, self.sale_journal | journal)

    def test_totals_by_delivery(self):
        self._contract(member=self._payer("By e-mail", invoice_sending_method="email"))
        self._contract(member=self._payer("By e-mail too", invoice_sending_method="email"))
        self._contract(member=self._payer("On the portal", invoice_sending_method="portal"))
        self._contract(member=self._payer("By hand", invoice_sending_method="manual"))
        run = self._preview("2027-01-15")
        self.assertEqual(
            self._rows(run.delivery_total_ids, "key", "contract_count"),
            [("by Email", "email", 2), ("Portal only", "portal", 1), ("Not sent", False, 1)],
        )

    def test_the_memberships_behind_a_total_are_shown(self):
        contract = self._contract(sales_channel="Fair")
        self._contract()
        run = self._preview("2027-01-15")
        fair = run.sales_total_ids.filtered(lambda total: total.key == "Fair")
        lines = self.env["billing.run.line"].search(fair.action_view_lines()["domain"])
        self.assertEqual(lines.contract_id, contract)

    # The difference to the last run

    def test_difference_to_the_last_run_of_the_same_kind(self):
        self._contract(plan=self.monthly)
        leaver = self._contract(plan=self.monthly)
        self._contract()
        january = self._bill("2027-01-15")
        self.env["billing.run"]._bill_now(self._contract(plan=self.monthly))
        leaver._write_dated({"state": "ended", "date_end": "2027-01-31"}, "2027-01-31")
        self.monthly.price_ids.amount = 110.0
        february = self._preview("2027-02-01")
        self.assertEqual(february.previous_run_id, january)
        self.assertEqual(
            self._rows(
                february.plan_total_ids,
                "contract_count",
                "count_before",
                "count_change",
                "amount",
                "amount_before",
                "amount_change",
            ),
            [
                ("Monthly", 2, 2, 0, 220.0, 200.0, 20.0),
                ("Yearly", 0, 1, -1, 0.0, 1200.0, -1200.0),
            ],
        )
        self.assertEqual(february.run_total, 2)

    def test_a_run_that_was_undone_is_no_measure(self):
        self._contract()
        run = self._bill("2027-01-15")
        run.action_undo()
        self._work()
        self.assertFalse(self._preview("2027-01-15").previous_run_id)

    # The oddest amounts

    def test_oddest_amounts_against_last_time(self):
        contracts = [self._contract(plan=self.monthly) for _number in range(3)]
        self._bill("2027-01-15")
        odd = contracts[1]
        self.env["membership.contract.line"].create(
            {
                "contract_id": odd.id,
                "product_id": self._product("Locker").id,
                "name": "Locker",
                "price_unit": 50.0,
            }
        )
        run = self._preview("2027-02-01")
        self.assertRecordValues(
            run.odd_line_ids,
            [
                {
                    "contract_id": odd.id,
                    "odd_rank": 1,
                    "amount_usual": 100.0,
                    "amount": 150.0,
                    "amount_change": 50.0,
                }
            ],
        )

    def test_oddest_amounts_against_the_middle_of_the_plan(self):
        for _number in range(3):
            self._contract("2027-01-01", self.monthly)
        missed = self._contract("2026-09-01", self.monthly)
        late = self._contract("2026-12-01", self.monthly)
        run = self._preview("2027-01-15")
        self.assertEqual(
            [
                (line.contract_id, line.amount_usual, line.amount)
                for line in run.odd_line_ids.sorted("odd_rank")
            ],
            [(missed, 100.0, 500.0), (late, 100.0, 200.0)],
        )

    def test_only_the_ten_oddest_are_shown(self):
        for _number in range(13):
            self._contract("2027-01-01", self.monthly)
        for _number in range(12):
            self._contract("2026-12-01", self.monthly)
        run = self._preview("2027-01-15")
        self.assertEqual(run.odd_line_ids.mapped("odd_rank"), list(range(1, 11)))

    # Left out

    def test_left_out_are_grouped_by_reason_with_the_fix_in_the_row(self):
        plan = self._plan("No price yet", valid_from="2028-01-01")
        for _number in range(2):
            self._contract(plan=plan)
        contract = self._contract()
        employer = self._payer("Employer", is_company=True)
        self.env.cr.execute(
            "UPDATE res_partner SET parent_id = %s, commercial_partner_id = %s WHERE id = %s",
            (employer.id, employer.id, contract.payer_id.id),
        )
        self.env.invalidate_all()
        run = self._preview("2027-01-15")
        self.assertEqual(
            self._rows(run.problem_total_ids, "key", "contract_count"),
            [("No price", "no_price", 2), ("Payer cannot be invoiced", "payer", 1)],
        )
        lines = self.env["billing.run.line"].search(
            run.problem_total_ids[0].action_view_lines()["domain"]
        )
        self.assertEqual(lines.plan_id, plan)
        self.assertEqual(lines[0].action_fix()["res_id"], plan.id)
        self.assertEqual(run.run_total, 0)

    def test_chosen_memberships_only(self):
        contract = self._contract()
        self._contract()
        run = self._preview("2027-01-15", contract_ids=contract.ids)
        self.assertEqual(run.line_ids.contract_id, contract)
