from . import (
    account_move,
    bank_agreement,
    bank_agreement_identity,
    bank_agreement_meanings,
    bank_connection,
    bank_file,
    bank_file_total,
    bank_mandate_event,
    bank_reference_layout,
    direct_debit_mandate,
    dunning_law,
    res_partner,
)
