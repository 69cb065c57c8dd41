"""Files as they should not be, and payments as people make them. Never twice, never lost."""

from odoo.tests import tagged

from .autogiro_common import ACCOUNT, PAYEE, AutogiroCommon

_CAMT = """<?xml version="1.0" encoding="utf-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-09-28T06:00:00</CreDtTm></GrpHdr>
<Ntfctn><Id>M1-1</Id><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>SEK</Ccy></Acct>
<Ntry><NtryRef>1</NtryRef><Amt Ccy="SEK">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-09-28</Dt></BookgDt><ValDt><Dt>2026-09-28</Dt></ValDt>
<AcctSvcrRef>S1</AcctSvcrRef><NtryDtls><TxDtls><Refs><AcctSvcrRef>T1</AcctSvcrRef></Refs>
<Amt Ccy="SEK">300.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<RltdPties><CdtrAcct><Id><Othr><Id>9912346</Id><SchmeNm><Prtry>BGNR</Prtry></SchmeNm></Othr></Id>
</CdtrAcct></RltdPties>
<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>{reference}</Ref>
</CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
"""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestBankgirotBadInput(AutogiroCommon):
    def _bgmax(self, *payments, bankgiro="0009912346", total=30000, extra=0):
        """Lines of a BgMax file with one deposit of these payments, given as their records."""
        return [
            f"01{'BGMAX':<20}0120260928173035010331P",
            f"05{bankgiro}          SEK",
            *[record for payment in payments for record in payment],
            f"15{ACCOUNT:0>35}20260928{56:05d}{total:018d}SEK{len(payments):08d}",
            f"70{len(payments):08d}{0:08d}{extra:08d}{1:08d}",
        ]

    def _paid(self, reference, code="3", ore=30000, *more):
        first = f"200000000000{reference:<25}{ore:018d}{code}1{213149848010:012d}0"
        return [first, *more, "26TOLVAN TOLVANSSON"]

    def _bytes(self, lines):
        return "".join(f"{line:<80}\r\n" for line in lines).encode("latin-1")

    def _worked_off(self, name, content):
        file = self.env["bank.file"]._receive(name, content, self.company)
        file._process()
        return file

    # Payments as people make them

    def test_a_mistyped_ocr_number_is_proposed_with_payer_invoice_and_reason(self):
        invoice = self._invoice(self.payer, 300)
        own = invoice.payment_reference
        typed = own[:-2] + str((int(own[-2]) + 1) % 10) + own[-1]
        payment = self._receive(*self._bgmax(self._paid(typed))).payment_ids
        self.assertRecordValues(
            payment,
            [{"state": "unmatched", "outcome": "unknown_reference", "wrong_check_digit": True}],
        )
        self.assertEqual(payment.proposal_text, f"{self.payer.name} · {invoice.name}")
        self.assertIn(f"reference mistyped? {own}", payment.proposal_reason)
        self.assertIn("same amount", payment.proposal_reason)
        self.assertTrue(payment.has_best_proposal)

    def test_trap_12_an_ocr_number_broken_between_two_records_is_found(self):
        invoice = self._invoice(self.payer, 300)
        message = f"Medlem 1001, faktura {invoice.payment_reference}"
        more = f"25{message[25:]}"
        payment = self._receive(*self._bgmax(self._paid(message[:25], "3", 30000, more)))
        self.assertRecordValues(payment.payment_ids, [{"state": "matched", "outcome": "exact"}])
        self.assertEqual(invoice.amount_residual, 0)

    def test_trap_13_one_payment_settles_several_invoices(self):
        invoices = [self._invoice(self.payer, amount) for amount in (100, 200)]
        references = [invoice.payment_reference for invoice in invoices]
        records = [f"220000000000{each:>25}{0:018d}21{213149848010:012d}0" for each in references]
        paid = self._paid(" ".join(references)[:25], "3", 30000, *records)
        self._receive(*self._bgmax(paid, extra=2))
        self.assertEqual([invoice.amount_residual for invoice in invoices], [0, 0])

    def test_trap_3_a_reference_echoed_with_zeros_before_it(self):
        self._mandate()
        order = self._order()
        self._make()
        self._receive(
            f"01{'AUTOGIRO':<22}20260928060000000000BET. SPEC & STOPP TK{PAYEE}",
            f"15{ACCOUNT:0>35}20260928{41:05d}{30050:018d}   {1:08d}",
            f"82202609280    {self.number:0>16}{30050:012d}0009912346"
            f"{order.reference.lstrip('0'):0>16}{'':10}0",
            f"09202609289900{1:06d}{1:012d}{0:06d}{0:012d}{0:06d}{0:012d}",
        )
        self.assertEqual(order.state, "collected")

    # Files as they should not be

    def test_the_layout_of_reports_is_recognised_and_shown(self):
        self._mandate()
        self.assertFalse(self.bankgiro.l10n_se_report_layout)
        order = self._order(), self._order()
        self._make()
        self._specification("0", order[0])
        self.bankgiro.invalidate_recordset()
        self.assertEqual(self.bankgiro.l10n_se_report_layout, "new")
        self._receive(
            f"0120260929AUTOGIRO9900{'':40}{PAYEE}",
            f"82202609290    {self.number:0>16}{30050:012d}0009912346{order[1].reference}",
            f"09202609299900{'':14}{0:012d}{0:06d}{1:06d}0000{30050:012d}{0:012d}",
        )
        self.bankgiro.invalidate_recordset()
        self.assertEqual(self.bankgiro.l10n_se_report_layout, "old")

    def test_a_copy_in_another_encoding_books_nothing_more(self):
        invoice = self._invoice(self.payer, 300)
        lines = self._bgmax(self._paid(invoice.payment_reference, "2"))
        lines[3] = "26ÅSA ÖBERG"
        self._receive(*lines)
        content = self._bytes(lines)
        for name, copy in {
            "UTF-8": content.decode("latin-1").encode("utf-8-sig"),
            "tabs": content.replace(b"          SEK", b"\t         SEK"),
            "no line ends": content.replace(b"\r\n", b""),
        }.items():
            with self.subTest(name):
                file = self._worked_off(name, copy)
                self.assertNotIn(file.state, ("refused", "received"))
                self.assertFalse(file.payment_ids)
        self.assertEqual(self.env["bank.payment"].search_count([("amount", "=", 300)]), 1)

    def test_a_file_of_another_bankgiro_books_nothing_and_says_so(self):
        invoice = self._invoice(self.payer, 300)
        paid = self._paid(invoice.payment_reference, "2")
        file = self._worked_off("other", self._bytes(self._bgmax(paid, bankgiro="0050501055")))
        self.assertEqual(file.state, "refused")
        self.assertFalse(file.deposit_ids)
        self.assertIn("50501055", f"{file.issue_ids.mapped('found')}")
        self.assertEqual(invoice.amount_residual, 300)

    def test_a_wrong_trailer_keeps_the_file_out_and_its_twin_is_taken(self):
        invoice = self._invoice(self.payer, 300)
        paid = self._paid(invoice.payment_reference, "2")
        lying = self._worked_off("lying", self._bytes(self._bgmax(paid, total=30001)))
        self.assertEqual(lying.state, "refused")
        self.assertEqual(invoice.amount_residual, 300)
        self._receive(*self._bgmax(paid))
        self.assertEqual(invoice.amount_residual, 0)

    def test_unknown_records_are_passed_over(self):
        invoice = self._invoice(self.payer, 300)
        paid = self._paid(invoice.payment_reference, "2", 30000, "24SOMETHING NEW")
        self._receive(*self._bgmax(paid), state="needs_review")
        self.assertEqual(invoice.amount_residual, 0)

    def test_the_same_money_in_bgmax_and_camt_is_booked_once(self):
        invoice = self._invoice(self.payer, 300)
        camt = _CAMT.format(account=ACCOUNT, reference=invoice.payment_reference).encode()
        paid = self._paid(invoice.payment_reference, "2")
        self._receive(*self._bgmax(paid))
        file = self._worked_off("camt.xml", camt)
        self.assertEqual(len(file.deposit_ids), 1)
        self.assertIn(file.deposit_ids.state, ("held", "reported"))
        booked = self.env["bank.deposit"].search([("state", "=", "booked")])
        self.assertEqual(sum(booked.mapped("amount")), 300)
        self.assertEqual(invoice.amount_residual, 0)
