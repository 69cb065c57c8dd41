"""What the other program is told when something cannot be done."""

from contextlib import contextmanager

from odoo.exceptions import UserError

from .arguments import ArgumentError


@contextmanager
def faults(env):
    """Turns a wrong argument into the fault that the other program gets."""
    try:
        yield
    except ArgumentError as fault:
        raise UserError(
            env._(
                "Argument %(field)s: expected %(expected)s.",
                field=fault.field,
                expected=fault.expected,
            )
        ) from None
