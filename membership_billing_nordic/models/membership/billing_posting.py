"""To which account and analytic accounts a line goes, looked up once for many invoices."""

from typing import NamedTuple

FEES = ("fee", "entry")


class Fact(NamedTuple):
    """All that a rule asks for."""

    plan: int
    associations: tuple[int, ...]  # the member's own, and those above it
    age: int | None


class PostingRules:
    """The posting rules of a company that are in force on a day, read at once.

    For account and analytic distribution the most exact rule that gives one is taken, each by
    itself. Keep one for a chunk of work, not longer: it holds records.
    """

    def __init__(self, company, day):
        self._day = day
        self._rules = (
            company.env["billing.posting.rule"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    "|",
                    ("date_from", "=", False),
                    ("date_from", "<=", day),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", day),
                ]
            )
        )
        self._by_age = any(rule._is_by_age() for rule in self._rules)
        self._found = {}

    def __bool__(self):
        return bool(self._rules)

    def values(self, member, association, sale, position, own_distribution=None):
        """``account.move.line`` values for one ``sale``; empty without a rule.

        :param member: whom it is about, ``res.partner``
        :param association: the member's ``membership.association``, as billed
        :param position: fiscal position of the invoice
        :param own_distribution: a person's choice for this member; no rule comes before it
        """
        if not self._rules:
            return {}
        age = member._mbn_age_on(sale.date_from or self._day) if self._by_age else None
        path = tuple(int(part) for part in (association.parent_path or "").split("/") if part)
        key = Fact(sale.plan, path, age), sale.kind, position.id
        if key not in self._found:
            self._found[key] = self._look_up(key[0], sale.kind, position)
        values = self._found[key]
        if own_distribution:
            values = {name: values[name] for name in values if name != "analytic_distribution"}
        return values

    def _look_up(self, fact, kind, position):
        fitting = [rule for rule in self._rules if _fits(rule, fact)]
        account = next(
            (rule.account_id for rule in fitting if rule.account_id and _is_for(rule, kind)), None
        )
        analytic = next(
            (rule.analytic_distribution for rule in fitting if rule.analytic_distribution), None
        )
        values = {}
        if account:
            values["account_id"] = position.map_account(account).id
        if analytic:
            values["analytic_distribution"] = dict(analytic)
        return values


def _fits(rule, fact):
    if rule.plan_id and rule.plan_id.id != fact.plan:
        return False
    if rule.association_id and rule.association_id.id not in fact.associations:
        return False
    if not rule._is_by_age():
        return True
    return (
        fact.age is not None
        and fact.age >= rule.age_from
        and (not rule.age_to or fact.age <= rule.age_to)
    )


def _is_for(rule, kind):
    """Whether lines of this kind of charge get the account; a fee for invoices has its own."""
    return kind in FEES or (rule.scope == "all" and kind != "invoice_fee")
