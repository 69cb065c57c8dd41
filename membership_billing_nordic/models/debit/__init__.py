from . import (
    bank_mandate_event,
    direct_debit_mandate,
)
