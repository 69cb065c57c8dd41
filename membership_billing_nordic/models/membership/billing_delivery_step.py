from odoo import api, fields, models, tools


class BillingDeliveryStep(models.Model):
    """One step of a company's order of delivery channels."""

    _name = "billing.delivery.step"
    _description = "Delivery Step"
    _order = "company_id, sequence, id"
    _rec_name = "channel"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Whose invoices are sent in this order.",
    )
    sequence = fields.Integer(default=10, help="The first channel with an address is used.")
    channel = fields.Selection(
        selection="_selection_channel",
        required=True,
        help="How an invoice reaches its payer when the earlier channels do not.",
    )

    _one_step_per_channel = models.Constraint(
        "UNIQUE (company_id, channel)", "A channel has one place in the order only."
    )

    @api.model
    def _selection_channel(self):
        partners = self.env["res.partner"]
        selection = partners._fields["invoice_sending_method"]._description_selection(self.env)
        return [(key, label) for key, label in selection if key != "manual"]

    @api.model_create_multi
    def create(self, vals_list):
        steps = super().create(vals_list)
        self.env.registry.clear_cache()
        return steps

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    @api.model
    @tools.ormcache("company.id")
    def _channels(self, company):
        """The channels of ``company`` in order: its own, else those of the company above it.

        A company that has set up nothing sends by e-mail and else leaves it to the portal.
        """
        known = dict(self._selection_channel())
        for owner in reversed(company.sudo().parent_ids):
            steps = self.sudo().search([("company_id", "=", owner.id)])
            if steps:
                return tuple(step.channel for step in steps if step.channel in known)
        return ("email", "portal")
