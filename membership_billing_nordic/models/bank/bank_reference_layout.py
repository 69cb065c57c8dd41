from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ...formats.references import ReferenceLayout

_SHAPE = ("agreement_id", "payer_digits", "fixed_part", "serial_digits", "check_method")


class BankReferenceLayout(models.Model):
    """How the references of an agreement are put together."""

    _name = "bank.reference.layout"
    _description = "Reference Layout"
    _order = "agreement_id, sequence, id"
    _check_company_auto = True

    agreement_id = fields.Many2one("bank.agreement", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="agreement_id.company_id", store=True, index=True)
    scheme = fields.Selection(related="agreement_id.scheme")
    sequence = fields.Integer(
        default=10, help="The first layout is used for new references, the others are only read."
    )
    payer_digits = fields.Integer(
        default=7,
        required=True,
        help="How many digits the payer number takes, filled with zeros from the left.",
    )
    fixed_part = fields.Char(
        help="Digits between payer number and serial that are always the same. Usually empty.",
    )
    serial_digits = fields.Integer(
        default=7,
        required=True,
        help="How many digits the running number takes. Seven last for ten million references.",
    )
    check_method = fields.Selection(
        [("mod10", "Modulus 10"), ("mod11", "Modulus 11")],
        string="Check Digit",
        default="mod10",
        required=True,
        help="How the last character is calculated, as agreed with the bank.",
    )
    # A number of characters, not the field option that was called so.
    length = fields.Integer(  # pylint: disable=attribute-deprecated
        compute="_compute_length", store=True, help="Length of a reference with its check digit."
    )
    example = fields.Char(
        compute="_compute_length",
        store=True,
        help="The first reference of payer number 1234, to compare with the bank's letter.",
    )
    sequence_id = fields.Many2one(
        "ir.sequence",
        string="Serial Numbers",
        required=True,
        readonly=True,
        copy=False,
        ondelete="restrict",
        index=True,
    )
    next_serial = fields.Integer(
        compute="_compute_next_serial",
        inverse="_inverse_next_serial",
        help="The running number of the next reference. Raise it when another program has "
        "already used numbers of this layout.",
    )
    is_locked = fields.Boolean(
        string="In Use",
        compute="_compute_is_locked",
        help="References were given out in this layout: it can no longer be changed.",
    )

    @api.depends("payer_digits", "fixed_part", "serial_digits", "check_method")
    def _compute_length(self):
        for layout in self:
            shape = layout._shape()
            layout.length = shape.length
            try:
                layout.example = shape.build("1234"[-max(shape.payer_digits, 1) :], 1)
            except ValueError:
                layout.example = False

    @api.depends("sequence_id.number_next_actual")
    def _compute_next_serial(self):
        for layout in self:
            layout.next_serial = layout.sudo().sequence_id.number_next_actual or 1

    def _inverse_next_serial(self):
        for layout in self:
            sequence = layout.sudo().sequence_id
            if layout.next_serial == sequence.number_next_actual:
                continue
            if layout.next_serial < 1:
                raise ValidationError(layout.env._("The next serial must be 1 or more."))
            if layout.is_locked and layout.next_serial < sequence.number_next_actual:
                raise ValidationError(
                    layout.env._(
                        "The next serial of a layout in use can only be raised; it is %(serial)s.",
                        serial=sequence.number_next_actual,
                    )
                )
            sequence.number_next_actual = layout.next_serial

    def _compute_is_locked(self):
        used = self.env["billing.reference"].sudo()._used_layouts(self)
        for layout in self:
            layout.is_locked = layout._origin in used

    @api.constrains("payer_digits", "fixed_part", "serial_digits")
    def _check_shape(self):
        for layout in self:
            if layout.payer_digits < 1 or layout.serial_digits < 1:
                raise ValidationError(
                    layout.env._("Payer number and serial need at least one digit each.")
                )
            fixed = layout.fixed_part or ""
            if fixed and not (fixed.isascii() and fixed.isdigit()):
                raise ValidationError(layout.env._("The fixed part may hold digits only."))
            if layout.length > 35:
                raise ValidationError(
                    layout.env._(
                        "A reference may have 35 characters, this layout has %(length)s.",
                        length=layout.length,
                    )
                )

    @api.constrains(*_SHAPE)
    def _check_layouts_of_agreement(self):
        self.agreement_id._check_layouts()

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [
            vals if vals.get("sequence_id") else vals | {"sequence_id": self._new_sequence().id}
            for vals in vals_list
        ]
        layouts = super().create(vals_list)
        first = layouts.agreement_id.filtered(lambda agreement: agreement.layout_ids <= layouts)
        first.sale_journal_ids.invoice_reference_model = "agreement"
        return layouts

    @api.model
    def _new_sequence(self):
        return (
            self.env["ir.sequence"]
            .sudo()
            .create({"name": self.env._("Reference serial"), "company_id": False})
        )

    def write(self, vals):
        changed = [name for name in _SHAPE if name in vals]
        for layout in self.filtered("is_locked") if changed else ():
            if any(layout._differs(name, vals[name]) for name in changed):
                raise UserError(
                    layout.env._(
                        "References were already given out in layout %(layout)s, so it cannot "
                        "be changed. Add a new layout and move it to the top.",
                        layout=layout.display_name,
                    )
                )
        return super().write(vals)

    def _differs(self, name, value):
        return self._fields[name].convert_to_write(self[name], self) != (value or False)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        if locked := self.filtered("is_locked"):
            raise UserError(
                self.env._(
                    "References were already given out in layout %(layout)s. Keep it, so that "
                    "payments with them are recognised, and move another one to the top.",
                    layout=locked[0].display_name,
                )
            )

    def unlink(self):
        sequences = self.sudo().sequence_id
        agreements = self.agreement_id
        result = super().unlink()
        sequences.unlink()
        agreements.exists()._check_sale_journals()
        return result

    @api.depends("payer_digits", "fixed_part", "serial_digits", "check_method")
    def _compute_display_name(self):
        for layout in self:
            parts = [layout.payer_digits, layout.fixed_part, layout.serial_digits]
            layout.display_name = "{} ({}, {})".format(
                " + ".join(str(part) for part in parts if part), layout.length, layout.check_method
            )

    def _shape(self):
        """This layout as the pure :class:`ReferenceLayout`."""
        self.ensure_one()
        return ReferenceLayout(
            payer_digits=self.payer_digits,
            serial_digits=self.serial_digits,
            fixed_part=self.fixed_part or "",
            check=self.check_method,
        )

    def _take_serials(self, count):
        """The next ``count`` serials. Raises ``UserError`` when the layout has no more."""
        self.ensure_one()
        serials = self.sudo().sequence_id._mbn_take(count)
        if serials[-1] > self._shape().max_serial:
            raise UserError(
                self.env._(
                    "Layout %(layout)s of agreement %(agreement)s has no serials left. Agree a "
                    "layout with more serial digits with the bank and put it first.",
                    layout=self.display_name,
                    agreement=self.agreement_id.display_name,
                )
            )
        return serials
