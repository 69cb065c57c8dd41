from datetime import date

from odoo.exceptions import UserError
from odoo.tests import tagged

from .debit_common import DebitCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestDebitSuccession(DebitCommon):
    """A new bank takes over. It is Monday, 2 March 2026."""

    def setUp(self):
        super().setUp()
        self.invoice = self._due(self.payer, 450, date(2026, 3, 20))
        self.new = self._agreement(
            "86011117947", number="007654321", succeeds_id=self.agreement.id, debit_out=True
        )

    def test_mandates_move_with_their_payer_numbers_and_a_line_in_the_log(self):
        number = self.mandate.payer_number
        self.new.action_take_over_mandates()
        self.assertEqual((self.mandate | self.other_mandate).agreement_id, self.new)
        self.assertEqual(self.new._known_payer_numbers(self.payer), {self.payer.id: number})
        self.assertIn(
            "Moved from Agreement 99991042764 to Agreement 86011117947",
            self.mandate.message_ids[0].body,
        )
        planned = self.invoice.sudo().mbn_order_ids.filtered(lambda row: row.state == "planned")
        self.assertEqual((planned.agreement_id, planned.amount), (self.new, 450.0))

    def test_payments_with_old_references_are_matched_by_the_new_agreement(self):
        self.new.action_take_over_mandates()
        payment = self._payment(
            450,
            self.invoice.payment_reference,
            account="86011117947",
            agreement_number="007654321",
        )
        self._book(payment)
        self.assert_open(self.invoice, 0.0)
        self.assertEqual(self._stored(payment).agreement_id, self.new)

    def test_a_payer_number_that_is_taken_stops_all(self):
        stranger = self._payer("Stranger")
        self.env["bank.payer.number"].create(
            {
                "agreement_id": self.new.id,
                "partner_id": stranger.id,
                "number": self.mandate.payer_number,
            }
        )
        with self.assertRaisesRegex(UserError, self.mandate.payer_number):
            self.new.action_take_over_mandates()
        self.assertEqual(self.mandate.agreement_id, self.agreement)

    def test_the_payers_part_of_references_is_locked_while_mandates_depend_on_it(self):
        first = self.agreement.layout_ids
        with self.assertRaisesRegex(UserError, "2 mandates of"), self.env.cr.savepoint():
            self.agreement.layout_ids = [
                (0, 0, {"payer_digits": 9, "serial_digits": 7, "sequence": first.sequence - 1})
            ]
        # One that is not the first changes no new reference.
        self.agreement.layout_ids = [
            (0, 0, {"payer_digits": 9, "serial_digits": 7, "sequence": first.sequence + 1})
        ]
        (self.mandate | self.other_mandate).action_cancel()
        self.agreement.layout_ids.filtered(lambda row: row.payer_digits == 9).sequence = -1
        self.assertEqual(self.agreement._reference_layout().payer_digits, 9)

    def test_an_agreement_cannot_succeed_itself(self):
        with self.assertRaisesRegex(UserError, "cannot succeed itself"):
            self.agreement.succeeds_id = self.new
