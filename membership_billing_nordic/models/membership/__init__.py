from . import (
    account_move,
    account_move_line,
    account_move_send,
    account_partial_reconcile,
    billing_delivery,
    billing_delivery_bundle,
    billing_delivery_channel,
    billing_delivery_company,
    billing_delivery_settings,
    billing_delivery_step,
    billing_document_layout,
    billing_exception,
    billing_fee_line,
    billing_invoice_fee,
    billing_invoice_sender,
    billing_notice_maker,
    billing_posting_rule,
    billing_prepared,
    billing_preview_maker,
    billing_run,
    billing_run_daily,
    billing_run_letters,
    billing_run_line,
    billing_run_line_alike,
    billing_run_preview,
    billing_run_release,
    billing_run_signal,
    billing_run_total,
    billing_run_undo,
    member_search,
    membership_association,
    membership_charge,
    membership_charge_credit,
    membership_contract,
    membership_contract_alter,
    membership_contract_change,
    membership_contract_end,
    membership_contract_freeze,
    membership_contract_lapse,
    membership_contract_line,
    membership_contract_preview,
    membership_contract_price,
    membership_contract_quote,
    membership_contract_schedule,
    membership_contract_status,
    membership_contract_switch,
    membership_period,
    membership_plan,
    membership_plan_changes,
    membership_plan_joining,
    membership_plan_price,
    membership_price_change,
    membership_price_change_line,
    membership_price_change_undo,
    res_company,
    res_partner,
)

# extend the models above
from . import member_actions, member_card, member_debit, member_duplicates  # isort: skip
from . import association_document, association_rights, debit_call, debit_notice  # isort: skip
from . import debit_failure, membership_contract_held  # isort: skip
from . import dunning_claim, dunning_life, dunning_card  # isort: skip
from . import billing_block, debt_collection, member_account  # isort: skip
from . import dunning_layout, dunning_paper  # isort: skip
from . import payment_notice_report, payment_notice_mail  # isort: skip
from . import charge_back, invoice_credit  # isort: skip
from . import (  # isort: skip
    association_billing,
    association_share_rule,
    association_share,
    association_payout,
    association_payout_undo,
    association_paid,
    association_levy,
    association_report,
)
from . import billing_one_off, billing_one_off_item, billing_one_off_line  # isort: skip
from . import billing_one_off_fee  # isort: skip
from . import account_edi_xml_ubl, billing_einvoice  # isort: skip
from . import billing_line_grouping, billing_run_fee  # isort: skip
