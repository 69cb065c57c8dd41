from . import (
    account_move,
    bank_agreement,
    bank_agreement_meanings,
    bank_agreement_months,
    bank_agreement_slips,
    bank_connection,
    bank_file,
    bank_reference_layout,
    direct_debit_mandate,
    direct_debit_order,
    dunning_law,
    dunning_letter,
)
