from . import (
    account_move,
    account_move_line,
    account_move_portal,
    account_partial_reconcile,
    account_payment,
    bank_agreement,
    bank_agreement_calls,
    bank_agreement_succession,
    bank_connection,
    bank_file,
    bank_file_orders,
    bank_mandate_event,
    bank_payment,
    bank_reference_layout,
    billing_desk,
    billing_exception,
    billing_payment_attempt,
    direct_debit_call,
    direct_debit_call_contact,
    direct_debit_call_outcomes,
    direct_debit_deadline,
    direct_debit_failure,
    direct_debit_failure_company,
    direct_debit_failure_policy,
    direct_debit_failure_step,
    direct_debit_mandate,
    direct_debit_mandate_orders,
    direct_debit_order,
    direct_debit_order_answers,
    direct_debit_order_event,
    direct_debit_order_follow,
    direct_debit_order_line,
    direct_debit_order_making,
    direct_debit_register_difference,
    payment_transaction,
    payment_transaction_asking,
    res_partner_bank,
)
from . import direct_debit_failure_events, direct_debit_failure_sending  # isort: skip
from . import direct_debit_retry  # isort: skip

# extend the models above
from . import direct_debit_call_follow, direct_debit_call_places  # isort: skip
from . import direct_debit_failure_events, direct_debit_failure_sending  # isort: skip
from . import direct_debit_retry  # isort: skip
