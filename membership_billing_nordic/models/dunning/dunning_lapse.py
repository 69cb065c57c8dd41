"""What nobody has to pay is closed by itself: donations, and fees that just lapse."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .dunning_guards import Guards
from .dunning_law_book import LawBook

_CHUNK = 50  # a credit note takes a tenth of a second
STUCK = "dunning_lapse_stuck"


class DunningPolicy(models.Model):
    _inherit = "dunning.policy"

    close_days = fields.Integer(
        string="Closes by Itself After",
        help="So many days after its due date an invoice that nobody has to pay is credited, and "
        "no reminder follows. 0: never.",
    )
    close_at_year_end = fields.Boolean(
        string="Closed at Year-End",
        default=True,
        help="What is overdue on the last day of the fiscal year is closed on that day, however "
        "few days have passed, so that it is no receivable in the annual accounts.",
    )

    _close_days_positive = models.Constraint(
        "CHECK (close_days >= 0)", "The days until it closes cannot be below zero."
    )

    @api.constrains("close_days", "claim_kind")
    def _check_close_days(self):
        if any(policy.close_days and policy.claim_kind == "fee" for policy in self):
            raise ValidationError(
                self.env._(
                    "An enforceable fee is a debt: it does not close by itself. Choose a lapse-only "
                    "fee or a donation."
                )
            )


class DunningClaim(models.Model):
    _inherit = "dunning.claim"

    closes_on = fields.Date(
        string="Closes by Itself On",
        compute="_compute_closes_on",
        store=True,
        help="Nobody has to pay it: from this day on it is credited, unless it is paid before.",
    )

    _closing = models.Index("(company_id, closes_on, id) WHERE closes_on IS NOT NULL")

    @api.depends(
        "due_date",
        "state",
        "paused_until",
        "claim_kind",
        "policy_id.close_days",
        "policy_id.close_at_year_end",
    )
    def _compute_closes_on(self):
        for claim in self:
            claim.closes_on = claim._closing_day()

    def _closing_day(self):
        """The day on which the claim closes by itself; False for never."""
        policy = self.policy_id
        is_over = self.state in ("paid", "closed") or not self.due_date
        if self.claim_kind == "fee" or not policy.close_days or is_over:
            return False
        day = self.due_date + timedelta(days=policy.close_days)
        if self.paused_until:
            day = max(day, self.paused_until + timedelta(days=1))
        year_end = self._year_end()
        early = policy.close_at_year_end and self.due_date < year_end
        return min(day, year_end) if early else day

    def _year_end(self):
        """The last day of the fiscal year in which it was due."""
        return self.company_id.compute_fiscalyear_dates(self.due_date)["date_to"]

    @api.model
    def _let_lapse(self, company):
        """Close what nobody had to pay and nobody has paid, some at a time, each committed.

        Money that may be under way is waited for, as with reminders.
        """
        today = company._billing_today()
        stuck = self.env["account.move"]
        last = 0
        while claims := self._to_close(company, today, last):
            last = claims[-1].id
            guards = Guards(company, claims, today, LawBook(self.env))
            free = claims.browse()
            for claim in claims:
                reason, detail = guards.money_reason(claim)
                if reason:
                    claim._note_skip(reason, detail, today)
                else:
                    free |= claim
            for invoice, group in free.grouped("invoice_id").items():
                if not group._try_to_close(invoice, today):
                    stuck |= invoice
            if not self.env["ir.cron"]._commit_progress(len(claims)):
                return
        self._take_off_desk(company, stuck)

    @api.model
    def _to_close(self, company, today, after):
        return self.search(
            [("company_id", "=", company.id), ("closes_on", "<=", today), ("id", ">", after)],
            order="id",
            limit=_CHUNK,
        )

    def _try_to_close(self, invoice, today):
        """Close these claims of one invoice, or say on the desk why not; the others go on."""
        return self.env["billing.exception"]._try(
            invoice,
            STUCK,
            lambda: self._close_by_itself(invoice, today),
            self.env._("Credit what is open of the invoice."),
        )

    def _close_by_itself(self, invoice, today):
        """Credit what is open of the invoice, by a note of the year in which it was due."""
        in_year = max(claim._year_end() for claim in self)
        ends_with_year = any(self.policy_id.mapped("close_at_year_end"))
        day = min(today, in_year) if ends_with_year else today
        invoice = invoice.with_context(lang=invoice.partner_id.lang or self.env.lang)
        text = invoice.env._("Lapsed: it was not paid, and is not owed.")
        if problem := invoice._mbn_lapse(text, day):
            raise UserError(problem)
        for claim in self:
            claim._message_log(body=self.env._("Not paid, and not owed: closed by itself."))

    @api.model
    def _take_off_desk(self, company, stuck):
        """Take off the desk what was closed, paid or credited by now."""
        rows = self.env["billing.exception"].search(
            [
                ("kind", "=", STUCK),
                ("state", "=", "open"),
                ("company_id", "=", company.id),
                ("res_id", "not in", stuck.ids),
            ]
        )
        rows.action_close()


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_lapse(self, text, day):
        """Credit what is open of an invoice that nobody has to pay, without telling anybody.

        :param text: why, for the credit note
        :param day: the day of the credit note
        :return: why it cannot be done; empty when it is done
        """
        self.ensure_one()
        if self.currency_id.compare_amounts(self.amount_residual, self.amount_total):
            return self.env._("%(invoice)s was paid in part.", invoice=self.name)
        self._reverse_moves([{"ref": text, "invoice_date": day, "date": day}], cancel=True)
        return ""
