from odoo import api, models


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    # ------------------------------------------------------------------
    # Where the channels are on offer
    # ------------------------------------------------------------------

    @api.model
    def _is_applicable_to_company(self, method, company):
        if method == "portal":
            return False  # every invoice is on the portal
        return super()._is_applicable_to_company(method, company)

    @api.model
    def _is_applicable_to_move(self, method, move, **move_data):
        if method == "portal":
            return False
        if method == "sms":
            return move.move_type == "out_invoice" and move.partner_id._mbn_has_address("sms")
        if method == "letter":
            return move.partner_id._mbn_has_address("letter")
        return super()._is_applicable_to_move(method, move, **move_data)

    @api.model
    def _get_alerts(self, moves, moves_data):
        alerts = super()._get_alerts(moves, moves_data)
        for method in self._mbn_ways():
            without = moves.filtered(
                lambda move, method=method: (
                    method in moves_data[move]["sending_methods"]
                    and not self._is_applicable_to_move(method, move)
                )
            )
            if without:
                alerts[f"mbn_{method}_address"] = {
                    "level": "warning" if len(moves) > 1 else "danger",
                    "message": self._mbn_no_address_text(method, without.partner_id),
                    "action_text": self.env._("View Partner(s)"),
                    "action": without.partner_id._get_records_action(),
                }
        return alerts

    def _mbn_no_address_text(self, method, partners):
        names = ", ".join(partners.mapped("name"))
        if method == "sms":
            return self.env._(
                "No SMS can be sent: no usable phone number of %(names)s", names=names
            )
        return self.env._("No letter can be sent: no full address of %(names)s", names=names)

    # ------------------------------------------------------------------
    # Sending, and what became of it
    # ------------------------------------------------------------------

    @api.model
    def _send_mail(self, move, mail_template, **kwargs):
        result = super()._send_mail(move, mail_template, **kwargs)
        if move._mbn_is_logged():
            message = self.env["mail.message"].search(
                [("model", "=", "account.move"), ("res_id", "=", move.id)],
                order="id desc",
                limit=1,
            )
            self.env["billing.delivery"]._note(move, "email", message_id=message.id)
        return result

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        result = super()._hook_if_success(moves_data, from_cron=from_cron)
        moves = self.env["account.move"].union(*moves_data)
        ways = self._mbn_ways()
        for method, send in ways.items():
            send(
                moves.filtered(
                    lambda move, method=method: (
                        method in moves_data[move]["sending_methods"]
                        and self._is_applicable_to_move(method, move)
                    )
                )
            )
        for move in moves.filtered(lambda move: move._mbn_is_logged()):
            for method in set(moves_data[move]["sending_methods"]) - {"manual", "email", *ways}:
                self.env["billing.delivery"]._note(move, self._mbn_channel_of(method))
        moves._mbn_note_sent()
        return result

    @api.model
    def _hook_if_errors(self, moves_data, allow_raising=True):
        result = super()._hook_if_errors(moves_data, allow_raising=allow_raising)
        for move, data in moves_data.items():
            if move.mbn_send_state:
                reason = self._format_error_text(data["error"])
                for method in data["sending_methods"]:
                    channel = self._mbn_channel_of(method)
                    self.env["billing.delivery"]._note_failed(move, channel, reason)
        return result

    def _mbn_channel_of(self, method):
        """The channel that is logged for Odoo's sending ``method``."""
        return method

    def _mbn_ways(self):
        """How invoices are sent by the channels that are ours."""
        return {"sms": self._mbn_send_sms, "letter": self._mbn_queue_letters}

    def _mbn_send_sms(self, moves):
        """Put an SMS with a short link to each invoice in Odoo's queue."""
        deliveries = self.env["billing.delivery"]
        template = self.env.ref("membership_billing_nordic.sms_template_invoice")
        for move in moves:
            delivery = deliveries._note(move, "sms", code=deliveries._new_code())
            delivery.message_id = move._message_sms_with_template(
                template=template.sudo(), partner_ids=move.partner_id.ids, put_in_queue=True
            )

    def _mbn_queue_letters(self, moves):
        """Let ``moves`` wait for being printed, once each."""
        deliveries = self.env["billing.delivery"]
        waiting = deliveries._letters_waiting(moves).move_id
        deliveries._note(moves - waiting, "letter", state="waiting")
        moves.mbn_send_state = "print"
