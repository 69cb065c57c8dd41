from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_amount

# The report that books may come some banking days after another one.
_PATIENCE = timedelta(days=5)


class BankDeposit(models.Model):
    """Deposits of a report that does not book on their bank date: shown, and watched.

    Another report is to bring the same money. Until it has, they are not forgotten.
    """

    _inherit = "bank.deposit"

    state = fields.Selection(
        selection_add=[("reported", "Reported, not booked"), ("discarded",)],
        ondelete={"reported": "set default"},
    )

    def _set_apart_reported(self, file):
        """Of these new deposits of ``file``, those that another report books."""
        apart = self.filtered(
            lambda deposit: not deposit.agreement_id._books(file.format, deposit.bank_date)
        )
        if not apart:
            return
        self.env.flush_all()
        for deposit in apart:
            deposit.payment_ids.write({"state": "reported"})
            deposit.write(
                {
                    "state": "reported",
                    "payments_sum": sum(deposit.payment_ids.mapped("amount")),
                    "note": self.env._("Another report of the bank books this money."),
                }
            )

    @api.model
    def _release_reported(self, agreements):
        """Book what was only reported, where the settings now say that its report books."""
        waiting = self.search(
            [("agreement_id", "in", agreements.ids), ("state", "=", "reported")]
        ).filtered(lambda row: row.agreement_id._books(row.file_id.format, row.bank_date))
        waiting.payment_ids.write({"state": "new", "is_booked_elsewhere": False})
        waiting.write({"state": "new", "note": False})
        for file, own in waiting.grouped("file_id").items():
            own._check_sums()
            own.filtered(lambda deposit: deposit.state == "new")._hold_doubles(file)
            file._resume()

    def _hold_if_booked(self):
        """A person wants to book what was only reported: was its money booked meanwhile?

        :return: True when it may have been; then the deposit is held
        """
        self.ensure_one()
        self.payment_ids.write({"state": "new", "is_booked_elsewhere": False})
        self.write({"state": "new", "note": False})
        self._hold_doubles(self.file_id)
        return self.state == "held"

    @api.model
    def _cron_reported(self):
        """Tell of payments that were reported, but that no report has brought to be booked."""
        agreements = self.env["bank.agreement"].search([("report_ids", "!=", False)])
        self.env["ir.cron"]._commit_progress(remaining=len(agreements))
        for agreement in agreements:
            self._release_reported(agreement)
            self._tell_reported(agreement)
            if not self.env["ir.cron"]._commit_progress(1):
                return

    @api.model
    def _tell_reported(self, agreement):
        agreement = agreement.with_context(**agreement.company_id._billing_context())
        desk = agreement.env["billing.exception"]
        count, amount, first = self._reported_only(agreement)
        if not count:
            desk._close(agreement, "payment_reported")
            return
        desk._open(
            agreement,
            "payment_reported",
            agreement.env._(
                "%(count)s payments of %(agreement)s, %(amount)s, are reported since %(day)s, but "
                "nothing like them was booked",
                count=count,
                agreement=agreement.display_name,
                amount=format_amount(agreement.env, amount, agreement.currency_id),
                day=first,
            ),
            agreement.env._(
                "Ask the bank for the report that books. Or book or discard them under Bank, "
                "Deposits (filter “Reported, Not Booked”); see which report books on the agreement."
            ),
        )

    @api.model
    def _reported_only(self, agreement):
        """(number, sum, first bank date) of reported payments that are not booked by now."""
        # What payers wrote in place of a reference stands elsewhere in other formats: then the
        # payer's name tells. Most are found by their reference, which is cheap.
        for alike in (
            SQL("other.reference_value = payment.reference_value"),
            SQL("LOWER(other.payer_name) = LOWER(payment.payer_name)"),
        ):
            self._confirm_reported(agreement, alike)
        last = agreement.company_id._billing_today() - _PATIENCE
        return self.env["bank.payment"]._read_group(
            [*self._unconfirmed(agreement), ("bank_date", "<=", last)],
            [],
            ["__count", "amount:sum", "bank_date:min"],
        )[0]

    @api.model
    def _unconfirmed(self, agreement):
        return [
            ("agreement_id", "=", agreement.id),
            ("state", "=", "reported"),
            ("is_booked_elsewhere", "=", False),
        ]

    @api.model
    def _confirm_reported(self, agreement, alike):
        """Note which reported payments were booked from another report, by what is ``alike``.

        They are counted: of two that are alike, one that was booked is not enough.
        """
        self.env.flush_all()
        same = SQL(
            """other.agreement_id = payment.agreement_id
               AND other.amount = payment.amount
               AND other.bank_date BETWEEN payment.bank_date - 3 AND payment.bank_date + 3
               AND %s""",
            alike,
        )
        self.env.cr.execute(
            SQL(
                """UPDATE bank_payment payment SET is_booked_elsewhere = TRUE
                    WHERE payment.agreement_id = %(agreement)s
                      AND payment.state = 'reported'
                      AND payment.is_booked_elsewhere IS NOT TRUE
                      AND (SELECT count(*) FROM bank_payment other
                            WHERE other.state = 'reported' AND %(same)s)
                          <= (SELECT count(*) FROM bank_payment other
                               WHERE other.state NOT IN ('reported', 'information', 'discarded')
                                 AND %(same)s)""",
                agreement=agreement.id,
                same=same,
            )
        )
        self.env["bank.payment"].invalidate_model(["is_booked_elsewhere"])

    @api.model
    def _same_money(self):
        """As SQL: may ``payment`` and ``other`` be the same money, in reports of two formats?

        Two formats have no key in common: agreement, amount, reference and a bank date at most
        three days apart have to serve, and the payer where there is no reference. (Of a payer's
        account the formats tell different numbers.)
        """
        return SQL(
            """other.agreement_id = payment.agreement_id
               AND COALESCE(other.reference_value, '') = COALESCE(payment.reference_value, '')
               AND other.amount = payment.amount
               AND other.bank_date BETWEEN payment.bank_date - 3 AND payment.bank_date + 3
               AND (COALESCE(payment.reference_value, '') != ''
                    OR LOWER(COALESCE(other.payer_name, ''))
                       = LOWER(COALESCE(payment.payer_name, ''))
                    OR other.payer_account_key = payment.payer_account_key)"""
        )
