"""How much of which fee is whose. Nothing here writes."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction

from odoo.exceptions import UserError
from odoo.tools import SQL


def association_history(env, contracts):
    """Contract id to its (day, association id) in the order in which they count."""
    return _history(env, contracts, "association_id", "association")


def plan_history(env, contracts):
    """Contract id to its (day, plan id) in the order in which they count."""
    return _history(env, contracts, "plan_id", "plan")


def _history(env, contracts, column, kind):
    env["membership.contract.change"].flush_model()
    rows = env.execute_query(
        SQL(
            """
            SELECT contract_id, date, %(column)s
              FROM membership_contract_change
             WHERE contract_id = ANY(%(contracts)s) AND kind = %(kind)s
             ORDER BY contract_id, date, id
            """,
            column=SQL.identifier(column),
            contracts=contracts.ids,
            kind=kind,
        )
    )
    history = defaultdict(list)
    for contract, day, value in rows:
        history[contract].append((day, value))
    return history


def value_on(history, day, fallback):
    """The last value of ``history`` up to ``day``; ``fallback`` when there is none."""
    value = fallback
    for since, one in history:
        if since > day:
            break
        value = one
    return value


class Sharing:
    """Works out the shares of charges of one company.

    Exact shares are fractions; they are rounded along the sum of all shares and along the fee
    of the period, so that the shares of a fee and the parts of its instalments add up.
    Keep one for a chunk of work, not longer: it holds records.
    """

    def __init__(self, company, charges):
        self.env = company.env
        self.company = company
        self.charges = charges
        self.rules = self.env["membership.share.rule"].search(
            [("company_id", "parent_of", company.id)]
        )
        self.associations = self.env["membership.association"]
        self._moves = association_history(self.env, charges.contract_id)
        self._given = {}
        self._credited = charges._credited_amounts()
        self._find_credits()
        self._find_starts()

    # ------------------------------------------------------------------ what is collected

    def _find_credits(self):
        """What credit notes of the invoices take back, and what of it is set off against them."""
        invoices = self.charges.invoice_id
        self._notes = invoices._mbn_credit_sums()
        self._set_off = defaultdict(float)
        partials = self.env["account.partial.reconcile"].search(
            [
                ("debit_move_id.move_id", "in", [one.id for one in invoices if self._notes[one]]),
                ("credit_move_id.move_id.move_type", "=", "out_refund"),
            ]
        )
        for partial in partials:
            invoice = partial.debit_move_id.move_id
            if partial.credit_move_id.move_id.reversed_entry_id == invoice:
                self._set_off[invoice] += partial.debit_amount_currency
        named = defaultdict(float)
        for charge, amount in invoices.mbn_charge_ids._credited_amounts().items():
            named[charge.invoice_id] += amount
        self._named = named

    def _owed(self, charge):
        """What of ``charge`` is not credited."""
        invoice = charge.invoice_id
        left = charge.amount - self._credited.get(charge, 0.0)
        unnamed = self._notes.get(invoice, 0.0) - self._named[invoice]
        rest = invoice.amount_total - self._named[invoice]
        if unnamed > 0 and rest > 0:
            left -= left * min(unnamed / rest, 1.0)
        return max(left, 0.0)

    def _collected(self, charge):
        """What of ``charge`` is shared by now: what is paid of it, or all that is billed."""
        invoice = charge.invoice_id
        if charge.state == "void" or invoice.state != "posted":
            return 0.0
        owed = self._owed(charge)
        if self.company.mbn_share_when == "billed":
            return owed
        due = invoice.amount_total - self._notes.get(invoice, 0.0)
        paid = invoice.amount_total - invoice.amount_residual - self._set_off[invoice]
        return owed * min(max(paid / due, 0.0), 1.0) if due > 0 else 0.0

    def _find_starts(self):
        """Where on the fee of its period each charge begins: after the instalments before it."""
        self._starts = {}
        periods = self.charges.period_id
        for period in periods:
            begin = 0.0
            fees = period.charge_ids.filtered(
                lambda charge: charge.kind == "fee" and not charge.taken_back
            )
            for charge in fees.sorted(lambda charge: (charge.instalment, charge.id)):
                self._starts[charge] = begin
                begin += charge.amount + charge.dropped_amount

    # ------------------------------------------------------------------ whose it is

    def homes(self, charge):
        """(part of the period, association) of the member: where the company's rule looks."""
        period = charge.period_id
        history = self._moves.get(charge.contract_id.id, ())
        fallback = period.association_id.id or charge.contract_id.association_id.id
        fallback = False if history and period.date_to < history[0][0] else fallback

        def home(day):
            return self.associations.browse(value_on(history, day, fallback) or ())

        if self.company.mbn_share_transfer != "by_day":
            return [(Fraction(1), home(period.date_from))]
        days = {day for day, _home in history if period.date_from < day <= period.date_to}
        starts = [period.date_from, *sorted(days)]
        ends = [*starts[1:], period.date_to + timedelta(days=1)]
        length = (period.date_to - period.date_from).days + 1
        return [
            (Fraction((end - start).days, length), home(start))
            for start, end in zip(starts, ends, strict=True)
        ]

    def _gives(self, plan, association, day, currency):
        """List of (recipient, rule): what members of ``association`` give, from the top down."""
        key = (plan, association, day, currency)
        if key not in self._given:
            self._given[key] = self._find_rules(*key)
        return self._given[key]

    def _find_rules(self, plan, association, day, currency):
        if not association:
            return []
        path = [int(part) for part in association.parent_path.split("/")[:-1]]
        found = {}
        for rule in self.rules:
            if not rule._holds(plan, path, day, currency):
                continue
            recipient = rule._recipient_of(association)
            if not recipient or self._is_us(recipient):
                continue
            known = found.get(recipient)
            if not known or rule._rank() > known._rank():
                found[recipient] = rule
        depth = {recipient: recipient.parent_path.count("/") for recipient in found}
        order = sorted(found, key=lambda recipient: (depth[recipient], recipient.id))
        return [(recipient, found[recipient]) for recipient in order]

    def _is_us(self, association):
        """What the company collects for itself is no share."""
        return association.partner_id.commercial_partner_id == self.company.partner_id

    # ------------------------------------------------------------------ how much

    def targets(self, charge):
        """What each association is to have of ``charge`` by now, all in all.

        :return: dict of association to (amount, rule)
        :raises UserError: a rule shares a fee with tax
        """
        period = charge.period_id
        fee = Fraction(str(period.amount))
        collected = self._collected(charge)
        if fee <= 0 or charge not in self._starts:
            return {}
        start = Fraction(str(self._starts[charge])) / fee
        end = start + Fraction(str(collected)) / fee
        rounded, targets, before = charge.currency_id.round, {}, Fraction(0)
        for association, exact, rule in self._exact(charge, fee):
            after = before + exact
            parts = (after * end, before * end, after * start, before * start)
            at_end, skipped, at_start, both = (rounded(float(part)) for part in parts)
            amount = rounded(at_end - skipped - at_start + both)
            targets[association] = amount, rule
            before = after
        return targets

    def _exact(self, charge, fee):
        """(association, exact share of the whole period's fee, rule), from the top down."""
        period = charge.period_id
        part = Fraction(period.share_numerator, period.share_denominator)
        shares, rules = {}, {}
        net = self._net(charge, fee)
        for stay, home in self.homes(charge):
            gives = self._gives(period.plan_id, home, period.date_from, charge.currency_id)
            for association, rule in gives:
                if not rule.without_tax and net != fee:
                    raise UserError(self._tax_text(period.plan_id, association))
                if rule.kind == "percent":
                    exact = Fraction(str(rule.percent)) / 100 * net
                else:
                    exact = Fraction(str(rule.amount)) * part
                shares[association] = shares.get(association, 0) + stay * exact
                rules[association] = rule
        left = net
        for association, exact in shares.items():
            exact = min(exact, left)
            left -= exact
            yield association, exact, rules[association]

    def _net(self, charge, fee):
        """The fee without tax."""
        line = charge.invoice_line_id
        if not line.price_total or line.price_subtotal == line.price_total:
            return fee
        return fee * Fraction(str(line.price_subtotal)) / Fraction(str(line.price_total))

    def _tax_text(self, plan, association):
        return self.env._(
            "%(plan)s is sold with tax, which cannot be passed on to %(association)s. End the fee "
            "share, and make one with “Of Income Without Tax”.",
            plan=plan.display_name,
            association=association.display_name,
        )
