from odoo import api, fields, models


class DirectDebitFailurePolicy(models.Model):
    """What follows when a debit fails, or when the bank refuses to set one up."""

    _name = "direct.debit.failure.policy"
    _description = "Failure Policy"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(
        default=10, help="The first policy of the list holds where no other is chosen."
    )
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index="btree_not_null", help="Empty: every company may use it."
    )
    step_ids = fields.One2many("direct.debit.failure.step", "policy_id", string="Steps", copy=True)

    @api.model
    def _of_company(self, company):
        """The policy that holds in ``company`` where no other is chosen; may be empty."""
        chosen = company.sudo().mbn_failure_policy_id
        if chosen.active:
            return chosen
        shared = ["|", ("company_id", "=", False), ("company_id", "parent_of", company.ids)]
        return self.sudo().search(shared, limit=1)

    def _step(self, event, number):
        """The step for the ``number``-th failure in a row; may be empty.

        A step of just this number comes before the nearest earlier one that holds for all later
        failures too.

        :param event: ``setup`` or ``failed``
        """
        steps = self.step_ids.filtered(lambda step: step.event == event)
        if event == "setup":
            return steps[:1]
        exact = steps.filtered(lambda step: step.number == number)
        earlier = steps.filtered(lambda step: step.and_later and step.number < number)
        return exact or earlier.sorted("number")[-1:]
