from odoo import api, fields, models

from .direct_debit_failure import UNTOLD

CAME_BACK = ("exception", "bounce")


class DirectDebitFailure(models.Model):
    """How the payer is told: by the first channel that has an address."""

    _inherit = "direct.debit.failure"

    def _tell(self):
        """Send the message of the step, or note why nobody can be told."""
        if not self.step_id.template_id:
            self.state = "none"
            return
        tried = (self.tried or "").split()
        senders = self._senders()
        for channel in self._channels():
            if channel in tried or channel not in senders:
                continue
            if address := self._address(channel):
                self._send_by(channel, address)
                return
        self._note_untold(self.env._("There is no usable address."))

    def _channels(self):
        """Names of the channels to try, best first. Rooms that know more ways add to it."""
        return ["email"]

    def _senders(self):
        """How each channel sends; gives the ``mail.message``, if there is one."""
        return {"email": self._send_email}

    def _address(self, channel):
        """Where the payer is reached by ``channel``; empty when nowhere."""
        return self.partner_id.email_normalized

    def _send_by(self, channel, address):
        message = self._senders()[channel]()
        self.write(
            {
                "state": "sent",
                "channel": channel,
                "address": address,
                "sent_on": fields.Datetime.now(),
                "message_id": message.id if message else False,
                "reason": False,
            }
        )
        self.env["billing.exception"]._close(self, UNTOLD)
        if self.invoice_ids:
            self._log(self.mandate_id)
        if self.retry_on:
            self.retry_order_id._notice_sent(self.company_id._billing_today())

    def _thread(self):
        """Where the message is kept: the invoice, else the mandate."""
        return self.invoice_ids[:1] or self.mandate_id

    def _send_email(self):
        template = self.step_id.template_id
        return template._mbn_post(self, self._thread(), self.partner_id, self.company_id)

    def _log(self, records):
        """Note in the history of ``records`` that the payer was told."""
        labels = dict(self._fields["channel"]._description_selection(self.env))
        for record in records:
            record._message_log(
                body=self.env._(
                    "%(payer)s was told %(channel)s of the failed direct debit (%(step)s).",
                    payer=self.partner_id.name,
                    channel=labels.get(self.channel),
                    step=self.step_id.display_name,
                )
            )

    @api.model
    def _send_mails(self):
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    # ------------------------------------------------------------------ what came back

    @api.model
    def _take_back_returned(self):
        """Messages that did not arrive go by the next channel."""
        lost = [("notification_status", "in", CAME_BACK)]
        returned = self.search(
            [
                ("state", "=", "sent"),
                ("settled_on", "=", False),
                ("message_id", "any", [("notification_ids", "any", lost)]),
            ]
        )
        for failure in returned:
            failure.write(
                {
                    "state": "waiting",
                    "tried": " ".join(filter(None, (failure.tried, failure.channel))),
                    "message_id": False,
                }
            )

    def _note_untold(self, reason):
        """A person must look after it."""
        self.write({"state": "failed", "reason": reason})
        self.env["billing.exception"]._open(
            self,
            UNTOLD,
            self.env._(
                "%(payer)s could not be told that the direct debit failed. %(why)s",
                payer=self.partner_id.name,
                why=reason,
            ),
            self.env._("Correct the address, then press Send Again; or call the payer."),
        )
