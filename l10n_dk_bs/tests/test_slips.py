from datetime import date, datetime

from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CREDITOR, GROUP, DenmarkCommon

DUE = date(2026, 11, 2)
# Noon in Copenhagen on the day of DenmarkCommon, and the day after.
NOON = datetime(2026, 10, 15, 10, 0)
NEXT_DAY = datetime(2026, 10, 16, 8, 0)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSlips(DenmarkCommon):
    """Payers without a mandate get payment slips: section 0117, answered in section 0215."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bs.write({"l10n_dk_kind": "total", "l10n_dk_slips": True})

    def _order(self, payer=None, amount=350, due=DUE):
        return self._due(payer, amount, due).mbn_order_line_ids.order_id

    def _make(self, at=NOON):
        self.frozen.move_to(at)
        file = self.connection._make_debit_file()
        if file:
            file._mark_sent()
        return file

    def _paid(self, order, code="0297", on="021126", **wrong):
        """A record of section 0215 on a slip that was sent."""
        ore = round(100 * wrong.get("amount", order.amount))
        customer = wrong.get("customer", order.payer_number)
        reference = wrong.get("reference", order._dk_slip_reference())
        kind, fee = wrong.get("kind", "71"), wrong.get("fee", 0)
        customer = f"{customer:0>15}" if customer else " " * 15
        return (
            f"BS042{CREDITOR}{code}000{GROUP}0000{customer}{kind}{int(fee > 0)}{fee:05d}"
            f"{order.due_date:%d%m%y}1{round(100 * order.amount):013d}{reference:<9}"
            f"{wrong.get('archive', '9999202611020000000001'):<22}{on}{on}{ore:013d}"
        )

    def _answered(self, *records):
        return self._receive("0602", ("0215", records, sum(int(one[-13:]) for one in records)))

    def _clearing(self):
        lines = self.env["account.move.line"].search(
            [("account_id", "=", self.bs.clearing_account_id.id), ("parent_state", "=", "posted")]
        )
        return round(sum(lines.mapped("balance")), 2)

    # What is sent, and when

    def test_the_slip_goes_with_the_next_file_with_name_and_address(self):
        order = self._order(amount=350.50)
        invoice = order.line_ids.invoice_id
        self.assertRecordValues(
            order,
            [
                {
                    "is_form": True,
                    "state": "planned",
                    "due_date": DUE,
                    "send_from": NOON,
                    # Eleven o'clock on the banking day before.
                    "deadline": datetime(2026, 10, 30, 10, 0),
                }
            ],
        )
        self.assertFalse(self._make(datetime(2026, 10, 15, 9, 59)))
        self.env["bank.connection"]._cron_make_debit_files()
        self.assertEqual(order.state, "planned")
        self.frozen.move_to(NOON)
        self.env["bank.connection"]._cron_make_debit_files()
        self.assertEqual(order.state, "sent")
        lines = self._lines(order.file_id)
        customer = order.payer_number.zfill(15)
        self.assertEqual(lines[1][:27], f"BS012{CREDITOR}0117     {GROUP}")
        self.assertEqual(
            [line[51:].strip() for line in lines if line[2:5] == "022"],
            ["Åse Sørensen", "Prøvevej 1, 2. th.", "8000DK"],
        )
        (collection,) = [line for line in lines if line[2:5] == "042"]
        self.assertEqual(
            collection,
            f"BS042{CREDITOR}028500000{GROUP}{customer}00000000002112026"
            f"10000000035050S{order.id:08d}{'':21}00{invoice.payment_reference}",
        )
        texts = [line[52:] for line in lines if line[2:5] == "052"]
        self.assertEqual(texts, [f"Invoice {invoice.name}", f"{'Fee':<54}350,50"])

    def test_a_slip_is_due_a_banking_day_after_the_file_at_the_earliest(self):
        friday = self._order(due=date(2026, 10, 16))
        # Today's eleven o'clock is too near: the file must be made before it.
        self.frozen.move_to(datetime(2026, 10, 15, 8, 30))
        late = self._order(self._homed("Bo Øst"), due=date(2026, 10, 16))
        self.assertEqual((friday.due_date, late.due_date), (date(2026, 10, 16), date(2026, 10, 19)))
        self.assertEqual(late.line_ids.move_line_id.date_maturity, date(2026, 10, 19))
        file = self._make(datetime(2026, 10, 15, 8, 45))
        self.assertIn(friday, file.order_ids)
        weekend = self._order(self._homed("Ib Vest"), due=date(2026, 11, 1))
        self.assertEqual(weekend.due_date, DUE)

    def _homed(self, name):
        return self._payer(name, street="Vej 1", zip="2100", city="København Ø")

    def test_slips_are_in_no_month_that_closes(self):
        order = self._order(amount=350.50)
        self.assertEqual((order.is_form, order.state), (True, "planned"))
        self.assertNotIn("350.50", self.bs.l10n_dk_months)

    def test_only_the_total_solution_sends_slips_and_only_if_told_to(self):
        self.bs.l10n_dk_slips = False
        self.assertFalse(self._order())
        self.bs.write({"l10n_dk_slips": True, "l10n_dk_kind": "automatic"})
        self.assertFalse(self._order())
        self.bs.l10n_dk_kind = "total"
        planned = self._order()
        self.bs.l10n_dk_slips = False
        self.assertFalse(self._make())
        self.assertRecordValues(planned, [{"state": "withdrawn", "withdraw_reason": "not_wanted"}])

    def test_a_payer_and_date_get_one_slip_and_its_money_is_split(self):
        first, second = self._order(amount=100), self._order(amount=250)
        other = self._order(self._homed("Bo Øst"), amount=70)
        file = self._make()
        self.assertRecordValues(second, [{"state": "withdrawn", "withdraw_reason": "merged"}])
        amounts = [int(line[60:73]) for line in self._lines(file) if line[2:5] == "042"]
        self.assertEqual(sorted(amounts), [7000, 35000])
        self.assertEqual(other.state, "sent")
        invoices = first.line_ids.invoice_id
        self.assertEqual(len(invoices), 2)
        # The payment ID alone says it too, which is that of the first invoice.
        self._answered(self._paid(first, customer=first.reference, reference=""))
        self.assertEqual(first.state, "collected")
        self.assertEqual(invoices.mapped("amount_residual"), [0, 0])
        third = self._order(amount=80)
        self._make(NEXT_DAY)
        self._make(datetime(2026, 10, 16, 10, 0))
        self.assertRecordValues(third, [{"state": "sent", "due_date": date(2026, 11, 3)}])

    def test_a_payer_without_an_address_is_held_and_told_on_the_desk(self):
        lacking, right = self._order(self._payer("Bo Øst")), self._order()
        file = self._make()
        self.assertEqual((lacking.state, right.state), ("planned", "sent"))
        self.assertEqual(file.order_ids, right)
        row = self.env["billing.exception"].search(
            [("kind", "=", "debit_left_out"), ("res_id", "=", lacking.id)]
        )
        self.assertEqual(row.state, "open")
        self.assertIn("The payment slip for", row.name)
        self.assertIn("The address of Bo Øst is not complete", row.name)
        lacking.partner_id.write({"street": "Vej 1", "zip": "2100"})
        self.assertTrue(self._make(NEXT_DAY))
        self.assertEqual((lacking.state, row.state), ("sent", "done"))

    def test_a_slip_that_could_not_go_in_time_is_given_up(self):
        lacking = self._order(self._payer("Bo Øst"))
        self._make()
        self._make(datetime(2026, 10, 30, 11, 0))
        self.assertRecordValues(lacking, [{"state": "withdrawn", "withdraw_reason": "late"}])
        self.assertEqual(lacking.line_ids.move_line_id.date_maturity, DUE)

    # Never beside a mandate

    def test_a_mandate_that_comes_before_the_file_drops_the_slip_for_a_debit(self):
        """The setting on new mandates says “from the next invoice”: this is no exception to it."""
        slip = self._order()
        invoice = slip.line_ids.invoice_id
        number = self.bs._payer_numbers(self.partner)[self.partner.id]
        self._receive("0603", ("0212", [self._notice("0231", number, "000000035")], 0))
        self._check_debited_instead(slip, invoice)

    def test_a_mandate_nobody_told_of_is_seen_when_the_file_is_made(self):
        slip = self._order()
        self._mandate(self.partner)
        self.assertEqual(slip.state, "planned")
        self.assertFalse(self._make())
        self._check_debited_instead(slip, slip.line_ids.invoice_id)

    def _check_debited_instead(self, slip, invoice):
        self.assertRecordValues(slip, [{"state": "withdrawn", "withdraw_reason": "has_mandate"}])
        debit = invoice.mbn_order_line_ids.filtered("is_live").order_id
        self.assertRecordValues(
            debit, [{"is_form": False, "state": "planned", "due_date": DUE, "send_from": False}]
        )
        self.assertFalse(self._make(datetime(2026, 10, 16, 10, 0)))
        lines = self._lines(self._make(datetime(2026, 10, 22, 9, 1)))
        codes = {(line[2:5], line[13:17]) for line in lines if line[2:5] in ("012", "042")}
        self.assertEqual(codes, {("012", "0112"), ("042", "0280")})

    def test_a_payer_with_a_mandate_is_debited_even_if_it_ends_before_the_date(self):
        mandate = self._mandate(self.partner)
        mandate.valid_to = date(2026, 10, 20)
        self.assertFalse(self._order())
        # Once it has ended, what is open is paid by slips.
        self.frozen.move_to(datetime(2026, 10, 21, 8, 0))
        self.env["direct.debit.mandate"]._cron_end_mandates()
        slip = self.env["direct.debit.order"].search([("partner_id", "=", self.partner.id)])
        self.assertRecordValues(slip, [{"is_form": True, "state": "planned", "due_date": DUE}])

    def test_debits_and_slips_go_in_their_own_sections_of_one_file(self):
        debited = self._payer("Bo Øst", street="Vej 1", zip="2100")
        self._mandate(debited)
        debit, slip = self._order(debited), self._order()
        self.frozen.move_to(datetime(2026, 10, 22, 9, 1))
        file = self.connection._make_debit_file()
        self.assertEqual(file.order_ids, debit | slip)
        lines = self._lines(file)
        found = [
            (line[13:17], int(line[27:42]))
            for line in lines
            if line[2:5] in ("012", "042") and line[13:17].startswith("028")
        ]
        numbers = self.bs._payer_numbers(debited | self.partner)
        self.assertEqual(
            found,
            [("0280", int(numbers[debited.id])), ("0285", int(numbers[self.partner.id]))],
        )
        (collection,) = [line for line in lines if line[13:17] == "0280"]
        self.assertEqual(collection[42:51], "000000000")

    # What becomes of it

    def _sent(self, **values):
        order = self._order(**values)
        self._make()
        self.assertEqual(order.state, "sent")
        return order, order.line_ids.invoice_id

    def test_a_sent_slip_leaves_the_payer_the_pay_button_and_the_payment_line(self):
        self.env["ir.config_parameter"].set_param("account_payment.enable_portal_payment", True)
        order, invoice = self._sent()
        self.assertTrue(invoice._has_to_be_paid())
        self.assertFalse(invoice.mbn_debit_date or invoice._mbn_debit_sent_on())
        self.assertEqual(invoice._l10n_dk_fi_line(), f"+71<{invoice.payment_reference}+87654321<")
        self.assertIn("sent to the payer", order._card_text())
        with self.assertRaisesRegex(UserError, "takes no withdrawal"):
            invoice.mbn_order_ids.action_stop()

    def test_what_is_paid_online_ends_the_slip_quietly(self):
        order, invoice = self._sent()
        self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoice.ids
        ).create({})._create_payments()
        self.assertRecordValues(order, [{"state": "withdrawn", "withdraw_reason": "paid"}])
        desk = self.env["billing.exception"].search([("res_id", "=", order.id)])
        self.assertFalse(desk.filtered(lambda row: row.res_model == order._name))

    def test_a_slip_is_paid_by_its_reference_less_the_fee(self):
        self.company.mbn_bank_charge_account_id = self.company_data["default_account_expense"]
        order, invoice = self._sent(amount=500)
        file = self._answered(self._paid(order, fee=275))
        self.assertRecordValues(order, [{"state": "collected", "payment_id": file.payment_ids.id}])
        self.assertEqual(invoice.amount_residual, 0)
        self.assertRecordValues(
            self.env["bank.deposit"].search([("file_id", "=", file.id)]),
            [{"amount": 497.25, "charges": 2.75, "count": 1}],
        )
        self.assertEqual(self._clearing(), 0)

    def test_a_reference_with_the_number_of_another_payer_is_not_believed(self):
        order, invoice = self._sent()
        other = self._homed("Bo Øst")
        number = self.bs._payer_numbers(other)[other.id]
        file = self._answered(self._paid(order, customer=number))
        self.assertEqual((order.state, invoice.amount_residual), ("sent", 350))
        self.assertRecordValues(
            file.payment_ids, [{"outcome": "payer", "partner_id": other.id, "amount": 350}]
        )

    def test_a_slip_paid_in_part_waits_for_the_rest(self):
        order, invoice = self._sent()
        self._answered(self._paid(order, amount=100))
        self.assertEqual((order.state, invoice.amount_residual), ("sent", 250))
        self._answered(self._paid(order, amount=250, archive="9999202611020000000002"))
        self.assertEqual((order.state, invoice.amount_residual), ("collected", 0))

    def test_an_unpaid_slip_is_no_failure_and_can_be_paid_late(self):
        order, invoice = self._sent()
        self.frozen.move_to(datetime(2026, 11, 5, 8, 0))
        self.env["direct.debit.order"].sudo()._cron_debit_silence()
        self.assertEqual(order.state, "sent")
        self.frozen.move_to(datetime(2026, 11, 6, 8, 0))
        self.env["direct.debit.order"].sudo()._cron_debit_silence()
        self.assertRecordValues(order, [{"state": "unpaid", "failed_on": False}])
        self.assertFalse(order.failure_ids)
        self.assertFalse(invoice._mbn_live_orders())
        self.assertEqual(invoice.amount_residual, 350)
        self._answered(self._paid(order, on="161126"))
        self.assertEqual((order.state, invoice.amount_residual), ("collected", 0))

    def test_a_charge_back_opens_the_invoice_again_and_fails_nothing(self):
        order, invoice = self._sent()
        self._answered(self._paid(order))
        self.assertEqual(invoice.payment_state, "paid")
        self._answered(self._paid(order, code="0299", on="051126"))
        self.assertRecordValues(order, [{"state": "reversed", "bank_code": "0299"}])
        self.assertEqual(order.meaning, "The payment of the slip was taken back")
        self.assertEqual((invoice.amount_residual, invoice.payment_state), (350, "not_paid"))
        self.assertFalse(order.failure_ids)
        self.assertEqual(self._clearing(), 0)
        self.assertFalse(invoice._mbn_live_orders())

    def test_who_pays_without_a_number_is_told_by_name_and_text(self):
        """Slip type 73: address and text come in records of their own."""
        order, invoice = self._sent()
        archive = "9999202611020000000009"
        record = self._paid(order, customer="", reference="", kind="73", archive=archive)
        head = f"{'':15}73{archive}"
        further = [
            f"BS022{CREDITOR}0290{number:03d}{GROUP}0000{head}{text}"
            for number, text in enumerate(("Åse Sørensen", "Prøvevej 1", "8000 Aarhus C"), 1)
        ]
        further.append(f"BS052{CREDITOR}0295001{GROUP}0000{head}Kontingent november")
        file = self._receive("0602", ("0215", [record, *further], 35000))
        payment = file.payment_ids
        self.assertRecordValues(
            payment,
            [
                {
                    "state": "unmatched",
                    "payer_name": "Åse Sørensen",
                    "payer_street": "Prøvevej 1\n8000 Aarhus C",
                    "text": "Kontingent november",
                }
            ],
        )
        self.assertEqual((order.state, invoice.amount_residual), ("sent", 350))
        self.assertEqual(self._clearing(), -350)

    def test_who_pays_the_line_of_the_invoice_pays_the_slip_too(self):
        """Slip type 75: of the 16 digits of its payment ID the answer has room for 15."""
        self.bs.layout_ids.payer_digits = 8
        order, invoice = self._sent()
        reference = invoice.payment_reference
        self.assertEqual(invoice._l10n_dk_fi_line(), f"+75<{reference}+87654321<")
        (collection,) = [line for line in self._lines(order.file_id) if line[2:5] == "042"]
        # Only payment IDs of type 71 are printed on slips: this one gets another.
        self.assertEqual(collection[103:], "00")
        archive = "9999202611020000000009"
        record = self._paid(order, customer=reference[1:], reference="", kind="75", archive=archive)
        head = f"BS052{CREDITOR}0295001{GROUP}0000{reference[1:]}75{archive}"
        file = self._receive("0602", ("0215", [record, f"{head}Kontingent november"], 35000))
        self.assertRecordValues(
            file.payment_ids, [{"outcome": "exact", "text": "Kontingent november"}]
        )
        self.assertEqual((order.state, invoice.amount_residual), ("collected", 0))
