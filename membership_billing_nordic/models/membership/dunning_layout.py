from odoo import models

_TEXTS = {"reminder": "text_reminder", "notice": "text_final", "demand": "text_final"}


class DunningLetter(models.Model):
    """Letters say what the layout of their company or association says at their end."""

    _inherit = "dunning.letter"

    def _layout_text(self):
        """The text of the layout for this kind of letter; empty when it has none."""
        self.ensure_one()
        if self.kind not in _TEXTS:
            return ""
        associations = {move.mbn_association_id for move in self.sudo().line_ids.invoice_id}
        association = associations.pop() if len(associations) == 1 else None
        layout = self.env["billing.document.layout"]._for_documents(
            self.company_id, association or self.env["membership.association"]
        )
        return layout.with_context(lang=self.partner_id.lang)[_TEXTS[self.kind]] or ""
