import secrets
import string

from odoo import api, fields, models

CODE_LETTERS = string.ascii_letters + string.digits
CODE_LENGTH = 10  # 59 bits: nobody guesses one
# What stands in the way is ours to correct: another channel would not be the answer.
OWN_FAULTS = {
    "mail_from_invalid",
    "mail_from_missing",
    "mail_smtp",
    "mail_spam",
    "sms_acc",
    "sms_credit",
    "sms_registration_needed",
    "sms_server",
    "unknown",
}
REFUSED_RECIPIENT = "SMTPRecipientsRefused"


class BillingDelivery(models.Model):
    """One try to bring a document to a payer by one channel."""

    _name = "billing.delivery"
    _description = "Delivery"
    _order = "id desc"
    _rec_name = "move_id"

    move_id = fields.Many2one(
        "account.move", string="Invoice", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    run_id = fields.Many2one(
        related="move_id.mbn_run_id", string="Billing Run", store=True, index="btree_not_null"
    )
    partner_id = fields.Many2one("res.partner", string="Payer", required=True, index=True)
    document = fields.Selection(
        [("invoice", "Invoice"), ("receipt", "Receipt"), ("link", "Link to pay")],
        required=True,
        default="invoice",
        help="Receipt: says that the invoice is paid. Link to pay: sent after a debit failed.",
    )
    channel = fields.Selection(
        selection="_selection_channel", required=True, help="How it was to reach the payer."
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sent", "Sent"),
            ("failed", "Not Sent"),
            ("bounced", "Came Back"),
        ],
        required=True,
        default="sent",
        help="Waiting: a letter to print, or a receipt to send. Came back: the provider says "
        "that it did not reach the payer.",
    )
    address = fields.Char(help="The address that was used.")
    reason = fields.Text(help="Why it did not reach the payer.")
    date = fields.Datetime(required=True, default=fields.Datetime.now, help="When it was tried.")
    superseded = fields.Boolean(
        string="Before Send Again", help="Somebody has asked to try all channels again since."
    )
    message_id = fields.Many2one(
        "mail.message",
        index="btree_not_null",
        ondelete="set null",
        help="The e-mail or SMS; its fate decides whether the next channel is tried.",
    )
    code = fields.Char(string="Link Code", groups="base.group_system")
    bundle_id = fields.Many2one(
        "billing.delivery.bundle",
        string="Print Bundle",
        index="btree_not_null",
        ondelete="set null",
        help="The file in which the letter is printed.",
    )

    _code_unique = models.UniqueIndex("(code) WHERE code IS NOT NULL")
    _one_receipt = models.UniqueIndex("(move_id) WHERE document = 'receipt'")
    _one_letter_waiting = models.UniqueIndex(
        "(move_id) WHERE channel = 'letter' AND state = 'waiting'"
    )
    _waiting_idx = models.Index("(document, company_id, id) WHERE state = 'waiting'")

    @api.model
    def _selection_channel(self):
        return self.env["billing.delivery.step"]._selection_channel()

    def _channel_name(self, channel):
        return dict(self._selection_channel()).get(channel, channel)

    # ------------------------------------------------------------------
    # Keeping the log
    # ------------------------------------------------------------------

    @api.model
    def _note(self, moves, channel, **vals):
        """Log one try of ``channel`` for each of ``moves``."""
        rows = []
        for move in moves:
            payer = move.partner_id
            address = payer._mbn_delivery_address(channel)
            rows.append(
                {
                    "move_id": move.id,
                    "partner_id": payer.id,
                    "channel": channel,
                    "address": address if address != channel else False,
                }
                | vals
            )
        return self.sudo().create(rows)

    @api.model
    def _note_failed(self, move, channel, reason):
        """Log that ``channel`` failed; a letter that waits for the printer is that try."""
        vals = {"state": "failed", "reason": reason}
        waiting = self._letters_waiting(move) if channel == "letter" else None
        if waiting:
            waiting.write(vals)
        else:
            self._note(move, channel, **vals)
        move.mbn_send_state = "failed"

    @api.model
    def _note_missing(self, move, channels, chosen):
        """Log that there is no address for ``channels`` and that ``chosen`` is taken instead."""
        for channel in channels:
            reason = self.env._("There is no usable address.")
            self._note(move, channel, state="failed", reason=reason, address=False)
        move._message_log(
            body=self.env._(
                "No usable address for: %(missing)s. Delivered instead: %(chosen)s.",
                missing=", ".join(self._channel_name(channel) for channel in channels),
                chosen=self._channel_name(chosen),
            )
        )

    @api.model
    def _tried(self, moves):
        """The channels that did not reach the payer: dict of invoice to set of channels."""
        tried = {move: set() for move in moves}
        for delivery in self.sudo().search(
            [
                ("move_id", "in", moves.ids),
                ("document", "=", "invoice"),
                ("state", "in", ("failed", "bounced")),
                ("superseded", "=", False),
            ]
        ):
            tried[delivery.move_id].add(delivery.channel)
        return tried

    @api.model
    def _letters_waiting(self, moves):
        """The letters among the deliveries of ``moves`` that are still to be printed."""
        return self.sudo().search(
            [("move_id", "in", moves.ids), ("channel", "=", "letter"), ("state", "=", "waiting")]
        )

    @api.model
    def _new_code(self):
        return "".join(secrets.choice(CODE_LETTERS) for _position in range(CODE_LENGTH))

    # ------------------------------------------------------------------
    # What came back
    # ------------------------------------------------------------------

    @api.model
    def _came_back_domain(self):
        failed = [("notification_status", "in", ("exception", "bounce"))]
        return [
            ("state", "=", "sent"),
            ("message_id", "any", [("notification_ids", "any", failed)]),
        ]

    def _take_back(self):
        """Note on these deliveries that they failed, and put their invoices in the queue again."""
        for delivery in self:
            notification = delivery.message_id.notification_ids.filtered(
                lambda one: one.notification_status in ("exception", "bounce")
            )[:1]
            bounced = notification.notification_status == "bounce"
            delivery.write(
                {
                    "state": "bounced" if bounced else "failed",
                    "reason": notification.format_failure_reason(),
                }
            )
            move = delivery.move_id
            move._message_log(
                body=self.env._(
                    "Not delivered %(channel)s to %(address)s: %(reason)s",
                    channel=self._channel_name(delivery.channel),
                    address=delivery.address,
                    reason=delivery.reason,
                )
            )
            if delivery._is_last_hope():
                move.mbn_send_state = "failed" if _is_own_fault(notification) else "waiting"

    def _is_last_hope(self):
        """Whether the invoice still has to reach the payer and nothing else is on its way."""
        self.ensure_one()
        move = self.move_id
        if self.document != "invoice" or not move.mbn_send_state or move.state != "posted":
            return False
        if move.move_type == "out_invoice" and move.currency_id.is_zero(move.amount_residual):
            return False
        return not self.sudo().search_count(
            [
                ("move_id", "=", move.id),
                ("document", "=", "invoice"),
                ("state", "in", ("sent", "waiting")),
                ("superseded", "=", False),
            ],
            limit=1,
        )

    # ------------------------------------------------------------------
    # Letters
    # ------------------------------------------------------------------

    def _in_print_order(self):
        return self.sorted(
            lambda letter: (letter.partner_id.zip or "", letter.partner_id.name or "", letter.id)
        )

    def _print_content(self):
        """The PDF of the letter; empty without one."""
        self.ensure_one()
        # Of this one alone: with those of all letters of a bundle they would fill the memory.
        attachment = self.move_id.invoice_pdf_report_id.with_prefetch()
        content = attachment.raw or b""
        attachment.invalidate_recordset(["raw"], flush=False)
        return content

    def _print_names(self):
        """Number and kind of what the letter brings, for the index of a bundle."""
        self.ensure_one()
        return self.move_id.name, "invoice"

    def _print_failed(self, reason):
        """Note that the letter cannot be printed."""
        self._note_failed(self.move_id, "letter", reason)

    def _print(self):
        """Put letters that are in no file yet in files for the printer, and show those.

        A few are made at once, many by the scheduled action.
        """
        letters = self.sudo()
        taken_back = letters.move_id._mbn_credited()
        credited = letters.filtered(lambda letter: letter.move_id in taken_back)
        credited.write({"state": "failed", "reason": self.env._("The invoice was credited.")})
        credited.move_id.mbn_send_state = False
        letters -= credited
        bundles = letters.bundle_id
        unbundled = letters.filtered(lambda letter: not letter.bundle_id)
        for group in unbundled.grouped("company_id").values():
            bundles |= bundles._create_for(group)
        bundles._start()
        return bundles._show()


def _is_own_fault(notification):
    """Whether a message failed for a reason that lies with us, not with the address."""
    if notification.notification_status == "bounce":
        return False
    refused = REFUSED_RECIPIENT in (notification.failure_reason or "")
    return notification.failure_type in OWN_FAULTS and not refused
