from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import UniqueViolation

from .share_common import ShareCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAssociationShare(ShareCommon):
    def _invoice_of(self, contract):
        self._bill("2027-01-01")
        return self._invoices(contract)

    def test_shares_follow_what_is_paid_to_the_cent(self):
        invoice = self._invoice_of(self.ola)
        self._book()
        self.assertEqual(self._owed_all(), [0.0, 0.0, 0.0, 0.0])
        self._pay(invoice, 100.0)
        self._book()
        self.assertEqual(self._owed_all(), [57.58, 9.09, 33.33, 0.0])
        rest = self._pay(invoice)
        self._book()
        self.assertEqual(self._owed_all(), [190.0, 30.0, 110.0, 0.0])
        income = invoice.invoice_line_ids.account_id
        lines = self.env["account.move.line"].search([("account_id", "=", income.id)])
        self.assertEqual(round(sum(lines.mapped("balance")), 2), 0.0)
        rest.remove_move_reconcile()
        self._book()
        self.assertEqual(self._owed_all(), [57.58, 9.09, 33.33, 0.0])

    def test_a_credit_takes_its_part_back(self):
        self.company.mbn_share_when = "billed"
        invoice = self._invoice_of(self.ola)
        self._book()
        self.assertEqual(self._owed_all(), [190.0, 30.0, 110.0, 0.0])
        charge = self.ola.charge_ids
        charge._credit({charge: 33.0}, "Too much")
        self._book()
        self.assertEqual(self._owed_all(), [171.0, 27.0, 99.0, 0.0])
        self._pay(invoice)
        self._book()
        self.assertEqual(self._owed_all(), [171.0, 27.0, 99.0, 0.0])
        charge._credit({charge: 297.0}, "All of it")
        self._book()
        self.assertEqual(self._owed_all(), [0.0, 0.0, 0.0, 0.0])
        back = self.env["membership.share"].search([("association_id", "=", self.tromso.id)])
        self.assertEqual(sorted(back.mapped("amount")), [-99.0, -11.0, 110.0])
        self.assertEqual(sorted(back.mapped("number")), [1, 2, 3])

    def test_a_credit_of_a_paid_fee_takes_back_only_what_is_not_owed(self):
        invoice = self._invoice_of(self.ola)
        self._pay(invoice)
        self._book()
        charge = self.ola.charge_ids
        charge._credit({charge: 165.0}, "Half")
        self._book()
        self.assertEqual(self._owed_all(), [95.0, 15.0, 55.0, 0.0])

    def test_instalments_and_parts_of_a_period_add_up(self):
        plan = self._plan("In parts", 100.0, frequency="month", first_period="month")
        self.rules.unlink()
        self.env["membership.share.rule"].create(
            [
                {
                    "recipient": "own",
                    "kind": "percent",
                    "percent": 33.33,
                    "date_from": "2027-01-01",
                },
                {
                    "recipient": "top",
                    "kind": "percent",
                    "percent": 66.67,
                    "date_from": "2027-01-01",
                },
            ]
        )
        contract = self._contract("2027-06-01", plan=plan, association_id=self.bodo.id)
        self.company.mbn_share_when = "billed"
        for month in range(6, 13):
            self._bill_until(f"2027-{month:02}-28")
            self._book()
            charges = contract.charge_ids.filtered("invoice_id")
            shares = self.env["membership.share"].search([("contract_id", "=", contract.id)])
            given, fees = sum(shares.mapped("amount")), sum(charges.mapped("amount"))
            self.assertAlmostEqual(given, fees, 2)
        period = contract.period_ids.sorted("date_from")[0]
        self.assertEqual(period.amount, 58.33)
        of_club = shares.filtered(
            lambda share: share.association_id == self.bodo and share.period_id == period
        )
        self.assertAlmostEqual(sum(of_club.mapped("amount")), 19.44, 2)

    def test_nothing_is_booked_twice(self):
        self._pay(self._invoice_of(self.ola))
        self._book()
        self.ola.charge_ids.sudo().share_pending = True
        self._book()
        shares = self.env["membership.share"].search([("charge_id", "=", self.ola.charge_ids.id)])
        self.assertEqual(len(shares), 3)
        self.assertEqual(len(shares.move_id), 1)
        with self.assertRaises(UniqueViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
            shares[0].sudo().copy({})
            self.env.flush_all()

    def test_the_closer_rule_counts_and_what_was_booked_stays(self):
        self.env["membership.share.rule"].create(
            {"association_id": self.bodo.id, "amount": 100.0, "date_from": "2027-01-01"}
        )
        per = self._contract(association_id=self.bodo.id)
        for invoice in self._invoice_of(self.ola) + self._invoices(per):
            self._pay(invoice)
        self._book()
        self.assertEqual(self._owed_all(), [380.0, 60.0, 110.0, 100.0])
        own = self.rules[0]
        with self._refused("make a new one"):
            own.amount = 120.0
        with self._refused("cannot be earlier"):
            own.date_to = "2026-12-31"
        own.date_to = "2027-12-31"
        own.copy({"amount": 100.0, "date_from": "2028-01-01", "date_to": False})
        self._bill_until("2028-01-01")
        self._pay(self._invoices(self.ola)[-1])
        self._book()
        self.assertEqual(self._owed(self.tromso), 210.0)

    def test_a_fee_with_tax_is_shared_only_without_it(self):
        taxed = self._plan("Taxed", 1250.0, product_id=self._taxed_product().id)
        vals = {"plan_id": taxed.id, "kind": "percent", "percent": 50.0, "date_from": "2027-01-01"}
        with self._refused("sold with tax", ValidationError):
            self.env["membership.share.rule"].create(vals)
        contract = self._contract(plan=taxed, association_id=self.bodo.id)
        self._bill("2027-01-01")
        invoice = self._invoices(contract)
        self._pay(invoice)
        self._book()  # by the rules for all plans, which say nothing of tax
        desk = self.env["billing.exception"].search(
            [("kind", "=", "membership_share_stuck"), ("state", "=", "open")]
        )
        self.assertIn("sold with tax", desk.name)
        self.rules.unlink()
        self.env["membership.share.rule"].create(vals | {"without_tax": True})
        desk.action_book_shares()
        self.assertEqual(desk.state, "done")
        self.assertEqual(self._owed(self.bodo), round(invoice.amount_untaxed / 2, 2))

    def test_a_member_who_moves_takes_the_share_along_as_the_company_says(self):
        invoice = self._invoice_of(self.ola)
        self._pay(invoice)
        self._book()
        move = {"association_id": self.bodo.id}
        told = [
            row for row in self._rows(self.ola, "change", "2027-04-01", move) if row[0] == "share"
        ]
        self.assertEqual(told, [("share", None, self._date("2027-12-31"))])
        self.ola._change(move, self._date("2027-04-01"))
        self._book()
        self.assertEqual(self._owed_all(), [190.0, 30.0, 110.0, 0.0])
        self.company.mbn_share_transfer = "by_day"
        self.ola.charge_ids.sudo().share_pending = True
        self._book()
        # 90 of 365 days of 110; the others get the same as before
        self.assertEqual(self._owed_all(), [190.0, 30.0, 27.12, 82.88])
        self._bill_until("2028-01-01")
        self._pay(self._invoices(self.ola)[-1])
        self._book()
        self.assertEqual(self._owed_all(), [380.0, 60.0, 27.12, 192.88])

    def _date(self, day):
        return self.env["membership.period"]._fields["date_from"].to_date(day)
