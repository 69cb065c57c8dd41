from odoo import api, fields, models


class BankConnection(models.Model):
    """Who we are to a bank or clearing house; files belong to it."""

    _name = "bank.connection"
    _description = "Bank Connection"
    _inherit = ["mail.thread"]
    _order = "company_id, name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(
        required=True,
        tracking=True,
        help="Your own name for this connection, for example the name of the bank.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company that signed the contract. Its branches may use the connection too.",
    )
    scheme = fields.Selection(
        [("generic", "Other bank")],
        string="Bank or Clearing House",
        required=True,
        default=lambda self: self._default_scheme(),
        tracking=True,
        help="Who sends and receives the files. It decides which settings are needed.",
    )
    customer_number = fields.Char(
        string="Our Number",
        tracking=True,
        help="The number under which the bank or clearing house knows you as sender and "
        "receiver of files.",
    )
    channel_id = fields.Many2one(
        "bank.channel",
        check_company=True,
        index=True,
        tracking=True,
        help="How files travel. Without a channel you upload and download them by hand.",
    )
    is_test = fields.Boolean(
        string="Test Connection",
        tracking=True,
        help="Files of this connection are marked as test and move no money.",
    )
    active = fields.Boolean(default=True)
    agreement_ids = fields.One2many("bank.agreement", "connection_id", string="Agreements")
    agreement_count = fields.Integer(compute="_compute_agreement_count")

    _customer_number_unique = models.UniqueIndex(
        "(company_id, scheme, customer_number) WHERE active",
        "There is already an active connection with this number. Use that one, or archive it.",
    )

    @api.model
    def _default_scheme(self):
        """The scheme of the company's own country when there is one, else the neutral one."""
        return self._country_schemes().get(self.env.company.country_id.code, "generic")

    @api.model
    def _country_schemes(self):
        """Country code → the scheme a new connection of a company there starts with."""
        return {}

    @api.depends("agreement_ids")
    def _compute_agreement_count(self):
        for connection in self:
            connection.agreement_count = len(connection.agreement_ids)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean_vals(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._clean_vals(vals))

    @api.model
    def _clean_vals(self, vals):
        """Numbers are compared with those in files: store them without blanks."""
        if vals.get("customer_number"):
            return vals | {"customer_number": "".join(vals["customer_number"].split())}
        return vals

    def _leave_scheme(self):
        """The add-on of this scheme is going: keep the data, switch the connection off."""
        self.agreement_ids.write({"active": False})
        self.write({"scheme": "generic", "active": False})

    def _missing_settings(self):
        """What is still to fill in before files can be exchanged, as a list of sentences."""
        self.ensure_one()
        missing = []
        if not self.active:
            missing.append(
                self.env._("Connection %(name)s is archived: restore it.", name=self.name)
            )
        return missing

    def action_agreements(self):
        """Show the agreements of this connection."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_bank_agreement"
        )
        action["domain"] = [("connection_id", "=", self.id)]
        action["context"] = {"default_connection_id": self.id, "default_layout_ids": [(0, 0, {})]}
        return action
