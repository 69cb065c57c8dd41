from odoo import api, fields, models


class DirectDebitFailureStep(models.Model):
    """One step of a failure policy: what the payer is told and offered, and what else is done."""

    _name = "direct.debit.failure.step"
    _description = "Step of a Failure Policy"
    _order = "policy_id, event desc, number, id"

    policy_id = fields.Many2one(
        "direct.debit.failure.policy", required=True, index=True, ondelete="cascade"
    )
    event = fields.Selection(
        [("setup", "Set-up refused"), ("failed", "Debit failed")],
        string="When",
        required=True,
        default="failed",
        help="Set-up refused: the bank does not accept the mandate. Debit failed: the bank brought "
        "no money, or took it back.",
    )
    number = fields.Integer(
        string="Failure",
        required=True,
        default=1,
        help="Which failure in a row, counted for each mandate. The count begins anew when a debit "
        "is collected, or when everything that failed is paid in another way.",
    )
    and_later = fields.Boolean(
        help="Also for every later failure, as far as no step of its own is there."
    )
    template_id = fields.Many2one(
        "mail.template",
        string="Message",
        domain="[('model', '=', 'direct.debit.failure')]",
        ondelete="restrict",
        help="What the payer gets, by the channel that invoices go by. Empty: no message.",
    )
    offer_once = fields.Boolean(
        string="Pay Once", help="The message offers to pay the invoice by other means."
    )
    offer_again = fields.Boolean(
        string="Sign Up Again", help="The message offers to sign up for direct debit anew."
    )
    offer_other = fields.Boolean(
        string="Pay Otherwise from Now On", help="The message offers to pay without direct debit."
    )
    offer_lower = fields.Boolean(
        string="Lower Amount", help="The message offers to talk about a lower amount."
    )
    offers = fields.Char(compute="_compute_offers", help="What the message offers to the payer.")
    is_listed = fields.Boolean(
        string="Call List", help="The payer is put on the list of those to call."
    )
    despite_retry = fields.Boolean(
        string="Even If Tried Again",
        help="Also while a debit of the same invoice is planned to be tried again. Without this, "
        "call list and membership wait for what becomes of it.",
    )
    name = fields.Char(string="Step", compute="_compute_name")

    _once = models.Constraint(
        "UNIQUE (policy_id, event, number)", "There is one step for each failure only."
    )
    _number_positive = models.Constraint(
        "CHECK (number > 0)", "Failures are counted from 1 on: enter 1 or more."
    )

    @api.depends("event", "number", "and_later")
    def _compute_name(self):
        for step in self:
            step.name = step._describe()

    def _describe(self):
        if self.event == "setup":
            return self.env._("Set-up refused")
        if self.and_later:
            return self.env._("Failure %(number)s and later", number=self.number)
        return self.env._("Failure %(number)s", number=self.number)

    @api.depends("template_id", "offer_once", "offer_again", "offer_other", "offer_lower")
    def _compute_offers(self):
        names = ("offer_once", "offer_again", "offer_other", "offer_lower")
        labels = {name: self._fields[name]._description_string(self.env) for name in names}
        for step in self:
            chosen = [labels[name] for name in names if step.template_id and step[name]]
            step.offers = ", ".join(chosen)

    @api.onchange("event")
    def _onchange_event(self):
        if self.event == "setup":
            self.number, self.and_later = 1, False

    @api.depends("name")
    def _compute_display_name(self):
        for step in self:
            step.display_name = step.name
