"""The bank formats of Sweden. Nothing in this package imports Odoo."""

from . import autogiro, autogiro_orders, bgmax

DECODERS = (bgmax, autogiro)
ENCODERS = (autogiro_orders,)
