from odoo import fields, models
from odoo.exceptions import UserError


class BankFileUpload(models.TransientModel):
    """Takes in several bank files at once. It stores them; the work is done afterwards."""

    _name = "bank.file.upload"
    _description = "Upload Bank Files"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        domain=lambda self: [("id", "in", self.env.companies.ids)],
        help="The company whose files these are. Accounts of its branches are found, too.",
    )
    attachment_ids = fields.Many2many(
        "ir.attachment",
        string="Choose Files",
        help="As many as you like. Their format is found by what is in them, not by their name.",
    )

    def action_upload(self):
        """Store the files and show them; a file that is refused keeps none of the others back."""
        self.check_access("write")
        self.ensure_one()
        files = self.env["bank.file"]
        files._check_may_process()
        if not self.attachment_ids:
            raise UserError(self.env._("Choose at least one file."))
        if self.company_id not in self.env.companies:
            raise UserError(self.env._("Choose one of the companies you are working in."))
        problems = []
        for attachment in self.attachment_ids:
            try:
                files |= files._receive(attachment.name, attachment.raw or b"", self.company_id)
            except UserError as error:
                problems.append(str(error))
        if not files:
            raise UserError("\n".join(problems))
        self.attachment_ids.unlink()
        action = self._show(files)
        return self._with_problems(action, problems) if problems else action

    def _show(self, files):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_bank_file"
        )
        if len(files) == 1:
            return action | {"res_id": files.id, "views": [(False, "form")], "view_mode": "form"}
        return action | {"domain": [("id", "in", files.ids)], "context": {}}

    def _with_problems(self, action, problems):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "title": self.env._("Not stored"),
                "message": "\n".join(problems),
                "next": action,
            },
        }
