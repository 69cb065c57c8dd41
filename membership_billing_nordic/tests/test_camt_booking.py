from datetime import date
from unittest.mock import patch

from odoo.tests import tagged

from ..formats.iso20022 import DECODERS
from .bank_file_common import BankFileCommon

IBAN = "NO8399991042764"

NOTIFICATION = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.02"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-02-10T18:00:00</CreDtTm></GrpHdr>
<Ntfctn><Id>N{number}</Id><CreDtTm>2026-02-10T18:00:00</CreDtTm>
<Acct><Id>{account}</Id></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"""

STATEMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>{number}</MsgId><CreDtTm>2026-02-11T05:00:00</CreDtTm></GrpHdr>
<Stmt><Id>S{number}</Id><CreDtTm>2026-02-11T05:00:00</CreDtTm>
<Acct><Id>{account}</Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"""

ENTRY = """<Ntry><Amt Ccy="{currency}">{amount:.2f}</Amt><CdtDbtInd>{sign}</CdtDbtInd>
<RvslInd>{reversal}</RvslInd><Sts>BOOK</Sts><BookgDt><Dt>2026-02-10</Dt></BookgDt>
<AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Prtry><Cd>230</Cd></Prtry></BkTxCd>
<NtryDtls>{transactions}</NtryDtls></Ntry>"""

TRANSACTION = """<TxDtls><Refs><AcctSvcrRef>{mark}</AcctSvcrRef></Refs>
<AmtDtls><TxAmt><Amt Ccy="{currency}">{amount:.2f}</Amt></TxAmt></AmtDtls>
<RltdPties><Dbtr><Nm>Kari Nordmann</Nm></Dbtr></RltdPties>
<RmtInf><Strd><CdtrRefInf><Ref>{kid}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCamtBooking(BankFileCommon):
    """Notifications and statements of ISO 20022, from the bytes to paid invoices."""

    def setUp(self):
        super().setUp()
        files = type(self.env["bank.file"])
        self.startPatcher(patch.object(files, "_bank_decoders", lambda self: list(DECODERS)))
        self.first = self._invoice(self.payer, 450)
        self.second = self._invoice(self._payer("Ola Nordmann"), 300)

    def _file(self, template, entry_reference="E1", marks=("1", "2"), sign="CRDT", account=None):
        currency = self.agreement.currency_id.name
        invoices = (self.first, self.second)
        transactions = "".join(
            TRANSACTION.format(
                mark=mark,
                currency=currency,
                amount=invoice.amount_total,
                kid=invoice.payment_reference,
            )
            for mark, invoice in zip(marks, invoices, strict=False)
        )
        entry = ENTRY.format(
            currency=currency,
            amount=sum(invoice.amount_total for invoice in invoices[: len(marks)]),
            sign=sign,
            reversal=str(sign == "DBIT").lower(),
            reference=entry_reference,
            transactions=transactions,
        )
        account = account or "<Othr><Id>99991042764</Id></Othr>"
        text = template.format(number=entry_reference, account=account, entries=entry)
        file = self._receive(text.encode(), "camt.xml")
        self.assertTrue(file._process())
        return file

    def test_a_notification_is_booked_on_its_deposit_and_pays_the_invoices(self):
        file = self._file(NOTIFICATION)
        self.assertRecordValues(
            file,
            [{"state": "booked", "format": "iso.camt_054", "transmission_number": "E1"}],
        )
        self.assertRecordValues(
            file.deposit_ids,
            [
                {
                    "agreement_id": self.agreement.id,
                    "state": "booked",
                    "amount": 750.0,
                    "count": 2,
                    "bank_date": date(2026, 2, 10),
                    "deposit_key": "2026-02-10:E1:750.00",
                }
            ],
        )
        self.assertEqual(file.payment_ids.mapped("outcome"), ["exact", "exact"])
        self.assert_open(self.first, 0)
        self.assert_open(self.second, 0)

    def test_the_statement_with_the_same_references_books_nothing_more(self):
        self._file(NOTIFICATION)
        file = self._file(STATEMENT, account=f"<IBAN>{IBAN}</IBAN>")
        self.assertRecordValues(
            file, [{"state": "booked", "format": "iso.camt_053", "known_count": 2}]
        )
        self.assertFalse(file.deposit_ids | file.payment_ids.deposit_id)

    def test_the_statement_with_other_references_is_a_possible_double(self):
        self._file(NOTIFICATION)
        file = self._file(STATEMENT, "OTHER", ("8", "9"))
        deposit = file.deposit_ids
        self.assertRecordValues(
            deposit, [{"state": "held", "hold_reason": "double", "move_id": False}]
        )
        self.assertIn("camt.xml", deposit.note)
        self.assertEqual(set(file.payment_ids.mapped("state")), {"held"})
        row = self.env["billing.exception"].search([("kind", "=", "possible_double")])
        self.assertEqual(row.mapped("state"), ["open"])
        deposit.action_discard()
        file._process()
        self.assertEqual((file.state, deposit.state), ("booked", "discarded"))
        self.assertEqual(self._credit(self.payer), 0)

    def test_other_money_in_another_format_is_booked(self):
        self._file(NOTIFICATION, marks=("1",))
        self.first = self._invoice(self.payer, 450)
        file = self._file(STATEMENT, "OTHER", ("8",))
        self.assertEqual((file.state, file.deposit_ids.state), ("booked", "booked"))
        self.assert_open(self.first, 0)

    def test_money_that_goes_back_opens_the_invoice_again(self):
        self._file(NOTIFICATION)
        file = self._file(NOTIFICATION, "E2", ("7",), sign="DBIT")
        self.assertRecordValues(
            file.deposit_ids, [{"state": "booked", "amount": -450.0, "count": 1}]
        )
        self.assertRecordValues(file.payment_ids, [{"is_reversal": True, "outcome": "reversal"}])
        self.assert_open(self.first, 450)

    def test_an_issue_shows_its_element(self):
        file = self._file(NOTIFICATION.replace("<Id>N{number}</Id>", "<Id>N{number}</Id><!-- -->"))
        self.assertFalse(file.issue_ids)
        broken = self._file(NOTIFICATION, "E3", ("6", "6"))
        records = broken._raw_records({4})
        self.assertIn("<AcctSvcrRef>6</AcctSvcrRef>", records[4])
