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
        layout = self.env["billing.document.layout"]._nearest_with(
            self.company_id, self._layout_association()
        )
        return layout.with_context(lang=self.partner_id.lang)[_TEXTS[self.kind]] or ""

    def _layout_association(self):
        """The association in whose layout it is: that of all its invoices; empty for several."""
        self.ensure_one()
        associations = {move.mbn_association_id for move in self.sudo().line_ids.invoice_id}
        none = self.env["membership.association"]
        return associations.pop() if len(associations) == 1 else none
