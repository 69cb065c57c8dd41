"""E-invoices as a channel of delivery, sent through the networks Odoo is connected with."""

from odoo import api, models
from odoo.tools import html2plaintext, is_html_empty

CHANNEL = "einvoice"
REFUSED_CHUNK = 100


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _mbn_einvoice_networks(self):
        """Odoo's sending methods that carry e-invoices, best first; not all are installed."""
        return ["peppol"]

    @api.model
    def _mbn_is_on_network(self, network, company):
        """Whether ``company`` is registered to send through ``network``."""
        return network == "peppol" and bool(company.peppol_can_send)

    def _mbn_einvoice_network(self, move):
        """The network that takes ``move``; empty for none."""
        installed = self.env["res.partner"]._fields["invoice_sending_method"].get_values(self.env)
        return next(
            (
                network
                for network in self._mbn_einvoice_networks()
                if network in installed
                and self._mbn_is_on_network(network, move.company_id)
                and self._is_applicable_to_company(network, move.company_id)
                and self._is_applicable_to_move(network, move)
            ),
            "",
        )

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        if method == CHANNEL:
            return move.partner_id._mbn_has_address(CHANNEL) and bool(
                self._mbn_einvoice_network(move)
            )
        return super()._is_applicable_to_move(method, move, **move_data)

    @api.model
    def _get_default_invoice_edi_format(self, move, **kwargs):
        if self.env.context.get("mbn_plain"):
            return False
        return super()._get_default_invoice_edi_format(move, **kwargs)

    def _mbn_channel_of(self, method):
        return self.env.context.get("mbn_channel") or super()._mbn_channel_of(method)


class BillingDelivery(models.Model):
    _inherit = "billing.delivery"

    @api.model
    def _note_failed(self, move, channel, reason):
        """An e-invoice that cannot be made or sent is no reason to wait: the next channel is."""
        result = super()._note_failed(move, channel, reason)
        if channel == CHANNEL:
            self._pass_on(move, reason)
        return result

    @api.model
    def _pass_on(self, move, reason):
        move._message_log(
            body=self.env._(
                "No e-invoice was sent; the next channel is used. %(reason)s", reason=reason
            )
        )
        move.mbn_send_state = "waiting"

    @api.model
    def _refused_domain(self):
        """E-invoices that left here and that their network did not deliver; None without one."""
        moves = self.env["account.move"]
        states = [
            f"{name}_move_state" for name in moves.env["account.move.send"]._mbn_einvoice_networks()
        ]
        states = [name for name in states if name in moves._fields]
        if not states:
            return None
        refused = ["|"] * (len(states) - 1) + [(f"move_id.{name}", "=", "error") for name in states]
        return [("channel", "=", CHANNEL), ("state", "=", "sent"), *refused]

    def _take_back_refused(self):
        for delivery in self:
            reason = delivery._network_text()
            delivery.write({"state": "failed", "reason": reason})
            if delivery._is_last_hope():
                self._pass_on(delivery.move_id, reason)

    def _network_text(self):
        """Why the network did not deliver it: Odoo notes that on the invoice."""
        notes = self.move_id.sudo().message_ids.filtered(
            lambda note: note.date >= self.date and not is_html_empty(note.body)
        )
        if not notes:
            return self.env._("The network did not deliver it.")
        return self.env._(
            "The network did not deliver it. The last note on the invoice: %(note)s",
            note=html2plaintext(notes[:1].body).strip(),
        )


class BillingInvoiceSender(models.AbstractModel):
    _inherit = "billing.invoice.sender"

    def _return_chunks(self):
        yield from super()._return_chunks()
        yield from self._refused_chunks()

    def _refused_chunks(self):
        deliveries = self.env["billing.delivery"]
        domain = deliveries._refused_domain()
        while domain and (
            rows := deliveries.search(domain, order="id", limit=REFUSED_CHUNK).try_lock_for_update()
        ):
            for company, group in rows.grouped("company_id").items():
                sender = self._for_company(company)
                group.with_env(sender.env)._take_back_refused()
                sender._report(group.run_id)
            yield len(rows)

    def _send(self, channel, moves):
        if channel == CHANNEL:
            return self._send_einvoices(moves)
        # What could not be made as an e-invoice goes without its file.
        tried = self.env["billing.delivery"]._tried(moves)
        plain = moves.filtered(lambda move: CHANNEL in tried[move])
        if plain:
            super(BillingInvoiceSender, self.with_context(mbn_plain=True))._send(channel, plain)
        return super()._send(channel, moves - plain) if moves - plain else None

    def _send_einvoices(self, moves):
        send = self.env["account.move.send"].with_context(mbn_channel=CHANNEL)
        for network, group in moves.grouped(send._mbn_einvoice_network).items():
            send._generate_and_send_invoices(
                group,
                from_cron=True,
                sending_methods={network},
                author_user_id=self.env.user.id,
                author_partner_id=self.env.user.partner_id.id,
            )
