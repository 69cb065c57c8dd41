from unittest.mock import patch

from odoo import Command
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

    # Alike memberships

    def _varied_contracts(self):
        """Two or more of every sort that the preview might take for alike."""
        club = self.env["membership.association"].create({"partner_id": self._payer("Club").id})
        position = self.env["account.fiscal.position"].create({"name": "No tax"})
        by_age = self._plan("By age", term="month", lead_days=0)
        by_age.price_ids.age_to = 17
        by_age.price_ids = [
            Command.create({"valid_from": "2020-01-01", "age_from": 18, "amount": 500.0})
        ]
        campaign = self._plan("Campaign", term="month", lead_days=0)
        campaign.price_ids.period_to = 2
        campaign.price_ids = [
            Command.create({"valid_from": "2020-01-01", "period_from": 3, "amount": 99.0})
        ]
        entry = self._plan("Entry", entry_product_id=self.product.id, entry_fee=75.0)
        own_day = self._plan("Own day", term="month", anchor="joining", lead_days=0)
        missing = self._plan("No price", valid_from="2028-01-01")
        sorts = [
            {"start": "2027-01-01"},
            {"start": "2027-01-01", "sales_channel": "Fair"},
            {"start": "2026-05-01", "billed_from": "2027-01-01"},
            {"start": "2027-01-01", "date_end": "2027-03-31"},
            {"start": "2027-01-01", "association_id": club.id},
            {"start": "2027-01-01", "plan": by_age, "born": "2015-06-01"},
            {"start": "2027-01-01", "plan": by_age, "born": "1990-06-01"},
            {"start": "2027-01-01", "plan": by_age},
            # of age in the second of the periods that are caught up
            {"start": "2026-12-01", "plan": by_age, "born": "2008-12-15"},
            {"start": "2026-12-01", "plan": by_age, "born": "2009-05-15"},
            {"start": "2026-10-01", "plan": campaign, "billed_from": "2027-01-01"},
            {"start": "2026-12-01", "plan": campaign, "billed_from": "2027-01-01"},
            {"start": "2027-01-01", "plan": entry},
            {"start": "2026-01-01", "plan": entry, "billed_from": "2027-01-01"},
            {"start": "2026-12-31", "plan": own_day},
            {"start": "2026-12-20", "plan": own_day},
            {"start": "2027-01-01", "plan": missing},
            {"start": "2027-01-01", "tax_free": True},
            {"start": "2027-01-01", "sent": "portal"},
            {"start": "2027-01-01", "locker": True},
        ]
        locker = self._product("Locker")
        for sort in sorts:
            born, sent = sort.pop("born", False), sort.pop("sent", False)
            tax_free, has_locker = sort.pop("tax_free", False), sort.pop("locker", False)
            for _number in range(3):
                member = self._payer(
                    "Member",
                    mbn_birth_date=born,
                    invoice_sending_method=sent,
                    property_account_position_id=position.id if tax_free else False,
                )
                contract = self._contract(member=member, **sort)
                if has_locker:
                    contract.line_ids = [
                        Command.create(
                            {"product_id": locker.id, "name": "Locker", "price_unit": 50.0}
                        )
                    ]
        return self.env["membership.contract"].search([("company_id", "=", self.company.id)])

    def test_alike_memberships_get_the_line_that_each_gets_alone(self):
        self.product.taxes_id = self.vat
        contracts = self._varied_contracts()
        self._bill("2027-01-01", contract_ids=contracts[:4].ids)
        self.monthly.price_ids.amount = 110.0
        run = self._preview("2027-02-01")
        self.assertGreater(len(run.line_ids), 50)
        lines = self.env["billing.run.line"].sudo()
        numbers = ("amount", "amount_before")
        for line in run.line_ids:
            [alone] = lines._prepare_lines(run._in_company(), line.contract_id.sudo())
            for name, value in alone.items():
                got = line[name].id if line._fields[name].relational else line[name]
                if name in numbers:
                    self.assertAlmostEqual(got, value, 2, f"{name} of {line.contract_id.name}")
                else:
                    self.assertEqual(got, value, f"{name} of {line.contract_id.plan_id.name}")
            self.assertEqual(line.company_id, self.company)
            self.assertEqual(line.member_id, line.contract_id.member_id)
            self.assertFalse(line.released)

    def test_alike_memberships_are_worked_out_once(self):
        for _number in range(6):
            self._contract("2027-01-01")
        line_model = type(self.env["billing.run.line"])
        prepare, seen = line_model._prepare_lines, []

        def count(lines, run, contracts):
            seen.append(len(contracts))
            return prepare(lines, run, contracts)

        with patch.object(line_model, "_prepare_lines", count):
            run = self._preview("2027-01-15")
        self.assertEqual((sum(seen), len(run.line_ids), run.run_total), (1, 6, 6))
        run.action_confirm()
        self._work()
        self.assertEqual(run.line_ids.invoice_id.mapped("amount_total"), [1200.0] * 6)

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
