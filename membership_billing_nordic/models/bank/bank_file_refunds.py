from odoo import fields, models


class BankFile(models.Model):
    """What becomes of a file becomes of the refunds in it."""

    _inherit = "bank.file"

    refund_ids = fields.One2many("bank.refund", "file_id", string="Refunds", readonly=True)

    def _on_rejected(self, meaning):
        result = super()._on_rejected(meaning)
        self.sudo().refund_ids._come_back(self.env._("The bank refused its file."))
        return result

    def _on_discarded(self):
        result = super()._on_discarded()
        self.sudo().refund_ids._come_back(self.env._("Its file was taken back."))
        return result

    def _is_answered(self):
        return super()._is_answered() and "sent" not in self.refund_ids.mapped("state")

    def _last_day(self):
        days = [day for day in self.refund_ids.mapped("pay_date") if day]
        return max([super()._last_day(), *days])
