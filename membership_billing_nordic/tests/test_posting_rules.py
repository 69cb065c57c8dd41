from odoo.addons.membership_billing_nordic.models.membership.payment_notice_report import NOTICE
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .contract_common import ContractCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestPostingRules(ContractCommon):
    """A federation with a club, and accounts and projects of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.usual = cls.company_data["default_account_revenue"]
        cls.own = cls.usual.copy()
        cls.youth = cls.usual.copy()
        plan = cls.env["account.analytic.plan"].create({"name": "Clubs"})
        cls.north, cls.south, cls.mine = cls.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in ("North", "South", "Mine")]
        )
        associations = cls.env["membership.association"]
        cls.federation = associations.create({"partner_id": cls._payer("Federation").id})
        cls.club = associations.create(
            {"partner_id": cls._payer("Club").id, "parent_id": cls.federation.id}
        )
        cls.rules = cls.env["billing.posting.rule"]

    @classmethod
    def _rule(cls, account=None, project=None, **vals):
        distribution = {str(project.id): 100.0} if project else False
        return cls.rules.create(
            {"account_id": account and account.id, "analytic_distribution": distribution} | vals
        )

    def _line(self, contract):
        self._bill_until("2027-01-01")
        return self._invoices(contract).invoice_line_ids

    def test_the_most_exact_rule_that_says_it_wins(self):
        self._rule(project=self.south)
        self._rule(self.own, self.north, association_id=self.federation.id)
        self._rule(self.youth, association_id=self.club.id, age_to=19)
        young = self._payer("Ida", mbn_birth_date="2015-05-05")
        members = {
            "nowhere": self._contract(member=self._payer("Nils")),
            "federation": self._contract(
                member=self._payer("Fred"), association_id=self.federation.id
            ),
            "club": self._contract(member=self._payer("Kari"), association_id=self.club.id),
            "young": self._contract(member=young, association_id=self.club.id),
            "own": self._contract(
                member=self._payer("Ola"), analytic_distribution={str(self.mine.id): 100.0}
            ),
        }
        self._bill_until("2027-01-01")
        found = {}
        for name, contract in members.items():
            line = self._invoices(contract).invoice_line_ids
            (project,) = line.analytic_distribution
            found[name] = line.account_id, int(project)
        self.assertEqual(
            found,
            {
                "nowhere": (self.usual, self.south.id),
                "federation": (self.own, self.north.id),
                "club": (self.own, self.north.id),
                "young": (self.youth, self.north.id),
                "own": (self.usual, self.mine.id),
            },
        )
        entries = self.env["account.analytic.line"].search(
            [("move_line_id.move_id", "in", self._invoices(members["young"]).ids)]
        )
        self.assertEqual(sum(entries.mapped("amount")), 1200.0)

    def test_the_list_is_in_the_order_of_use(self):
        rows = self._rule(self.own)
        rows |= self._rule(self.own, association_id=self.federation.id)
        rows |= self._rule(self.own, age_from=20)
        rows |= self._rule(self.own, plan_id=self.plan.id)
        rows |= self._rule(self.own, association_id=self.club.id)
        self.assertEqual(
            self.rules.search([("id", "in", rows.ids)]).mapped("display_name"),
            ["Yearly", "Club", "Federation", "20-", "All memberships"],
        )
        with self.assertRaisesRegex(ValidationError, "choose an account"):
            self._rule()

    def test_dates_and_products(self):
        self._rule(self.own, date_to="2026-12-31")
        self._rule(self.youth, date_from="2027-01-01")
        contract = self._contract()
        shop = self._product("Shirt")
        self.env["membership.contract.line"].create(
            {"contract_id": contract.id, "product_id": shop.id, "price_unit": 100.0}
        )
        lines = self._line(contract)
        self.assertEqual(lines.mapped("account_id"), self.youth | self.usual)
        note = self._credit(lines.move_id)
        self.assertEqual(note.invoice_line_ids.account_id, self.youth | self.usual)

    def test_projects_of_their_own_do_not_make_billing_slow(self):
        """Invoices that differ by project only are written from one pattern."""
        writer = self.env["billing.invoice.writer"]
        self._rule(project=self.north, association_id=self.club.id)
        self._rule(project=self.south, association_id=self.federation.id)
        for name, association in (("A", self.club), ("B", self.federation), ("C", self.club)):
            self._contract(member=self._payer(name), association_id=association.id)
        seen = []
        create = type(writer)._create_by_pattern

        def look(records, vals_list, patterns):
            seen.append(len(set(patterns)))
            return create(records, vals_list, patterns)

        self.patch(type(writer), "_create_by_pattern", look)
        invoices = self._bill_until("2027-01-01").line_ids.invoice_id
        self.assertEqual(seen, [1])
        self.assertEqual(
            [list(line.analytic_distribution) for line in invoices.sorted("id").invoice_line_ids],
            [[str(self.north.id)], [str(self.south.id)], [str(self.north.id)]],
        )


@tagged("post_install", "-at_install", "post_install_l10n")
class TestLineGrouping(ContractCommon):
    """A mother pays for herself and two children; the children's plan has tax on top."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.write({"mbn_common_invoice": True, "mbn_invoice_pdf": "notice"})
        taxed = cls._product("Sports", cls.vat)
        cls.child_plan = cls._plan("Child", 333.33, product_id=taxed.id)
        cls.mother = cls._payer("Mia Mor")
        cls._contract(member=cls.mother)
        for name in ("Ida", "Per"):
            contract = cls._contract(
                member=cls._payer(name), plan=cls.child_plan, payer_id=cls.mother.id
            )
        cls.env["membership.contract.line"].create(
            {"contract_id": contract.id, "product_id": taxed.id, "price_unit": 10.01}
        )

    def _grouped(self, way):
        self.company.mbn_line_grouping = way
        return self.invoice._get_move_lines_to_report()

    def setUp(self):
        super().setUp()
        self.invoice = self._bill_until("2027-01-01").line_ids.invoice_id
        self.assertEqual(len(self.invoice.invoice_line_ids), 4)

    def test_the_sum_is_the_same_whatever_the_grouping(self):
        expected = {"line": 4, "member": 3, "plan": 3}
        for way, count in expected.items():
            rows = self._grouped(way)
            self.assertEqual(len(rows), count, way)
            for name in ("price_subtotal", "price_total"):
                self.assertAlmostEqual(
                    sum(rows.mapped(name)), sum(self.invoice.invoice_line_ids.mapped(name)), 2
                )
        self.assertEqual(len(self.invoice.invoice_line_ids), 4)

    def test_texts_by_member_and_by_plan(self):
        per = self._grouped("member")[-1]
        self.assertEqual(per.name.splitlines()[0], "Per")
        self.assertEqual(per.price_subtotal, 343.34)
        child = self._grouped("plan")[1]
        self.assertIn("Ida, Per", child.name)
        self.assertEqual((child.quantity, child.price_unit), (2.0, 333.33))
        self.assertEqual(child.tax_ids._origin, self.vat)

    def test_paper_and_report_show_the_groups(self):
        self.company.mbn_line_grouping = "plan"
        notice, _fonts = next(self.env["billing.notice.maker"]._notices(self.invoice))
        amounts = [row.amount for row in notice.rows]
        self.assertEqual(amounts, ["1,200.00", "666.66", "10.01"])
        content, _kind = self.env["ir.actions.report"]._render_qweb_pdf(NOTICE, self.invoice.ids)
        self.assertTrue(content.startswith(b"%PDF"))
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("account.report_invoice", self.invoice.ids)[0]
            .decode()
        )
        self.assertIn("Ida, Per", html)
        self.assertIn("666.66", html)
        credit = self.invoice._reverse_moves([{"invoice_date": self.invoice.invoice_date}])
        self.assertEqual(len(credit._get_move_lines_to_report()), 4)
