"""Letters of the system that was used before: they count as if they had been sent from here."""

from dataclasses import dataclass, field
from datetime import date

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ...formats.references import normalise
from ...law.errors import UnverifiedError
from ...law.fees import cap
from .dunning_law_book import LawBook
from .dunning_letter_line import PARTS
from .dunning_policy_level import LETTER_KINDS


@dataclass
class EarlierLetter:
    """What a previous system sent about one claim.

    :ivar claimed: part (``fee``, ``interest``, ``compensation``) → what the letter claimed
    :ivar left: part → what is still open of that
    """

    kind: str
    sent_on: date
    deadline: date | None = None
    number: str = ""
    claimed: dict = field(default_factory=dict)
    left: dict = field(default_factory=dict)


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    is_imported = fields.Boolean(
        string="Sent by the Previous System",
        readonly=True,
        help="Recorded when this system took over, so that fees and letters are counted on.",
    )

    @api.model
    def _record_earlier(self, claim, earlier):
        """Record a letter that was sent before; False when it is recorded already.

        :raise UserError: there can be no such letter
        """
        self._check_earlier(claim, earlier)
        known = claim.letter_line_ids.letter_id.filtered(
            lambda letter: (letter.kind, letter.sent_on) == (earlier.kind, earlier.sent_on)
        )
        if known:
            return False
        company = claim.company_id
        sequence = self.env["ir.sequence"].sudo().with_company(company)
        number = sequence.next_by_code("dunning.letter.earlier", sequence_date=earlier.sent_on)
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return self.with_context(tracking_disable=True, mail_create_nolog=True).create(
            {
                "name": f"{number} {earlier.number}".strip(),
                "company_id": company.id,
                "partner_id": claim.partner_id.id,
                "agreement_id": claim.agreement_id.id,
                "currency_id": claim.currency_id.id,
                "policy_id": claim.policy_id.id,
                "kind": earlier.kind,
                "heading": kinds[earlier.kind],
                "sent_on": earlier.sent_on,
                "deadline": earlier.deadline or earlier.sent_on,
                "reference": claim.invoice_id.payment_reference,
                "state": "sent",
                "is_imported": True,
                "line_ids": [Command.create(self._earlier_line(claim, earlier))],
            }
        )

    @api.model
    def _earlier_line(self, claim, earlier):
        levels = claim.policy_id.level_ids.sorted() - claim._ladder_lines().level_id
        level = levels.filtered(lambda level: level.kind == earlier.kind)[:1]
        invoice, claimed = claim.invoice_id, earlier.claimed
        settled = {part: claimed.get(part, 0.0) - earlier.left.get(part, 0.0) for part in PARTS}
        return {
            "claim_id": claim.id,
            "level_id": level.id,
            "invoice_name": invoice.name,
            "invoice_date": invoice.invoice_date,
            "due_date": claim.move_line_id.date_maturity,
            "about": invoice._mbn_claim_about(),
            "reference": invoice.payment_reference,
            "amount_original": claim.move_line_id.amount_currency,
            "principal": claim.amount_open,
            "fee_cap": claimed.get("fee", 0.0),
            "interest_through": earlier.sent_on if claimed.get("interest") else False,
            "cancelled_reason": self.env._("Settled in the previous system"),
            **{part: claimed.get(part, 0.0) for part in PARTS},
            **{f"{part}_cancelled": settled[part] for part in PARTS},
        }

    @api.model
    def _check_earlier(self, claim, earlier):
        left, claimed = earlier.left, earlier.claimed
        today = claim.company_id._billing_today()
        reasons = (
            (
                not claim.move_line_id.date_maturity < earlier.sent_on <= today,
                self.env._("A letter is sent after the due date, and no later than today."),
            ),
            (
                earlier.deadline and earlier.deadline < earlier.sent_on,
                self.env._("The deadline is before the day of the letter."),
            ),
            (
                any(amount < 0 for amount in (*left.values(), *claimed.values()))
                or any(left[part] > claimed.get(part, 0.0) for part in left),
                self.env._("No more can be open than was claimed, and nothing is below zero."),
            ),
            (
                claim.claim_kind != "fee" and any(left.values()),
                self.env._("Only an enforceable fee can carry a reminder fee or interest."),
            ),
            (
                claim.customer_type == "consumer" and claimed.get("compensation"),
                self.env._("Compensation for late payment is only for companies."),
            ),
        )
        for applies, text in reasons:
            if applies:
                raise UserError(text)
        if left.get("fee"):
            self._check_earlier_fee(claim, earlier)

    @api.model
    def _check_earlier_fee(self, claim, earlier):
        """What is claimed on of an earlier fee was lawful on the day of its letter."""
        try:
            rules = LawBook(self.env).rules(claim.company_id, claim.customer_type, earlier.sent_on)
            highest = float(cap(rules, earlier.kind) or 0)
        except UnverifiedError as error:
            raise UserError(
                self.env._("The fee cannot be claimed any longer. %(why)s", why=error.what)
            ) from error
        if claim.currency_id.compare_amounts(earlier.claimed["fee"], highest) > 0:
            raise UserError(
                self.env._(
                    "The law allowed a fee of %(fee)s for this letter: give up what is open of it.",
                    fee=formatLang(self.env, highest, currency_obj=claim.currency_id),
                )
            )


class DunningClaim(models.Model):
    _inherit = "dunning.claim"

    @api.model
    def _claim_to_count(self, company, number, reference, due):
        """The overdue claim of an invoice that a previous system has sent letters about.

        :param due: the due date, needed where the invoice has several
        :raise UserError: there is no such claim, or there are several
        """
        moves = self._named_invoices(company, number, reference)
        if len(moves) != 1:
            raise UserError(self._not_one_invoice(moves))
        self._follow_due(moves)
        claims = self.search([("invoice_id", "=", moves.id), ("move_line_id", "!=", False)])
        if due:
            claims = claims.filtered(lambda claim: claim.move_line_id.date_maturity == due)
        if not claims:
            raise UserError(self.env._("Nothing is overdue of this invoice."))
        if len(claims) > 1:
            raise UserError(self.env._("This invoice is due on several days: say which one."))
        return claims

    @api.model
    def _not_one_invoice(self, moves):
        if moves:
            return self.env._("Several invoices fit: name the one that is meant by its number.")
        return self.env._("There is no such invoice.")

    @api.model
    def _named_invoices(self, company, number, reference):
        invoices = self.env["account.move"]
        posted = [
            ("company_id", "=", company.id),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
        ]
        if number:
            found = invoices.search([*posted, ("name", "=", number)])
            return found or invoices.search([*posted, ("ref", "=", number)])
        if not reference:
            return invoices
        registry = self.env["billing.reference"].search(
            [("company_id", "=", company.id), ("value", "=", normalise(reference))]
        )
        named = registry.move_id.filtered(lambda move: move.state == "posted")
        return named or invoices.search([*posted, ("payment_reference", "=", reference)])

    @api.model
    def _follow_due(self, moves):
        """Follow what is due of these invoices, as the next run would."""
        company = moves.company_id
        lines = moves.line_ids.filtered(
            lambda line: (
                line.account_id.account_type == "asset_receivable"
                and line.amount_residual_currency > 0
                and line.date_maturity
                and line.date_maturity < company._billing_today()
            )
        )
        followed = self.search([("move_line_id", "in", lines.ids)])
        self._follow_lines(lines - followed.move_line_id)
        self.search([("move_line_id", "in", lines.ids)])._choose_policies()


def letter_kinds():
    """The kinds of letters that a list may name."""
    return [kind for kind, _label in LETTER_KINDS]
