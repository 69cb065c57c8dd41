from . import (
    account_move,
    bank_agreement,
    bank_connection,
    bank_file,
    bank_mandate_event,
    billing_exception,
    direct_debit_mandate,
    direct_debit_register_difference,
)
