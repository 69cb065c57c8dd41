"""The law of one country for one kind of customer on one day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from .errors import UnverifiedError
from .parameters import BY_CODE

# Kinds of letters, and two more steps that may cost something.
REMINDER = "reminder"
NOTICE = "notice"  # the last notice before collection
DEMAND = "demand"  # the creditor's own demand for payment
PLAN = "plan"
HAND_OVER = "hand_over"
KINDS = (REMINDER, NOTICE, DEMAND, PLAN, HAND_OVER)
CONSUMER, BUSINESS = "consumer", "business"


@dataclass(frozen=True, slots=True)
class FeeRules:
    """Parameters in force; asking for one nobody may use raises, asking for none gives None.

    :ivar customer_type: ``consumer`` or ``business``
    :ivar values: parameter code → value; switches are 0 and 1
    :ivar refused: parameter code → (what to do about it in words, reason): rows that are there
        and may not be used
    :ivar regime: the act in force, part of what makes a letter unique
    """

    customer_type: str
    values: Mapping[str, Decimal]
    refused: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    regime: str = ""

    def get(self, code: str) -> Decimal | None:
        """The value of a parameter; None when the law has no such rule.

        :raises UnverifiedError: there is a rule, and nobody confirmed it or it has ended
        """
        if code in self.refused:
            raise UnverifiedError(*self.refused[code])
        if code not in BY_CODE:
            raise KeyError(code)
        return self.values.get(code)

    def number(self, code: str) -> int:
        """The value of a parameter in days, months or times; 0 without such a rule."""
        return int(self.get(code) or 0)

    def is_on(self, code: str) -> bool:
        """Whether the law has this rule."""
        return bool(self.get(code))
