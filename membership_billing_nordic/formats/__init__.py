"""Bank formats that belong to no single country. Nothing in this package imports Odoo."""

DECODERS = ()
ENCODERS = ()
