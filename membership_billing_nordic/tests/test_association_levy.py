from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .share_common import ShareCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAssociationLevy(ShareCommon):
    """The federation invoices its clubs: 20 for a grown-up, 10 for who is under 18."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.young = cls._payer("Young", mbn_birth_date="2015-05-05")
        cls._contract(member=cls.young, association_id=cls.tromso.id)
        cls.grown = cls._payer("Grown", mbn_birth_date="1990-05-05")
        cls.of_grown = cls._contract(member=cls.grown, association_id=cls.bodo.id)
        cls.second = cls._contract(
            member=cls.grown, plan=cls._plan("Second"), association_id=cls.bodo.id
        )
        cls.levy = cls.env["membership.levy"].create(
            {
                "name": "Federation fee 2027",
                "date": "2027-01-31",
                "association_id": cls.top.id,
                "product_id": cls.product.id,
                "rate_ids": [
                    (0, 0, {"name": "Under 18", "age_from": 0, "age_to": 17, "amount": 10.0}),
                    (0, 0, {"name": "Member", "amount": 20.0}),
                ],
            }
        )

    def _lines(self, levy):
        return [(line.association_id, line.member_count, line.amount) for line in levy.line_ids]

    def test_members_are_counted_once_and_invoiced(self):
        self.levy.action_count()
        self.assertEqual(self._lines(self.levy), [(self.bodo, 1, 20.0), (self.tromso, 2, 30.0)])
        self.levy.action_invoice()
        invoice = self.levy.line_ids[1].invoice_id
        self.assertEqual(invoice.partner_id, self.tromso.partner_id)
        self.assertEqual(invoice.amount_total, 30.0)
        self.assertEqual(invoice.state, "posted")
        self.assertTrue(invoice.payment_reference)
        self.assertEqual(str(invoice.invoice_date_due), "2027-01-31")
        self.assertEqual(sorted(invoice.invoice_line_ids.mapped("quantity")), [1.0, 1.0])
        again = self.levy.copy({"name": "Again"})
        again.action_count()
        with self._refused("invoiced already"):
            again.action_invoice()
        with self._refused("Credit these invoices first"):
            self.levy.action_cancel()
        for one in self.levy.line_ids.invoice_id:
            one._reverse_moves(cancel=True)
        self.levy.action_cancel()
        again.action_invoice()
        self.assertEqual(again.state, "invoiced")

    def test_the_day_of_the_count_decides(self):
        self.of_grown._change(
            {"association_id": self.tromso.id}, self.levy.date.replace(month=2, day=10)
        )
        self.second._end(self.levy.date, "request")
        self._set_today("2027-02-15")
        self._a_day_passes()
        self.assertEqual(self.of_grown.association_id, self.tromso)
        self.levy.action_count()
        self.assertEqual(self._lines(self.levy), [(self.bodo, 1, 20.0), (self.tromso, 2, 30.0)])
        self.grown.name = "Married"
        names = self.levy.line_ids.member_ids.mapped("name")
        self.assertIn("Grown", names)
        self.levy.date = "2027-02-28"
        self.assertEqual(self.levy.state, "draft")
        self.levy.action_count()
        self.assertEqual(self._lines(self.levy), [(self.tromso, 3, 50.0)])

    def test_districts_pay_for_their_clubs_and_only_who_has_paid_counts(self):
        self.levy.bill_to = "below"
        self.levy.action_count()
        self.assertEqual(self._lines(self.levy), [(self.north, 3, 50.0)])
        self.levy.paid_only = True
        with self._refused("Nobody is a member"):
            self.levy.action_count()
        self._bill("2027-01-01")
        self._pay(self._invoices(self.ola))
        self.levy.action_count()
        self.assertEqual(self._lines(self.levy), [(self.north, 1, 20.0)])

    def test_a_branch_pays_to_the_agreement_of_the_nearest_above_it(self):
        clubs, district = (
            self._agreement(account, name=name)
            for account, name in (("86011117947", "Clubs"), ("15032080119", "District"))
        )
        own = self._contract(association_id=self.bodo.id, agreement_id=district.id)
        self.top.agreement_id = clubs
        self.assertEqual(self.ola._chosen_agreement(), clubs)
        self.assertEqual(self.ola._paying_agreement(), clubs)
        self.north.agreement_id = district
        self.assertEqual(self.ola._chosen_agreement(), district)
        self.tromso.agreement_id = clubs
        self.assertEqual(self.ola._chosen_agreement(), clubs)
        (self.tromso + self.top).agreement_id = False
        self._bill("2027-01-01")
        for contract in self.ola + own:
            self.assertEqual(self._invoices(contract).mbn_agreement_id, district)
        one_off = self.env["billing.one.off"].create(
            {
                "unreached": True,
                "item_ids": [(0, 0, {"product_id": self.product.id, "price_unit": 10.0})],
                "line_ids": [(0, 0, {"contract_id": self.ola.id})],
            }
        )
        one_off.action_confirm()
        self.assertEqual(one_off.line_ids.invoice_id.mbn_agreement_id, district)
        self.north.agreement_id = False
        self.assertFalse(self.ola._chosen_agreement())
        self.assertEqual(self.ola._paying_agreement(), self.agreement)

    def _administrator(self, association):
        user = new_test_user(
            self.env,
            f"of_{association.id}",
            "membership_billing_nordic.group_association_administrator",
        )
        association.administrator_ids = user
        return user

    def test_administrators_see_the_invoices_to_their_own_and_change_nothing(self):
        self.levy.action_count()
        self.levy.action_invoice()
        to_bodo, to_tromso = self.levy.line_ids.invoice_id
        credit = to_tromso._reverse_moves([{"invoice_date": to_tromso.invoice_date}])
        credit.action_post()
        both = to_bodo | to_tromso | credit
        seen = {
            self.tromso: to_tromso | credit,
            self.bodo: to_bodo,
            self.north: both,
        }
        for association, invoices in seen.items():
            user = self._administrator(association)
            own = both.with_user(user)
            with self.subTest(association=association.name):
                mine = [("move_id", "in", both.ids)]
                self.assertEqual(set(own.search([("id", "in", both.ids)]).ids), set(invoices.ids))
                lines = self.env["account.move.line"].with_user(user).search(mine)
                self.assertEqual(set(lines.move_id.ids), set(invoices.ids))
                for invoice in invoices.with_user(user):
                    self.assertTrue(invoice.amount_total)
                    self.assertTrue(invoice.invoice_line_ids.mapped("name"))
                    with self.assertRaises(AccessError):
                        invoice.write({"ref": "mine"})
                    with self.assertRaises(AccessError):
                        invoice.invoice_line_ids.write({"name": "mine"})
                for invoice in (both - invoices).with_user(user):
                    with self.assertRaises(AccessError):
                        invoice.read(["name"])
