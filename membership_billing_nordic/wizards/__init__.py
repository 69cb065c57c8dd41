from . import (
    bank_file_upload,
    bank_payment_place,
    member_merge,
    membership_contract_alter,
    membership_contract_charge,
    membership_contract_stop,
    membership_send_again,
    membership_signup,
    partner_merge,
)
