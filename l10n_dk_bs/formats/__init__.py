"""The bank formats of Denmark. Nothing in this package imports Odoo."""

from . import outgoing_collections, outgoing_mandates, records
from .deliveries import Deliveries

DECODERS = (
    Deliveries("dk.bs_0602", "Betalingsservice payments (0602)", (records.RESULTS,)),
    Deliveries("dk.bs_0603", "Betalingsservice mandates (0603)", (records.MANDATES,)),
    Deliveries(outgoing_collections.FORMAT, outgoing_collections.LABEL, (records.COLLECTIONS,)),
    Deliveries(outgoing_mandates.FORMAT, outgoing_mandates.LABEL, (records.MANDATE_REQUESTS,)),
    Deliveries("dk.bs_other", "Betalingsservice information", is_short=False),
)
ENCODERS = (outgoing_collections, outgoing_mandates)
