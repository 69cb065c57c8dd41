"""Who a payment without a usable reference may be from, with reasons."""

import difflib
import re
from collections import defaultdict
from dataclasses import dataclass, field

from odoo.fields import Domain

from ...formats.references import numbers_in
from .payment_lookup import payers_by_reference_part
from .payment_matching import listed_references, open_claims, payers_of_accounts

_NAMED, _MISTYPED, _ACCOUNT, _NUMBER, _NAME, _AMOUNT, _ALONE = 70, 60, 50, 45, 35, 30, 10
_CHECK_DIGIT_FITS = 5
_SIMILAR = 0.8
_MAX_SAME_AMOUNT = 5000
_MAX_LINES = 5000
_MAX_PROPOSALS = 5
_LONGEST_REFERENCE = 30
_MOST_TRIED_IN_TEXT = 6  # numbers of a message that are tried with typing mistakes
_WORD = re.compile(r"\w{2,}")
_NAME_OF_INVOICE = re.compile(r"[\w/.-]{3,}\w")


@dataclass
class Proposal:
    """A claim (or, line empty, a payer) that a payment may be for."""

    partner: object
    line: object
    score: int = 0
    reasons: list = field(default_factory=list)

    def text(self, amount):
        """Payer and, where there is one, the claim; its open amount if it is not ``amount``."""
        parts = [self.partner.display_name]
        if self.line:
            left = self.line.amount_residual_currency
            parts.append(self.line.move_id.name)
            parts += [f"{left:.2f}"] if self.line.currency_id.compare_amounts(left, amount) else []
        return " · ".join(parts)

    def stands_out(self, proposals):
        """Is this one clearly better than the others of the payment?"""
        others = [other.score for other in proposals if other is not self]
        return self.score > max(others, default=0)


