"""An association's logo and text on what its members get, and what is sent along with invoices."""

from odoo import api, fields, models
from odoo.tools.sql import column_exists, create_column


class MembershipCharge(models.Model):
    _inherit = "membership.charge"

    association_id = fields.Many2one(
        "membership.association",
        compute="_compute_association_id",
        store=True,
        precompute=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The association of the member when it was invoiced.",
    )

    @api.depends("period_id", "invoice_line_id")
    def _compute_association_id(self):
        for charge in self:
            about = charge.period_id or charge.contract_id
            charge.association_id = about.association_id

    @api.model
    def _tie_to_lines(self, invoices):
        """An invoice is its association's from the moment on that its charges are known."""
        result = super()._tie_to_lines(invoices)
        self.env.add_to_compute(invoices._fields["mbn_association_id"], invoices)
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_association_id = fields.Many2one(
        "membership.association",
        string="Association",
        compute="_compute_mbn_association_id",
        store=True,
        recursive=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The association whose members the invoice is for; of several, the one that all of "
        "them are part of. Its logo and text are printed, its administrators see the invoice.",
    )

    def _auto_init(self):
        # No invoice has an association before there are memberships: on a large database
        # working that out for all of them would take an hour.
        if not column_exists(self.env.cr, self._table, "mbn_association_id"):
            create_column(self.env.cr, self._table, "mbn_association_id", "int4")
        return super()._auto_init()

    @api.depends("mbn_charge_ids.association_id", "reversed_entry_id.mbn_association_id")
    def _compute_mbn_association_id(self):
        for move in self:
            charges = move.mbn_charge_ids
            if not charges:
                move.mbn_association_id = move.reversed_entry_id.mbn_association_id
            elif all(charge.association_id for charge in charges):
                move.mbn_association_id = charges.association_id._common()
            else:
                move.mbn_association_id = False

    def _mbn_association_print(self):
        """What the association adds to the printed invoice, for whoever prints it.

        :return: dict of ``name``, ``logo`` and ``text`` (the latter two may be empty); empty
            when the invoice concerns no association or more than one
        """
        association = self.sudo().mbn_association_id
        if not association:
            return {}
        return {
            "name": association.name,
            "logo": association._nearest_with("logo").logo,
            "text": association._nearest_with("text").text,
        }


class DunningLetter(models.Model):
    _inherit = "dunning.letter"

    def _print_logo(self):
        """That of the association, when all invoices of the letter concern one."""
        invoices = self.sudo().line_ids.invoice_id
        if not all(invoice.mbn_association_id for invoice in invoices):
            return super()._print_logo()
        association = invoices.mbn_association_id._common()
        return association._nearest_with("logo").logo or super()._print_logo()


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_default_mail_attachments_widget(self, move, mail_template, **kwargs):
        attachments = super()._get_default_mail_attachments_widget(move, mail_template, **kwargs)
        enclosure = move.sudo().mbn_association_id._enclosure_attachment()
        return attachments + [
            {
                "id": attachment.id,
                "name": attachment.name,
                "mimetype": attachment.mimetype,
                "placeholder": False,
            }
            for attachment in enclosure
        ]
