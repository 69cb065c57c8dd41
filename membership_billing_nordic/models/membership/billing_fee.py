"""Which fee an invoice has, looked up once for many invoices."""


class Fees:
    """The invoice fees of a company that are in force on a day, read at once.

    Keep one for a chunk of work, not longer: it holds records.
    """

    def __init__(self, company, day, one_off=False):
        """:param one_off: only those that are for one-off invoices, too"""
        self.company = company
        self._rules = (
            company.env["billing.invoice.fee"]
            .sudo()
            .search(
                [
                    ("company_id", "=", company.id),
                    ("date_from", "<=", day),
                    "|",
                    ("date_to", "=", False),
                    ("date_to", ">=", day),
                    *([("one_off", "=", True)] if one_off else []),
                ]
            )
        )
        self._found = {}

    def __bool__(self):
        return any(rule.amount for rule in self._rules)

    def rule(self, plan, channel, means, currency, is_first):
        """The most exact rule for an invoice; empty when it costs nothing.

        :param plan: id of the plan of its first membership
        :param channel: by which it goes; may be empty
        :param means: a value of ``means`` of the rule
        :param is_first: whether it is the first one of that membership
        """
        key = plan, channel, means, currency, is_first
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, plan, channel, means, currency, is_first):
        for rule in self._rules:
            if (
                rule.currency_id == currency
                and rule.plan_id.id in (False, plan)
                and rule.channel in (False, channel)
                and rule.means in (False, means)
            ):
                is_free = not rule.amount or (is_first and rule.skip_first)
                return rule.browse() if is_free else rule
        return self._rules.browse()

    def channel_of(self, payer):
        """The first channel of ``payer`` with an address; empty when nothing is sent."""
        channels = payer._mbn_delivery_channels(self.company)
        return next((one for one in channels if payer._mbn_has_address(one)), False)
