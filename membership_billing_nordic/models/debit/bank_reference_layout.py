from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError

from .direct_debit_mandate import LIVE


class BankReferenceLayout(models.Model):
    """Mandates go by the payer's part of a reference: while there are any, it stays."""

    _inherit = "bank.reference.layout"

    @api.model_create_multi
    def create(self, vals_list):
        agreements = self.env["bank.agreement"].browse(
            {vals["agreement_id"] for vals in vals_list if vals.get("agreement_id")}
        )
        with self._payer_parts_kept(agreements):
            return super().create(vals_list)

    def write(self, vals):
        with self._payer_parts_kept(self.agreement_id):
            return super().write(vals)

    def unlink(self):
        with self._payer_parts_kept(self.agreement_id):
            return super().unlink()

    @contextmanager
    def _payer_parts_kept(self, agreements):
        """Refuse what would give new references another payer's part than mandates have."""
        before = {agreement: _payer_part(agreement) for agreement in agreements}
        yield
        self.env.flush_all()
        agreements.invalidate_recordset(["layout_ids"])
        for agreement, part in before.items():
            if part and _payer_part(agreement) != part:
                agreement._refuse_while_mandates()


class BankAgreement(models.Model):
    _inherit = "bank.agreement"

    def _refuse_while_mandates(self):
        count = (
            self.env["direct.debit.mandate"]
            .sudo()
            .search_count([("agreement_id", "=", self.id), ("state", "in", LIVE)])
        )
        if count:
            raise UserError(
                self.env._(
                    "%(count)s mandates of %(agreement)s depend on the payer's part of its "
                    "references: the layout stays as it is. Another one needs a new agreement that "
                    "succeeds this one.",
                    count=count,
                    agreement=self.display_name,
                )
            )


def _payer_part(agreement):
    """What the payer's part of new references is like."""
    layout = agreement._reference_layout()
    return layout and (layout.payer_digits, layout.fixed_part or "")
