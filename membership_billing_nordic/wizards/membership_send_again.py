from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

_OFFERED = 10


class MembershipSendAgain(models.TransientModel):
    """Sends invoices of a member once more, to the payer's address of today.

    The desk has no access to invoices: it sees their numbers and amounts here.
    """

    _name = "membership.send.again"
    _description = "Send Invoices Again"

    partner_id = fields.Many2one("res.partner", string="Member", required=True, readonly=True)
    line_ids = fields.One2many("membership.send.again.line", "wizard_id", string="Invoices")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        partner = self.env["res.partner"].browse(values.get("partner_id"))
        if partner and "line_ids" in fields:
            values["line_ids"] = [Command.create(vals) for vals in self._prepare_lines(partner)]
        return values

    @api.model
    def _prepare_lines(self, partner):
        """A line for each invoice that may be sent: the open ones are chosen, or the latest."""
        partner.check_access("read")
        open_moves = partner._mbn_card_invoices()
        contracts = partner.mbn_card_contract_ids or partner._mbn_contracts_paid_for()
        others = partner._mbn_card_moves(contracts) - open_moves
        moves = [*open_moves.sorted("invoice_date", reverse=True), *others][:_OFFERED]
        return [
            {
                "move_key": move.id,
                "name": move.name,
                "date": move.invoice_date,
                "currency_id": move.currency_id.id,
                "amount": move.amount_total,
                "amount_open": move.amount_residual,
                "way": move.partner_id._mbn_delivery_row(move.company_id).text,
                "chosen": move in open_moves or (not open_moves and move == moves[0]),
            }
            for move in moves
        ]

    def action_send(self):
        """Put the chosen invoices in the queue."""
        self.check_access("write")
        self.check_access("write")
        self.ensure_one()
        self.partner_id.check_access("read")
        chosen = self.line_ids.filtered("chosen")
        if not chosen:
            raise UserError(self.env._("Choose at least one invoice."))
        allowed = {vals["move_key"] for vals in self._prepare_lines(self.partner_id)}
        moves = self.env["account.move"].sudo().browse(chosen.mapped("move_key"))
        if not set(moves.ids) <= allowed:
            raise AccessError(self.env._("These invoices are not this member's."))
        moves._mbn_queue_again()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "In the queue: %(invoices)s", invoices=", ".join(moves.mapped("name"))
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }


class MembershipSendAgainLine(models.TransientModel):
    """An invoice that may be sent again."""

    _name = "membership.send.again.line"
    _description = "Invoice to Send Again"

    wizard_id = fields.Many2one("membership.send.again", required=True, ondelete="cascade")
    move_key = fields.Integer(help="Id of the invoice, which the desk may not read.")
    name = fields.Char(string="Invoice", readonly=True)
    date = fields.Date(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    amount = fields.Monetary(readonly=True)
    amount_open = fields.Monetary(string="Open", readonly=True)
    way = fields.Char(string="Goes", readonly=True, help="The payer's way of delivery today.")
    chosen = fields.Boolean(string="Send", help="Send this one.")
