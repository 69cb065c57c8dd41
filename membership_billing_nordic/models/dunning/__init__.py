from . import dunning_law_mixin, dunning_screen_mixin  # isort: skip
from . import (
    account_move,
    bank_payment_history,
    billing_exception,
    billing_reference,
    dunning_claim,
    dunning_guards,
    dunning_interest_rate,
    dunning_law,
    dunning_letter,
    dunning_letter_line,
    dunning_payment,
    dunning_payment_plan,
    dunning_payment_plan_instalment,
    dunning_policy,
    dunning_policy_level,
    dunning_run,
    dunning_run_line,
    money_standing,
    res_company,
    res_partner,
)

# extend the models above
from . import (  # isort: skip
    dunning_effect,
    dunning_lapse,
    dunning_law_desk,
    dunning_letter_again,
    dunning_letter_earlier,
    dunning_letter_outcome,
    dunning_letter_portal,
    dunning_letter_print,
    dunning_payment_plan_claim,
    dunning_posting,
    dunning_remainder,
)
from . import (  # isort: skip
    debt_collection_agency,
    debt_collection_case,
    debt_collection_claim,
    debt_collection_event,
    debt_collection_file,
    debt_collection_line,
    debt_collection_places,
)
from . import debt_collection_documents, debt_collection_money  # isort: skip
