from odoo import fields, models
from odoo.fields import Domain

_FILES = ("request_file_id", "change_file_id", "cancel_file_id")


class BankFile(models.Model):
    """What becomes of a file becomes of the requests, changes and ends of mandates in it."""

    _inherit = "bank.file"

    mandate_request_ids = fields.One2many(
        "direct.debit.mandate", "request_file_id", string="Requested Mandates", readonly=True
    )
    mandate_cancel_ids = fields.One2many(
        "direct.debit.mandate", "cancel_file_id", string="Ended Mandates", readonly=True
    )
    mandate_change_ids = fields.One2many(
        "direct.debit.mandate", "change_file_id", string="Changed Mandates", readonly=True
    )
    asked_mandate_count = fields.Integer(
        string="Mandates in It", compute="_compute_asked_mandate_count"
    )

    def _compute_asked_mandate_count(self):
        mandates = self.env["direct.debit.mandate"].sudo()
        counts = dict.fromkeys(self.ids, 0)
        for name in _FILES:
            for file, count in mandates._read_group([(name, "in", self.ids)], [name], ["__count"]):
                counts[file.id] += count
        for file in self:
            file.asked_mandate_count = counts.get(file.id, 0)

    def action_show_mandates(self):
        """Show the mandates that this file asks for, changes or tells the end of."""
        self.check_access("read")
        self.env["direct.debit.mandate"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_direct_debit_mandate"
        )
        return action | {
            "domain": list(Domain.OR(Domain(name, "=", self.id) for name in _FILES)),
            "context": {"create": False},
        }

    def _give_mandates_back(self, hold, text):
        """The bank does nothing of this file: its mandates wait for a file again."""
        requests, ends = self.mandate_request_ids, self.mandate_cancel_ids
        changes = self.mandate_change_ids.filtered("new_payer_number")
        changes._change_comes_back(self, hold, text)
        ends.filtered(lambda row: not row.cancel_answered)._cancellation_comes_back(
            self, hold, text
        )
        requests.filtered(lambda row: row._is_unanswered_request())._request_comes_back(
            self, hold, text
        )

    def action_rejection_read(self):
        """The bank's objection is dealt with: mandates too go with the next file."""
        result = super().action_rejection_read()
        mandates = self.env["direct.debit.mandate"].sudo()
        mandates.search(
            [("returned_file_id", "in", self.ids), ("hold", "=", "rejected")]
        )._release()
        return result

    def _refresh_returned_mandates(self):
        """One row on the desk for a file whose mandates came back and wait."""
        counts = dict(
            self.env["direct.debit.mandate"]._read_group(
                [("returned_file_id", "in", self.ids), ("hold", "!=", False)],
                ["returned_file_id"],
                ["__count"],
            )
        )
        for file in self:
            file._set_on_desk(
                "mandate_returned",
                bool(counts.get(file)),
                self.env._(
                    "Mandates of %(name)s that wait to be sent with another file: %(count)s",
                    count=counts.get(file, 0),
                    name=file.name,
                ),
                self.env._(
                    "Let them go with the next file, or end those not wanted under Collection, "
                    "Mandates (filter “Held Back from the Bank”)."
                ),
            )
