"""Bank formats that belong to no single country. Nothing in this package imports Odoo."""

from .iso20022 import DECODERS

ENCODERS = ()
