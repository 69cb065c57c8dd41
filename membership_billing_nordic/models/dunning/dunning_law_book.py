"""The law, the rates and the banking days of companies, looked up once for many claims."""

from ...law.errors import LawError
from ...law.interest import half_year_start


class LawBook:
    """Remembers what ``dunning.law`` answers, also that it refuses to answer."""

    def __init__(self, env):
        self.env = env(su=True)
        self._answers = {}

    def calendar(self, company):
        """The banking days of the company's country."""
        days = self.env["dunning.law"]._banking_days
        return self._once(("days", company.id), days, self._country(company))

    def rules(self, company, customer_type, day):
        """The rules for letters sent on ``day``.

        :raises LawError: nothing that may be used is recorded
        """
        law = self.env["dunning.law"]
        key = ("rules", company.id, customer_type, day)
        return self._once(key, law._fee_rules, self._country(company), customer_type, day)

    def rates(self, company, through):
        """The yearly rates of late interest up to ``through``.

        :raises LawError: nothing that may be used is recorded
        """
        law = self.env["dunning.law"]
        return self._once(
            ("rates", company.id, through), law._rates, self._country(company), through
        )

    def missing_rate(self, company, error):
        """What a person has to do about a half-year without a rate."""
        ask = self.env["dunning.interest.rate"]._missing_text
        key = ("missing", company.id, half_year_start(error.day))
        return self._once(key, ask, self._country(company), error)

    def _country(self, company):
        return company.country_id or company.account_fiscal_country_id

    def _once(self, key, ask, *arguments):
        if key not in self._answers:
            try:
                self._answers[key] = ask(*arguments)
            except LawError as error:
                self._answers[key] = error
        if isinstance(answer := self._answers[key], LawError):
            raise answer
        return answer
