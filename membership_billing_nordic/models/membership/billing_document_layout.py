import base64
import io
import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import file_path

from ...notices.content import Style, Window
from ...notices.fonts import Fonts, fonts, register

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_GOOGLE = "web/static/fonts/google"
_TEXT_FONTS = (
    f"{_GOOGLE}/Open_Sans/Open_Sans-Regular.ttf",
    f"{_GOOGLE}/Open_Sans/Open_Sans-Bold.ttf",
)
# Made for machines, and if it is not there, at least of the right width. Odoo has both.
_CODE_FONTS = ("l10n_ch/static/src/font/ocrb.otf", f"{_GOOGLE}/Fira_Mono/Fira_Mono-Regular.ttf")
_LONGEST_TEXT = 1000
_MOST_SHIFT = 10.0
TEXTS = ("text_first", "text_renewal", "text_single", "text_reminder", "text_final", "closing")
# Where the address stands; the window is 10 mm from the fold of a C5 or C65 envelope.
_WINDOWS = {"left": Window(), "right": Window(left=105.0)}


class BillingDocumentLayout(models.Model):
    """How the payment notices and letters of a company, or of an association in it, look."""

    _name = "billing.document.layout"
    _description = "Document Layout"
    _order = "company_id, association_id, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(
        required=True, default=lambda self: self._default_name(), help="Shown in the list."
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        ondelete="cascade",
        help="Whose documents look like this. Companies below it without a layout use it, too.",
    )
    association_id = fields.Many2one(
        "membership.association",
        index="btree_not_null",
        check_company=True,
        ondelete="cascade",
        help="Documents that concern this association, or one in it, only. Empty: all others.",
    )
    logo = fields.Image(
        max_width=1024,
        max_height=1024,
        help="At the top of the first page, 60 x 22 mm at most. Empty: the logo of the "
        "association, else that of the company.",
    )
    primary_color = fields.Char(
        string="Main Colour",
        default="#1f3a5f",
        required=True,
        help="Of titles, lines and the sum.",
    )
    secondary_color = fields.Char(
        string="Second Colour",
        default="#e9eef4",
        required=True,
        help="Behind the headings of the specification.",
    )
    window = fields.Selection(
        [("left", "Left"), ("right", "Right")],
        string="Address Window",
        required=True,
        default=lambda self: self._default_window(),
        help="Where the window of your envelopes is. The address stands 42 to 78 mm from the upper "
        "edge: left from 20 mm, right from 105 mm.",
    )
    part_first = fields.Boolean(
        string="Payment Part on the First Page",
        help="For paper that is perforated. Otherwise it stands on the last page, below the sum.",
    )
    shift_right = fields.Float(
        string="Move to the Right (mm)",
        digits=(4, 1),
        help="What your printer is off by: the payment part is moved by so much, -10 to 10 mm.",
    )
    shift_up = fields.Float(
        string="Move Up (mm)",
        digits=(4, 1),
        help="What your printer is off by: the payment part is moved by so much, -10 to 10 mm.",
    )
    qr_code = fields.Selection(
        [
            ("payment", "Payment, where the country has a standard"),
            ("link", "Link to the invoice online"),
            ("none", "None"),
        ],
        string="QR Code",
        required=True,
        default="payment",
        help="Link: leads to the invoice on the portal, where it can be paid online.",
    )
    code_font = fields.Binary(
        string="Font of the Code Line",
        attachment=True,
        help="The font of the line that machines read, as a file (.ttf or .otf): the one your bank "
        "asks for, if it does. Empty: the one that comes with Odoo.",
    )
    text_first = fields.Text(
        string="First Invoice", translate=True, help="Above the lines of a member's first invoice."
    )
    text_renewal = fields.Text(
        string="Renewal", translate=True, help="Above the lines of later membership invoices."
    )
    text_single = fields.Text(
        string="Other Invoices",
        translate=True,
        help="Above the lines of invoices for something else than a membership.",
    )
    text_reminder = fields.Text(
        string="Reminder", translate=True, help="At the end of reminders without formal effect."
    )
    text_final = fields.Text(
        string="Last Reminder",
        translate=True,
        help="At the end of formal notices and demands for payment.",
    )
    closing = fields.Text(
        string="Below the Sum", translate=True, help="On every invoice, below the sum."
    )
    foot = fields.Text(
        string="Own Lines in the Foot",
        translate=True,
        help="Up to four lines beside address, contact data and bank numbers.",
    )
    preview = fields.Binary(
        compute="_compute_preview",
        help="The newest invoice in this layout, or an invented one where there is none.",
    )

    _one_for_each = models.UniqueIndex(
        "(company_id, COALESCE(association_id, 0))",
        "There is a layout of this company or association already.",
    )

    @api.model
    def _default_name(self):
        return self.env.company.name

    @api.model
    def _default_window(self):
        """Where the country's envelopes have their window. Countries know better."""
        return "left"

    @api.constrains("primary_color", "secondary_color")
    def _check_colours(self):
        for layout in self:
            for colour in (layout.primary_color, layout.secondary_color):
                if not _COLOUR.fullmatch(colour or ""):
                    raise ValidationError(
                        self.env._(
                            "%(colour)s is no colour: choose one, or write it as #1f3a5f.",
                            colour=colour,
                        )
                    )

    @api.constrains("shift_right", "shift_up")
    def _check_shifts(self):
        for layout in self:
            if max(abs(layout.shift_right), abs(layout.shift_up)) > _MOST_SHIFT:
                raise ValidationError(
                    self.env._(
                        "The payment part can be moved by %(most)s mm at most.",
                        most=int(_MOST_SHIFT),
                    )
                )

    @api.constrains(*TEXTS)
    def _check_texts(self):
        for layout in self:
            if any(len(layout[name] or "") > _LONGEST_TEXT for name in TEXTS):
                raise ValidationError(
                    self.env._(
                        "A text can have %(most)s characters at most: the payment part needs its "
                        "place.",
                        most=_LONGEST_TEXT,
                    )
                )

    @api.constrains("code_font")
    def _check_code_font(self):
        for layout in self.filtered("code_font"):
            try:
                register(base64.b64decode(layout.with_context(bin_size=False).code_font))
            except ValueError:
                raise ValidationError(
                    self.env._(
                        "The font of the code line must be a file (.ttf or .otf) that can be "
                        "embedded."
                    )
                )

    # ------------------------------------------------------------------ used by those who draw

    @api.model
    def _nearest_with(self, company, association):
        """The layout of a document: of its association or one above it, else of its company or
        one above it; empty when there is none."""
        company = company.sudo()
        layouts = self.sudo().search([("company_id", "in", company.parent_ids.ids)])
        own = {layout.association_id: layout for layout in layouts if layout.association_id}
        association = association.sudo()
        while association:
            if association in own:
                return own[association]
            association = association.parent_id
        general = {
            layout.company_id: layout for layout in layouts - layouts.browse().union(*own.values())
        }
        return next(
            (general[one] for one in reversed(company.parent_ids) if one in general),
            self.browse(),
        )

    def _style(self, company, association):
        """Colours, logo and places for those who draw; an empty layout has the company's."""
        layout = self.sudo().with_context(bin_size=False)
        association = association.sudo().with_context(bin_size=False)
        company = company.sudo().with_context(bin_size=False)
        own = layout.logo if layout.association_id else False
        logo = own or association._nearest_with("logo").logo or layout.logo
        if not logo and not company.uses_default_logo:
            logo = company.logo
        if not layout:
            primary = company.primary_color or ""
            return Style(
                logo=_bytes(logo),
                window=_WINDOWS[self.with_company(company)._default_window()],
                **({"primary": primary} if _COLOUR.fullmatch(primary) else {}),
            )
        return Style(
            primary=layout.primary_color,
            secondary=layout.secondary_color,
            logo=_bytes(logo),
            window=_WINDOWS[layout.window],
            shift_right=layout.shift_right,
            shift_up=layout.shift_up,
            part_first=layout.part_first,
        )

    def _fonts(self) -> Fonts:
        """The fonts of this layout: Odoo's own, and the code line's where there is one."""
        usual = fonts(*(file_path(path) for path in _TEXT_FONTS), _code_font())
        own = self.sudo().with_context(bin_size=False).code_font
        return Fonts(usual.text, usual.strong, register(base64.b64decode(own))) if own else usual

    # ------------------------------------------------------------------ preview

    @api.depends(
        "logo",
        "primary_color",
        "secondary_color",
        "window",
        "part_first",
        "shift_right",
        "shift_up",
        "qr_code",
        "code_font",
        "foot",
        *TEXTS,
    )
    def _compute_preview(self):
        for layout in self:
            with io.BytesIO() as stream:
                try:
                    layout._draw_preview(stream)
                except ValueError:  # a colour or font that saving will refuse
                    layout.preview = False
                    continue
                layout.preview = base64.b64encode(stream.getvalue())

    def _draw_preview(self, stream):
        maker = self.env["billing.notice.maker"]
        invoice = self._newest_invoice()
        if invoice:
            maker._draw(invoice, stream, layout=self)
        else:
            maker._draw_sample(self, stream)

    def _newest_invoice(self):
        """The newest open invoice that would look like this, as far as the user may read it."""
        domain = [
            ("company_id", "child_of", self.company_id.ids),
            ("move_type", "=", "out_invoice"),
            ("state", "=", "posted"),
            ("amount_residual", ">", 0),
        ]
        if self.association_id:
            domain.append(("mbn_association_id", "child_of", self.association_id.ids))
        return self.env["account.move"].search(domain, order="id desc", limit=1)


def _code_font():
    for path in _CODE_FONTS:
        try:
            return file_path(path)
        except FileNotFoundError:
            continue
    return ""


def _bytes(image):
    return base64.b64decode(image) if image else b""
