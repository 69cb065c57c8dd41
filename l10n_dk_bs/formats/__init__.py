"""The bank formats of Denmark. Nothing in this package imports Odoo."""

from . import records
from .deliveries import Deliveries

DECODERS = (
    Deliveries("dk.bs_0602", "Betalingsservice payments (0602)", (records.RESULTS,)),
    Deliveries("dk.bs_0603", "Betalingsservice mandates (0603)", (records.MANDATES,)),
    Deliveries("dk.bs_0601", "Betalingsservice collections (0601)", (records.COLLECTIONS,)),
    Deliveries(
        "dk.bs_0605", "Betalingsservice mandate requests (0605)", (records.MANDATE_REQUESTS,)
    ),
    Deliveries("dk.bs_other", "Betalingsservice information", is_short=False),
)
ENCODERS = ()
