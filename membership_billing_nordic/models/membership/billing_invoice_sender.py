import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import UserError

from ..common.error_text import error_text

_logger = logging.getLogger(__name__)

SEND_CHUNK = 10  # a PDF takes more than a second
RETURN_CHUNK = 100
RECEIPT_CHUNK = 50


class BillingInvoiceSender(models.AbstractModel):
    """Sends posted membership invoices through Odoo's own machinery, apart from billing.

    Each invoice goes by the first of its payer's channels that has an address and has not
    failed before; what comes back goes by the next one.
    """

    _name = "billing.invoice.sender"
    _description = "Invoice Sender"

    @api.model
    def _send_waiting(self):
        """Do what waits, a chunk at a time, each committed."""
        for chunks in (
            self._return_chunks,
            self._invoice_chunks,
            self._receipt_chunks,
            self._bundle_chunks,
        ):
            for done in chunks():
                if not self.env["ir.cron"]._commit_progress(done, remaining=self._count_left()):
                    return

    def _count_left(self):
        deliveries = self.env["billing.delivery"]
        return (
            deliveries.search_count(deliveries._came_back_domain())
            + self.env["account.move"].search_count(self._waiting_domain())
            + deliveries.search_count(self._receipt_domain())
            + self.env["billing.delivery.bundle"].search_count([("state", "=", "building")])
        )

    def _for_company(self, company):
        return self.with_company(company).with_context(**company._billing_context())

    def _pdf_available(self):
        """Whether PDFs can be made; if not, the desk says so and everything keeps waiting.

        Payment notices are drawn without any other program.
        """
        available = self.env["ir.actions.report"].get_wkhtmltopdf_state() != "install"
        waiting = [*self._waiting_domain(), ("company_id.mbn_invoice_pdf", "!=", "notice")]
        groups = self.env["account.move"]._read_group(waiting, ["mbn_run_id"])
        desk = self.env["billing.exception"]
        for (run,) in groups:
            if run and not available:
                desk._open(
                    run,
                    "billing_invoice_unsent",
                    self.env._("Invoices wait to be sent: this server cannot make PDFs"),
                    self.env._(
                        "Install wkhtmltopdf on the server; sending then goes on by itself."
                    ),
                )
        return available

    # ------------------------------------------------------------------
    # What came back
    # ------------------------------------------------------------------

    def _return_chunks(self):
        deliveries = self.env["billing.delivery"]
        while rows := deliveries.search(
            deliveries._came_back_domain(), order="id", limit=RETURN_CHUNK
        ).try_lock_for_update():
            for company, group in rows.grouped("company_id").items():
                sender = self._for_company(company)
                group.with_env(sender.env)._take_back()
                sender._report(group.run_id)
            yield len(rows)

    # ------------------------------------------------------------------
    # Invoices
    # ------------------------------------------------------------------

    def _waiting_domain(self):
        return [("mbn_send_state", "=", "waiting"), ("state", "=", "posted")]

    def _invoice_chunks(self):
        groups = self.env["account.move"]._read_group(self._waiting_domain(), ["company_id"])
        for (company,) in groups:
            if company.mbn_invoice_pdf != "notice" and not self._pdf_available():
                continue
            sender = self._for_company(company)
            while waiting := sender._take(company):
                sender._send_chunk(waiting)
                sender._report(waiting.mbn_run_id)
                yield len(waiting)

    def _take(self, company):
        waiting = self.env["account.move"].search(
            [*self._waiting_domain(), ("company_id", "=", company.id)],
            order="id",
            limit=SEND_CHUNK,
        )
        return waiting.try_lock_for_update().filtered(lambda move: move.mbn_send_state == "waiting")

    def _send_chunk(self, moves):
        unwanted = self._unwanted(moves)
        unwanted.mbn_send_state = False
        for channel, group in self._by_channel(moves - unwanted).items():
            if channel == "portal":
                self._leave_on_portal(group)
            else:
                self._deliver(channel, group)

    def _unwanted(self, moves):
        """Those nobody waits for: taken back meanwhile, or the payer wants nothing sent."""
        return moves._mbn_credited() | moves.filtered(lambda move: not self._channels(move))

    def _channels(self, move):
        return move.partner_id._mbn_delivery_channels(move.company_id)

    def _by_channel(self, moves):
        """The next channel of each of ``moves``: dict of channel to invoices."""
        deliveries = self.env["billing.delivery"]
        tried = deliveries._tried(moves)
        groups = {}
        for move in moves:
            chosen, missing = "portal", []
            for channel in self._channels(move):
                if channel in tried[move]:
                    continue
                if self._reaches(channel, move):
                    chosen = channel
                    break
                missing.append(channel)
            if missing:
                deliveries._note_missing(move, missing, chosen)
            groups[chosen] = groups.get(chosen, self.env["account.move"]) | move
        return groups

    def _reaches(self, channel, move):
        if channel == "portal":
            return True
        if not move.partner_id._mbn_has_address(channel):
            return False
        if channel == "email":
            return True
        send = self.env["account.move.send"]
        settings = send._get_default_sending_settings(move, sending_methods={channel})
        return send._is_applicable_to_company(
            channel, move.company_id
        ) and send._is_applicable_to_move(channel, move, **settings)

    def _leave_on_portal(self, moves):
        """The invoice is on the portal; that is the end of it, and wanted if nothing failed."""
        deliveries = self.env["billing.delivery"]
        deliveries._note(moves, "portal")
        tried = deliveries._tried(moves)
        for move in moves:
            move.mbn_send_state = "portal" if tried[move] else "sent"

    def _deliver(self, channel, moves):
        """Send ``moves`` of one company together and, after an error, one by one."""
        try:
            with self.env.cr.savepoint():
                self._send(channel, moves)
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if len(moves) == 1:
                self._note_failure(channel, moves, error)
                return
            for move in moves:
                self._deliver(channel, move)

    def _send(self, channel, moves):
        if channel == "letter":
            # These are drawn when they are printed.
            drawn = moves._mbn_as_notice()
            self.env["account.move.send"]._mbn_queue_letters(drawn)
            moves -= drawn
            if not moves:
                return
        # the author is given because core would look for it in ``sending_data``, which a bad
        # invoice would keep for ever
        self.env["account.move.send"]._generate_and_send_invoices(
            moves,
            from_cron=True,
            sending_methods={channel},
            author_user_id=self.env.user.id,
            author_partner_id=self.env.user.partner_id.id,
        )

    def _note_failure(self, channel, move, error):
        if not isinstance(error, UserError):
            _logger.exception("Sending invoice %s failed", move.id)
        self.env.invalidate_all(flush=False)
        text = error_text(move, error)
        self.env["billing.delivery"]._note_failed(move, channel, text)
        move.message_post(body=self.env._("The invoice could not be sent: %(reason)s", reason=text))

    # ------------------------------------------------------------------
    # Receipts
    # ------------------------------------------------------------------

    def _receipt_domain(self):
        return [("state", "=", "waiting"), ("document", "=", "receipt")]

    def _receipt_chunks(self):
        deliveries = self.env["billing.delivery"]
        while rows := deliveries.search(
            self._receipt_domain(), order="id", limit=RECEIPT_CHUNK
        ).try_lock_for_update():
            for company, group in rows.grouped("company_id").items():
                self._for_company(company)._send_receipts(group)
            yield len(rows)

    def _send_receipts(self, deliveries):
        """Send the receipts that are still true to those who have an e-mail address."""
        paid = deliveries.filtered(
            lambda one: one.move_id.currency_id.is_zero(one.move_id.amount_residual)
        )
        (deliveries - paid).write(
            {"state": "failed", "reason": self.env._("The invoice is open again.")}
        )
        template = self.env.ref("membership_billing_nordic.mail_template_receipt")
        for delivery in paid:
            try:
                with self.env.cr.savepoint():
                    template.send_mail(
                        delivery.move_id.id,
                        email_layout_xmlid="mail.mail_notification_light",
                    )
                    delivery.write({"state": "sent", "date": fields.Datetime.now()})
            except psycopg2.OperationalError:
                raise
            except Exception as error:
                self._note_receipt_failure(delivery, error)
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _note_receipt_failure(self, delivery, error):
        if not isinstance(error, UserError):
            _logger.exception("Receipt %s failed", delivery.id)
        self.env.invalidate_all(flush=False)
        delivery.write({"state": "failed", "reason": error_text(delivery, error)})

    # ------------------------------------------------------------------
    # Letters
    # ------------------------------------------------------------------

    def _bundle_chunks(self):
        for bundle in self.env["billing.delivery.bundle"].search(
            [("state", "=", "building")], order="id"
        ):
            yield from bundle.with_env(self._for_company(bundle.company_id).env)._build()

    # ------------------------------------------------------------------
    # The to-do desk
    # ------------------------------------------------------------------

    def _report(self, runs):
        """Put each run on the desk while something is to be done for it, else take it off."""
        groups = self.env["account.move"]._read_group(
            [("mbn_run_id", "in", runs.ids), ("mbn_send_state", "!=", False)],
            ["mbn_run_id", "mbn_send_state"],
            ["__count"],
        )
        counts = {run: {} for run in runs}
        for run, state, count in groups:
            counts[run][state] = count
        for run, count in counts.items():
            self._report_unsent(run, count.get("failed", 0), count.get("portal", 0))
            self._report_letters(run, count.get("print", 0))

    def _report_unsent(self, run, failed, portal):
        desk = self.env["billing.exception"]
        if not failed and not portal:
            desk._close(run, "billing_invoice_unsent")
            return
        desk._open(
            run,
            "billing_invoice_unsent",
            self._describe(failed, portal),
            self.env._(
                "Open the run and its invoices not delivered: correct, then press Send Again; "
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
                    "%(count)s invoices wait on the portal only: no other channel reached their "
                    "payers.",
                    count=portal,
                )
            )
        return " ".join(texts)

    def _report_letters(self, run, count):
        desk = self.env["billing.exception"]
        if not count:
            desk._close(run, "billing_letters_waiting")
            return
        desk._open(
            run,
            "billing_letters_waiting",
            self.env._("%(count)s invoices are to be sent by letter", count=count),
            self.env._("Open the run and print the letters; then mark them as posted."),
        )
