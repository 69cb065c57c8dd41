"""The bank formats of Denmark. Nothing in this package imports Odoo."""

DECODERS = ()
ENCODERS = ()
