from . import (
    bank_agreement,
    bank_connection,
    bank_file,
    bank_reference_layout,
    direct_debit_mandate,
)
