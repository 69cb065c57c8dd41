from datetime import date

from lxml import html
from odoo.tests import tagged

from .debit_common import DebitCommon
from .membership_common import MembershipCommon


def words(box):
    """The text of a box of the card."""
    return " ".join(" ".join(html.fromstring(f"<div>{box or ''}</div>").itertext()).split())


@tagged("post_install", "-at_install", "post_install_l10n")
class TestMemberDebit(DebitCommon, MembershipCommon):
    """What the desk sees of direct debit. It is Monday, 2 March 2026, nine o'clock."""

    def setUp(self):
        super().setUp()
        self._set_today(date(2026, 3, 2))
        plan = self._plan(name="Adult", price=100.0, code="ADULT")
        self.contract = self._contract(plan, member=self.payer, start="2026-03-01")
        self.env["billing.run"]._bill_now(self.contract)
        self.order = self.env["direct.debit.order"].search([("partner_id", "=", self.payer.id)])

    def _card(self, box):
        self.payer.invalidate_recordset()
        return words(self.payer[box])

    def test_the_card_tells_the_next_debit_and_until_when_it_can_be_stopped(self):
        self.assertRecordValues(
            self.order, [{"state": "planned", "amount": 100.0, "due_date": date(2026, 3, 16)}]
        )
        self.assertIn(
            "Pays by Direct Debit Invoices go",
            self._card("mbn_card_payment"),
        )
        self.assertIn(
            "Next debit $ 100.00 on 03/16/2026, can be stopped until 3/13/26, 2:00",
            self._card("mbn_card_payment"),
        )

    def test_a_debit_that_is_gone_cannot_be_stopped(self):
        self.frozen.move_to("2026-03-13 13:30:00")
        self.assertIn("on 03/16/2026, cannot be stopped any more", self._card("mbn_card_payment"))

    def test_a_payer_whose_mandate_ended_pays_by_invoice(self):
        self.mandate.action_cancel()
        self.assertIn("Pays by Invoice with payment reference", self._card("mbn_card_payment"))
        self.assertNotIn("Next debit", self._card("mbn_card_payment"))
        self.assertIn(
            "Mandate for direct debit of Kari Nordmann ended.", self._card("mbn_card_events")
        )

    def test_a_failed_debit_is_an_event_with_its_reason(self):
        self.order.sudo().write(
            {"state": "failed", "failed_on": date(2026, 3, 17), "meaning": "Account is closed"}
        )
        self.assertIn(
            "03/17/2026 Debit of $ 100.00 failed: Account is closed", self._card("mbn_card_events")
        )

    def test_ending_a_membership_shows_the_debit_that_is_under_way(self):
        rows = self.contract._consequences("end", date(2026, 3, 31), {})
        self.assertEqual(
            [(row["amount"], row["date"]) for row in rows if row["kind"] == "bank"],
            [(100.0, date(2026, 3, 16))],
        )
