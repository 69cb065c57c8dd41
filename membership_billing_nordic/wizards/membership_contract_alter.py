from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.membership.membership_contract_change import REASONS
from . import consequences

BILLING_USER = "membership_billing_nordic.group_billing_user"
CHANGEABLE = ("plan_id", "payer_id", "agreement_id", "association_id")


class MembershipContractAlter(models.TransientModel):
    """Change plan, payer, bank agreement or association of memberships, all or nothing."""

    _name = "membership.contract.alter"
    _description = "Change Memberships"
    _check_company_auto = True

    contract_ids = fields.Many2many("membership.contract", string="Contracts", required=True)
    contract_count = fields.Integer(compute="_compute_company_id")
    company_id = fields.Many2one("res.company", compute="_compute_company_id")
    plan_id = fields.Many2one(
        "membership.plan",
        compute="_compute_present",
        store=True,
        readonly=False,
        check_company=True,
        help="Changes at the end of what is invoiced, or in mid-period where the plan says so.",
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_company_id")
    change_date = fields.Date(
        string="From",
        default=lambda self: self.env.company._billing_today(),
        help="First day of the new plan, price or products. By months begun it is the next month's "
        "first day.",
    )
    is_middle = fields.Boolean(compute="_compute_is_middle")
    price_choice = fields.Selection(
        [("own", "A price of its own"), ("list", "The price list of the plan")],
        string="Price",
        groups=BILLING_USER,
        help="Empty: as it is.",
    )
    own_price = fields.Monetary(
        groups=BILLING_USER,
        help="For one whole period, with or without tax as the plan's prices.",
    )
    new_product_id = fields.Many2one(
        "product.product",
        string="Further Product",
        check_company=True,
        domain="[('sale_ok', '=', True)]",
        help="Charged with every period from then on.",
    )
    new_quantity = fields.Float(string="Quantity", default=1.0, digits="Product Unit")
    new_price = fields.Monetary(
        string="Product Price",
        compute="_compute_new_price",
        store=True,
        readonly=False,
        help="For one whole period, with or without tax as the product's own price.",
    )
    end_line_ids = fields.Many2many(
        "membership.contract.line",
        string="No Longer",
        domain="[('contract_id', 'in', contract_ids), ('date_end', '=', False)]",
        help="Further products that end.",
    )
    payer_id = fields.Many2one(
        "res.partner",
        compute="_compute_present",
        store=True,
        readonly=False,
        check_company=True,
        help="Gets the invoices from the next one on.",
    )
    agreement_id = fields.Many2one(
        "bank.agreement",
        string="Paid To",
        compute="_compute_present",
        store=True,
        readonly=False,
        check_company=True,
        groups=BILLING_USER,
        help="The bank agreement the invoices are paid to, from the next one on. Empty: the "
        "association's, else the journal's.",
    )
    association_id = fields.Many2one(
        "membership.association",
        compute="_compute_present",
        store=True,
        readonly=False,
        check_company=True,
    )
    association_date = fields.Date(
        string="Moves On",
        default=lambda self: self.env.company._billing_today(),
        help="First day in the new association. May be past or to come.",
    )
    is_moving = fields.Boolean(compute="_compute_preview")
    reason = fields.Selection(
        [reason for reason in REASONS if reason[0] not in ("joined", "term")],
        default="request",
        help="Kept in the history.",
    )
    note = fields.Char(help="Anything to remember about it.")
    payer_warning = fields.Char(
        compute="_compute_payer_warning", help="Why the payer cannot pay, and what to do."
    )
    preview = fields.Html(compute="_compute_preview", sanitize=False)

    @api.depends("contract_ids")
    def _compute_company_id(self):
        for alter in self:
            alter.company_id = alter.contract_ids.company_id[:1]
            alter.contract_count = len(alter.contract_ids)
            alter.currency_id = alter.contract_ids.currency_id[:1]

    @api.depends("contract_ids", "plan_id", "change_date")
    def _compute_is_middle(self):
        for alter in self:
            contract = alter.contract_ids._origin
            alter.is_middle = len(contract) == 1 and bool(
                contract._middle_day(alter.change_date, alter.plan_id._origin)
            )

    @api.depends("new_product_id")
    def _compute_new_price(self):
        for alter in self:
            alter.new_price = alter.new_product_id.lst_price

    @api.depends("contract_ids")
    def _compute_present(self):
        for alter in self:
            alter.update(alter._present())

    @api.depends("payer_id.commercial_partner_id")
    def _compute_payer_warning(self):
        for alter in self:
            payer = alter.payer_id._origin
            wrong = payer.commercial_partner_id != payer
            alter.payer_warning = wrong and payer._mbn_not_own_payer_text()

    @api.depends(
        *CHANGEABLE,
        "association_date",
        "contract_ids",
        "change_date",
        "price_choice",
        "own_price",
        "new_product_id",
        "new_quantity",
        "new_price",
        "end_line_ids",
    )
    def _compute_preview(self):
        for alter in self:
            contracts = alter.contract_ids._origin
            vals = alter._changes()
            rows = contracts._consequences("change", alter.association_date, vals) if vals else []
            alter.preview = consequences.table(contracts, rows)
            alter.is_moving = bool(vals.get("association_id"))

    def _present(self):
        """What all contracts have in common now: dict of field to record."""
        contracts = self.contract_ids._origin.with_user(self.env.user)
        contracts.check_access("read")
        contracts = contracts.sudo()
        present = {
            "plan_id": contracts.mapped(lambda contract: contract.next_plan_id or contract.plan_id),
            "association_id": contracts.mapped(
                lambda contract: contract.next_association_id or contract.association_id
            ),
            "payer_id": contracts.payer_id,
            "agreement_id": contracts.agreement_id,
        }
        alike = {
            name: len(found) == 1 and all(contract[name] for contract in contracts)
            for name, found in present.items()
        }
        return {name: found if alike[name] else found.browse() for name, found in present.items()}

    def _changes(self):
        """What was chosen and is not so yet: dict of field to id, or False."""
        present = self._present()
        hidden = set() if self.env.user.has_group(BILLING_USER) else {"agreement_id"}
        vals = {
            name: self[name]._origin.id or False
            for name in CHANGEABLE
            if name not in hidden and self[name]._origin != present[name]
        }
        if len(self.contract_ids) == 1:
            vals |= self._changed_price() | self._changed_lines()
        return vals and vals | {"date": self.change_date}

    def _changed_price(self):
        if not self.env.user.has_group(BILLING_USER) or not self.price_choice:
            return {}
        return {"own_price": self.own_price if self.price_choice == "own" else False}

    def _changed_lines(self):
        vals = {}
        if self.new_product_id:
            product = self.new_product_id._origin
            vals["new_lines"] = [
                {
                    "product_id": product.id,
                    "name": product.display_name,
                    "quantity": self.new_quantity,
                    "price_unit": self.new_price,
                }
            ]
        if self.end_line_ids:
            vals["end_line_ids"] = self.end_line_ids._origin.ids
        return vals

    def action_detach_payer(self):
        """Make the payer independent of the company, then go on with the change."""
        self.check_access("write")
        self.ensure_one()
        self.payer_id.action_mbn_detach()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change Membership"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }

    def action_apply(self):
        """Change the contracts."""
        self.check_access("write")
        self.ensure_one()
        vals = self._changes()
        if not vals:
            raise UserError(self.env._("Choose what is to change."))
        self.contract_ids._change(vals, self.association_date, self.reason, self.note)
        return {"type": "ir.actions.act_window_close"}
