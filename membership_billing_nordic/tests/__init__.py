from . import (
    test_bank_agreement,
    test_bank_booking,
    test_bank_channel,
    test_bank_file,
    test_bank_payment_place,
    test_membership_contract,
    test_membership_plan,
    test_payer_number,
    test_references,
)
