"""The bank formats of Sweden. Nothing in this package imports Odoo."""

DECODERS = ()
ENCODERS = ()
