from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ...formats.references import normalise


class BankPayerNumber(models.Model):
    """A payer's number with one receiving agreement. Never changed, never reused."""

    _name = "bank.payer.number"
    _description = "Payer Number"
    _order = "agreement_id, id"
    _rec_name = "number"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, ondelete="restrict", index=True
    )
    agreement_id = fields.Many2one(
        "bank.agreement", required=True, ondelete="restrict", index=True, check_company=True
    )
    company_id = fields.Many2one(related="agreement_id.company_id", store=True, index=True)
    number = fields.Char(
        required=True,
        help="Digits, without leading zeros. The bank and the payer know the payer by it, so it "
        "is never changed and never given to somebody else.",
    )
    is_alias = fields.Boolean(
        string="Not Current",
        help="The payer has another number now, for example after two contacts were merged, or "
        "waits for the bank to change to this one. Payments with it are recognised.",
    )

    _number_unique = models.Constraint(
        "UNIQUE(agreement_id, number)",
        "This payer number is already given to a payer of the agreement.",
    )
    _searched = models.Index("(number)")
    _one_current = models.UniqueIndex(
        "(partner_id, agreement_id) WHERE is_alias IS NOT TRUE",
        "The payer already has a number with this agreement. Mark the new one as former, or "
        "keep the number there is.",
    )

    @api.constrains("number")
    def _check_number(self):
        for row in self:
            row.agreement_id._check_payer_number(row.number)

    @api.constrains("partner_id")
    def _check_payer_is_commercial(self):
        self.partner_id._mbn_check_own_payer()

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [
            vals | {"number": normalise(vals["number"])} if vals.get("number") else vals
            for vals in vals_list
        ]
        return super().create(vals_list)

    def write(self, vals):
        if vals.keys() & {"number", "agreement_id", "partner_id"}:
            raise UserError(
                self.env._("A payer number is never changed: payments and mandates go by it.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_never(self):
        raise UserError(
            self.env._("A payer number is never deleted: it must not go to another payer.")
        )

    @api.model
    def _allot(self, agreement, partners):
        """Give each of ``partners`` (who have none) the next free number of ``agreement``.

        Imported numbers may lie ahead of the sequence: those are passed over.
        """
        left = list(partners.ids)
        while left:
            numbers = agreement.sudo().payer_sequence_id._mbn_take(len(left))
            agreement._check_payer_number_fits(str(numbers[-1]))
            left = self._insert(agreement, left, numbers)
        self.invalidate_model()
        partners.invalidate_recordset(["mbn_payer_number_ids"])

    @api.model
    def _follow(self, agreement, partner, number):
        """The bank knows a payer by another ``number`` from now on; the one before stays known.

        :return: whether the payer has it now; False when it is somebody else's
        """
        payer = agreement._payers_by_number([number]).get(number)
        if payer and payer != partner:
            return False
        own = Domain("agreement_id", "=", agreement.id) & Domain("partner_id", "=", partner.id)
        before = self.search(own & Domain("is_alias", "=", False))
        if number in before.mapped("number"):
            return True
        before.is_alias = True
        self.flush_model()
        if payer:
            self.search(own & Domain("number", "=", number)).is_alias = False
        else:
            self.create({"agreement_id": agreement.id, "partner_id": partner.id, "number": number})
        return True

    @api.model
    def _reserve(self, agreement, partner, number):
        """Keep ``number`` for a payer who is to have it later; it is recognised at once.

        :raises UserError: it is somebody else's
        """
        payer = agreement._payers_by_number([number]).get(number)
        if payer and payer != partner:
            raise UserError(
                self.env._(
                    "Payer number %(number)s is somebody else's. Choose another one.",
                    number=number,
                )
            )
        if not payer:
            self.create(
                {
                    "agreement_id": agreement.id,
                    "partner_id": partner.id,
                    "number": number,
                    "is_alias": True,
                }
            )

    @api.model
    def _insert(self, agreement, partner_ids, numbers):
        """Insert what is free; return the ids of the partners whose number was taken."""
        rows = self.env.execute_query(
            SQL(
                """INSERT INTO bank_payer_number
                       (agreement_id, company_id, partner_id, number, is_alias,
                        create_uid, create_date, write_uid, write_date)
                   SELECT %(agreement)s, %(company)s, given.partner, given.number, FALSE,
                          %(user)s, now() AT TIME ZONE 'UTC', %(user)s, now() AT TIME ZONE 'UTC'
                     FROM unnest(%(partners)s::int[], %(numbers)s::text[])
                          AS given (partner, number)
                   ON CONFLICT DO NOTHING
                   RETURNING partner_id""",
                agreement=agreement.id,
                company=agreement.company_id.id,
                user=self.env.uid,
                partners=partner_ids,
                numbers=[str(number) for number in numbers],
            )
        )
        done = {partner_id for (partner_id,) in rows}
        return [partner_id for partner_id in partner_ids if partner_id not in done]
