"""What a letter does besides reminding: while its payer owes something, no debits are made."""

from odoo import api, fields, models

from .account_move import SEEN_BY

SETTLED = ("paid", "closed")


class DunningPolicyLevel(models.Model):
    _inherit = "dunning.policy.level"

    stops_debit = fields.Boolean(
        string="No Debits Until Paid",
        help="From this letter on no new direct debit is made of the payer, until everything that "
        "is overdue is paid. The mandate stays, and is used again by itself then.",
    )

    def _effects(self):
        """The kinds of effects that the letter has. Rooms that know more add theirs."""
        return ["debit"] if self.stops_debit else []


class DunningEffect(models.Model):
    """What a letter brought about, from its day until what is owed is paid."""

    _name = "dunning.effect"
    _description = "Effect of a Reminder"
    _order = "id desc"
    _rec_name = "letter_line_id"

    letter_line_id = fields.Many2one(
        "dunning.letter.line", required=True, readonly=True, index=True, ondelete="restrict"
    )
    letter_id = fields.Many2one(related="letter_line_id.letter_id")
    claim_id = fields.Many2one(related="letter_line_id.claim_id", store=True, index=True)
    company_id = fields.Many2one(related="letter_line_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        related="claim_id.partner_id", string="Payer", store=True, index=True
    )
    kind = fields.Selection([("debit", "No debits")], required=True, readonly=True)
    begun_on = fields.Date(string="From", required=True, readonly=True)
    ended_on = fields.Date(
        string="Until", readonly=True, help="The day on which what is owed was paid."
    )

    _once = models.Constraint(
        "UNIQUE (letter_line_id, kind)", "A letter has each of its effects once."
    )
    _live = models.Index("(company_id, partner_id) WHERE ended_on IS NULL")

    # ------------------------------------------------------------------ beginning and end

    def _begin(self):
        """Bring about what these effects are. Rooms that know more add theirs."""
        for effects in self._debits_by_payer():
            effects._drop_planned_debits()
            effects._tell(
                effects._mandates(),
                self.env._(
                    "No debits from now on: %(letter)s was sent.",
                    letter=effects[:1].letter_id.display_name,
                ),
            )

    def _end(self):
        """Undo what these effects, which are over, brought about."""
        for effects in self._debits_by_payer():
            if not self._stopped(effects.company_id, effects.partner_id):
                mandates = effects._mandates()
                effects._tell(mandates, self.env._("Debits go on: everything is paid."))
                mandates._collect_open_invoices()

    def _debits_by_payer(self):
        debits = self.filtered(lambda effect: effect.kind == "debit")
        return debits.grouped(lambda effect: (effect.company_id, effect.partner_id)).values()

    def _is_over(self):
        """Is everything paid that the effect is to last for?"""
        self.ensure_one()
        claims = self.env["dunning.claim"]
        return not claims.search_count(
            [*self._owing_domain(), ("state", "not in", SETTLED)], limit=1
        )

    def _owing_domain(self):
        """The claims that have to be paid first: all of the payer."""
        return [("company_id", "=", self.company_id.id), ("partner_id", "=", self.partner_id.id)]

    def _follow(self):
        """End those of these effects that are over; those whose payment was undone begin again."""
        over = self.filtered(lambda row: not row.ended_on and row._is_over())
        for company, effects in over.grouped("company_id").items():
            effects.ended_on = company._billing_today()
        over._end()
        back = (self - over).filtered(
            lambda row: row.ended_on and row.claim_id.state not in SETTLED
        )
        back.ended_on = False
        back._begin()

    @api.model
    def _follow_claims(self, lines):
        """What is open of these receivable lines has changed."""
        effects = self.search([("partner_id", "in", lines.partner_id.commercial_partner_id.ids)])
        if effects:
            effects._follow()

    @api.model
    def _follow_all(self, company):
        """End what is over, however it was settled."""
        paid = self.search(
            [
                ("company_id", "=", company.id),
                ("ended_on", "=", False),
                ("claim_id.state", "in", SETTLED),
            ]
        )
        for claim, effects in paid.grouped("claim_id").items():
            claim._try_to_settle(effects._follow)

    def _tell(self, records, text):
        """A line of history on the claims and on the records that these effects are about."""
        for record in (*self.claim_id, *records):
            record._message_log(body=text)

    # ------------------------------------------------------------------ debits

    @api.model
    def _stopped(self, company, payers):
        """Those of ``payers`` of whom no debits are made."""
        effects = self.search(
            [
                ("company_id", "=", company.id),
                ("partner_id", "in", payers.ids),
                ("kind", "=", "debit"),
                ("ended_on", "=", False),
            ]
        )
        return effects.partner_id

    def _mandates(self):
        return self.env["direct.debit.mandate"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("state", "=", "active"),
            ]
        )

    def _drop_planned_debits(self):
        """Give up debits of the payer that no bank knows of; the payer pays by other means."""
        orders = self.env["direct.debit.order"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("partner_id", "=", self.partner_id.id),
                ("state", "=", "planned"),
                ("is_form", "=", False),
            ]
        )
        orders._drop("reminded")


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _deliver(self):
        result = super()._deliver()
        self._take_effect()
        return result

    def _take_effect(self):
        """Let happen what the policy says for the letters of these claims."""
        effects = self.env["dunning.effect"].create(
            [
                {"letter_line_id": line.id, "kind": kind, "begun_on": letter.sent_on}
                for letter in self
                for line in letter.line_ids
                for kind in line.level_id._effects()
            ]
        )
        effects._begin()


class DunningClaim(models.Model):
    _inherit = "dunning.claim"

    effect_ids = fields.One2many("dunning.effect", "claim_id", string="Effects", readonly=True)


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _debit_invoices(self, invoices):
        wanted = super()._debit_invoices(invoices)
        effects = self.env["dunning.effect"].sudo()
        stopped = effects._stopped(self.company_id, wanted.commercial_partner_id)
        return wanted.filtered(lambda move: move.commercial_partner_id not in stopped)


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    withdraw_reason = fields.Selection(
        selection_add=[("reminded", "Reminded: no debits until paid")]
    )

    @api.model
    def _follow(self, claims):
        result = super()._follow(claims)
        self.env["dunning.effect"].sudo()._follow_claims(claims)
        return result

    @api.model
    def _follow_reopened(self, claims):
        result = super()._follow_reopened(claims)
        self.env["dunning.effect"].sudo()._follow_claims(claims)
        return result


class ResPartner(models.Model):
    _inherit = "res.partner"

    mbn_debits_stopped = fields.Boolean(
        string="No Debits Until Paid",
        compute="_compute_mbn_debits_stopped",
        compute_sudo=True,
        groups=SEEN_BY,
        help="A reminder stopped them. They go on by themselves when everything is paid.",
    )

    def _compute_mbn_debits_stopped(self):
        effects = self.env["dunning.effect"]
        stopped = self.env["res.partner"].union(
            *(effects._stopped(company, self) for company in self.env.companies)
        )
        for partner in self:
            partner.mbn_debits_stopped = partner._origin in stopped
