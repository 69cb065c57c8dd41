"""The bank formats of Sweden. Nothing in this package imports Odoo."""

from . import bgmax

DECODERS = (bgmax,)
ENCODERS = ()
