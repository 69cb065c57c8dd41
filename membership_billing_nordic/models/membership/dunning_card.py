"""What the member card and the membership say of reminders: how far they have come, what is next."""

from odoo import models

from .member_card import CardEvent, CardRow

_LETTERS_SHOWN = 9


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_card_standing(self):
        return [*super()._mbn_card_standing(), *self._mbn_reminder_rows()]

    def _mbn_card_events(self):
        return [*super()._mbn_card_events(), *self._mbn_reminder_events()]

    def _mbn_reminded_payers(self):
        """Who is reminded of what is not paid for this person; nobody to who may not see that."""
        if not self.env["dunning.claim"].has_access("read"):
            return self.browse()
        return self | self._mbn_live_contracts().payer_id

    def _mbn_reminder_rows(self):
        """A row for each payer with something overdue, or with a hold."""
        label = self.env._("Reminders")
        return [
            CardRow(label, text if payer == self else f"{payer.name}: {text}", "warning")
            for payer in self._mbn_reminded_payers()
            if (text := payer.mbn_dunning_text)
        ]

    def _mbn_reminder_events(self):
        payers = self._mbn_reminded_payers()
        if not payers:
            return []
        letters = self.env["dunning.letter"].search(
            [("partner_id", "in", payers.ids), ("company_id", "in", self.env.companies.ids)],
            limit=_LETTERS_SHOWN,
        )
        states = dict(letters._fields["state"]._description_selection(self.env))
        return [
            CardEvent(
                letter.sent_on,
                self.env._(
                    "%(letter)s: %(state)s",
                    letter=letter.display_name,
                    state=states[letter.state],
                ),
                4,
                "danger" if letter.state == "failed" else "",
            )
            for letter in letters
        ]


class MembershipContract(models.Model):
    _inherit = "membership.contract"

    def _describe_unpaid(self, due):
        return self._with_next_reminder(super()._describe_unpaid(due))

    def _describe_grace(self, due):
        return self._with_next_reminder(super()._describe_grace(due))

    def _describe_reminded(self, due):
        return self._with_next_reminder(super()._describe_reminded(due))

    def _with_next_reminder(self, sentence):
        """``sentence``, with what follows if the invoices of the membership stay unpaid."""
        claims = self.sudo().period_ids.charge_ids.invoice_id.mbn_claim_ids
        coming = claims.filtered("next_date").sorted("next_date")[:1]
        if coming.plan_id:
            text = self.env._("It is paid in instalments.")
        elif coming.hold_text:
            text = self.env._("Reminders are on hold.")
        elif coming:
            text = self.env._(
                "Next: %(letter)s on %(day)s.",
                letter=coming.next_level_id.name,
                day=self._day(coming.next_date),
            )
        else:
            return sentence
        return f"{sentence} {text}"
