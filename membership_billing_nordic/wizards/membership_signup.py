from markupsafe import Markup
from odoo import api, fields, models
from odoo.exceptions import RedirectWarning, UserError, ValidationError
from odoo.tools import format_date, formatLang

from ..models.membership.billing_pricing import LeftOutError

# Field of the form -> field of the person.
PERSON = {
    "name": "name",
    "birth_date": "mbn_birth_date",
    "street": "street",
    "zip": "zip",
    "city": "city",
    "country_id": "country_id",
    "phone": "phone",
    "email": "email",
    "lang": "lang",
}
PAYER = {"payer_name": "name", "payer_email": "email", "payer_phone": "phone"}
ADDRESS = ("street", "zip", "city", "country_id", "lang")


class MembershipSignup(models.TransientModel):
    """Signs up a member in one form: person, plan, payer and the first invoice."""

    _name = "membership.signup"
    _description = "Sign Up a Member"

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    # -- who ---------------------------------------------------------------------------
    person_id = fields.Many2one(
        "res.partner",
        string="Known Person",
        help="Somebody who is in the database already. Leave empty for a new person.",
    )
    name = fields.Char(compute="_compute_person", store=True, readonly=False)
    birth_date = fields.Date(
        string="Date of Birth",
        compute="_compute_person",
        store=True,
        readonly=False,
        help="Prices with age bands are chosen by it.",
    )
    street = fields.Char(compute="_compute_person", store=True, readonly=False)
    zip = fields.Char(string="Postcode", compute="_compute_person", store=True, readonly=False)
    city = fields.Char(compute="_compute_person", store=True, readonly=False)
    country_id = fields.Many2one(
        "res.country", compute="_compute_person", store=True, readonly=False
    )
    phone = fields.Char(compute="_compute_person", store=True, readonly=False)
    email = fields.Char(string="E-mail", compute="_compute_person", store=True, readonly=False)
    lang = fields.Selection(
        selection="_selection_lang",
        string="Language",
        compute="_compute_person",
        store=True,
        readonly=False,
        help="The language of invoices and letters.",
    )
    # -- what --------------------------------------------------------------------------
    plan_id = fields.Many2one("membership.plan", check_company=True, help="What the member joins.")
    association_id = fields.Many2one(
        "membership.association",
        default=lambda self: self._default_association_id(),
        check_company=True,
        help="The local association, department or centre the member belongs to.",
    )
    date_start = fields.Date(
        string="Start",
        default=lambda self: self.env.company._billing_today(),
        help="First day of membership.",
    )
    sales_channel = fields.Char(help="How the member was won.")
    campaign = fields.Char(help="The campaign through which the member was won.")
    # -- who pays ----------------------------------------------------------------------
    payer_kind = fields.Selection(
        [("self", "The member"), ("known", "A known person"), ("new", "A new person")],
        string="Who Pays",
        required=True,
        default="self",
        help="A new person: for example a parent, who is not in the database yet.",
    )
    payer_id = fields.Many2one("res.partner", help="Who gets the invoices.")
    payer_name = fields.Char(string="Payer's Name")
    payer_email = fields.Char(string="Payer's E-mail")
    payer_phone = fields.Char(string="Payer's Phone")
    # -- what the form says --------------------------------------------------------------
    duplicate_ids = fields.Many2many(
        "res.partner", compute="_compute_duplicates", help="Those who may be the same person."
    )
    duplicate_id = fields.Many2one(
        "res.partner",
        string="Which One",
        compute="_compute_duplicate_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', duplicate_ids)]",
        context={"active_test": False},
    )
    duplicate_text = fields.Html(compute="_compute_duplicates", sanitize=False)
    is_somebody_else = fields.Boolean(
        string="This is somebody else", help="Sign up as a new person all the same."
    )
    warning = fields.Html(compute="_compute_warning", sanitize=False)
    payer_warning = fields.Char(compute="_compute_payer_warning")
    quote = fields.Html(string="First Invoice", compute="_compute_quote", sanitize=False)

    @api.model
    def _selection_lang(self):
        return self.env["res.lang"].get_installed()

    @api.model
    def _default_association_id(self):
        """The only one the user may see, for administrators of an association."""
        if self.env.user.has_group("membership_billing_nordic.group_billing_front_desk"):
            return False
        found = self.env["membership.association"].search([], limit=2)
        return found if len(found) == 1 else False

    # -- computed fields ---------------------------------------------------------------

    @api.depends("person_id")
    def _compute_person(self):
        for signup in self:
            person = signup.person_id.with_user(self.env.user)  # no stranger's data
            if person:
                for name, source in PERSON.items():
                    signup[name] = person[source]
                continue
            country = signup.company_id.country_id
            signup.country_id = signup.country_id or country
            signup.lang = signup.lang or self.env.lang

    @api.depends("person_id", "name", "email", "phone", "birth_date", "zip")
    def _compute_duplicates(self):
        people = self.env["res.partner"]
        for signup in self:
            vals = signup._identity()
            found = people if signup.person_id else people._mbn_likely_duplicates(vals)
            signup.duplicate_ids = found
            signup.duplicate_text = signup._describe_duplicates(found, vals) if found else False

    def _describe_duplicates(self, found, vals):
        lines = Markup().join(Markup("<li>%s</li>") % one._mbn_introduce(vals) for one in found)
        return Markup('<ul class="mb-1">%s</ul>') % lines

    @api.depends("duplicate_ids")
    def _compute_duplicate_id(self):
        for signup in self:
            if signup.duplicate_id not in signup.duplicate_ids:
                signup.duplicate_id = signup.duplicate_ids[:1]

    @api.depends("email", "payer_email", "payer_kind", "birth_date", "person_id", "plan_id")
    def _compute_warning(self):
        for signup in self:
            problems = [text for text in signup._problems() if text]
            signup.warning = Markup("<br/>").join(problems) or False

    def _problems(self):
        people = self.env["res.partner"]
        yield people._mbn_email_problem(self.email)
        if self.payer_kind == "new":
            yield people._mbn_email_problem(self.payer_email)
        if self.birth_date and self.birth_date > self.company_id._billing_today():
            yield self.env._("The date of birth is in the future. Correct it.")
        if self.person_id and self.plan_id:
            twin = self.person_id.mbn_card_contract_ids.filtered(
                lambda contract: contract.plan_id == self.plan_id and contract.state != "ended"
            )
            if twin:
                yield self.env._(
                    "%(name)s has this plan already: contract %(number)s since %(day)s.",
                    name=self.person_id.name,
                    number=twin[0].name,
                    day=format_date(self.env, twin[0].date_start),
                )

    @api.depends("payer_kind", "payer_id.commercial_partner_id", "person_id.commercial_partner_id")
    def _compute_payer_warning(self):
        for signup in self:
            payer = signup._known_payer()
            wrong = payer.commercial_partner_id != payer
            signup.payer_warning = payer._mbn_not_own_payer_text() if wrong else False

    @api.depends(
        "plan_id",
        "date_start",
        "birth_date",
        "payer_kind",
        "payer_id",
        "person_id",
        "association_id",
    )
    def _compute_quote(self):
        for signup in self:
            known = signup.plan_id and signup.date_start
            signup.quote = signup._describe_quote() if known else False

    def _describe_quote(self):
        """The first invoice: its lines, its sum and its day; or why there will be none."""
        contract = self._draft_contract()
        day = contract.next_invoice_date
        if not day:
            return self.env._("Nothing is to be invoiced.")
        day = max(day, self.company_id._billing_today())
        try:
            lines = contract._quote(day)
        except LeftOutError as left_out:
            return Markup('<span class="text-danger">%s</span>') % str(left_out)
        currency = contract.currency_id
        money = [formatLang(self.env, line.amount, currency_obj=currency) for line in lines]
        rows = [
            Markup('<tr><td>%s</td><td class="text-end text-nowrap">%s</td></tr>')
            % (self._describe_line(line), amount)
            for line, amount in zip(lines, money, strict=True)
        ]
        total = self.env._("To pay, invoiced on %(day)s", day=format_date(self.env, day))
        amount = formatLang(self.env, sum(line.amount for line in lines), currency_obj=currency)
        return Markup(
            '<table class="table table-sm mb-0">%s<tr class="fw-bold"><td>%s</td>'
            '<td class="text-end text-nowrap">%s</td></tr></table>'
        ) % (Markup().join(rows), total, amount)

    def _describe_line(self, line):
        if not line.date_from:
            return line.text
        return self.env._(
            "%(what)s, %(date_from)s - %(date_to)s",
            what=line.text,
            date_from=format_date(self.env, line.date_from),
            date_to=format_date(self.env, line.date_to),
        )

    def _draft_contract(self):
        """The contract as it will be, not saved."""
        person = self.person_id or self.env["res.partner"].new({"name": self.name or "?"})
        if self.birth_date != person.sudo().mbn_birth_date:
            person = person.new({"name": self.name, "mbn_birth_date": self.birth_date})
        payer = self._known_payer() or person
        return self.env["membership.contract"].new(
            self._contract_vals(person, payer) | {"state": "confirmed"}
        )

    def _known_payer(self):
        """Who pays, where that person is in the database."""
        payers = {"self": self.person_id, "known": self.payer_id}
        return payers.get(self.payer_kind, self.env["res.partner"])._origin

    def _identity(self):
        return {
            PERSON[name]: self[name] for name in ("name", "email", "phone", "birth_date", "zip")
        }

    # -- buttons -----------------------------------------------------------------------

    def action_use_duplicate(self):
        """Sign up the known person who was found; what was typed fills the gaps."""
        self.check_access("write")
        self.ensure_one()
        known = self.duplicate_id
        gaps = {name: self[name] for name, source in PERSON.items() if not known[source]}
        self.person_id = known
        self.flush_recordset()  # a write of some of what is computed together stops the rest
        self.write(gaps)
        return self._reopen()

    def action_detach_payer(self):
        """Make the payer independent of the company whose contact it is."""
        self.check_access("write")
        self.ensure_one()
        self._known_payer().action_mbn_detach()
        return self._reopen()

    def action_save(self):
        """Sign up and show the member's card."""
        self.check_access("write")
        return self._sign_up().member_id._mbn_card_action()

    def action_save_and_bill(self):
        """Sign up, make the first invoice at once, and show the member's card."""
        self.check_access("write")
        self.env["membership.contract"]._check_billing_user()
        contract = self._sign_up()
        self.env["billing.run"]._bill_now(contract)
        return contract.member_id._mbn_card_action()

    def _reopen(self):
        action = self.env["res.partner"].action_mbn_sign_up()
        return action | {"res_id": self.id}

    # -- signing up ----------------------------------------------------------------------

    def _sign_up(self):
        """Create or update the person and the payer, and agree on the contract.

        :raises UserError: what is missing or wrong; nothing is saved then
        """
        self.ensure_one()
        self.env["membership.contract"].check_access("create")
        self._check_complete()
        person = self._save_person()
        contract = self.env["membership.contract"].create(
            self._contract_vals(person, self._save_payer(person))
        )
        if contract._may_be_confirmed_by_user():
            contract.action_confirm()
        return contract

    def _check_complete(self):
        missing = [
            self._fields[name]._description_string(self.env)
            for name in self._wanted()
            if not self[name]
        ]
        if missing:
            raise UserError(self.env._("Fill in: %(fields)s", fields=", ".join(missing)))
        if self.duplicate_ids and not self.is_somebody_else:
            raise UserError(
                self.env._(
                    "%(name)s may be in the database already. Use the known person, or say that "
                    "this is somebody else.",
                    name=self.name,
                )
            )
        for name in ("email", "payer_email"):
            self._check_email(self[name])
        self._check_birth_date()

    def _wanted(self):
        """Names of the fields that have to be filled in."""
        wanted = ["name", "plan_id", "date_start"]
        return wanted + {"known": ["payer_id"], "new": ["payer_name"]}.get(self.payer_kind, [])

    def _check_email(self, email):
        people = self.env["res.partner"]
        if email and not people._mbn_is_email(email):
            raise ValidationError(people._mbn_email_problem(email))

    def _check_birth_date(self):
        if self.birth_date and self.birth_date > self.company_id._billing_today():
            raise ValidationError(self.env._("The date of birth is in the future. Correct it."))

    def _save_person(self):
        vals = {
            target: self[name].id if name == "country_id" else self[name]
            for name, target in PERSON.items()
        }
        if not self.person_id:
            return self.env["res.partner"].create(vals)
        known = {name: self.person_id[PERSON[name]] for name in PERSON}
        changed = {PERSON[name]: vals[PERSON[name]] for name in PERSON if self[name] != known[name]}
        if changed:
            self.person_id.write(changed)
        return self.person_id

    def _save_payer(self, person):
        """The payer; whoever pays in the name of a company has to be detached first."""
        if self.payer_kind == "new":
            vals = {target: self[name] for name, target in PAYER.items()}
            address = {name: person[name] for name in ADDRESS if name != "country_id"}
            return person.create(vals | address | {"country_id": person.country_id.id})
        payer = self.payer_id if self.payer_kind == "known" else person
        if payer.commercial_partner_id != payer:
            raise RedirectWarning(
                payer._mbn_not_own_payer_text(),
                self.env.ref("membership_billing_nordic.action_partner_detach").id,
                self.env._("Detach contact"),
                {"active_model": "res.partner", "active_ids": payer.ids, "active_id": payer.id},
            )
        return payer

    def _contract_vals(self, person, payer):
        vals = {
            "company_id": self.company_id.id,
            "member_id": person.id,
            "payer_id": payer.id,
            "plan_id": self.plan_id.id,
            "association_id": self.association_id.id,
            "date_start": self.date_start,
            "billed_from": self.date_start,
            "sales_channel": self.sales_channel,
            "campaign": self.campaign,
        }
        if not self.env["membership.contract"]._may_be_confirmed_by_user():
            vals["outside_partner_id"] = self.env.user.id
        return vals
