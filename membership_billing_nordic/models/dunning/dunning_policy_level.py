from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ...law.errors import LawError
from ...law.fees import cap
from .dunning_law_book import LawBook

LETTER_KINDS = [
    ("reminder", "Reminder"),
    ("notice", "Last notice before collection"),
    ("demand", "Own demand for payment"),
]


class DunningPolicyLevel(models.Model):
    """One letter of a reminder policy: when it goes out, and what it claims."""

    _name = "dunning.policy.level"
    _description = "Letter of a Reminder Policy"
    _order = "policy_id, sequence, id"

    policy_id = fields.Many2one("dunning.policy", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="policy_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="policy_id.currency_id")
    claim_kind = fields.Selection(related="policy_id.claim_kind")
    sequence = fields.Integer(default=10)
    name = fields.Char(
        string="Heading",
        required=True,
        translate=True,
        help="Stands on top of the letter, such as First Reminder.",
    )
    kind = fields.Selection(
        LETTER_KINDS,
        required=True,
        default="reminder",
        help="The law demands a deadline and certain contents of the last notice and of the "
        "demand. A reminder is neither.",
    )
    days = fields.Integer(
        required=True,
        default=14,
        help="So many days after the due date, or after the letter before. Never earlier than the "
        "law allows, however few they are.",
    )
    counted_from = fields.Selection(
        [("due", "the due date"), ("letter", "the letter before")],
        string="After",
        required=True,
        default="due",
    )
    deadline_days = fields.Integer(
        string="Days to Pay",
        required=True,
        default=14,
        help="The letter asks to pay within so many days. The law's shortest time holds where "
        "it is longer.",
    )
    fee = fields.Monetary(
        string="Fee Wanted",
        help="The fee that the letter claims, as far as the law allows it on the day it is sent. "
        "0: none.",
    )
    claims_interest = fields.Boolean(
        string="Interest",
        help="The letter claims interest for late payment up to the day it is sent.",
    )
    claims_compensation = fields.Boolean(
        string="Compensation",
        help="The letter claims the fixed compensation for late payment, once for each invoice. "
        "Of companies only.",
    )
    channel = fields.Selection(
        [("payer", "As the payer gets invoices"), ("email", "E-mail"), ("letter", "Paper")],
        required=True,
        default="payer",
        help="Where this way does not reach the payer, the next one is taken: e-mail, then paper.",
    )
    text = fields.Html(
        string="Introduction",
        translate=True,
        help="Stands above the claims, in the payer's language.",
    )
    consequence = fields.Text(
        translate=True,
        help="What follows when it is not paid in time. The last notice and the demand must say it.",
    )
    objection = fields.Text(
        string="How to Object",
        translate=True,
        help="How the payer tells that the claim is wrong. The last notice and the demand must "
        "say it.",
    )

    _days_positive = models.Constraint(
        "CHECK (days >= 0 AND deadline_days >= 0)", "Days cannot be below zero."
    )
    _fee_positive = models.Constraint("CHECK (fee >= 0)", "A fee cannot be below zero.")

    @api.constrains(
        "kind", "days", "counted_from", "deadline_days", "fee", "claims_interest",
        "claims_compensation",
    )  # fmt: skip
    def _check_lawful(self):
        """A policy may be softer than the law, never harder."""
        for level in self:
            if problem := level._unlawful() or level._harder_than_law():
                raise ValidationError(
                    level.env._("%(letter)s: %(problem)s", letter=level.name or "", problem=problem)
                )

    def _unlawful(self):
        """What of this letter no law allows, as a sentence; empty when all is well."""
        self.ensure_one()
        charges = self.fee or self.claims_interest or self.claims_compensation
        is_enforceable = self.claim_kind == "fee"
        is_reminder = self.kind == "reminder"
        is_for_companies = self.policy_id.customer_type == "business"
        problems = (
            (
                charges and not is_enforceable,
                self.env._("Only an enforceable fee can carry a reminder fee or interest."),
            ),
            (
                not is_reminder and not is_enforceable,
                self.env._("Only an enforceable fee can be demanded or go on to collection."),
            ),
            (
                self.claims_compensation and not is_for_companies,
                self.env._("Compensation for late payment is only for policies for companies."),
            ),
        )
        return next((text for applies, text in problems if applies), "")

    def _harder_than_law(self):
        """What the company's law does not allow today, as a sentence; empty when all is well.

        What the law's figures do not tell, because nobody confirmed them, is found out when a
        letter is to be sent: it does not go out then.
        """
        company = self.company_id
        book, day = LawBook(self.env), company._billing_today()
        chosen = self.policy_id.customer_type
        for customer_type in ("consumer", "business") if chosen == "both" else (chosen,):
            try:
                rules = book.rules(company, customer_type, day)
                highest = cap(rules, self.kind) if self.fee else None
                shortest = self._shortest_deadline(rules)
            except LawError:
                continue
            if self.fee and highest is None:
                return self.env._("The law knows no fee for this kind of letter.")
            if self.fee and self.currency_id.compare_amounts(self.fee, float(highest)) > 0:
                return self.env._("The highest fee that the law allows is %(fee)s.", fee=highest)
            if self.deadline_days < shortest:
                return self.env._("The law demands at least %(days)s days to pay.", days=shortest)
        return ""

    def _shortest_deadline(self, rules):
        return rules.number(f"{self.kind}_deadline_days")

    @api.constrains("kind", "consequence", "objection")
    def _check_texts(self):
        for level in self:
            if level.kind != "reminder" and not (level.consequence and level.objection):
                raise ValidationError(
                    level.env._(
                        "%(letter)s: this kind of letter must say what follows when it is not "
                        "paid, and how to object.",
                        letter=level.name,
                    )
                )

    def _next(self):
        """The letter after this one in its policy; may be empty."""
        levels = self.policy_id.level_ids.sorted()
        place = levels.ids.index(self.id)
        return levels[place + 1 : place + 2]
