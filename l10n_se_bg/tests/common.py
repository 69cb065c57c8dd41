from datetime import datetime
from unittest.mock import patch

from freezegun import freeze_time
from odoo import Command
from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.tests.common import BillingCommon

ACCOUNT, OTHER_ACCOUNT = "5000-1111116", "8327-9, 123 456 789-7"
BANKGIRO, OTHER_BANKGIRO = "991-2346", "5050-1055"

# A Tuesday, nine o'clock in Stockholm.
NOW = datetime(2026, 9, 1, 7, 0)


class SwedenCommon(BillingCommon):
    """A Swedish company with a bankgiro number beside the neutral agreement of BillingCommon."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("se")
    def setUpClass(cls):
        super().setUpClass()
        cls.connection = cls.env["bank.connection"].create(
            {"name": "Bankgirot", "scheme": "se_bankgirot", "customer_number": "471117"}
        )
        cls.bankgiro = cls._agreement(ACCOUNT, number=BANKGIRO)
        cls.sale_journal.mbn_agreement_id = cls.bankgiro

    @classmethod
    def _layout(cls, **vals):
        return Command.create({"payer_digits": 6, "serial_digits": 5} | vals)

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

    def _receive(self, *lines, state="booked"):
        """A file of these records from Bankgirot, worked off."""
        content = "".join(f"{line:<80}\r\n" for line in lines).encode("latin-1")
        name = f"BFEP{self.env['bank.file'].search_count([])}"
        file = self.env["bank.file"]._receive(name, content, self.company)
        self.assertTrue(file._process())
        self.assertEqual(file.state, state, file.issue_ids.mapped("expected"))
        return file
