from odoo import api, fields, models
from odoo.exceptions import ValidationError


class AccountJournal(models.Model):
    _inherit = "account.journal"

    mbn_agreement_id = fields.Many2one(
        "bank.agreement",
        string="Bank Agreement",
        check_company=True,
        index="btree_not_null",
        tracking=True,
        help="The bank agreement through which invoices of this journal are paid. It gives "
        "them their payment references.",
    )
    invoice_reference_model = fields.Selection(
        selection_add=[("agreement", "Bank Agreement (payer number and serial)")],
        ondelete={"agreement": lambda journals: journals._mbn_leave_reference_model()},
        default=lambda self: self._default_invoice_reference_model(),
    )

    def _default_invoice_reference_model(self):
        # Core takes the first value that begins with the country's code: "ag" is Antigua's.
        model = super()._default_invoice_reference_model()
        return "odoo" if model == "agreement" else model

    def _mbn_leave_reference_model(self):
        self.write({"mbn_agreement_id": False, "invoice_reference_model": "odoo"})

    @api.constrains("mbn_agreement_id", "invoice_reference_model", "type", "currency_id")
    def _check_mbn_agreement(self):
        for journal in self:
            journal._mbn_check_agreement(journal.mbn_agreement_id)

    def _mbn_check_agreement(self, agreement):
        """Raise ``ValidationError`` where this journal does not go with its agreement."""
        self.ensure_one()
        values = {"journal": self.display_name, "agreement": agreement.display_name}
        uses_references = self.invoice_reference_model == "agreement"
        if uses_references and not agreement:
            raise ValidationError(
                self.env._(
                    "Journal %(journal)s takes its payment references from a bank agreement: "
                    "choose the agreement, or another communication standard.",
                    **values,
                )
            )
        if uses_references and not agreement.layout_ids:
            raise ValidationError(
                self.env._(
                    "Agreement %(agreement)s has no reference layout, so journal %(journal)s "
                    "would get no payment references. Add a layout to the agreement, or choose "
                    "another communication standard on the journal.",
                    **values,
                )
            )
        if not agreement:
            return
        if self.type != "sale":
            raise ValidationError(
                self.env._(
                    "Only sale journals have a bank agreement, %(journal)s is not.", **values
                )
            )
        if self.currency_id and self.currency_id != agreement.currency_id:
            raise ValidationError(
                self.env._(
                    "Journal %(journal)s is in %(journal_currency)s and agreement %(agreement)s in "
                    "%(currency)s: choose an agreement in the journal's currency.",
                    journal_currency=self.currency_id.name,
                    currency=agreement.currency_id.name,
                    **values,
                )
            )

    @api.model_create_multi
    def create(self, vals_list):
        journals = super().create([self._mbn_reference_model_vals(vals) for vals in vals_list])
        journals._mbn_agreement_changed()
        return journals

    def write(self, vals):
        if "mbn_agreement_id" not in vals:
            return super().write(vals)
        result = super().write(self._mbn_reference_model_vals(vals))
        self._mbn_agreement_changed()
        return result

    def _mbn_reference_model_vals(self, vals):
        """Journals take their references from an agreement that gives them, and only then."""
        if "invoice_reference_model" in vals or "mbn_agreement_id" not in vals:
            return vals
        if self.env["bank.agreement"].browse(vals["mbn_agreement_id"]).layout_ids:
            return vals | {"invoice_reference_model": "agreement"}
        if "agreement" in self.mapped("invoice_reference_model"):
            return vals | {"invoice_reference_model": self._default_invoice_reference_model()}
        return vals

    def _mbn_agreement_changed(self):
        """Drafts follow their journal, and payments of open invoices are recognised."""
        moves = self.env["account.move"]
        drafts = moves.search(
            [
                ("journal_id", "in", self.ids),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "draft"),
            ]
        )
        self.env.add_to_compute(moves._fields["mbn_agreement_id"], drafts)
        if journals := self.filtered("mbn_agreement_id"):
            self.env["billing.reference"].sudo()._register_open_invoices(journals)
