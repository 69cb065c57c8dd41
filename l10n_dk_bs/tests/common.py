from datetime import date, datetime
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.tests.common import BillingCommon

SUPPLIER, CREDITOR, GROUP = "13585628", "01234567", "00001"
FI_CREDITOR = "87654321"
ACCOUNT = "12340001234567"
# A Thursday, ten o'clock in Copenhagen.
NOW = datetime(2026, 10, 15, 8, 0)


class DenmarkCommon(BillingCommon):
    """A Danish company with an agreement with Betalingsservice beside that of BillingCommon."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("dk")
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("da_DK")
        cls.connection = cls.env["bank.connection"].create(
            {"name": "BS", "scheme": "dk_bs", "customer_number": SUPPLIER}
        )
        cls.bs = cls._bs_agreement()
        cls.sale_journal.mbn_agreement_id = cls.bs
        cls.partner = cls._payer(
            "Åse Sørensen",
            street="Prøvevej 1, 2. th.",
            zip="8000",
            city="Aarhus C",
            country_id=cls.env.ref("base.dk").id,
        )

    @classmethod
    def _bs_agreement(cls, group=GROUP, **vals):
        return cls._agreement(
            ACCOUNT,
            **{
                "number": False,
                "l10n_dk_creditor": CREDITOR,
                "l10n_dk_debtor_group": group,
                "l10n_dk_fi_creditor": FI_CREDITOR,
                "debit_out": True,
                "layout_ids": [Command.create({"payer_digits": 7, "serial_digits": 7})],
            }
            | vals,
        )

    @classmethod
    def _mandate(cls, payer, number="000000019", **values):
        mandate = cls.env["direct.debit.mandate"].create(
            {"agreement_id": cls.bs.id, "partner_id": payer.id, "number": number} | values
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

    def _due(self, payer=None, amount=350, due=date(2026, 11, 2), **values):
        return self._invoice(
            payer or self.partner,
            amount,
            invoice_date=date(2026, 10, 15),
            invoice_date_due=due,
            invoice_payment_term_id=False,
            **values,
        )

    def _lines(self, file):
        with file._open_bytes() as stream:
            return stream.read().decode("latin-1").split("\r\n")[:-1]

    # What Betalingsservice sends

    def _receive(self, kind, *sections, created="021126", state="booked", subsystem="BS1"):
        """A delivery; a section is (number, records, sum in øre of what 0602 says was paid)."""
        number = self.env["bank.file"].search_count([]) + 1
        frame = f"{SUPPLIER}{subsystem}{kind}"
        lines = [f"BS002{frame}{number:010d}{'':19}{created}"]
        for section, records, amount in sections:
            filler = "000" if kind == "0602" else "   "
            lines.append(f"BS012{CREDITOR}{section}{filler}{GROUP}{'':24}{created}")
            lines += records
            payments, texts, addresses = _counted(records)
            lines.append(
                f"BS092{CREDITOR}{section}000{GROUP}{'':6}{payments:011d}{amount:015d}"
                f"{texts:011d}{'':15}{addresses:011d}"
            )
        payments, texts, addresses = _counted(
            [record for _section, records, _amount in sections for record in records]
        )
        total = sum(amount for _section, _records, amount in sections)
        lines.append(
            f"BS992{frame}{len(sections):011d}{payments:011d}{total:015d}{texts:011d}{0:015d}"
            f"{addresses:011d}{0:034d}"
        )
        content = "".join(f"{line.rstrip()}\r\n" for line in lines).encode("latin-1")
        file = self.env["bank.file"]._receive(f"D{number}-{kind[1:]}.BS1", content, self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, state)
        return file

    def _receive_list(self, *records, kind="0621", state="booked"):
        """A delivery that has no sections."""
        number = self.env["bank.file"].search_count([]) + 1
        frame = f"{SUPPLIER}BS1{kind}"
        lines = [f"BS002{frame}{number:010d}{'':19}161026", *records, f"BS992{frame}{'':0<108}"]
        content = "".join(f"{line.rstrip()}\r\n" for line in lines).encode("latin-1")
        file = self.env["bank.file"]._receive(f"D{number}-{kind[1:]}.BS1", content, self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, state)
        return file

    def _echo(self, customer, text_number, identity="0101800000"):
        """A registration of ours as 0621 gives it back."""
        echo = f"BS022{CREDITOR}0200000{GROUP}{customer:0>15}{'':0<9}151026{'':6}{identity}"
        return f"{echo}{'':43}{text_number}"

    def _result(self, code, order, paid_on=None, amount=None, customer=None):
        """A record of section 0211 on a debit that was sent."""
        ore = round(100 * (order.amount if amount is None else amount))
        day = f"{paid_on:%d%m%y}" if paid_on else "000000"
        customer = customer or order.mandate_id.payer_number
        return (
            f"BS042{CREDITOR}{code}000{GROUP}{customer:0>15}{order.mandate_id.number or '':0>9}"
            f"{order.due_date:%d%m%y}1{round(100 * order.amount):013d}{order.reference:<30}    "
            f"{day}{day}{ore if paid_on else 0:013d}"
        )

    def _answered(self, *records):
        """A file of section 0211 with these results."""
        return self._receive("0602", ("0211", records, sum(int(one[-13:]) for one in records)))

    def _notice(self, code, customer, number, first="301026", last="000000"):
        return f"BS042{CREDITOR}{code}000{GROUP}{customer:0>15}{number:0>9}{first}{last}"


def _counted(records):
    """How many of these are payments or mandates, texts, and address lines."""
    return [sum(record[2:5] == kind for record in records) for kind in ("042", "052", "022")]
