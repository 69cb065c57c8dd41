from odoo import fields, models


class BankChannelSeen(models.Model):
    """A file that was fetched through a channel and may still lie on the other side."""

    _name = "bank.channel.seen"
    _description = "File Seen by a Channel"
    _order = "id desc"

    channel_id = fields.Many2one("bank.channel", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="channel_id.company_id", store=True, index=True)
    place = fields.Selection(
        [("folder", "Incoming folder"), ("receipt_folder", "Receipts folder")],
        required=True,
        default="folder",
        help="Where it was fetched from.",
    )
    name = fields.Char(required=True)
    size = fields.Integer(required=True)
    stamp = fields.Char(required=True, help="When it was last changed, as the other side says.")
    sha256 = fields.Char(string="SHA-256", help="Fingerprint of the bytes.")

    _once = models.Constraint(
        "UNIQUE(channel_id, place, name, size, stamp)", "This file was fetched already."
    )
