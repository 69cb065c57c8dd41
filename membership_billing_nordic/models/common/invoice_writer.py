from odoo import api, models


class BillingInvoiceWriter(models.AbstractModel):
    """Creates and posts many customer invoices at once."""

    _name = "billing.invoice.writer"
    _description = "Invoice Writer"

    @api.model
    def _create_posted(self, vals_list, post=True):
        """Create the customer invoices described by ``vals_list`` and post them.

        :param vals_list: values as ``account.move.create`` takes them
        :param post: leave the invoices in draft when False
        :return: ``account.move`` records in the order of ``vals_list``
        :raise UserError: as Odoo's own ``create`` and ``action_post`` do
        """
        moves = self.env["account.move"].create(vals_list)
        if post:
            moves.action_post()
        return moves
