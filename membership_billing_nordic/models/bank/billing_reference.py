from collections import defaultdict

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from ...formats.references import normalise

_BATCH = 5000
_MAX_TRIES = 50


class BillingReference(models.Model):
    """Every payment reference that was given out or recognised, and what it means.

    A reference is compared in its normalised form and belongs to one agreement. It is
    never given out twice: the row stays when its invoice is deleted.
    """

    _name = "billing.reference"
    _description = "Payment Reference"
    _order = "id desc"
    _rec_name = "printed"
    _check_company_auto = True

    agreement_id = fields.Many2one(
        "bank.agreement", required=True, readonly=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="agreement_id.company_id", store=True, index=True)
    value = fields.Char(
        string="Compared As",
        required=True,
        readonly=True,
        index=True,
        help="The reference in capitals, without blanks and leading zeros.",
    )
    printed = fields.Char(
        string="Reference",
        required=True,
        readonly=True,
        help="The reference as it stands on the invoice.",
    )
    kind = fields.Selection(
        [("invoice", "Invoice"), ("payer", "Payer"), ("foreign", "Made elsewhere")],
        required=True,
        readonly=True,
        index=True,
        help="Invoice: given out here for one invoice. Payer: says who pays, but not what for. "
        "Made elsewhere: put on an invoice by a person or another program.",
    )
    layout_id = fields.Many2one(
        "bank.reference.layout", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The invoice it was given out for. Empty when the invoice was deleted.",
    )
    partner_id = fields.Many2one(
        "res.partner", string="Payer", readonly=True, ondelete="set null", index="btree_not_null"
    )

    _value_unique = models.Constraint(
        "UNIQUE(agreement_id, value)", "This reference was already given out by the agreement."
    )

    @api.model
    def _search_display_name(self, operator, value):
        if isinstance(value, str):
            return Domain("value", operator, normalise(value))
        return super()._search_display_name(operator, value)

    @api.model
    def _resolve(self, agreement, values):
        """What the payment references ``values`` mean, in one query.

        :param agreement: the agreement that received them; what its predecessors gave out
            counts too where it has no such reference itself
        :param values: iterable of references as the bank wrote them
        :return: dict of normalised reference → ``billing.reference``, unknown ones left out
        """
        wanted = {normalise(value) for value in values} - {""}
        chain = agreement._with_predecessors().ids
        rows = self.search([("agreement_id", "in", chain), ("value", "in", list(wanted))])
        oldest_first = rows.sorted(lambda row: -chain.index(row.agreement_id.id))
        return {row.value: row for row in oldest_first}

    @api.model
    def _used_layouts(self, layouts):
        """Those of ``layouts`` in which references were given out."""
        rows = self._read_group([("layout_id", "in", layouts.ids)], ["layout_id"])
        return self.env["bank.reference.layout"].union(*(layout for (layout,) in rows))

    # ----------------------------------------------------------------------------------
    # Giving out
    # ----------------------------------------------------------------------------------

    @api.model
    def _allot(self, moves):
        """Give each invoice of ``moves`` that needs one its reference, in one pass.

        Left alone are invoices that have a payment reference, and those whose agreement
        gives none. Raises ``UserError`` when a layout has no room.
        """
        moves = moves.filtered(lambda move: move._mbn_wants_reference())
        for agreement, group in moves.grouped("mbn_agreement_id").items():
            self._allot_for(agreement.sudo(), group)
        moves.invalidate_recordset(["mbn_reference_ids", "mbn_reference_id"])

    @api.model
    def _allot_for(self, agreement, moves):
        layout = agreement._reference_layout()
        shape = layout._shape()
        numbers = {
            partner_id: agreement._payer_part(number)
            for partner_id, number in agreement._payer_numbers(moves.commercial_partner_id).items()
        }
        left = moves
        for _try in range(_MAX_TRIES):
            if not left:
                return
            rows = [
                (move.id, partner.id, shape.build(numbers[partner.id], serial))
                for move, partner, serial in zip(
                    left,
                    (move.commercial_partner_id for move in left),
                    layout._take_serials(len(left)),
                    strict=True,
                )
            ]
            done = self._insert(agreement, "invoice", rows, layout)
            left = left.filtered(lambda move, done=done: move.id not in done)
        raise UserError(
            self.env._(
                "Agreement %(agreement)s finds no free reference: too many running numbers from "
                "%(serial)s on are used already. Raise the next serial of its first layout.",
                agreement=agreement.display_name,
                serial=layout.next_serial,
            )
        )

    @api.model
    def _insert(self, agreement, kind, rows, layout=None):
        """Register the references that are free.

        :param rows: list of (id of the invoice or None, id of the payer, printed form)
        :return: set of the invoice ids (payer ids for kind ``payer``) that were registered
        """
        returned = self.env.execute_query(
            SQL(
                """INSERT INTO billing_reference
                       (agreement_id, company_id, layout_id, kind, move_id, partner_id, printed,
                        value, create_uid, create_date, write_uid, write_date)
                   SELECT %(agreement)s, %(company)s, %(layout)s, %(kind)s, given.move,
                          given.partner, given.printed, given.value,
                          %(user)s, now() AT TIME ZONE 'UTC', %(user)s, now() AT TIME ZONE 'UTC'
                     FROM unnest(%(moves)s::int[], %(partners)s::int[], %(printed)s::text[],
                                 %(values)s::text[]) AS given (move, partner, printed, value)
                   ON CONFLICT (agreement_id, value) DO NOTHING
                   RETURNING COALESCE(move_id, partner_id)""",
                agreement=agreement.id,
                company=agreement.company_id.id,
                layout=layout.id if layout else None,
                kind=kind,
                user=self.env.uid,
                moves=[move_id for move_id, _partner_id, _printed in rows],
                partners=[partner_id for _move_id, partner_id, _printed in rows],
                printed=[printed for _move_id, _partner_id, printed in rows],
                values=[normalise(printed) for _move_id, _partner_id, printed in rows],
            )
        )
        return {row_id for (row_id,) in returned}

    # ----------------------------------------------------------------------------------
    # Recognising what others gave out
    # ----------------------------------------------------------------------------------

    @api.model
    def _register_foreign(self, moves):
        """Register the references others put on posted ``moves``, where free and lawful.

        :return: the invoices whose reference belongs to something else already
        """
        taken = moves.browse()
        for agreement, group in moves.grouped("mbn_agreement_id").items():
            lawful = group.filtered(
                lambda move, agreement=agreement: agreement._is_lawful_reference(
                    move.payment_reference
                )
            )
            taken |= self._register_foreign_for(agreement.sudo(), lawful)
        return taken

    @api.model
    def _register_foreign_for(self, agreement, moves):
        known = self.sudo()._resolve(agreement, moves.mapped("payment_reference"))
        meant = {move: known.get(normalise(move.payment_reference)) for move in moves}
        new = moves.filtered(lambda move: not meant[move])
        rows = [(move.id, move.commercial_partner_id.id, move.payment_reference) for move in new]
        done = self._insert(agreement, "foreign", rows) if rows else set()
        new.invalidate_recordset(["mbn_reference_ids", "mbn_reference_id"])
        return new.filtered(lambda move: move.id not in done) | moves.filtered(
            lambda move: meant[move] and not meant[move]._means(move)
        )

    def _specimen(self):
        """What to show for it before it is really given out; empty when there is none.

        What somebody typed is shown as it is.
        """
        if not self.layout_id:
            return self.printed
        return self.layout_id.sudo()._shape().specimen(self.printed)

    def _payer(self):
        """Whose payments have this reference: the payer of its invoice as it is now."""
        return self.move_id.commercial_partner_id or self.partner_id

    def _named_claims(self):
        """The receivable lines it names one by one, in the order they are paid; mostly none."""
        return self.env["account.move.line"]

    def _means(self, move):
        """Would a payment with this reference find ``move``?"""
        self.ensure_one()
        if self.move_id:
            return self.move_id == move
        return self.partner_id == move.commercial_partner_id

    @api.model
    def _register_open_invoices(self, journals=None):
        """Register the payment references of all open customer invoices.

        A reference that stands on several invoices of one payer means that payer; one
        that stands on invoices of several payers means nothing and is left out.

        :param journals: the sale journals to go through; all with an agreement by default
        """
        if journals is None:
            journals = (
                self.env["account.journal"].sudo().search([("mbn_agreement_id", "!=", False)])
            )
        for agreement, group in journals.sudo().grouped("mbn_agreement_id").items():
            if agreement:
                self._register_open_for(agreement, group)

    @api.model
    def _register_open_for(self, agreement, journals):
        meanings = defaultdict(list)
        for move_id, partner_id, printed in self._open_references(journals):
            if agreement._is_lawful_reference(printed):
                meanings[normalise(printed)].append((move_id, partner_id, printed))
        rows = defaultdict(list)
        for uses in meanings.values():
            move_id, partner_id, printed = uses[0]
            if len(uses) == 1:
                rows["foreign"].append((move_id, partner_id, printed))
            elif len({use[1] for use in uses}) == 1:
                rows["payer"].append((None, partner_id, printed))
        for kind, kind_rows in rows.items():
            for batch in split_every(_BATCH, kind_rows, list):
                self._insert(agreement, kind, batch)
        self.env["account.move"].invalidate_model(["mbn_reference_ids", "mbn_reference_id"])

    @api.model
    def _open_references(self, journals):
        """(invoice id, payer id, payment reference) of the open invoices of ``journals``."""
        self.env["account.move"].flush_model()
        return self.env.execute_query(
            SQL(
                """SELECT id, commercial_partner_id, payment_reference
                     FROM account_move
                    WHERE journal_id = ANY(%s) AND move_type = 'out_invoice'
                      AND state = 'posted' AND payment_reference > ''
                      AND payment_state NOT IN ('paid', 'reversed')
                    ORDER BY id""",
                journals.ids,
            )
        )
