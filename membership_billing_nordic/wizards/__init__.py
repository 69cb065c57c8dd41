from . import bank_file_upload, bank_payment_place, partner_merge
