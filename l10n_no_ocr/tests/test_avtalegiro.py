from datetime import date, datetime
from decimal import Decimal
from unittest.mock import patch

from freezegun import freeze_time
from lxml import etree
from odoo.addons.membership_billing_nordic.formats.messages import FileReceipt
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import ACCOUNT, NorwayCommon

# A Monday, nine o'clock in Oslo.
NOW = datetime(2026, 3, 2, 8, 0)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAvtaleGiro(NorwayCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kid_agreement.debit_out = True
        cls.partner = cls._payer("Bjørn Ødegård")
        cls.mandate = cls._mandate(cls.partner)

    @classmethod
    def _mandate(cls, payer, **values):
        mandate = cls.env["direct.debit.mandate"].create(
            {"agreement_id": cls.kid_agreement.id, "partner_id": payer.id} | values
        )
        mandate.state = "active"
        return mandate

    def setUp(self):
        super().setUp()
        clock = freeze_time(NOW)
        self.frozen = clock.start()
        self.addCleanup(clock.stop)
        crons = type(self.env["ir.cron"])
        self.startPatcher(patch.object(crons, "_commit_progress", self._committed))

    def _committed(self, *args, **kwargs):
        """Stands in for the commit."""
        self.env.flush_all()
        return float("inf")

    def _due(self, payer, amount, due, **values):
        return self._invoice(
            payer,
            amount,
            invoice_date=date(2026, 3, 2),
            invoice_date_due=due,
            invoice_payment_term_id=False,
            **values,
        )

    def _order(self, payer=None, amount=450, due=date(2026, 3, 20), **values):
        return self._due(payer or self.partner, amount, due, **values).mbn_order_line_ids.order_id

    def _request(self, order):
        return order.agreement_id._collection_request(order)

    def _lines(self, file):
        with file._open_bytes() as stream:
            return stream.read().decode("latin-1").split("\r\n")[:-1]

    # Deadlines

    def test_defaults_are_those_of_the_scheme(self):
        self.assertRecordValues(
            self.kid_agreement,
            [
                {
                    "debit_lead_days": 4,
                    "debit_cutoff": 14.0,
                    "withdrawal_lead_days": 1,
                    "withdrawal_cutoff": 14.0,
                    "withdrawal_same_day": False,
                    "debit_notice_by": "bank",
                    "debit_notice_days": 7,
                    "debit_silence_days": 3,
                    "debit_max_days_ahead": 365,
                }
            ],
        )

    def _assert_deadline(self, due, *deadline):
        with self.subTest(due):
            self.assertEqual(self.kid_agreement._debit_deadline(due), datetime(*deadline))

    def test_lead_time_counts_the_day_a_debit_is_handed_in(self):
        self._assert_deadline(date(2023, 5, 12), 2023, 5, 8, 12, 0)

    def test_deadlines_are_wall_time_in_oslo(self):
        self._assert_deadline(date(2026, 2, 6), 2026, 2, 2, 13, 0)
        self._assert_deadline(date(2026, 7, 10), 2026, 7, 6, 12, 0)

    def test_lead_time_leaves_out_easter_and_the_days_before_new_year(self):
        # 2 to 6 April is Easter.
        self._assert_deadline(date(2026, 4, 8), 2026, 3, 30, 12, 0)
        # 24 and 25 December and 31 December and 1 January are closed.
        self._assert_deadline(date(2027, 1, 4), 2026, 12, 23, 13, 0)

    def test_trap_14_a_due_date_on_a_holiday_keeps_the_lead_time(self):
        self._assert_deadline(date(2026, 3, 22), 2026, 3, 17, 13, 0)

    def test_what_comes_after_the_cutoff_counts_for_the_next_day(self):
        first_due = self.kid_agreement._debit_first_due
        self.assertEqual(first_due(datetime(2026, 3, 2, 13, 0)), date(2026, 3, 6))
        self.assertEqual(first_due(datetime(2026, 3, 2, 13, 1)), date(2026, 3, 9))
        self.assertEqual(first_due(datetime(2026, 12, 24, 8, 0)), date(2027, 1, 5))

    def test_withdrawals_are_there_the_banking_day_before(self):
        withdrawn = self.kid_agreement._withdrawal_deadline(date(2026, 4, 7))
        self.assertEqual(withdrawn, datetime(2026, 4, 1, 12, 0))

    def test_trap_16_no_withdrawal_on_the_day_of_the_claim(self):
        handed_in = datetime(2026, 3, 6, 8, 0)
        first = self.kid_agreement._withdrawal_first(handed_in)
        self.assertEqual(first, datetime(2026, 3, 8, 23, 0))

    def test_the_house_is_closed_when_banks_are(self):
        days = [date(2026, 12, day) for day in (23, 24, 25, 26, 28, 31)]
        opened = [day.day for day in days if self.connection._is_bank_open(day)]
        self.assertEqual(opened, [23, 28])

    def test_half_days_may_be_reckoned_as_open(self):
        self.connection.l10n_no_half_days_closed = False
        self._assert_deadline(date(2027, 1, 4), 2026, 12, 28, 13, 0)
        self.assertTrue(self.connection._is_bank_open(date(2026, 12, 24)))

    def test_settings_that_no_public_document_confirms_say_so(self):
        uncertain = {
            "bank.agreement": (
                "debit_lead_days",
                "debit_cutoff",
                "debit_notice_days",
                "debit_silence_days",
            ),
            "bank.connection": ("out_name_pattern",),
        }
        for model, names in uncertain.items():
            form = etree.fromstring(self.env[model].get_view(view_type="form")["arch"])
            for name in names:
                with self.subTest(name):
                    fields = form.xpath(f"//field[@name='{name}'][contains(@help, 'unconfirmed')]")
                    self.assertEqual(len(fields), 1)
                    self.assertIn("scheme != 'no_nets'", fields[0].get("invisible"))
        half_days = self.env["bank.connection"]._fields["l10n_no_half_days_closed"]
        self.assertIn("unconfirmed", half_days.help)

    # What a claim says

    def test_a_claim_says_what_the_invoice_says(self):
        order = self._order(amount=1250.50)
        request = self._request(order)
        invoice = order.line_ids.invoice_id
        self.assertEqual(request.account, "86011117947")
        self.assertEqual(request.reference, invoice.payment_reference)
        self.assertEqual((request.amount, request.currency), (Decimal("1250.50"), "NOK"))
        self.assertEqual(request.due_date, date(2026, 3, 20))
        self.assertEqual(request.statement_text, invoice.name[:25])
        self.assertEqual((request.is_notified_by_bank, request.lines), (True, ("Fee",)))

    def test_the_bank_tells_nobody_who_declined(self):
        self.mandate.written_notice = "no"
        request = self._request(self._order())
        self.assertEqual((request.is_notified_by_bank, request.lines), (False, ()))

    def test_the_bank_tells_nobody_when_the_association_does(self):
        self.kid_agreement.debit_notice_by = "us"
        request = self._request(self._order())
        self.assertEqual((request.is_notified_by_bank, request.lines), (False, ()))

    def test_trap_17_an_efaktura_makes_the_claim_type_02(self):
        order = self._order()
        self.partner.l10n_no_efaktura = True
        self.assertFalse(self._request(order).is_notified_by_bank)
        file = self.connection._make_debit_file(everything=True)
        kinds = [line[4:8] for line in self._lines(file) if line[:4] == "NY21"]
        self.assertEqual(kinds, ["0020", "0230", "0231", "0088"])

    def test_the_text_on_statements_can_be_set(self):
        self.kid_agreement.l10n_no_statement_text = "Ås skiklubb, kontingent 25"[:25]
        self.assertEqual(self._request(self._order()).statement_text, "Ås skiklubb, kontingent 2")

    def test_a_text_on_statements_that_is_too_long_is_refused(self):
        for text in ("x" * 26, "…" * 9):
            with self.assertRaisesRegex(ValidationError, "25"), self.cr.savepoint():
                self.kid_agreement.l10n_no_statement_text = text

    # Files

    def test_a_file_is_written_read_and_confirmed(self):
        order = self._order()
        file = self.connection._make_debit_file(everything=True)
        self.assertEqual(order.state, "sent")
        self.assertEqual(order.record, 3)
        lines = self._lines(file)
        self.assertEqual({len(line) for line in lines}, {80})
        self.assertEqual(lines[0][:31], "NY00001000123456" + "0000001" + "00008080")
        self.assertEqual(lines[1][:35], "NY210020" + "0" * 9 + "0000001" + "86011117947")
        kid = order.line_ids.invoice_id.payment_reference
        self.assertEqual(lines[2][49:74], kid.rjust(25))
        self.assertEqual(lines[3][15:25], "Bjørn Ødeg")
        self.assertEqual(file.name, "DIRREM.D260302.F0000001.txt")
        self.assertEqual((file.format, file.request_count), ("no.avtalegiro", 1))
        file._mark_sent()
        name = "KV.GODKJENT.F0000001.D260302.T091500.K1.html"
        receipt = self.env["bank.file"]._receive(name, b"<p>Godkjent</p>", self.company)
        self.assertTrue(receipt._process())
        self.assertEqual(file.state, "confirmed")

    def test_receipts_are_known_by_their_names(self):
        receipt = self.env["bank.file"]._receipt_of_name
        self.assertEqual(
            receipt("KV.GODKJENT.F0000012.D260302.T091500.K1.html"),
            FileReceipt(record=1, event="accepted", transmission_number="0000012"),
        )
        self.assertIsNone(receipt("OCR.D260302"))

    def test_an_order_that_does_not_fit_stays_out_and_the_others_go(self):
        other = self._payer("Kari Kiær")
        self._mandate(other)
        wrong = self._order(payment_reference="INV/2026/00077")
        right = self._order(other)
        file = self.connection._make_debit_file(everything=True)
        self.assertEqual((wrong.state, right.state), ("planned", "sent"))
        self.assertEqual(file.request_count, 1)
        self.assertIn("KID", wrong.left_out)

    def test_a_kid_of_another_layout_stays_out(self):
        wrong = self._order(payment_reference="1234567897")
        self.connection._make_debit_file(everything=True)
        self.assertEqual(wrong.state, "planned")
        self.assertIn("layout", wrong.left_out)

    def test_several_agreements_go_in_one_transmission(self):
        second = self._agreement(ACCOUNT, number="007654321", debit_out=True)
        self.env["direct.debit.mandate"].create(
            {"agreement_id": second.id, "partner_id": self.partner.id}
        ).state = "active"
        self._order()
        self._order(mbn_agreement_id=second.id)
        lines = self._lines(self.connection._make_debit_file(everything=True))
        accounts = [line[24:35] for line in lines if line[6:8] == "20"]
        self.assertEqual(sorted(accounts), ["86011117947", ACCOUNT])
        self.assertEqual(lines[-1][8:16], "00000002")

    def test_names_of_files_begin_as_the_house_wants(self):
        self.assertEqual(self.connection.out_name_pattern, "DIRREM.D{date:6}.F{number:7}.txt")
        named = self.env["bank.connection"].create(
            {"name": "N", "scheme": "no_nets", "out_name_pattern": "AG{number}"}
        )
        self.assertEqual(named.out_name_pattern, "AG{number}")
        with Form(self.env["bank.connection"]) as form:
            form.name = "OCR giro"
        self.assertEqual(form.record.out_name_pattern, "DIRREM.D{date:6}.F{number:7}.txt")

    def test_other_schemes_are_left_alone(self):
        connection = self.env["bank.connection"].create({"name": "B", "scheme": "generic"})
        self.assertEqual(connection.out_name_pattern, "{date}-{number:7}.txt")
        self.assertFalse(connection._debit_encoder())
        self.kid_agreement.connection_id = connection
        self.assertEqual(self.kid_agreement.debit_lead_days, 2)

    # What comes back

    def _receive(self, *lines):
        """A file of the house: the records of its assignments, without start and end."""
        records = [line.ljust(80, "0") for line in lines]
        count = sum(int(line[8:16]) for line in records if line[6:8] == "88")
        amount = sum(int(line[24:41]) for line in records if line[6:8] == "88")
        number = self.env["bank.file"].search_count([]) + 1
        start = f"NY00001000008080{number:07d}00123456".ljust(80, "0")
        end = f"NY000089{count:08d}{len(records) + 2:08d}{amount:017d}".ljust(80, "0")
        content = "".join(f"{line}\r\n" for line in (start, *records, end))
        file = self.env["bank.file"]._receive("OCR", content.encode("latin-1"), self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, "booked")
        return file

    def _mandates(self, *notices):
        """A mandate assignment: registration type, KID, J or N."""
        records = [
            f"NY219470{serial:07d}{kind}{kid:>25}{notice}"
            for serial, (kind, kid, notice) in enumerate(notices, 1)
        ]
        end = f"NY212488{len(records):08d}{len(records) + 2:08d}"
        self._receive("NY212420" + "0" * 15 + "1" + "86011117947", *records, end)

    def _paid(self, order, day):
        """OCR giro: the debit of an order came on ``day``."""
        date_and_sum = f"{day:%d%m%y}01{day:%d}100001"
        ore = round(order.amount * 100)
        self._receive(
            "NY090020001234567000000186011117947",
            f"NY0915300000001{date_and_sum}0{ore:017d}{order.reference:>25}",
            f"NY0915310000001{'':0<26}{day:%d%m%y}",
            f"NY0900880000000100000004{ore:017d}{day:%d%m%y}{day:%d%m%y}{day:%d%m%y}",
        )

    def _kid(self, payer, serial):
        number = self.kid_agreement._payer_numbers(payer)[payer.id]
        return self.kid_agreement.layout_ids._shape().build(number, serial)

    def _mandate_of(self, payer):
        return self.env["direct.debit.mandate"].search(
            [("partner_id", "=", payer.id), ("agreement_id", "=", self.kid_agreement.id)]
        )

    def test_a_payer_signs_up_with_an_old_kid_changes_the_notice_and_leaves(self):
        payer = self._payer("Kari Kiær")
        old = self._kid(payer, 9999999)
        self._mandates(("1", old, "J"))
        mandate = self._mandate_of(payer)
        self.assertRecordValues(mandate, [{"state": "active", "written_notice": "yes"}])
        self._mandates(("1", old, "N"))
        self.assertRecordValues(mandate, [{"state": "active", "written_notice": "no"}])
        self._mandates(("2", old, "N"))
        self.assertEqual(mandate.state, "cancelled")

    def test_a_debit_that_comes_pays_the_invoice(self):
        order = self._order()
        self.connection._make_debit_file(everything=True)._mark_sent()
        self._paid(order, date(2026, 3, 20))
        self.assertEqual(order.state, "collected")
        self.assertEqual(order.line_ids.invoice_id.amount_residual, 0)

    def test_trap_13_silence_three_banking_days_after_due_is_a_failure(self):
        order = self._order()
        self.connection._make_debit_file(everything=True)._mark_sent()
        for day, state in ((23, "sent"), (25, "sent"), (26, "failed")):
            self.frozen.move_to(datetime(2026, 3, day, 8, 0))
            self.env["direct.debit.order"].sudo()._cron_debit_silence()
            self.assertEqual((day, order.state), (day, state))

    # Mandates

    def test_trap_12_the_mandate_of_an_old_kid_is_its_payers(self):
        layout = self.kid_agreement.layout_ids._shape()
        number = self.kid_agreement._payer_numbers(self.partner)[self.partner.id]
        old = layout.build(number, 9999999)
        found = self.kid_agreement._payers_of_references([old])
        self.assertEqual(list(found.values()), [self.partner])
