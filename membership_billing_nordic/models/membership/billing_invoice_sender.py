import logging

import psycopg2
from odoo import api, models
from odoo.exceptions import UserError

from ..common.error_text import error_text

_logger = logging.getLogger(__name__)

SEND_CHUNK = 10  # a PDF takes more than a second


class BillingInvoiceSender(models.AbstractModel):
    """Sends posted membership invoices through Odoo's own machinery, apart from billing."""

    _name = "billing.invoice.sender"
    _description = "Invoice Sender"

    @api.model
    def _send_waiting(self):
        """Send what waits, company by company, a chunk at a time, each committed."""
        moves = self.env["account.move"]
        groups = moves._read_group(self._waiting_domain(), ["company_id"], ["__count"])
        left = sum(count for _company, count in groups)
        if not left or not self._pdf_available():
            return
        for company, _count in groups:
            while waiting := self._take(company):
                self._send_chunk(waiting)
                self._report(waiting.mbn_run_id)
                left = max(left - len(waiting), 0)
                if not self.env["ir.cron"]._commit_progress(len(waiting), remaining=left):
                    return

    def _waiting_domain(self):
        return [("mbn_send_state", "=", "waiting"), ("state", "=", "posted")]

    def _take(self, company):
        waiting = self.env["account.move"].search(
            [*self._waiting_domain(), ("company_id", "=", company.id)],
            order="id",
            limit=SEND_CHUNK,
        )
        return (
            waiting.with_company(company)
            .try_lock_for_update()
            .filtered(lambda move: move.mbn_send_state == "waiting")
        )

    def _pdf_available(self):
        """Whether PDFs can be made; if not, the desk says so and everything keeps waiting."""
        available = self.env["ir.actions.report"].get_wkhtmltopdf_state() != "install"
        groups = self.env["account.move"]._read_group(self._waiting_domain(), ["mbn_run_id"])
        desk = self.env["billing.exception"]
        for (run,) in groups:
            if run and not available:
                desk._open(
                    run,
                    "billing_invoice_unsent",
                    self.env._("Invoices wait to be e-mailed: this server cannot make PDFs"),
                    self.env._(
                        "Install wkhtmltopdf on the server; sending then goes on by itself."
                    ),
                )
        return available

    def _send_chunk(self, moves):
        """Send ``moves`` of one company together and, after an error, one by one."""
        unwanted = moves.filtered(self._is_unwanted)
        unwanted.mbn_send_state = False
        portal = (moves - unwanted).filtered(lambda move: not self._has_way(move))
        portal.mbn_send_state = "portal"
        moves -= unwanted | portal
        if not moves:
            return
        try:
            with self.env.cr.savepoint():
                self._send(moves)
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(moves) == 1:
                self._note_failure(moves, error)
                return
            for move in moves:
                self._send_chunk(move)

    def _is_unwanted(self, move):
        """Nobody waits for it: taken back meanwhile, or the payer wants nothing sent."""
        return move.payment_state == "reversed" or self._method(move) == "manual"

    def _has_way(self, move):
        return self._method(move) != "email" or bool(move.partner_id.email)

    def _method(self, move):
        return move.partner_id.invoice_sending_method or "email"

    def _send(self, moves):
        # the author is given because core would look for it in ``sending_data``, which a bad
        # invoice would keep for ever
        self.env["account.move.send"]._generate_and_send_invoices(
            moves,
            from_cron=True,
            author_user_id=self.env.user.id,
            author_partner_id=self.env.user.partner_id.id,
        )

    def _note_failure(self, move, error):
        if not isinstance(error, UserError):
            _logger.exception("Sending invoice %s failed", move.id)
        self.env.invalidate_all(flush=False)
        text = error_text(move, error)
        move.mbn_send_state = "failed"
        move.message_post(body=self.env._("The invoice could not be sent: %(reason)s", reason=text))

    def _report(self, runs):
        """Put each run on the desk while invoices of it reached nobody, else take it off."""
        desk = self.env["billing.exception"]
        groups = self.env["account.move"]._read_group(
            [("mbn_run_id", "in", runs.ids), ("mbn_send_state", "in", ("failed", "portal"))],
            ["mbn_run_id", "mbn_send_state"],
            ["__count"],
        )
        counts = {run: {"failed": 0, "portal": 0} for run in runs}
        for run, state, count in groups:
            counts[run][state] = count
        for run, count in counts.items():
            if not any(count.values()):
                desk._close(run, "billing_invoice_unsent")
                continue
            desk._open(
                run,
                "billing_invoice_unsent",
                self._describe(count["failed"], count["portal"]),
                self.env._(
                    "Open the run and its invoices not e-mailed: correct, then press Send Again; "
                    "or print them."
                ),
            )

    def _describe(self, failed, portal):
        texts = []
        if failed:
            texts.append(self.env._("%(count)s invoices could not be sent.", count=failed))
        if portal:
            texts.append(
                self.env._(
                    "%(count)s invoices wait on the portal only: their payers have no e-mail "
                    "address.",
                    count=portal,
                )
            )
        return " ".join(texts)
