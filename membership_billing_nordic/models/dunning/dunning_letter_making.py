"""Letters of one day: what is claimed of a payer goes into as few of them as the law lets."""

from decimal import Decimal

from odoo import Command


class LetterMaker:
    """Makes the letters of verdicts that have no reason against them."""

    def __init__(self, company, day, run):
        self.env = run.env
        self.company = company
        self.day = day
        self.run = run
        self.refused = {}  # claim: (reason, detail)

    def make(self, verdicts):
        """Make the letters, and send them or put them in the queue for the printer.

        Those that cannot be made are in :attr:`refused`.

        :return: the new ``dunning.letter``
        """
        letters = self.env["dunning.letter"]
        for group in letter_groups(verdicts):
            letters |= self._make(group)
        return letters

    def _make(self, verdicts):
        with self.env.cr.savepoint() as savepoint:
            letter = self._create(verdicts)
            refusal = self._refusal(letter, _mildest(verdicts).channel)
            if not refusal:
                letter._render()
                letter._deliver()
                return letter
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        self.refused.update(dict.fromkeys((verdict.claim for verdict in verdicts), refusal))
        return self.env["dunning.letter"]

    def make_plan(self, plan, verdicts):
        """Send the payer the payment plan in writing.

        :return: the letter, and why it may not go out like this as (reason, detail) or None
        """
        env = self.env(context=self.env.context | {"lang": plan.partner_id.lang or self.env.lang})
        letter = self._write_letter(
            verdicts,
            {
                "plan_id": plan.id,
                "kind": "plan",
                "heading": env._("Payment plan"),
                "text": env._("This is what we have agreed on: you pay in instalments."),
                "consequence": env._(
                    "No reminders are sent while you pay the instalments in time. If one is "
                    "missed, the plan ends and all that is open is to be paid at once."
                ),
                "deadline": max(plan.instalment_ids.mapped("due_date")),
                "reference": plan.reference or verdicts[0].claim.invoice_id.payment_reference,
            },
        )
        if refusal := self._refusal(letter, "payer"):
            return letter, refusal
        letter._render()
        letter._deliver()
        return letter, None

    def _refusal(self, letter, wish):
        """Why the letter may not go out like this; None when it may."""
        if not letter._choose_channel(wish):
            return "address", ""
        if missing := letter._missing_content():
            return "content", ", ".join(missing)
        return None

    def _create(self, verdicts):
        level = _mildest(verdicts)
        payer = verdicts[0].claim.partner_id
        spoken = level.with_context(lang=payer.lang or self.env.lang)
        letter = self._write_letter(
            verdicts,
            {
                "run_id": self.run.id,
                "policy_id": level.policy_id.id,
                "kind": level.kind,
                "heading": spoken.name,
                "text": spoken.text,
                "consequence": spoken.consequence,
                "objection": spoken.objection,
                "deadline": max(verdict.deadline for verdict in verdicts),
                "reference": self._reference(verdicts),
            },
        )
        if len(verdicts) > 1:
            self.env["billing.reference"]._name_letter(letter)
        return letter

    def _write_letter(self, verdicts, vals):
        first = verdicts[0].claim
        payer = first.partner_id
        letters = self.env["dunning.letter"].with_context(
            lang=payer.lang or self.env.lang, tracking_disable=True, mail_create_nolog=True
        )
        return letters.create(
            {
                "name": self._number(),
                "company_id": self.company.id,
                "partner_id": payer.id,
                "agreement_id": first.agreement_id.id,
                "currency_id": first.currency_id.id,
                "sent_on": self.day,
                "account": self._account(first),
                "line_ids": [Command.create(self._line(verdict)) for verdict in verdicts],
            }
            | vals
        )

    def _number(self):
        sequence = self.env["ir.sequence"].sudo().with_company(self.company)
        return sequence.next_by_code("dunning.letter", sequence_date=self.day)

    def _account(self, claim):
        bank = claim.invoice_id.partner_bank_id
        return claim.agreement_id.account_number or bank.acc_number

    def _reference(self, verdicts):
        """One invoice is paid by its own reference; several by one of the letter."""
        claims = [verdict.claim for verdict in verdicts]
        if len(claims) == 1:
            return claims[0].invoice_id.payment_reference
        agreement = claims[0].agreement_id
        return self.env["billing.reference"]._allot_letter(agreement, claims[0].partner_id)

    def _line(self, verdict):
        claim, invoice = verdict.claim, verdict.claim.invoice_id
        return {
            "claim_id": claim.id,
            "level_id": verdict.level.id,
            "invoice_name": invoice.name,
            "invoice_date": invoice.invoice_date,
            "due_date": claim.move_line_id.date_maturity,
            "about": invoice._mbn_claim_about(),
            "reference": invoice.payment_reference,
            "amount_original": claim.move_line_id.amount_currency,
            "principal": float(verdict.principal),
            "fee": float(verdict.fee),
            "fee_cap": float(verdict.terms.fee_cap),
            "fee_number": verdict.terms.fee_number,
            "fee_count": verdict.terms.fee_count,
            "fee_spacing": verdict.terms.fee_spacing,
            "lawful_from": verdict.terms.lawful_from,
            "lawful_deadline": verdict.terms.lawful_deadline,
            "interest": float(verdict.interest),
            "interest_through": self.day if verdict.interest else False,
            "compensation": float(verdict.compensation),
            "fee_before": claim.fee_open,
            "interest_before": claim.interest_open,
            "compensation_before": claim.compensation_open,
            "segments": [_segment(part) for part in verdict.segments] or False,
        }


def letter_groups(verdicts):
    """Lists of the verdicts that go into one letter each, oldest claim first, with one fee."""
    groups = {}
    for verdict in sorted(verdicts, key=lambda one: (one.fact.due_date, one.fact.id)):
        groups.setdefault(_letter_key(verdict), []).append(verdict)
    for group in groups.values():
        _one_fee(group)
    return list(groups.values())


def _letter_key(verdict):
    fact = verdict.fact
    return (fact.partner, fact.agreement, fact.currency, fact.policy, verdict.level.kind)


def _mildest(verdicts):
    """The letter is worded by the claim that has come least far."""
    return min(
        (verdict.level for verdict in verdicts), key=lambda level: (level.sequence, level.id)
    )


def _one_fee(verdicts):
    """A letter has one fee, however many claims are in it: the highest of them."""
    highest = max(verdicts, key=lambda verdict: verdict.fee)
    for verdict in verdicts:
        if verdict is not highest:
            verdict.fee = Decimal(0)


def _segment(part):
    return {
        "from": part.start.isoformat(),
        "to": part.end.isoformat(),
        "days": part.days,
        "base": str(part.base),
        "rate": str(part.rate),
        "basis": part.basis,
        "amount": f"{float(part.amount):.6f}",
    }
