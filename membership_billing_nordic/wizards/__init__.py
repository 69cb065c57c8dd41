from . import (
    bank_file_upload,
    bank_payment_place,
    member_merge,
    membership_contract_stop,
    partner_merge,
)
