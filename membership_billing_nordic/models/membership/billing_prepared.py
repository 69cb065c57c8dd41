from odoo import api, fields, models
from odoo.exceptions import UserError


class BillingPreparedMixin(models.AbstractModel):
    """What one person prepared another releases, where the company demands a second person."""

    _name = "billing.prepared.mixin"
    _description = "Prepared by One Person, Released by Another"

    prepared_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        copy=False,
        help="Who made the preview. Where a second person is demanded, somebody else releases it.",
    )
    needs_second_person = fields.Boolean(
        compute="_compute_needs_second_person",
        help="The user prepared it, so that somebody else has to release it.",
    )

    @api.depends("prepared_by_id", "company_id.mbn_second_person")
    @api.depends_context("uid")
    def _compute_needs_second_person(self):
        for prepared in self:
            prepared.needs_second_person = not prepared._may_be_released_by(self.env.user)

    def _check_second_person(self):
        """:raise UserError: when who prepared it must not release it"""
        if not self._may_be_released_by(self.env.user):
            raise UserError(
                self.env._(
                    "You prepared %(run)s. Somebody else has to release it: this company demands "
                    "a second person.",
                    run=self.name,
                )
            )

    def _may_be_released_by(self, user):
        """The scheduled actions, too, are a person who prepares; they release what they made."""
        if not self.company_id.mbn_second_person or user != self.prepared_by_id:
            return True
        return user == self.env.ref("base.user_root")