class ProposalFinder:
    """Proposals for the payments of one agreement that are on a person's screen.

    A handful of bounded queries, however many payments: known account, references that
    differ by one typing mistake, payer numbers (former ones too), names, equal amounts.
    """

    def __init__(self, agreement, payments):
        self.env = agreement.env
        self.agreement = agreement
        self.company = agreement.company_id
        self.currency = agreement.currency_id
        self.payments = payments.filtered(lambda payment: payment.amount_open > 0)
        # {payment id: {partner: [(score, reason)]}}, and the same by (partner, move)
        self.payers = defaultdict(lambda: defaultdict(list))
        self.claims = defaultdict(lambda: defaultdict(list))

    def find(self):
        """``{payment id: [Proposal]}``, best first."""
        if not self.payments:
            return {}
        self._by_account()
        self._by_named_reference()
        self._by_mistyped_reference()
        self._by_invoice_name()
        self._by_other_agreement()
        self._by_number()
        self._by_name()
        self._by_amount()
        lines = self._open_lines()
        return {payment.id: self._rank(payment, lines) for payment in self.payments}

    # ------------------------------------------------------------------ what speaks for whom

    def _by_account(self):
        accounts = set(self.payments.mapped("payer_account_key")) - {False, ""}
        owners = payers_of_accounts(self.env, accounts)
        for payment in self.payments:
            for partner in owners.get(payment.payer_account_key, ()):
                self._say_payer(payment, partner, _ACCOUNT, self.env._("known account"))

    def _by_named_reference(self):
        """References that are ours: one of several, or in the message."""
        listed = {payment: listed_references(payment) for payment in self.payments}
        self.numbers = {payment: numbers_in(payment.text) for payment in self.payments}
        values = {
            value for said in (listed, self.numbers) for some in said.values() for value in some
        }
        if not values:
            return
        known = self.env["billing.reference"]._resolve(self.agreement, values)
        for payment in self.payments:
            for value in known.keys() & set(listed[payment]):
                reason = self.env._(
                    "one of its references: %(printed)s", printed=known[value].printed
                )
                self._say_reference(payment, known[value], _NAMED, reason)
            for value in known.keys() & set(self.numbers[payment]) - set(listed[payment]):
                reason = self.env._("in the message: %(printed)s", printed=known[value].printed)
                self._say_reference(payment, known[value], _NAMED, reason)

    def _by_mistyped_reference(self):
        wanted = {
            payment: {value: near_references(value) for value in self._typed(payment)}
            for payment in self.payments
        }
        values = {near for typed in wanted.values() for some in typed.values() for near in some}
        if not values:
            return
        rows = self.env["billing.reference"].search(
            [("agreement_id", "=", self.agreement.id), ("value", "in", list(values))]
        )
        by_value = {row.value: row for row in rows}
        for payment, typed in wanted.items():
            for value, near in typed.items():
                for row in (by_value[value] for value in near & by_value.keys()):
                    self._say_mistyped(payment, row, value)

    def _typed(self, payment):
        """What the payer may have mistyped: the reference, else the longest numbers of the message."""
        if payment.reference_value:
            typed = [payment.reference_value]
        else:
            typed = sorted(self.numbers[payment], key=len, reverse=True)[:_MOST_TRIED_IN_TEXT]
        return [value for value in typed if len(value) <= _LONGEST_REFERENCE]

    def _say_mistyped(self, payment, row, typed):
        score = _MISTYPED
        score += _CHECK_DIGIT_FITS * self.agreement._has_check_digit(row.value)
        said = {"printed": row.printed, "typed": typed}
        if typed == payment.reference_value:
            reason = self.env._("reference mistyped? %(printed)s", **said)
        else:
            reason = self.env._("mistyped in the message? %(printed)s for %(typed)s", **said)
        self._say_reference(payment, row, score, reason)

    def _by_invoice_name(self):
        """Invoices whose own number is in the message or stands for the reference."""
        names = {
            payment: set(
                _NAME_OF_INVOICE.findall(f"{payment.reference or ''} {payment.text or ''}")
            )
            for payment in self.payments
        }
        wanted = {name for some in names.values() for name in some if any(map(str.isdigit, name))}
        if not wanted:
            return
        moves = self.env["account.move"].search(
            [
                ("name", "in", list(wanted)),
                ("company_id", "=", self.company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
            ]
        )
        reason = self.env._("invoice number in the message")
        for payment in self.payments:
            for move in moves.filtered(lambda move, payment=payment: move.name in names[payment]):
                key = move.commercial_partner_id, move
                self.claims[payment.id][key].append((_NAMED, reason))

    def _by_other_agreement(self):
        """References that another agreement of the company gave out: paid to the wrong account."""
        rows = self.env["billing.reference"].search(
            [
                ("company_id", "=", self.company.id),
                ("agreement_id", "!=", self.agreement.id),
                ("value", "in", list(set(self.payments.mapped("reference_value")) - {False, ""})),
            ]
        )
        for payment in self.payments:
            for row in rows.filtered(lambda row, p=payment: row.value == p.reference_value):
                self._say_reference(
                    payment,
                    row,
                    _MISTYPED,
                    self.env._("reference of %(name)s", name=row.agreement_id.name),
                )

    def _by_number(self):
        # The first one of several references says no more than the others.
        single = self.payments.filtered(lambda row: not listed_references(row))
        payers = payers_by_reference_part(
            self.agreement, set(single.mapped("reference_value")) - {False, ""}
        )
        reason = self.env._("payer number in the reference")
        for payment in single:
            if partner := payers.get(payment.reference_value):
                self._say_payer(payment, partner, _NUMBER, reason)

    def _by_name(self):
        names = {form for payment in self.payments for form in _name_forms(payment.payer_name)}
        if not names:
            return
        partners = self.env["res.partner"].search(
            Domain.OR(Domain("name", "=ilike", _escaped(name)) for name in names),
            limit=_MAX_LINES,
        )
        for payment in self.payments:
            words = _words(payment.payer_name)
            for partner in partners if words else ():
                if _words(partner.name) == words:
                    payer = partner.commercial_partner_id
                    self._say_payer(payment, payer, _NAME, self.env._("same name"))

    def _by_amount(self):
        amounts = set(self.payments.mapped("amount_open"))
        lines = self._search_lines(
            Domain("amount_residual_currency", "in", list(amounts)), _MAX_SAME_AMOUNT
        )
        by_amount = defaultdict(list)
        for line in lines:
            by_amount[self.currency.round(line.amount_residual_currency)].append(line)
        words_of = {partner: _words(partner.name) for partner in lines.partner_id}
        complete = len(lines) < _MAX_SAME_AMOUNT
        for payment in self.payments:
            same = by_amount[self.currency.round(payment.amount_open)]
            words = _words(payment.payer_name)
            for line in same:
                self._judge_amount(payment, line, words, words_of[line.partner_id])
            if complete and len(same) == 1:
                self._say_claim(payment, same[0], _ALONE, self.env._("only claim of this amount"))

    def _judge_amount(self, payment, line, words, owner_words):
        partner = line.partner_id
        known = partner in self.payers[payment.id] or any(
            partner == claimed for claimed, _move in self.claims[payment.id]
        )
        likeness = _likeness(words, owner_words)
        if known or likeness:
            self._say_claim(payment, line, _AMOUNT, self.env._("same amount"))
        if likeness and not known:
            score = round(_NAME * likeness)
            self._say_claim(payment, line, score, self.env._("similar name"))

    def _say_reference(self, payment, reference, score, reason):
        partner = reference._payer()
        if partner and reference.move_id:
            self.claims[payment.id][partner, reference.move_id].append((score, reason))
        elif partner:
            self._say_payer(payment, partner, score, reason)

    def _say_payer(self, payment, partner, score, reason):
        said = self.payers[payment.id][partner]
        if (score, reason) not in said:
            said.append((score, reason))

    def _say_claim(self, payment, line, score, reason):
        if line.partner_id:
            self.claims[payment.id][line.partner_id, line.move_id].append((score, reason))

    # ------------------------------------------------------------------ proposals

    def _open_lines(self):
        """``{partner: open claim lines, oldest due first}`` of everybody who was named."""
        partners = self.env["res.partner"].union(
            *(partner for said in self.payers.values() for partner in said),
            *(partner for said in self.claims.values() for partner, _move in said),
        )
        lines = self._search_lines(Domain("partner_id", "in", partners.ids), _MAX_LINES)
        self.line_ids = lines.ids
        return lines.grouped("partner_id")

    def _search_lines(self, domain, limit):
        return self.env["account.move.line"].search_fetch(
            domain & open_claims(self.agreement) & Domain("amount_residual", ">", 0),
            ["partner_id", "move_id", "currency_id", "amount_residual_currency", "date_maturity"],
            order="date_maturity, id",
            limit=limit,
        )

    def _rank(self, payment, lines):
        """Join what speaks for a payer with what speaks for one of the payer's claims."""
        found = {}
        for (partner, move), said in self.claims[payment.id].items():
            open_lines = lines.get(partner, self.env["account.move.line"])
            line = open_lines.filtered(lambda row, move=move: row.move_id == move)[:1]
            found[partner, move] = self._proposal(partner, line)
            self._add(found[partner, move], said)
        for partner, said in self.payers[payment.id].items():
            own = [proposal for (who, _move), proposal in found.items() if who == partner]
            if not own:
                line = lines.get(partner, self.env["account.move.line"])[:1]
                own = [found.setdefault((partner, line.move_id), self._proposal(partner, line))]
            for proposal in own:
                self._add(proposal, said)
        ranked = sorted(found.values(), key=lambda proposal: -proposal.score)
        return [proposal for proposal in ranked if proposal.score >= _ALONE][:_MAX_PROPOSALS]

    def _proposal(self, partner, line):
        # With all lines to prefetch: one query for what is read of them later.
        return Proposal(partner, line.with_prefetch(self.line_ids))

    def _add(self, proposal, said):
        proposal.score += sum(score for score, _reason in said)
        proposal.reasons += [reason for _score, reason in sorted(said, reverse=True)]


def near_references(value):
    """All references that differ from ``value`` by one typing mistake.

    One character wrong, missing, too many, or two neighbours exchanged. Leading zeros do
    not count, as in every comparison of references.
    """
    near = set()
    for place in range(len(value) + 1):
        head, tail = value[:place], value[place:]
        near.update(head + digit + tail for digit in "0123456789")
        if tail:
            near.add(head + tail[1:])
            near.update(head + digit + tail[1:] for digit in "0123456789")
        if len(tail) > 1:
            near.add(head + tail[1] + tail[0] + tail[2:])
    near.update((value[:-1] + "-", value + "-"))
    return {reference.lstrip("0") for reference in near} - {value, ""}


def _words(name):
    return frozenset(_WORD.findall((name or "").casefold()))


def _name_forms(name):
    """A name as it stands and with the family name in front, as banks like to write it."""
    words = (name or "").split()
    if not words:
        return set()
    return {" ".join(words), " ".join([*words[1:], words[0]]), " ".join([words[-1], *words[:-1]])}


def _escaped(text):
    return re.sub(r"([\\%_])", r"\\\1", text)


def _likeness(words, others):
    """How alike two names are, from ``_SIMILAR`` to 1; 0 below."""
    if not words or not others:
        return 0
    if words & others:
        ratio = 2 * len(words & others) / (len(words) + len(others))
        if ratio >= _SIMILAR:
            return ratio
    text, other = " ".join(sorted(words)), " ".join(sorted(others))
    matcher = difflib.SequenceMatcher(None, text, other)
    if matcher.real_quick_ratio() < _SIMILAR or matcher.quick_ratio() < _SIMILAR:
        return 0
    ratio = matcher.ratio()
    return ratio if ratio >= _SIMILAR else 0
