"""A year of reminders by Danish law: random histories, compared with a model every day."""

from datetime import date

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.tests.dunning_model import Land
from odoo.addons.membership_billing_nordic.tests.dunning_year import DunningYear
from odoo.tests import tagged

from ..formats.payment_days import BANKING_DAYS

LONG_AGO, OCTOBER = date(2013, 3, 1), date(2026, 10, 1)
DENMARK = Land(
    code="DK",
    days=BANKING_DAYS,
    rates={
        date(2026, 1, 1): ("9.75", date(2026, 1, 2)),
        date(2026, 7, 1): ("10.00", date(2026, 7, 6)),
        date(2027, 1, 1): ("9.60", date(2027, 1, 1)),
    },
    # A new law, as it might come: from October on a fee is at most 90.
    caps={
        "reminder": ((LONG_AGO, 100), (OCTOBER, 90)),
        "notice": ((LONG_AGO, 100), (OCTOBER, 90)),
    },
    changes=(
        (OCTOBER, OCTOBER, "reminder_fee_cap", 90),
        (OCTOBER, OCTOBER, "notice_fee_cap", 90),
    ),
    counts={"reminder": 3},
    compensation=((LONG_AGO, 310),),
    months_of_30=True,
    due_stays=True,
    spacing=10,
    needs_notice=True,
    deadlines={"notice": 10},
)


@tagged("post_install", "-at_install")
class TestDanishDunningYear(DunningYear):
    land = DENMARK
    year = (1, False, True)

    @classmethod
    @AccountTestInvoicingCommon.setup_country("dk")
    def setUpClass(cls):
        super().setUpClass()

    def test_what_is_sent_and_booked_is_lawful_on_each_day(self):
        self.play_years()
