import base64

from odoo import fields, models
from odoo.exceptions import UserError


class DebtCollectionUpload(models.TransientModel):
    """Read a file that the agency has sent."""

    _name = "debt.collection.upload"
    _description = "Read an Agency's File"

    agency_id = fields.Many2one(
        "debt.collection.agency",
        required=True,
        default=lambda self: self.env["debt.collection.agency"].search([], limit=1),
    )
    content = fields.Binary(string="File", required=True, attachment=False)
    name = fields.Char(string="File Name")

    def action_read(self):
        """Read the file and show what came of it.

        :raise UserError: it is empty
        """
        self.check_access("write")
        self.ensure_one()
        self.agency_id._check_manager()
        content = base64.b64decode(self.content or b"")
        if not content:
            raise UserError(self.env._("Choose a file that is not empty."))
        agency = self.agency_id.sudo()._in_company()
        file = agency.env["debt.collection.file"]._receive(
            agency, self.name or "answers.jsonl", content
        )
        return file.with_env(self.env).get_formview_action()
