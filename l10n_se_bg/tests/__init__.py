from . import (
    test_autogiro,
    test_bankgiro_agreement,
    test_bankgirot_bad_input,
    test_bankgirot_payers,
    test_bankgirot_texts,
    test_desk_year,
    test_dunning_law,
    test_dunning_year,
    test_einvoice,
    test_refund_transfer,
    test_refunds,
)
