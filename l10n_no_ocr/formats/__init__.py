"""The bank formats of Norway. Nothing in this package imports Odoo."""

from . import avtalegiro, ocr_giro

DECODERS = (ocr_giro,)
ENCODERS = (avtalegiro,)
