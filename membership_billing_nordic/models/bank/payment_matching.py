"""What the payments of a chunk are for. Nothing here writes."""

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from odoo.fields import Domain

from ...formats.references import normalise, numbers_in


@dataclass
class Target:
    """A part of a payment: for a claim line, or (line empty) for the payer's account."""

    partner: object
    line: object
    amount: float


@dataclass
class Placement:
    """What becomes of one payment. Without targets it stays on the clearing account."""

    payment: object
    outcome: str
    targets: list = field(default_factory=list)
    wrong_check_digit: bool = False
    told_by: object = None  # the records that told what it consists of


class PaymentMatcher:
    """Finds what payments of one agreement are for: a few queries for all of them.

    The open amounts of the claims go down as payments take from them, so that two payments
    of one chunk do not pay the same invoice.
    """

    def __init__(self, agreement, payments, by_person=False):
        """With ``by_person`` a negative amount may also become a debt of its payer."""
        self.env = agreement.env
        self.by_person = by_person
        self.agreement = agreement
        self.company = agreement.company_id
        self.currency = agreement.currency_id
        self.payments = payments
        self.debited = {}
        self.told = {}
        self.listed = {}
        self.in_text = {}
        self.open = {}
        self.costs = {}
        self.lines_of_move = defaultdict(list)
        self.lines_of_partner = defaultdict(list)

    # ------------------------------------------------------------------ by the program

    def placements(self):
        """One :class:`Placement` per payment, in order."""
        values = {value for payment in self.payments for value, _amount in self._parts(payment)}
        values |= {self.agreement._stand_in_reference(payment) for payment in self.payments}
        values |= {value for payment in self.payments for value in listed_references(payment)}
        self.references = self.env["billing.reference"]._resolve(self.agreement, values)
        self.debited = self.agreement._debited_claims(self.payments)
        self.told = self.agreement._told_parts(self.payments)
        self._find_payers()
        self._find_listed()
        self._find_in_text()
        moves = self.env["account.move"].union(
            *(lines.move_id for lines in self.debited.values()),
            *(lines.move_id for _by, parts in self.told.values() for lines, *_rest in parts),
            *self.listed.values(),
            *self.in_text.values(),
        )
        partners = self.env["res.partner"]
        for reference in self.references.values():
            moves |= reference.move_id | reference._named_claims().move_id
            if not reference.move_id:
                partners |= reference.partner_id
        partners = partners.union(*self.payer_of_number.values(), *self.payer_of_account.values())
        self.load(moves, partners)
        return [self._place(payment) for payment in self.payments]

    def _find_payers(self):
        """The payers of payments whose reference is not known."""
        unknown = self.payments.filtered(
            lambda payment: payment.reference_value not in self.references
        )
        self.payer_of_number = self.agreement._payers_by_number(
            set(unknown.mapped("payer_number")) - {False, ""}
        )
        self.payer_of_account = {}
        if self.company.mbn_place_by_account:
            accounts = set(unknown.mapped("payer_account_key")) - {False, ""}
            self.payer_of_account = {
                account: partners
                for account, partners in payers_of_accounts(self.env, accounts).items()
                if len(partners) == 1
            }

    def _find_listed(self):
        """The invoices of payments with several references that do not say how much of each."""
        for payment in self.payments:
            values = listed_references(payment)
            if len(values) > 1 and len(self._parts(payment)) == 1:
                self.listed[payment] = self._payable(self.references, values)

    def _find_in_text(self):
        """The invoices that the messages of payments without a known reference name."""
        numbers = {
            payment: numbers_in(payment.text)
            for payment in self.payments
            if payment.text and payment not in self.listed and not self._reference_of(payment)
        }
        values = {value for found in numbers.values() for value in found}
        if not values:
            return
        known = self.env["billing.reference"]._resolve(self.agreement, values)
        confirmed = {
            value: row for value, row in known.items() if self.agreement._has_check_digit(value)
        }
        for payment, found in numbers.items():
            if moves := self._payable(confirmed, found):
                self.in_text[payment] = moves

    def _payable(self, references, values):
        """The invoices of those of ``values`` that are known, each once and in their order."""
        rows = [references[value] for value in values if value in references]
        moves = self.env["account.move"].union(*(row.move_id for row in rows))
        return moves.filtered(
            lambda move: move.state == "posted" and move.currency_id == self.currency
        )

    def _reference_of(self, payment, value=None):
        """What is known by the reference of the payment, or by what stands in for it."""
        value = payment.reference_value if value is None else value
        stand_in = self.agreement._stand_in_reference(payment)
        return self.references.get(value) or self.references.get(stand_in)

    def _parts(self, payment):
        """The references of a payment with the amount of each: several only if they add up."""
        parts = []
        for reference, amount in payment.reference_list or []:
            try:
                parts.append((normalise(reference), float(Decimal(amount))))
            except (InvalidOperation, TypeError):
                return [(payment.reference_value or "", payment.amount)]
        total = sum(amount for _value, amount in parts)
        if parts and self.currency.compare_amounts(total, payment.amount) == 0:
            return parts
        return [(payment.reference_value or "", payment.amount)]

    def _place(self, payment):
        if payment in self.debited:
            # The debit was asked for just these claims.
            self.costs |= dict.fromkeys(self.debited[payment], 0.0)
            return Placement(payment, *self.pay_claims(self.debited[payment], payment.amount))
        if payment in self.told:
            return self._place_told(payment)
        if payment in self.listed:
            return Placement(payment, *self.pay_moves(self.listed[payment], payment.amount))
        placement = Placement(payment, outcome="")
        # What a message names counts when it is just what was paid; else it is proposed.
        if self._is_all_of(self.in_text.get(payment), payment.amount):
            moves = self.in_text[payment]
            placement.outcome, placement.targets = self.pay_moves(moves, payment.amount)
        else:
            self._place_parts(placement)
        value = payment.reference_value
        if value and value not in self.references:
            layouts = self.agreement.layout_ids
            confirmed = self.agreement._has_check_digit(value)
            placement.wrong_check_digit = bool(layouts) and not confirmed
        return placement

    def _place_told(self, payment):
        """Place a payment as a report of its sender says."""
        told_by, parts = self.told[payment]
        targets = []
        for lines, amount, payer, besides in parts:
            self.costs |= dict.fromkeys(lines, 0.0)
            taken, rest = self._take([line for line in lines if line in self.open], amount)
            targets += taken
            on_account = self.currency.round(rest + besides)
            if not self.currency.is_zero(on_account):
                targets.append(self._on_account(payer, on_account))
        return Placement(payment, "told", targets, told_by=told_by)

    def _place_parts(self, placement):
        payment = placement.payment
        for value, amount in self._parts(payment):
            outcome, targets = self._place_part(payment, value, amount)
            placement.targets += targets
            if placement.outcome in ("", "exact"):
                placement.outcome = outcome

    def _place_part(self, payment, value, amount):
        reference = self._reference_of(payment, value)
        if reference and reference.move_id:
            return self.pay_move(reference.move_id, amount)
        if reference and amount > 0 and (claims := reference._named_claims()):
            return self.pay_claims(claims, amount)
        if reference and reference.partner_id:
            return self.pay_partner(reference.partner_id, amount, "payer")
        if payer := self.payer_of_number.get(normalise(payment.payer_number)):
            return self.pay_partner(payer, amount, "payer")
        if payer := self.payer_of_account.get(payment.payer_account_key):
            return self.pay_partner(payer, amount, "account")
        return ("unknown_reference" if value else "no_reference"), []

    # ------------------------------------------------------------------ by invoice or payer

    def load(self, moves, partners):
        """Fetch the open claims of these invoices (with their credit notes) and payers."""
        owners = (
            Domain("move_id", "in", moves.ids)
            | Domain("move_id.reversed_entry_id", "in", moves.ids)
            | Domain("partner_id", "in", partners.commercial_partner_id.ids)
        )
        lines = self.env["account.move.line"].search_fetch(
            owners & open_claims(self.agreement),
            ["move_id", "partner_id", "account_id", "amount_residual_currency", "date_maturity"],
            order="date_maturity, id",
        )
        for line in lines:
            self.open[line] = line.amount_residual_currency
            self.lines_of_move[line.move_id].append(line)
            self.lines_of_partner[line.partner_id].append(line)
            if line.move_id.reversed_entry_id:
                self.lines_of_move[line.move_id.reversed_entry_id].append(line)
        if not self.by_person:
            self.costs |= self.agreement._costs_first(lines)

    def pay_move(self, move, amount):
        """Use ``amount`` for an invoice; what it does not take goes to its payer.

        :return: (outcome, list of :class:`Target`)
        """
        if move.state != "posted":
            return "not_posted", []
        if move.currency_id != self.currency:
            return "currency", []
        lines = self.lines_of_move[move]
        targets, rest = self._take(lines, amount)
        if amount < 0:
            targets += self._debt(move.commercial_partner_id, rest)
            return ("exact" if targets else "nothing_to_take"), targets
        if self.currency.is_zero(rest):
            still = sum(self.open[line] for line in lines if self.open[line] > 0)
            return ("exact" if self.currency.is_zero(still) else "part"), targets
        outcome = "over" if targets else "double"
        return outcome, [*targets, self._on_account(move.commercial_partner_id, rest)]

    def pay_moves(self, moves, amount):
        """Use ``amount`` for these invoices together, which a payment names without amounts.

        What does not add up is one payer's, in turn, or else nobody's: it is not guessed.

        :return: (outcome, list of :class:`Target`)
        """
        lines = self._open_of(moves)
        if self._is_all_of(moves, amount):
            targets = [Target(line.partner_id, line, self.open[line]) for line in lines]
            self.open |= dict.fromkeys(lines, 0.0)
            return "exact", targets
        if amount > 0 and len(moves.commercial_partner_id) == 1:
            return self._pay_in_turn(lines, moves.commercial_partner_id, amount)
        return "several", []

    def _is_all_of(self, moves, amount):
        """Is ``amount`` just what is open of these invoices?"""
        lines = self._open_of(moves)
        total = sum(self.open[line] for line in lines)
        return bool(lines) and self.currency.compare_amounts(total, amount) == 0

    def _open_of(self, moves):
        """The open claims of these invoices and their credit notes, each once."""
        lines = dict.fromkeys(line for move in moves or () for line in self.lines_of_move[move])
        return [line for line in lines if not self.currency.is_zero(self.open[line])]

    def pay_claims(self, claims, amount):
        """Use ``amount`` (above zero) for these claims of one payer, in turn.

        :return: (outcome, list of :class:`Target`)
        """
        lines = [line for line in claims if line in self.open]
        return self._pay_in_turn(lines, claims.partner_id[:1], amount)

    def _pay_in_turn(self, lines, payer, amount):
        targets, rest = self._take(lines, amount)
        if self.currency.is_zero(rest):
            still = sum(self.open[line] for line in lines)
            return ("exact" if self.currency.is_zero(still) else "part"), targets
        outcome = "over" if targets else "double"
        return outcome, [*targets, self._on_account(payer, rest)]

    def pay_partner(self, partner, amount, outcome):
        """Use ``amount`` for the oldest due claims of a payer; the rest goes to the payer."""
        partner = partner.commercial_partner_id
        targets, rest = self._take(self.lines_of_partner[partner], amount)
        if amount < 0:
            targets += self._debt(partner, rest)
            return (outcome if targets else "nothing_to_take"), targets
        if rest > 0 and not self.currency.is_zero(rest):
            targets.append(self._on_account(partner, rest))
        return outcome, targets

    def _take(self, lines, amount):
        """Take from open lines in turn. Returns the targets and what nobody took."""
        targets, rest = [], amount
        for line in lines:
            rest = self._keep_for_costs(line, rest, targets)
            left = self.open[line]
            if self.currency.is_zero(rest) or left * rest <= 0:
                continue
            part = left if abs(left) < abs(rest) else rest
            self.open[line] = self.currency.round(left - part)
            rest = self.currency.round(rest - part)
            targets.append(Target(line.partner_id, line, part))
        return targets, rest

    def _keep_for_costs(self, line, rest, targets):
        """Let what is claimed besides ``line``, and is paid first, stand to the payer's credit."""
        kept = min(self.costs.get(line, 0.0), rest)
        if self.currency.compare_amounts(kept, 0.0) <= 0:
            return rest
        self.costs[line] = self.currency.round(self.costs[line] - kept)
        targets.append(self._on_account(line.partner_id, kept))
        return self.currency.round(rest - kept)

    def _debt(self, partner, amount):
        """What nobody's credit covers: only a person may put it on the payer."""
        if self.by_person and not self.currency.is_zero(amount):
            return [self._on_account(partner, amount)]
        return []

    def _on_account(self, partner, amount):
        return Target(partner, self.env["account.move.line"], amount)


def listed_references(payment):
    """The references of a payment that has several, normalised, each once."""
    listed = payment.reference_list or ()
    if len(listed) < 2:
        return []
    return list(dict.fromkeys(normalise(reference) for reference, _amount in listed))


def open_claims(agreement):
    """The domain of the journal items that payments to ``agreement`` may be used for."""
    return (
        Domain("account_type", "=", "asset_receivable")
        & Domain("parent_state", "=", "posted")
        & Domain("reconciled", "=", False)
        & Domain("company_id", "=", agreement.company_id.id)
        & Domain("currency_id", "=", agreement.currency_id.id)
    )


def payers_of_accounts(env, accounts):
    """Whose bank accounts these are: ``{account: partners}``."""
    if not accounts:
        return {}
    rows = (
        env["res.partner.bank"]
        .sudo()
        .search([("sanitized_acc_number", "in", list(accounts)), ("partner_id.active", "=", True)])
    )
    return {
        account: found.partner_id.commercial_partner_id
        for account, found in rows.grouped("sanitized_acc_number").items()
    }
