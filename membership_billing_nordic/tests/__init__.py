from . import test_bank_agreement, test_payer_number, test_references
from . import test_membership_contract, test_membership_plan
