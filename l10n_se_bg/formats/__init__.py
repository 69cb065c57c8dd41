"""The bank formats of Sweden. Nothing in this package imports Odoo."""

from . import autogiro, bgmax

DECODERS = (bgmax, autogiro)
ENCODERS = ()
