from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.sql import column_exists, create_column


class AccountMove(models.Model):
    _inherit = "account.move"

    mbn_agreement_id = fields.Many2one(
        "bank.agreement",
        string="Bank Agreement",
        compute="_compute_mbn_agreement_id",
        store=True,
        readonly=False,
        check_company=True,
        index="btree_not_null",
        help="The bank agreement through which this invoice is paid. It gives the invoice its "
        "payment reference when it is posted.",
    )
    mbn_reference_ids = fields.One2many(
        "billing.reference", "move_id", string="Registered References", groups="base.group_user"
    )
    mbn_reference_id = fields.Many2one(
        "billing.reference",
        string="Registered Reference",
        compute="_compute_mbn_reference_id",
        compute_sudo=True,
        help="The reference by which payments find this invoice.",
    )

    mbn_payment_count = fields.Integer(
        string="Bank Payments",
        compute="_compute_mbn_payment_count",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="Payments of bank files that were used for this invoice.",
    )

    def _auto_init(self):
        # No invoice has an agreement when the add-on comes in: do not compute millions.
        if not column_exists(self.env.cr, self._table, "mbn_agreement_id"):
            create_column(self.env.cr, self._table, "mbn_agreement_id", "int4")
        return super()._auto_init()

    @api.depends("journal_id", "currency_id", "move_type")
    def _compute_mbn_agreement_id(self):
        for move in self:
            agreement = move.journal_id.mbn_agreement_id
            if move.state != "draft":
                move.mbn_agreement_id = move.mbn_agreement_id
            elif move.move_type == "out_invoice" and agreement._takes(move.currency_id):
                move.mbn_agreement_id = agreement
            else:
                move.mbn_agreement_id = False

    @api.depends("mbn_agreement_id")
    def _compute_partner_bank_id(self):
        # A reference is worth nothing on another account than its agreement's.
        agreed = self.filtered(
            lambda move: move.move_type == "out_invoice" and move.mbn_agreement_id.partner_bank_id
        )
        for move in agreed:
            move.partner_bank_id = move.mbn_agreement_id.partner_bank_id
        return super(AccountMove, self - agreed)._compute_partner_bank_id()

    @api.depends("mbn_reference_ids", "mbn_agreement_id")
    def _compute_mbn_reference_id(self):
        for move in self:
            agreement = move.mbn_agreement_id
            rows = move.mbn_reference_ids.filtered(
                lambda row, agreement=agreement: row.agreement_id == agreement
            )
            own = rows.filtered(lambda row: row.kind == "invoice")
            move.mbn_reference_id = (own or rows)[:1]

    def _compute_mbn_payment_count(self):
        counts = dict(
            self.env["bank.payment.allocation"]._read_group(
                [("invoice_id", "in", self.ids), ("undone_move_id", "=", False)],
                ["invoice_id"],
                ["payment_id:count_distinct"],
            )
        )
        for move in self:
            move.mbn_payment_count = counts.get(move._origin, 0)

    def action_mbn_payments(self):
        """Show the payments of bank files that were used for this invoice."""
        self.env["bank.payment"].check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_bank_payment"
        )
        return action | {"domain": [("allocation_ids.invoice_id", "=", self.id)], "context": {}}

    def button_draft(self):
        if booked := self._mbn_of_bank_files():
            raise UserError(
                self.env._(
                    "%(entries)s book payments of bank files and stay as they are. Undo the "
                    "placement of a payment under Bank, Payments instead.",
                    entries=", ".join(booked.mapped("name")),
                )
            )
        return super().button_draft()

    def _mbn_of_bank_files(self):
        """Those entries that book deposits or payments: the clearing account hangs on them."""
        entries = self.filtered(lambda move: move.move_type == "entry").sudo()
        if not entries:
            return entries
        deposits = self.env["bank.deposit"].sudo().search([("move_id", "in", entries.ids)])
        used = (
            self.env["bank.payment.allocation"]
            .sudo()
            .search(["|", ("move_id", "in", entries.ids), ("undone_move_id", "in", entries.ids)])
        )
        return entries & (deposits.move_id | used.move_id | used.undone_move_id)

    def write(self, vals):
        result = super().write(vals)
        if vals.get("payment_reference"):
            self.filtered(lambda move: move.state == "posted")._mbn_register_references()
        return result

    def _post(self, soft=True):
        self._mbn_retire_references()
        self.env["billing.reference"]._allot(self)
        posted = super()._post(soft)
        posted._mbn_register_references()
        return posted

    def _mbn_wants_reference(self):
        """Does this invoice still need a reference that its agreement gives out?"""
        self.ensure_one()
        agreement = self.mbn_agreement_id
        return bool(
            self.move_type == "out_invoice"
            and agreement
            and not self.payment_reference
            and self.commercial_partner_id
            and agreement._gives_references(self.journal_id)
            and self.mbn_reference_id.kind != "invoice"
        )

    def _mbn_retire_references(self):
        """Take back the reference of a draft that changed its payer or agreement.

        It was printed with the old payer's number, who may still pay by it: the registry
        keeps it for that payer.
        """
        known = self.filtered(lambda move: move.posted_before and move.payment_reference)
        for move in known:
            rows = move.sudo().mbn_reference_ids.filtered(lambda row: row.kind == "invoice")
            foreign = rows.filtered(
                lambda row, move=move: row.partner_id != move.commercial_partner_id
            )
            stale = foreign | rows.filtered(
                lambda row, move=move: row.agreement_id != move.mbn_agreement_id
            )
            if move.payment_reference in stale.mapped("printed"):
                move.payment_reference = False
            foreign.move_id = False

    def _mbn_register_references(self):
        """Let payments find these invoices by references that were not given out here."""
        moves = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.mbn_agreement_id
                and move.payment_reference
                and move.payment_reference != move.mbn_reference_id.sudo().printed
            )
        )
        if not moves:
            return
        desk = self.env["billing.exception"]
        for move in self.env["billing.reference"]._register_foreign(moves):
            desk._open(
                move,
                "reference_taken",
                self.env._(
                    "Payment reference %(reference)s of %(invoice)s is already used elsewhere",
                    reference=move.payment_reference,
                    invoice=move.name,
                ),
                self.env._(
                    "Payments with it will not find this invoice. Reset the invoice to draft, "
                    "empty the payment reference and confirm it again."
                ),
            )

    def _get_invoice_computed_reference(self):
        reference = self.mbn_reference_id.sudo()
        if reference.kind == "invoice":
            return reference.printed
        return super()._get_invoice_computed_reference()

    def _get_invoice_reference_agreement_invoice(self):
        """Reference model ``agreement``: the same allotment as for a batch, for one invoice."""
        self.ensure_one()
        self.env["billing.reference"]._allot(self)
        reference = self.mbn_reference_id.sudo()
        if reference.kind == "invoice":
            return reference.printed
        return self._get_invoice_reference_odoo_invoice()

    def _get_invoice_reference_agreement_partner(self):
        """References of an agreement begin with the payer's number whatever the type."""
        return self._get_invoice_reference_agreement_invoice()
