from . import (
    account_move,
    account_move_line,
    billing_exception,
    billing_run_mixin,
    invoice_writer,
    ir_cron,
    mail_template,
    res_company,
    res_config_settings,
    settlement_writer,
)

from . import billing_preview_mixin  # isort: skip
