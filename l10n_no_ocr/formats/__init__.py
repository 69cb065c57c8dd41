"""The bank formats of Norway. Nothing in this package imports Odoo."""

from . import ocr_giro

DECODERS = (ocr_giro,)
