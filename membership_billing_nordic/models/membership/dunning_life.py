"""What reminders, and their end, mean to memberships: suspended until paid, lapsed when not owed."""

from odoo import api, fields, models

from .debit_failure import SEEN_BY


class DunningPolicyLevel(models.Model):
    _inherit = "dunning.policy.level"

    suspends = fields.Boolean(
        string="Suspend the Membership",
        help="From this letter on the memberships that the invoice is for are suspended, as soon "
        "as what is paid for is over, without days of grace; by themselves active again once it "
        "is paid.",
    )

    def _effects(self):
        return super()._effects() + (["suspend"] if self.suspends else [])


class DunningEffect(models.Model):
    _inherit = "dunning.effect"

    kind = fields.Selection(
        selection_add=[("suspend", "Membership suspended")], ondelete={"suspend": "cascade"}
    )
    contract_ids = fields.Many2many(
        "membership.contract",
        "dunning_effect_contract_rel",
        "effect_id",
        "contract_id",
        string="Memberships",
        readonly=True,
    )

    def _begin(self):
        result = super()._begin()
        for effect in self.filtered(lambda row: row.kind == "suspend"):
            charges = effect.claim_id.invoice_id.mbn_charge_ids
            effect.contract_ids = charges.contract_id.filtered(lambda row: row.state != "ended")
            effect._tell(
                effect.contract_ids,
                self.env._(
                    "Suspended until it is paid: %(letter)s was sent for %(invoice)s.",
                    letter=effect.letter_id.display_name,
                    invoice=effect.claim_id.invoice_id.name,
                ),
            )
            effect.contract_ids._refresh_status()
        return result

    def _end(self):
        result = super()._end()
        for effect in self.filtered(lambda row: row.kind == "suspend"):
            effect._tell(
                effect.contract_ids, self.env._("No longer suspended: everything is paid.")
            )
            effect.contract_ids._refresh_status()
        return result

    def _owing_domain(self):
        """A membership is suspended for its own invoices only."""
        domain = super()._owing_domain()
        if self.kind != "suspend":
            return domain
        charged = [("mbn_charge_ids.contract_id", "in", self.contract_ids.ids)]
        return [
            *domain,
            "|",
            ("id", "=", self.claim_id.id),
            ("invoice_id", "any", charged),
        ]


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    dunning_effect_ids = fields.Many2many(
        "dunning.effect",
        "dunning_effect_contract_rel",
        "contract_id",
        "effect_id",
        string="Suspended By",
        readonly=True,
        copy=False,
        groups=SEEN_BY,
        help="Reminders that suspend the membership until everything is paid.",
    )
    status_reason = fields.Selection(selection_add=[("reminded", "Reminded")])

    @api.depends("dunning_effect_ids.ended_on")
    def _compute_member_status(self):
        return super()._compute_member_status()

    def _payment_status_on(self, today, due):
        status, reason, change = super()._payment_status_on(today, due)
        if reason not in ("paid", "first_payment", "debit_failed") and self._suspending_reminder():
            return "suspended", "reminded", None
        return status, reason, change

    def _suspending_reminder(self):
        """The last reminder that suspends the membership; empty when none does."""
        live = self.sudo().dunning_effect_ids.filtered(lambda effect: not effect.ended_on)
        return live.sorted("id")[-1:]

    def _describe_reminded(self, due):
        effect = self._suspending_reminder()
        return self.env._(
            "Suspended since the reminder of %(day)s: %(invoice)s is not paid. Active again as "
            "soon as everything is paid.",
            day=self._day(effect.begun_on),
            invoice=effect.claim_id.invoice_id.name,
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _mbn_lapse(self, text, day):
        """A membership whose fee lapses ends before the time that is not paid; a donor's goes on."""
        charges = self.sudo().mbn_charge_ids.filtered(lambda charge: charge.state == "invoiced")
        if not charges:
            return super()._mbn_lapse(text, day)
        charges = charges.with_context(mbn_credit_as=(day, text))
        if self._mbn_claim_kind() == "lapse" and (problems := charges._lapse(text)):
            return " ".join(problems.values())
        charges._credit_unpaid(text)
        return ""
