"""Why a computation is refused. A caller turns these into a skip with its reason."""

from datetime import date


class LawError(Exception):
    """The law as it is recorded does not answer; nothing may be guessed."""


class RatesOutdatedError(LawError):
    """A day on which interest runs has no rate that covers it.

    :ivar day: the first such day
    """

    def __init__(self, day: date):
        super().__init__(f"no interest rate covers {day}")
        self.day = day


class UnverifiedError(LawError):
    """A parameter that is needed may not be used.

    :ivar what: the parameter, in words or as its code
    :ivar reason: ``unverified`` (nobody confirmed it), ``outdated`` (it has ended and nothing
        follows), ``regime_unreviewed`` (an act came into force and its rules are not reviewed) or
        ``no_law`` (nothing is recorded for the country)
    """

    def __init__(self, what: str, reason: str = "unverified"):
        super().__init__(f"{reason}: {what}")
        self.what = what
        self.reason = reason
