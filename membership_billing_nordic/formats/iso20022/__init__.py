"""ISO 20022 messages that banks of many countries deliver. Nothing here imports Odoo."""

from . import camt, pain_001_reading, pain_002

DECODERS = (camt.NOTIFICATION, camt.STATEMENT, pain_001_reading.DECODER, pain_002.DECODER)
