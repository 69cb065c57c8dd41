"""A year of reminders by Swedish law: random histories, compared with a model every day."""

from datetime import date

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.tests.dunning_model import Land
from odoo.addons.membership_billing_nordic.tests.dunning_year import DunningYear
from odoo.tests import tagged

from ..formats.deadlines import banking_days

LONG_AGO, OCTOBER = date(2013, 3, 16), date(2026, 10, 1)
SWEDEN = Land(
    code="SE",
    days=banking_days(),
    rates={
        date(2026, 1, 1): ("10.00", date(2026, 1, 2)),
        date(2026, 7, 1): ("9.50", date(2026, 7, 2)),
        date(2027, 1, 1): ("10.50", date(2027, 1, 4)),
    },
    # A new law, as it might come: from October on a reminder costs at most 55.
    caps={
        "reminder": ((LONG_AGO, 60), (OCTOBER, 55)),
        "notice": ((LONG_AGO, 180),),
        "plan": ((LONG_AGO, 170),),
    },
    together=(("reminder",), ("notice",), ("plan",)),
    changes=((OCTOBER, OCTOBER, "reminder_fee_cap", 55),),
    counts={"reminder": 1, "notice": 1, "plan": 1},
    compensation=((LONG_AGO, 450),),
    is_offset=True,
    needs_clause=True,
    deadlines={"notice": 8},
    banking_days_to_pay=4,
)


@tagged("post_install", "-at_install")
class TestSwedishDunningYear(DunningYear):
    land = SWEDEN
    year = (1, True, False)

    @classmethod
    @AccountTestInvoicingCommon.setup_country("se")
    def setUpClass(cls):
        super().setUpClass()

    def test_what_is_sent_and_booked_is_lawful_on_each_day(self):
        self.play_years()
