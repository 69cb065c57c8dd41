"""Claims that are judged together come to what each of them comes to alone."""

from dataclasses import astuple

from odoo.tests import tagged

from ..models.dunning.dunning_judge import ClaimJudge
from ..models.dunning.dunning_letter_making import LetterMaker
from .dunning_common import DunningCommon


@tagged("post_install", "-at_install")
class TestDunningJudge(DunningCommon):
    def test_together_and_alone_are_the_same(self):
        self._rate("2026-01-01", 12.0)
        invoices = [
            self._due(amount, due, self._payer(f"{amount} {due}", email="a@example.com"))
            for due in ("2026-05-04", "2026-06-29", "2026-08-03")
            for amount in (600.0, 1250.5)
        ]
        invoices.append(self._due(75.0, "2026-08-10", invoices[0].partner_id))
        self._at(2026, 8, 31)
        self._letters(invoices)
        self._at(2026, 9, 15)
        self._pay(invoices[1], 100.0)
        self._pay(invoices[3], 33.33)
        claims = self.env["dunning.claim"].search([("company_id", "=", self.company.id)])
        self._claim(invoices[2]).sudo().write(
            {"is_disputed": True, "hold_reason": "Never\tordered"}
        )
        self._claim(invoices[4]).sudo().write({"paused_until": "2026-09-20", "hold_reason": "Ill"})
        run = self._preview()
        together = self._judge().judge(claims.sudo())
        for claim in claims:
            alone = self._judge().judge(claim.sudo())[claim.sudo()]
            self.assertEqual(_told(alone), _told(together[claim.sudo()]))
        self.assert_lines(run, together)
        part_paid = together[self._claim(invoices[1]).sudo()]
        # 1250.50 from 5 May: 57 days at 12 %, 77 at 12.25 %, all before the part payment counts.
        self.assertEqual(f"{part_paid.interest}", "55.75")
        self.assertEqual({row.reason for row in run.line_ids}, {False, "disputed", "paused"})

    def _letters(self, invoices):
        """The first letter of all of them but the last, sent on the day that it is."""
        self.env["dunning.claim"].sudo()._refresh(self.company, self.company._billing_today())
        judge = self._judge()
        claims = self.env["dunning.claim"].sudo()
        for invoice in invoices[:-1]:
            claims |= self._claim(invoice).sudo()
        maker = self._maker()
        for claim, verdict in judge.judge(claims).items():
            self.assertFalse(verdict.reason, claim.due_date)
            maker._create([verdict]).write({"state": "sent"})

    def _judge(self):
        return ClaimJudge(self.company, self.company._billing_today())

    def _maker(self):
        run = self.env["dunning.run"].sudo()
        return LetterMaker(self.company, self.company._billing_today(), run)

    def assert_lines(self, run, verdicts):
        for line in run.line_ids.sudo():
            verdict = verdicts[line.claim_id]
            self.assertRecordValues(
                line,
                [
                    {
                        "partner_id": line.claim_id.partner_id.id,
                        "company_id": self.company.id,
                        "level_id": verdict.level.id,
                        "principal": line.claim_id.amount_open,
                        "interest": float(verdict.interest),
                        "reason": verdict.reason or False,
                        "detail": verdict.detail or False,
                        "deadline": verdict.deadline or False,
                    }
                ],
            )


def _told(verdict):
    return (
        verdict.reason,
        verdict.detail,
        verdict.level.id,
        verdict.principal,
        verdict.fee,
        verdict.compensation,
        verdict.interest,
        verdict.deadline,
        astuple(verdict.terms),
        verdict.segments,
    )
