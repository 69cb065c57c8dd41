from odoo import fields, models


class AccountMoveLine(models.Model):
    _inherit = "account.move.line"

    mbn_charge_id = fields.Many2one(
        "membership.charge",
        string="Membership Charge",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="What this line charges a member for.",
    )
    mbn_credited_charge_id = fields.Many2one(
        "membership.charge",
        string="Credited Charge",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The charge of which this line of a credit note takes back a part.",
    )

    _mbn_one_charge = models.UniqueIndex(
        "(mbn_charge_id) WHERE mbn_charge_id IS NOT NULL",
        "A membership charge is invoiced by one line only.",
    )

    def unlink(self):
        charges = self.mbn_charge_id.sudo()
        if charges:
            self.mbn_charge_id = False
            charges._forget_line()
        return super().unlink()

    def _reconcile_pre_hook(self):
        data = super()._reconcile_pre_hook()
        data["mbn_moves"] = self.move_id
        return data

    def _reconcile_post_hook(self, data):
        result = super()._reconcile_post_hook(data)
        data["mbn_moves"]._mbn_follow()
        data["mbn_moves"]._mbn_queue_receipts()
        return result
