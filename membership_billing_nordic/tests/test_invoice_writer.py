from contextlib import closing
from unittest.mock import patch

from odoo import Command, fields
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.exceptions import UserError
from odoo.tests import tagged

# What belongs to the row and not to what it says.
ROW_FIELDS = {"id", "create_uid", "create_date", "write_uid", "write_date", "move_id"}


@tagged("post_install", "-at_install", "post_install_l10n")
class TestInvoiceWriter(AccountTestInvoicingCommon):
    """The writer's invoices against those of Odoo's own create and action_post."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.writer = cls.env["billing.invoice.writer"]
        cls.journal = cls.company_data["default_journal_sale"]
        cls.fee = cls.env["product.product"].create(
            {
                "name": "Membership fee",
                "type": "service",
                "lst_price": 333.33,
                "taxes_id": [Command.set(cls.tax_sale_a.ids)],
            }
        )
        cls.tax_included = cls.env["account.tax"].create(
            {
                "name": "25 % included",
                "amount": 25.0,
                "type_tax_use": "sale",
                "price_include_override": "tax_included",
            }
        )
        cls.members = cls.env["res.partner"].create(
            [{"name": f"Member {number}", "country_id": False} for number in range(4)]
        )

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------

    def _line(self, **vals):
        line = {"product_id": self.fee.id, "quantity": 1.0, "price_unit": 333.33}
        return Command.create(line | vals)

    def _vals(self, partner, *lines, **vals):
        return {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "journal_id": self.journal.id,
            "invoice_date": fields.Date.to_date("2026-03-15"),
            "invoice_line_ids": list(lines) or [self._line()],
        } | vals

    def _each(self, *lines, partners=None, **vals):
        """The same invoice for every member, each with a text of its own."""
        return [
            self._vals(partner, *lines, invoice_origin=f"M{partner.id}", **vals)
            for partner in partners or self.members
        ]

    def _stored(self, record):
        return {
            name: value
            for name, field in record._fields.items()
            if field.store and field.type != "one2many" and name not in ROW_FIELDS
            for value in [record[name].ids if field.relational else record[name]]
        }

    def _snapshot(self, moves):
        self.env.flush_all()
        moves.invalidate_recordset()
        return [
            (self._stored(move), [self._stored(line) for line in move.line_ids.sorted("id")])
            for move in moves
        ]

    def _plain_snapshot(self, vals_list, post=True):
        with closing(self.env.cr.savepoint()):
            moves = self.env["account.move"].create(vals_list)
            if post:
                moves.action_post()
            return self._snapshot(moves)

    def _goes_by_pattern(self, vals_list, post=True):
        """Write the invoices, and say which way they went."""
        model = self.registry["billing.invoice.writer"]
        ways = []
        original = model._create_by_pattern

        def noting(writer, *args):
            ways.append("pattern")
            return original(writer, *args)

        with patch.object(model, "_create_by_pattern", noting):
            self.written = self.writer._create_posted(vals_list, post=post)
        return bool(ways)

    def _assert_same(self, vals_list, by_pattern=True, post=True):
        expected = self._plain_snapshot(vals_list, post=post)
        self.assertEqual(self._goes_by_pattern(vals_list, post=post), by_pattern)
        actual = self._snapshot(self.written)
        self.assertEqual(len(actual), len(expected))
        for (move, lines), (plain_move, plain_lines) in zip(actual, expected, strict=True):
            self.assertEqual(move, plain_move)
            self.assertEqual(lines, plain_lines)
        return self.written

    # ------------------------------------------------------------------
    # Every stored field is the plain way's
    # ------------------------------------------------------------------

    def test_one_line_without_tax(self):
        moves = self._assert_same(self._each(self._line(tax_ids=[Command.clear()])))
        self.assertEqual(set(moves.mapped("state")), {"posted"})
        self.assertEqual(moves.partner_id, self.members)

    def test_drafts_can_be_left(self):
        moves = self._assert_same(self._each(), post=False)
        self.assertEqual(set(moves.mapped("state")), {"draft"})

    def test_tax_on_top(self):
        moves = self._assert_same(self._each())
        self.assertEqual(moves[0].amount_tax, 50.0)

    def test_tax_in_the_price(self):
        line = self._line(price_unit=99.99, tax_ids=[Command.set(self.tax_included.ids)])
        moves = self._assert_same(self._each(line))
        self.assertEqual(moves[0].amount_total, 99.99)

    def test_several_lines_with_different_taxes_discount_and_note(self):
        self._assert_same(
            self._each(
                self._line(name="Fee", price_unit=100.05, discount=12.5),
                self._line(
                    price_unit=0.35, quantity=3, tax_ids=[Command.set(self.tax_included.ids)]
                ),
                Command.create({"display_type": "line_note", "name": "Thank you"}),
                self._line(price_unit=-10.0, tax_ids=[Command.clear()]),
                Command.create(
                    {
                        "name": "No product",
                        "account_id": self.company_data["default_account_revenue"].id,
                        "price_unit": 17.0,
                    }
                ),
            )
        )

    def test_tax_rounded_over_the_whole_invoice(self):
        self.env.company.tax_calculation_rounding_method = "round_globally"
        lines = [self._line(price_unit=0.33), self._line(price_unit=0.37)]
        self._assert_same(self._each(*lines))

    def test_texts_may_differ_within_a_pattern(self):
        vals_list = [
            self._vals(partner, self._line(name=f"Fee of {partner.name}"), narration=partner.name)
            for partner in self.members
        ]
        moves = self._assert_same(vals_list)
        self.assertEqual(moves[3].invoice_line_ids.name, "Fee of Member 3")

    def test_different_amounts_keep_their_order(self):
        amounts = [100.0, 250.0, 100.0, 250.0]
        vals_list = [
            self._vals(partner, self._line(price_unit=amount))
            for partner, amount in zip(self.members, amounts, strict=True)
        ]
        moves = self._assert_same(vals_list)
        self.assertEqual(moves.mapped("amount_untaxed"), amounts)
        self.assertEqual(moves.mapped("name"), sorted(moves.mapped("name")))

    def test_fiscal_position_of_the_payer_or_given(self):
        position = self.env["account.fiscal.position"].create({"name": "No tax abroad"})
        self.tax_sale_b.write(
            {
                "fiscal_position_ids": [Command.link(position.id)],
                "original_tax_ids": [Command.link(self.tax_sale_a.id)],
            }
        )
        position.account_ids = [
            Command.create(
                {
                    "account_src_id": self.company_data["default_account_revenue"].id,
                    "account_dest_id": self.copy_account(
                        self.company_data["default_account_revenue"]
                    ).id,
                }
            )
        ]
        self.members[:2].property_account_position_id = position
        moves = self._assert_same(self._each())
        self.assertEqual(moves[1].invoice_line_ids.tax_ids, self.tax_sale_b)
        self.assertEqual(moves[3].invoice_line_ids.tax_ids, self.tax_sale_a)
        self._assert_same(self._each(fiscal_position_id=position.id))

    def test_fiscal_position_found_by_country(self):
        self.env["account.fiscal.position"].create(
            {"name": "Belgium", "auto_apply": True, "country_id": self.env.ref("base.be").id}
        )
        self.members[:2].country_id = self.env.ref("base.be")
        moves = self._assert_same(self._each())
        self.assertEqual(
            [bool(move.fiscal_position_id) for move in moves], [True, True, False, False]
        )

    def test_other_currency(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-01-01", 0.3333), ("2026-03-01", 7)]
        )
        moves = self._assert_same(self._each(currency_id=currency.id))
        self.assertEqual(moves.currency_id, currency)
        self.assertNotEqual(moves[0].amount_total, moves[0].amount_total_signed)

    def test_cash_rounding(self):
        roundings = self.env["account.cash.rounding"].create(
            [
                {
                    "name": strategy,
                    "rounding": 0.5,
                    "strategy": strategy,
                    "profit_account_id": self.company_data["default_account_revenue"].id,
                    "loss_account_id": self.company_data["default_account_expense"].id,
                    "rounding_method": "HALF-UP",
                }
                for strategy in ("add_invoice_line", "biggest_tax")
            ]
        )
        for rounding in roundings:
            with self.subTest(strategy=rounding.strategy):
                moves = self._assert_same(self._each(invoice_cash_rounding_id=rounding.id))
                self.assertEqual(moves[0].amount_total, 383.5)

    def test_payment_terms_in_instalments_and_with_discount(self):
        for term in (self.pay_terms_b, self._early_discount_term()):
            with self.subTest(term=term.name):
                self._assert_same(self._each(invoice_payment_term_id=term.id))
        self.members[:2].property_payment_term_id = self.pay_terms_b
        moves = self._assert_same(self._each())
        terms = moves[0].line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.assertEqual(len(terms), 2)

    def _early_discount_term(self):
        return self.env["account.payment.term"].create(
            {
                "name": "2 % in 10 days",
                "early_discount": True,
                "discount_percentage": 2.0,
                "discount_days": 10,
                "early_pay_discount_computation": "mixed",
                "line_ids": [
                    Command.create({"value": "percent", "value_amount": 100, "nb_days": 30})
                ],
            }
        )

    def test_language_of_the_payer(self):
        self.env["res.lang"]._activate_lang("nb_NO")
        self.fee.with_context(lang="nb_NO").name = "Kontingent"
        self.members[2:].lang = "nb_NO"
        moves = self._assert_same(self._each())
        self.assertEqual(
            moves.invoice_line_ids.mapped("name"),
            ["Membership fee", "Membership fee", "Kontingent", "Kontingent"],
        )

    def test_receivable_account_of_the_payer(self):
        receivable = self.copy_account(self.company_data["default_account_receivable"])
        self.members[:2].property_account_receivable_id = receivable
        moves = self._assert_same(self._each())
        self.assertIn(receivable, moves[0].line_ids.account_id)
        self.assertNotIn(receivable, moves[2].line_ids.account_id)

    def test_analytic_distribution_given_and_by_partner(self):
        plan = self.env["account.analytic.plan"].create({"name": "Departments"})
        account, other = self.env["account.analytic.account"].create(
            [{"name": name, "plan_id": plan.id} for name in ("Skiing", "Football")]
        )
        distribution = {str(account.id): 60.0, str(other.id): 40.0}
        line = self._line(analytic_distribution=distribution)
        moves = self._assert_same(self._each(line))
        self.assertEqual(len(moves.line_ids.analytic_line_ids), 8)
        self.env["account.analytic.distribution.model"].create(
            {"partner_id": self.members[0].id, "analytic_distribution": {str(other.id): 100.0}}
        )
        self._assert_same(self._each(), by_pattern=False)
        self._assert_same(self._each(self._line(analytic_distribution=False)))

    def test_payer_with_contacts_is_no_example_for_others(self):
        self.env["res.partner"].create(
            {"name": "Ski hut", "type": "delivery", "parent_id": self.members[0].id}
        )
        partners = self.members + self.members.create({"name": "One more"})
        moves = self._assert_same(self._each(partners=partners))
        self.assertEqual(moves[0].partner_shipping_id.name, "Ski hut")

    def test_due_date_given(self):
        due = fields.Date.to_date("2026-04-14")
        moves = self._assert_same(
            self._each(invoice_date_due=due, invoice_payment_term_id=False, invoice_user_id=False)
        )
        self.assertEqual(
            set(moves.line_ids.filtered("date_maturity").mapped("date_maturity")), {due}
        )

    def test_date_in_a_locked_period(self):
        self.env.company.sale_lock_date = fields.Date.to_date("2026-03-31")
        moves = self._assert_same(self._each())
        self.assertGreater(moves[0].date, self.env.company.sale_lock_date)

    def test_numbers_go_on_over_years_and_calls(self):
        first = self._assert_same(self._each())
        vals_list = self._each(invoice_date=fields.Date.to_date("2025-12-31")) + self._each()
        moves = self._assert_same(vals_list)
        self.assertEqual(len(set((first + moves).mapped("name"))), 12)
        self.assertIn("2025", moves[0].name)

    def test_zero_invoices(self):
        moves = self._assert_same(self._each(self._line(price_unit=0.0)))
        self.assertEqual(set(moves.mapped("payment_state")), {"paid"})

    # ------------------------------------------------------------------
    # What goes the plain way
    # ------------------------------------------------------------------

    def test_invoices_that_are_all_different_go_the_plain_way(self):
        vals_list = [
            self._vals(partner, self._line(price_unit=100.0 + partner.id))
            for partner in self.members
        ]
        self._assert_same(vals_list, by_pattern=False)
        self._assert_same(vals_list[:1], by_pattern=False)

    def test_hashed_journal_goes_the_plain_way(self):
        self.journal.restrict_mode_hash_table = True
        self._goes_by_pattern(self._each())
        self.assertTrue(all(self.written.mapped("inalterable_hash")))

    def test_values_that_are_not_known_go_the_plain_way(self):
        for vals in (
            {"invoice_incoterm_id": self.env["account.incoterms"].search([], limit=1).id},
            {"invoice_date": False},
            {"partner_shipping_id": self.members[0].id},
        ):
            with self.subTest(vals=vals):
                self.assertFalse(self._goes_by_pattern(self._each(**vals)))
        self.assertFalse(self._goes_by_pattern(self._each(self._line(is_imported=True))))

    def test_an_unknown_addon_sends_all_the_plain_way(self):
        model = self.registry["billing.invoice.writer"]
        known = self.writer._known_addons() - {"account"}
        with patch.object(model, "_known_addons", lambda _writer: known):
            self._assert_same(self._each(), by_pattern=False)

    # ------------------------------------------------------------------
    # What is left behind
    # ------------------------------------------------------------------

    def test_nothing_is_left_of_the_computed_examples(self):
        moves = self.env["account.move"]
        before = moves.search_count([])
        self._goes_by_pattern(self._each())
        self.assertEqual(moves.search_count([]), before + 4)

    def test_nothing_to_write(self):
        self.assertFalse(self.writer._create_posted([]))

    def test_errors_are_the_plain_ways(self):
        self.company_data["default_account_revenue"].active = False
        with self.assertRaisesRegex(UserError, "archived"):
            self.writer._create_posted(self._each())

    def test_a_payer_of_another_company_is_refused(self):
        other = self.env["res.company"].create({"name": "Another company"})
        self.members[2].company_id = other
        with self.assertRaisesRegex(UserError, "Member 2"):
            self.writer._create_posted(self._each())

    def test_the_log_is_kept_where_the_company_must_keep_it(self):
        self.writer = self.writer.with_context(
            dict.fromkeys(("tracking_disable", "mail_create_nolog", "mail_notrack"), False)
        )
        self._goes_by_pattern(self._each())
        self.env.cr.flush()
        self.assertFalse(self.written.message_ids)
        self.env.company.restrictive_audit_trail = True
        plain = self.env["account.move"].with_env(self.writer.env).create(self._each())
        plain.action_post()
        self.assertTrue(self._goes_by_pattern(self._each()))
        self.env.cr.flush()
        self.assertTrue(plain.message_ids)
        self.assertEqual(
            [self._log(move) for move in self.written], [self._log(move) for move in plain]
        )

    def _log(self, move):
        return [(message.body, len(message.tracking_value_ids)) for message in move.message_ids]

    def test_later_changes_are_synchronised_as_ever(self):
        self._goes_by_pattern(self._each(), post=False)
        self.written[0].invoice_line_ids.price_unit = 1000.0
        self.assertEqual(self.written[0].amount_total, 1150.0)
