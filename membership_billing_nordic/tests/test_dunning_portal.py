"""A letter on the portal, one sent anew, and what the office sees of reminders."""

from datetime import date

from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .dunning_common import DunningCommon

PAGE = "/my/reminders"


@tagged("post_install", "-at_install")
class TestDunningPortal(DunningCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner = new_test_user(cls.env, "reminded", "base.group_portal", name="Kari Eier")
        cls.other = new_test_user(cls.env, "stranger", "base.group_portal", name="Ola Fremmed")
        cls.owner.partner_id.email = "eier@example.com"

    def setUp(self):
        super().setUp()
        self.invoice = self._due(payer=self.owner.partner_id)
        self._send()
        self.letter = self._claim(self.invoice).letter_line_ids.letter_id

    def _open(self, path="", **kwargs):
        return self.url_open(f"{PAGE}{path}", **kwargs)

    def test_only_the_payer_sees_a_letter(self):
        page = f"/{self.letter.id}"
        self.assertNotIn(PAGE, self._open(page).url, "nobody is logged in")
        self.authenticate("stranger", "stranger")
        self.assertNotIn(PAGE, self._open(page).url)
        self.assertNotIn(self.letter.name, self._open().text)
        self.authenticate("reminded", "reminded")
        self.assertIn(self.letter.name, self._open().text)
        answer = self._open(page)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        for part in ("First reminder", "1,000.00", "38.00", "1,038.00", self.letter.reference):
            self.assertIn(part, answer.text)
        self.assertIn(f"/my/invoices/{self.invoice.id}", answer.text)
        pdf = self._open(f"{page}?report_type=pdf")
        self.assertEqual(pdf.headers["Content-Type"], "application/pdf")

    def test_the_link_of_the_email_opens_it_and_tells_what_is_open_by_now(self):
        link = self.letter.get_portal_url()
        self.assertIn(link, self.letter.message_id.body.replace("&amp;", "&"))
        self.assertIn("1,038.00", self.url_open(link).text)
        self._pay(self.invoice, 1038.0)
        self._work()
        self.assertIn("All of it is settled", self.url_open(link).text)
        self.assertNotIn(PAGE, self.url_open(f"{PAGE}/{self.letter.id}?access_token=x").url)


@tagged("post_install", "-at_install")
class TestDunningAgain(DunningCommon):
    def setUp(self):
        super().setUp()
        self._law(self.land, {"fee_spacing_days": 10})
        self.invoice = self._due()
        self._send()
        self.claim = self._claim(self.invoice)
        self.letter = self.claim.letter_line_ids.letter_id

    def _again(self):
        action = self.letter.action_reissue()
        return self.env["dunning.letter"].browse(action["res_id"])

    def test_a_letter_that_was_lost_is_replaced_and_costs_one_fee(self):
        self.payer.write({"street": "Storgata 1", "zip": "0155", "city": "Oslo", "email": False})
        self._at(2026, 9, 17)
        new = self._again()
        self.assertRecordValues(
            new,
            [
                {
                    "sent_on": date(2026, 9, 17),
                    "deadline": date(2026, 10, 1),
                    "fee_total": 38.0,
                    "fee_before": 0.0,
                    "channel": "letter",
                    "state": "print",
                }
            ],
        )
        self.assertRecordValues(
            self.letter, [{"state": "replaced", "replaced_by_id": new.id, "fee_open": 0.0}]
        )
        self.assertTrue(self.letter.content)
        self.assertRecordValues(
            self.claim,
            [
                {
                    "letter_count": 1,
                    "level_id": self.reminder.id,
                    "fee_open": 38.0,
                    "next_date": date(2026, 10, 2),
                }
            ],
        )
        outcomes = {line.letter_id: line.outcome for line in self.claim.letter_line_ids}
        self.assertEqual(outcomes, {self.letter: "replaced", new: "open"})
        with self.assertRaisesRegex(UserError, "replaced already"):
            self._again()

    def test_a_letter_is_replaced_only_when_it_may_go_out_today(self):
        self._at(2026, 9, 17)
        self.claim.sudo().write({"is_disputed": True, "hold_reason": "Never ordered"})
        with self.assertRaisesRegex(UserError, "Never ordered"), self.env.cr.savepoint():
            self._again()
        self.assertRecordValues(self.letter, [{"state": "sent", "fee_open": 38.0}])
        self.claim.action_release()
        self._pay(self.invoice, 1038.0)
        self._work()
        with self.assertRaisesRegex(UserError, "was paid"):
            self._again()
        self.assertEqual(self.claim.letter_line_ids.outcome, "paid")

    def test_the_office_sees_how_far_reminders_have_come(self):
        rows = {row.label: row.text for row in self.payer._mbn_card_standing()}
        self.assertIn("First reminder", rows["Reminders"])
        self.assertIn("Last notice on 09/30/2026", rows["Reminders"])
        told = [one for one in self.payer._mbn_card_events() if self.letter.name in one.text]
        self.assertEqual([one.day for one in told], [date(2026, 9, 15)])
