from . import (
    bank_agreement,
    bank_agreement_payees,
    bank_connection,
    bank_file,
    bank_reference_layout,
    direct_debit_order,
    dunning_letter,
    einvoice,
    payment_part,
    res_partner,
)
