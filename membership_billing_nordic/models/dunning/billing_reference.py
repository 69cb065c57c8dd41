from odoo import api, fields, models

_TRIES = 50


class BillingReference(models.Model):
    _inherit = "billing.reference"

    kind = fields.Selection(
        selection_add=[("letter", "Reminder letter"), ("plan", "Payment plan")],
        ondelete={"letter": "cascade", "plan": "cascade"},
        help="Invoice: given out here for one invoice. Payer: says who pays, but not what for. "
        "Made elsewhere: put on an invoice by a person or another program. Reminder letter: for "
        "all invoices of a letter. Payment plan: for all invoices that are paid in instalments.",
    )
    plan_id = fields.Many2one(
        "dunning.payment.plan", readonly=True, ondelete="set null", index="btree_not_null"
    )
    letter_id = fields.Many2one(
        "dunning.letter", readonly=True, ondelete="set null", index="btree_not_null"
    )

    @api.model
    def _allot_letter(self, agreement, payer, kind="letter"):
        """Give out a reference by which several invoices of a letter, or of a plan, are paid.

        :return: its printed form; False when the agreement gives out none
        """
        if not agreement or not agreement.layout_ids:
            return False
        agreement, registry = agreement.sudo(), self.sudo()
        layout = agreement._reference_layout()
        number = agreement._payer_part(agreement._payer_numbers(payer)[payer.id])
        for _try in range(_TRIES):
            (serial,) = layout._take_serials(1)
            printed = layout._shape().build(number, serial)
            if registry._insert(agreement, kind, [(None, payer.id, printed)], layout):
                return printed
        return False

    @api.model
    def _name_letter(self, letter):
        """Let the reference that was given out for ``letter`` mean it."""
        if letter.reference:
            row = self.sudo().search(
                [("agreement_id", "=", letter.agreement_id.id), ("printed", "=", letter.reference)]
            )
            row.letter_id = letter

    @api.model
    def _name_plan(self, plan):
        """Let the reference that was given out for ``plan`` mean it."""
        if plan.reference:
            row = self.sudo().search(
                [("agreement_id", "=", plan.agreement_id.id), ("printed", "=", plan.reference)]
            )
            row.plan_id = plan

    def _named_claims(self):
        claims = self.letter_id.line_ids.claim_id | self.plan_id.claim_ids
        return super()._named_claims() | claims.sorted("due_date").move_line_id
