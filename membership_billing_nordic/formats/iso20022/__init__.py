"""ISO 20022 messages that banks of many countries deliver. Nothing here imports Odoo."""

from . import camt

DECODERS = (camt.NOTIFICATION, camt.STATEMENT)
