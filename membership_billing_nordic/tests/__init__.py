from . import test_bank_agreement, test_payer_number, test_references
