from datetime import timedelta
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools.convert import convert_csv_import
from odoo.tools.misc import file_open

CONFIDENCE = [
    ("A", "A - statute, regulation or authority"),
    ("B", "B - secondary source"),
    ("C", "C - quoted by others from the primary source"),
    ("M", "M - from memory"),
]
SOON = timedelta(days=45)
_VERIFICATION = {"verified", "verified_by_id", "verified_on"}


class DunningLawMixin(models.AbstractModel):
    """What the law says from a day on, where that was read, and who has confirmed it.

    What nobody confirmed is never used. What is changed has to be confirmed again.
    """

    _name = "dunning.law.mixin"
    _description = "Dated Rule"
    _inherit = ["mail.thread"]

    country_id = fields.Many2one(
        "res.country", required=True, index=True, ondelete="restrict", tracking=True
    )
    valid_from = fields.Date(index=True, tracking=True, help="The first day it is in force.")
    valid_to = fields.Date(tracking=True, help="The last day it is in force.")
    law = fields.Char(help="Act or regulation, and the paragraph.")
    source = fields.Char(help="Where it was read.")
    confidence = fields.Selection(
        CONFIDENCE, string="Read In", help="How sure the source is, for whoever confirms it."
    )
    note = fields.Text(help="What is uncertain, or left open by the law.")
    verified = fields.Boolean(
        string="Confirmed",
        readonly=True,
        copy=False,
        tracking=True,
        help="Only what is confirmed is used. Rows that come with the add-on are confirmed where "
        "a statute, an authority or a secondary source was read.",
    )
    verified_by_id = fields.Many2one(
        "res.users", string="Confirmed By", readonly=True, copy=False, ondelete="set null"
    )
    verified_on = fields.Datetime(string="Confirmed On", readonly=True, copy=False)
    status = fields.Selection(
        [
            ("undated", "No date yet"),
            ("coming", "Coming"),
            ("in_force", "In force"),
            ("ends", "Ends soon"),
            ("ended", "Ended"),
        ],
        compute="_compute_status",
        help="Ends soon: within 45 days, and what follows is missing or not confirmed.",
    )

    @api.depends("valid_from", "valid_to", "verified")
    @api.depends_context("company")
    def _compute_status(self):
        today = self.env.company._billing_today()
        rows = self.search([("country_id", "in", self.country_id.ids)])
        alike = rows.grouped(lambda row: row._key())
        for row in self:
            later = alike.get(row._key(), rows.browse()).filtered(
                lambda other, row=row: (
                    other.valid_from and row.valid_from and other.valid_from > row.valid_from
                )
            )
            row.status = row._status_on(today, later)

    def _status_on(self, day, later):
        """
        :param later: the rows that take this one's place some day
        """
        if not self.valid_from:
            return "undated"
        if self.valid_from > day:
            return "coming"
        replaced = any(row.valid_from <= day for row in later)
        if replaced or (self.valid_to and self.valid_to < day):
            return "ended"
        if not self.valid_to or self.valid_to > day + SOON:
            return "in_force"
        next_day = self.valid_to + timedelta(days=1)
        followed = any(row.verified and row.valid_from <= next_day for row in later)
        return "in_force" if followed else "ends"

    def _key(self):
        """What rows have in common of which only one is in force at a time."""
        return (self.country_id,)

    @api.model_create_multi
    def create(self, vals_list):
        self._check_verification(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._check_verification([vals])
        if self._facts() & set(vals) and "verified" not in vals:
            vals = vals | {"verified": False, "verified_by_id": False, "verified_on": False}
        return super().write(vals)

    def _facts(self):
        """The fields that say what the law is; to change them takes the confirmation away."""
        return {"country_id", "valid_from", "valid_to"}

    def _check_verification(self, vals_list):
        if not self.env.su and any(_VERIFICATION & set(vals) for vals in vals_list):
            raise AccessError(self.env._("Rules of law are confirmed by the button only."))

    def action_verify(self):
        """Confirm that the rows are the law; who did it and when is kept."""
        self.check_access("write")
        undated = self.filtered(lambda row: not row.valid_from)
        if undated:
            raise UserError(
                self.env._("Say from when it is in force: %(rows)s", rows=_listed(undated))
            )
        self.filtered(lambda row: not row.verified).sudo().write(
            {
                "verified": True,
                "verified_by_id": self.env.user.id,
                "verified_on": fields.Datetime.now(),
            }
        )
        self.env["dunning.law"]._check_desk()

    @api.model
    def _country(self, where):
        """The country whose law holds, of a company or a country."""
        if where._name == "res.company":
            return where.country_id or where.account_fiscal_country_id
        return where

    @api.model
    def _load_pack(self, module):
        """Add the rows that come with a country's add-on; those that are there stay as they are.

        :param module: add-on with a file ``data/<model>.csv``
        """
        name = f"{module}/data/{self._name}.csv"
        with file_open(name, "rb", env=self.env) as stream:
            content = stream.read()
        convert_csv_import(self.env, module, name, content, mode="update", noupdate=True)


def _listed(rows):
    return ", ".join(rows.mapped("display_name"))


def exact(value):
    """A number of the database as a decimal, without the noise of floats."""
    return Decimal(f"{value:.4f}").normalize() + 0
