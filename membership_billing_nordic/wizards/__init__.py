from . import (
    bank_file_upload,
    bank_payment_place,
    billing_run_release,
    billing_run_start,
    billing_run_undo,
    member_merge,
    membership_contract_alter,
    membership_contract_charge,
    membership_contract_stop,
    membership_send_again,
    membership_signup,
    partner_merge,
)
