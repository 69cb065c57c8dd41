"""What a person is told about an error that stopped the work on one record."""

import psycopg2
from odoo.exceptions import UserError


def error_text(records, error):
    """The text for ``error``, which came up while ``records`` were worked on."""
    env = records.env
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, psycopg2.IntegrityError):
        tables = {model._table: model for model in env.values() if not model._abstract}
        return tables.get(error.diag.table_name, records)._sql_error_to_message(error)
    return env._(
        "Unexpected error (%(error)s). The server's log has the details.",
        error=type(error).__name__,
    )
