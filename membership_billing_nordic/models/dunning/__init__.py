from . import dunning_law_mixin  # isort: skip
from . import (
    account_move,
    billing_exception,
    billing_reference,
    dunning_claim,
    dunning_guards,
    dunning_interest_rate,
    dunning_law,
    dunning_letter,
    dunning_letter_line,
    dunning_payment,
    dunning_policy,
    dunning_policy_level,
    dunning_run,
    dunning_run_line,
    res_company,
    res_partner,
)

# extend the models above
from . import (  # isort: skip
    dunning_effect,
    dunning_lapse,
    dunning_law_desk,
    dunning_posting,
    dunning_remainder,
)
