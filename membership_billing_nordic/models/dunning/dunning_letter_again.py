"""A letter that did not reach its payer is replaced by a new one."""

from odoo import fields, models
from odoo.exceptions import UserError

from .dunning_judge import ClaimJudge
from .dunning_letter_making import LetterMaker


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    replaced_by_id = fields.Many2one(
        "dunning.letter",
        readonly=True,
        index="btree_not_null",
        help="The letter that was sent in its place. What this one claims besides the invoices "
        "was given up then.",
    )
    replaces_ids = fields.One2many("dunning.letter", "replaced_by_id", readonly=True)

    def action_reissue(self):
        """Send a new letter in place of one that did not reach the payer.

        It is judged by the law of today, as if the lost one had never been. That one is kept.

        :raise UserError: the letter was paid, or no letter may go out today
        """
        self._check_user()
        self.ensure_one()
        letter = self.sudo()
        company = letter.company_id
        office = letter.with_company(company).with_context(**company._billing_context())
        new = office._reissue()
        return new.with_env(self.env).get_formview_action()

    def _reissue(self):
        self._check_may_reissue()
        lines = self.line_ids
        levels = {line.claim_id: line.level_id for line in lines}
        lines._cancel_open(self.env._("A new letter replaces it."))
        lines.write({"is_replaced": True})
        self.env.flush_all()  # before the database compares the new letter with this one
        today = self.company_id._billing_today()
        verdicts = ClaimJudge(self.company_id, today).judge(
            lines.claim_id.filtered(lambda claim: claim.state not in ("paid", "closed"))
        )
        for claim, verdict in verdicts.items():
            if not verdict.reason and verdict.level != levels[claim]:
                verdict.reason = "step"
        maker = LetterMaker(self.company_id, today, self.env["dunning.run"])
        new = maker.make([verdict for verdict in verdicts.values() if not verdict.reason])
        if not new:
            raise UserError(self._why_none(verdicts, maker.refused))
        self.write({"state": "replaced", "replaced_by_id": new[:1].id})
        self.env["billing.exception"]._close(self, "dunning_untold")
        self._message_log(body=self.env._("Replaced by %(letter)s.", letter=new[:1].name))
        return new[:1]

    def _check_may_reissue(self):
        """A letter that was answered did arrive, and the last one is the one to replace."""
        later = self.line_ids.claim_id._ladder_lines().filtered(
            lambda line: (line.sent_on, line.id) > (self.sent_on, max(self.line_ids.ids))
        )
        replaced, plan = self.state == "replaced", self.kind == "plan"
        reasons = (
            (replaced, self.env._("This letter was replaced already.")),
            (self.is_imported, self.env._("This letter was sent by another system.")),
            (
                plan,
                self.env._("Print the payment plan and post it: it stays as it was agreed on."),
            ),
            (
                any(line._is_paid_in_part() for line in self.line_ids),
                self.env._("What this letter claims was paid: it did reach the payer."),
            ),
            (bool(later - self.line_ids), self.env._("Another letter was sent after this one.")),
        )
        for applies, text in reasons:
            if applies:
                raise UserError(text)

    def _why_none(self, verdicts, refused):
        """Why no letter can go out in place of this one, in words."""
        claims = self.env["dunning.claim"]
        reasons = [
            refused.get(claim) or (verdict.reason, verdict.detail)
            for claim, verdict in verdicts.items()
        ]
        if not reasons:
            return self.env._("The invoices of this letter are paid.")
        return " ".join(dict.fromkeys(claims._skip_words(*reason) for reason in reasons))
