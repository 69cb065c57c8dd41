from contextlib import closing
from datetime import date

from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.tests import tagged

PAID_ON = date(2026, 4, 2)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSettlementWriter(AccountTestInvoicingCommon):
    """What the writer books and reconciles against core's entry and ``reconcile``."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journal = cls.company_data["default_journal_misc"]
        cls.receivable = cls.company_data["default_account_receivable"]
        cls.clearing = cls.env["account.account"].create(
            {
                "name": "Payments to place",
                "code": "MBN299",
                "account_type": "liability_current",
                "reconcile": True,
            }
        )
        cls.payers = cls.env["res.partner"].create(
            [{"name": f"Payer {number}"} for number in range(4)]
        )

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------

    def _invoice(self, partner, amount, **vals):
        tax = vals.pop("tax", self.env["account.tax"])
        post = vals.pop("post", True)
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": date(2026, 3, 15),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Fee",
                            "price_unit": amount,
                            "account_id": self.company_data["default_account_revenue"].id,
                            "tax_ids": [Command.set(tax.ids)],
                        }
                    )
                ],
            }
            | vals
        )
        if post:
            invoice.action_post()
        return invoice

    def _claims(self, invoices):
        return invoices.line_ids.filtered(lambda line: line.display_type == "payment_term").sorted(
            "date_maturity"
        )

    def _item(self, amount, claims=None, **vals):
        claims = self.env["account.move.line"] if claims is None else claims
        return {
            "partner": claims.partner_id[:1] or self.payers[0],
            "account": claims.account_id or self.receivable,
            "amount": amount,
            "currency": claims.currency_id[:1] or self.env.company.currency_id,
            "label": "0001234",
            "lines": claims,
        } | vals

    def _book(self, items):
        return self.env["billing.settlement.writer"]._book(
            self.journal, PAID_ON, "OCR 2 April", self.clearing, items
        )

    def _book_plainly(self, items):
        """The same entry by core's create and action_post, then ``reconcile`` one by one."""
        company = self.env.company
        lines = []
        for item in items:
            amount, currency = item["amount"], item["currency"]
            balance = currency._convert(amount, company.currency_id, company, PAID_ON)
            common = {"partner_id": item["partner"].id, "currency_id": currency.id}
            lines += [
                common
                | {
                    "name": item["label"],
                    "account_id": account.id,
                    "amount_currency": sign * amount,
                    "balance": sign * balance,
                }
                for account, sign in ((item["account"], -1), (self.clearing, 1))
            ]
        entry = self.env["account.move"].create(
            {
                "journal_id": self.journal.id,
                "date": PAID_ON,
                "ref": "OCR 2 April",
                "line_ids": [Command.create(line) for line in lines],
            }
        )
        entry.action_post()
        booked = list(entry.line_ids.sorted("id")[::2])
        for item, line in zip(items, booked, strict=True):
            if item["lines"]:
                (line + item["lines"].filtered(lambda claim: not claim.reconciled)).reconcile()
        return booked

    def _results(self, items, booked):
        """Every result of booking and reconciling that does not depend on database ids."""
        self.env.flush_all()
        claims = self.env["account.move.line"].union(*(item["lines"] for item in items))
        lines = claims + self.env["account.move.line"].union(*booked)
        (lines + lines.move_id.line_ids).invalidate_recordset()
        lines.move_id.invalidate_recordset()
        numbers = {}
        return {
            "lines": [self._line_results(line, numbers) for line in lines],
            "invoices": [
                (invoice.payment_state, invoice.amount_residual, invoice.amount_residual_signed)
                for invoice in claims.move_id
            ],
            "clearing": sum(
                booked[0]
                .move_id.line_ids.filtered(lambda line: line.account_id == self.clearing)
                .mapped("balance")
            ),
            "partials": sorted(
                (partial.amount, partial.debit_amount_currency, partial.credit_amount_currency)
                for partial in lines.matched_debit_ids | lines.matched_credit_ids
            ),
            "further_entries": sorted(
                sorted(move.line_ids.mapped("balance")) for move in self._further_entries(lines)
            ),
        }

    def _further_entries(self, lines):
        partials = lines.matched_debit_ids | lines.matched_credit_ids
        return partials.exchange_move_id | lines.move_id.tax_cash_basis_created_move_ids

    def _line_results(self, line, numbers):
        number = line.matching_number
        return (
            line.balance,
            line.amount_currency,
            line.debit,
            line.credit,
            line.amount_residual,
            line.amount_residual_currency,
            line.reconciled,
            bool(line.full_reconcile_id),
            number and (number[:1] == "P", numbers.setdefault(number, len(numbers))),
            line.full_reconcile_id and number == str(line.full_reconcile_id.id),
            line.account_id,
            line.partner_id,
            line.name,
            line.date,
            line.tax_ids,
            line.analytic_distribution,
            line.parent_state,
        )

    def _assert_same(self, items):
        with closing(self.env.cr.savepoint()):
            expected = self._results(items, self._book_plainly(items))
        booked = self._book(items)
        self.assertEqual(self._results(items, booked), expected)
        entry = booked[0].move_id
        self.assertEqual(len(entry), 1)
        self.assertEqual(entry.state, "posted")
        self.assertEqual([line.partner_id for line in booked], [item["partner"] for item in items])
        return booked

    # ------------------------------------------------------------------
    # The results are core's
    # ------------------------------------------------------------------

    def test_exact_payments(self):
        invoices = self.env["account.move"].union(
            *(self._invoice(payer, 100.0 + payer.id) for payer in self.payers)
        )
        booked = self._assert_same(
            [self._item(claim.amount_residual, claim) for claim in self._claims(invoices)]
        )
        self.assertEqual(set(invoices.mapped("payment_state")), {"paid"})
        self.assertTrue(all(line.full_reconcile_id for line in booked))

    def test_the_same_as_the_register_payment_wizard(self):
        invoice = self._invoice(self.payers[0], 500.0)
        claim = self._claims(invoice)
        with closing(self.env.cr.savepoint()):
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=invoice.ids
            ).create({"payment_date": PAID_ON}).action_create_payments()
            expected = self._invoice_facts(invoice, claim)
        self._book([self._item(500.0, claim)])
        self.assertEqual(self._invoice_facts(invoice, claim), expected)

    def _invoice_facts(self, invoice, claim):
        return (
            invoice.payment_state == invoice._get_invoice_in_payment_state(),
            invoice.amount_residual,
            claim.amount_residual,
            claim.amount_residual_currency,
            claim.reconciled,
            bool(claim.full_reconcile_id),
            claim.matching_number == str(claim.full_reconcile_id.id),
        )

    def test_partial_payment_leaves_the_rest_open(self):
        invoice = self._invoice(self.payers[0], 500.0)
        booked = self._assert_same([self._item(120.5, self._claims(invoice))])
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("partial", 379.5))
        self.assertTrue(booked[0].reconciled)

    def test_overpayment_stays_on_the_payer(self):
        invoice = self._invoice(self.payers[0], 500.0)
        booked = self._assert_same([self._item(512.0, self._claims(invoice))])
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(booked[0].amount_residual, -12.0)

    def test_payment_without_claim_stays_on_the_payer(self):
        booked = self._assert_same([self._item(80.0)])
        self.assertEqual(booked[0].amount_residual, -80.0)

    def test_oldest_claim_is_paid_first(self):
        late = self._invoice(self.payers[0], 300.0, invoice_date=date(2026, 3, 20))
        early = self._invoice(self.payers[0], 200.0, invoice_date=date(2026, 2, 20))
        self._assert_same([self._item(250.0, self._claims(late + early))])
        self.assertEqual((early.amount_residual, late.amount_residual), (0.0, 250.0))

    def test_instalments_of_one_invoice(self):
        invoice = self._invoice(self.payers[0], 1000.0, invoice_payment_term_id=self.pay_terms_b.id)
        claims = self._claims(invoice)
        self._assert_same([self._item(300.0, claims[0]), self._item(400.0, claims[1])])
        self.assertEqual(invoice.amount_residual, 300.0)

    def test_two_payments_of_one_claim(self):
        claim = self._claims(self._invoice(self.payers[0], 500.0))
        for amounts in ((300.0, 200.0), (300.0, 300.0), (500.0, 500.0)):
            with self.subTest(amounts=amounts), closing(self.env.cr.savepoint()):
                self._assert_same([self._item(amount, claim) for amount in amounts])

    def test_refund_of_a_credit_note(self):
        invoice = self._invoice(self.payers[0], 150.0, move_type="out_refund")
        self._assert_same([self._item(-150.0, self._claims(invoice)), self._item(70.0)])
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_credit_and_debit_that_cancel_out(self):
        self._assert_same([self._item(70.0), self._item(-70.0, partner=self.payers[1])])

    def test_other_currency_with_exchange_difference(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-01-01", 0.3333), ("2026-04-01", 0.2711)]
        )
        invoices = self.env["account.move"].union(
            *(self._invoice(payer, 99.99, currency_id=currency.id) for payer in self.payers)
        )
        claims = self._claims(invoices)
        self._assert_same(
            [
                self._item(99.99, claims[0]),
                self._item(50.0, claims[1]),
                self._item(12.34, claims[2]),
                self._item(120.0, claims[3]),
            ]
        )
        self.assertEqual(invoices[0].payment_state, "paid")
        self.assertTrue(self._further_entries(claims))

    def test_claim_in_other_currency_paid_in_the_companys(self):
        currency = self.setup_other_currency("EUR", rates=[("2026-01-01", 0.5)])
        claim = self._claims(self._invoice(self.payers[0], 100.0, currency_id=currency.id))
        self._assert_same([self._item(200.0, claim, currency=self.env.company.currency_id)])

    def test_tax_due_on_payment(self):
        self.env.company.tax_exigibility = True
        tax = self.tax_sale_a.copy(
            {
                "name": "Due on payment",
                "tax_exigibility": "on_payment",
                "cash_basis_transition_account_id": self.copy_account(
                    self.company_data["default_account_tax_sale"], {"reconcile": True}
                ).id,
            }
        )
        invoices = self._invoice(self.payers[0], 100.0, tax=tax)
        invoices += self._invoice(self.payers[1], 200.0, tax=tax)
        claims = self._claims(invoices)
        self._assert_same([self._item(115.0, claims[0]), self._item(100.0, claims[1])])
        self.assertTrue(self._further_entries(claims))

    def test_analytic_distribution_by_account(self):
        plan = self.env["account.analytic.plan"].create({"name": "Departments"})
        account = self.env["account.analytic.account"].create(
            {"name": "Skiing", "plan_id": plan.id}
        )
        self.env["account.analytic.distribution.model"].create(
            {
                "account_prefix": self.receivable.code,
                "analytic_distribution": {str(account.id): 100.0},
            }
        )
        claim = self._claims(self._invoice(self.payers[0], 500.0))
        booked = self._assert_same([self._item(500.0, claim)])
        self.assertEqual(len(booked[0].analytic_line_ids), 1)

    # ------------------------------------------------------------------
    # What the writer decides itself
    # ------------------------------------------------------------------

    def test_claims_that_are_not_open_are_left_out(self):
        paid, draft = (
            self._claims(self._invoice(self.payers[0], 500.0)),
            self._claims(self._invoice(self.payers[0], 400.0, post=False)),
        )
        self._book([self._item(500.0, paid)])
        booked = self._book([self._item(500.0, paid + draft), self._item(0.0, paid)])
        self.assertEqual(booked[0].amount_residual, -500.0)
        self.assertFalse(draft.matched_credit_ids)

    def test_payment_of_somebody_elses_claim(self):
        claim = self._claims(self._invoice(self.payers[0], 500.0))
        self._assert_same([self._item(500.0, claim, partner=self.payers[1])])
        self.assertTrue(claim.reconciled)

    def test_the_clearing_account_gets_the_sum(self):
        items = [self._item(amount) for amount in (100.0, 0.35, -20.0, 33.33)]
        entry = self._book(items)[0].move_id
        lines = entry.line_ids.filtered(lambda line: line.account_id == self.clearing)
        self.assertEqual(sorted(lines.mapped("balance")), [-20.0, 133.68])
        self.assertEqual(lines.mapped("name"), ["OCR 2 April"] * 2)

    def test_nothing_to_book(self):
        self.assertEqual(self._book([]), [])

    def test_hashed_journal(self):
        self.journal.restrict_mode_hash_table = True
        claim = self._claims(self._invoice(self.payers[0], 500.0))
        booked = self._book([self._item(500.0, claim)])
        self.assertTrue(booked[0].move_id.inalterable_hash)
        self.assertTrue(claim.reconciled)

    def test_the_log_is_kept_where_the_company_must_keep_it(self):
        writer = self.env["billing.settlement.writer"].with_context(
            dict.fromkeys(("tracking_disable", "mail_create_nolog", "mail_notrack"), False)
        )
        for must_keep in (False, True):
            self.env.company.restrictive_audit_trail = must_keep
            invoice = self._invoice(self.payers[0], 500.0)
            item = self._item(500.0, self._claims(invoice))
            self.env.cr.flush()
            writer._book(self.journal, PAID_ON, "OCR", self.clearing, [item])
            self.env.cr.flush()
            self.assertEqual(bool(invoice.message_ids), must_keep)

    def test_undone_by_unreconciling_as_ever(self):
        invoice = self._invoice(self.payers[0], 500.0)
        booked = self._book([self._item(500.0, self._claims(invoice))])
        booked[0].remove_move_reconcile()
        self.assertEqual((invoice.payment_state, invoice.amount_residual), ("not_paid", 500.0))
