"""A year of reminders by Norwegian law: random histories, compared with a model every day."""

from datetime import date

from odoo.addons.account.tests.common import AccountTestInvoicingCommon
from odoo.addons.membership_billing_nordic.formats.banking_days import BankingDays
from odoo.addons.membership_billing_nordic.tests.dunning_model import Land
from odoo.addons.membership_billing_nordic.tests.dunning_year import DunningYear
from odoo.tests import tagged

JULY, JANUARY = date(2026, 7, 1), date(2027, 1, 1)
NORWAY = Land(
    code="NO",
    days=BankingDays("NO"),
    rates={
        date(2026, 1, 1): ("12.00", date(2026, 1, 2)),
        JULY: ("12.25", date(2026, 7, 3)),
        JANUARY: ("11.75", date(2027, 1, 4)),
    },
    # A twentieth of 750; of 700 from New Year on, which somebody enters a week late.
    caps={
        "reminder": ((date(2026, 1, 1), 38), (JANUARY, 35)),
        "notice": ((date(2026, 1, 1), 38), (JANUARY, 35)),
        "demand": ((date(2026, 1, 1), 113), (JANUARY, 105)),
    },
    unknown=((JANUARY, date(2027, 1, 8)),),
    changes=((date(2027, 1, 8), JANUARY, "fee_base", 700),),
    counts={"reminder": 2, "demand": 1},
    compensation=((date(2026, 1, 1), 460), (JULY, 430), (JANUARY, 440)),
    compensation_with_rate=True,
    is_offset=True,
    first_days=14,
    missed_days=14,
    reset_months=6,
    needs_notice=True,
    deadlines={"notice": 14, "demand": 14},
    kinds=("reminder", "notice", "demand"),
    act="l10n_no_ocr.law_regime_2026",
    act_from=date(2027, 2, 10),
)


@tagged("post_install", "-at_install")
class TestNorwegianDunningYear(DunningYear):
    land = NORWAY
    has_to_happen = (*DunningYear.has_to_happen, "compensation", "act")

    @classmethod
    @AccountTestInvoicingCommon.setup_country("no")
    def setUpClass(cls):
        super().setUpClass()

    def test_what_is_sent_and_booked_is_lawful_on_each_day(self):
        self.play_years()
