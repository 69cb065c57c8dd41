import logging
import traceback
from datetime import timedelta

import psycopg2
from odoo import api, models

from .refund_transfers import TransferMaker

_logger = logging.getLogger(__name__)
# Days after the day of payment on which the bank must have said something.
_PATIENCE = timedelta(days=5)


class BankAgreement(models.Model):
    """Payment files are made as scheduled, each account's in a transaction of its own."""

    _inherit = "bank.agreement"

    @api.model
    def _cron_make_transfer_files(self):
        """Make the payment files of approved refunds, and tell of what is not answered."""
        waiting = self.env["bank.refund"]._read_group(
            [
                ("state", "=", "approved"),
                ("route", "=", "transfer"),
                ("agreement_id.active", "=", True),
            ],
            ["agreement_id"],
        )
        agreements = self.union(*(agreement for (agreement,) in waiting))
        self.env["ir.cron"]._commit_progress(remaining=len(agreements) + 1)
        for number, agreement in enumerate(agreements):
            agreement._make_transfer_file_safely()
            if not self.env["ir.cron"]._commit_progress(1, remaining=len(agreements) - number):
                return
        self.env["bank.refund"]._tell_unanswered()
        last = self.env.company._billing_today() - _PATIENCE
        self.env["bank.refund"].search(
            [("route", "=", "transfer"), ("state", "=", "sent"), ("pay_date", "<=", last)]
        )._put_silent()
        self.env["ir.cron"]._commit_progress(1)

    def _make_transfer_file_safely(self):
        """Make the file of one account; a fault of the program stops this one only."""
        agreement = self.sudo().with_company(self.sudo().company_id)
        agreement = agreement.with_context(**agreement.company_id._billing_context())
        try:
            with self.env.cr.savepoint():
                return agreement._make_transfer_file()
        except psycopg2.OperationalError:
            # Somebody else works on the same rows: again with the next run, with fresh eyes.
            self.env.cr.rollback()
        except Exception as error:
            # The text of the error may hold personal data: the log gets its place only.
            place = "".join(traceback.format_tb(error.__traceback__))
            _logger.error("bank.agreement %s: %s\n%s", self.id, type(error).__name__, place)
            self.env.invalidate_all(flush=False)
        return self.env["bank.file"]

    def _make_transfer_file(self):
        """Make the next payment file of this account.

        :return: the ``bank.file``; empty when there is nothing to send, or somebody else is at it
        """
        self.ensure_one()
        if not self._transfer_connection().try_lock_for_update(allow_referencing=True):
            return self.env["bank.file"]
        maker = TransferMaker(self)
        maker.gather()
        return maker.make()
