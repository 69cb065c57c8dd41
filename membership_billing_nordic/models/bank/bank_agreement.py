import re
from itertools import product

from markupsafe import Markup
from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ...formats.accounts import is_same_account
from ...formats.references import has_check_digit, normalise

_RECONCILIATION_MODULES = frozenset({"account_accountant", "account_reconcile_oca"})
_PRESET = ("clearing_account_id", "booking_journal_id", "payer_sequence_id")


class BankAgreement(models.Model):
    """One creditor number on a connection: the account that is paid to, and how."""

    _name = "bank.agreement"
    _description = "Bank Agreement"
    _inherit = ["mail.thread"]
    _order = "company_id, sequence, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of
    _rec_names_search = ["name", "number", "account_number"]

    name = fields.Char(
        compute="_compute_name",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        help="Shown wherever an agreement is chosen.",
    )
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="The company whose invoices are paid through this agreement.",
    )
    company_partner_id = fields.Many2one(related="company_id.partner_id")
    connection_id = fields.Many2one(
        "bank.connection",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
        default=lambda self: self._default_connection(),
        tracking=True,
        help="The bank or clearing house that reports the payments.",
    )
    scheme = fields.Selection(related="connection_id.scheme", store=True, precompute=True)
    number = fields.Char(
        string="Agreement Number",
        tracking=True,
        help="The number the bank gave this agreement, as it stands in its files.",
    )
    journal_id = fields.Many2one(
        "account.journal",
        string="Bank Journal",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
        domain="[('type', '=', 'bank')]",
        default=lambda self: self._default_journal(),
        tracking=True,
        help="The journal of the bank account that the payments arrive on.",
    )
    partner_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Own Account",
        compute="_compute_partner_bank_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="The account that is paid to. It is taken from the bank journal.",
    )
    account_number = fields.Char(
        string="Account Number in Files",
        compute="_compute_account_number",
        store=True,
        precompute=True,
        index=True,
        help="The own account as the bank writes it in its files: without dots and blanks.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        tracking=True,
        help="The currency of the own account. Invoices in other currencies are left alone.",
    )
    liquidity_account_id = fields.Many2one(
        "account.account",
        compute="_compute_liquidity_account_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="The account that deposits are booked on: the account of the bank journal, or the "
        "outstanding receipts account where bank statements are reconciled afterwards.",
    )
    clearing_account_id = fields.Many2one(
        "account.account",
        string="Unallocated Payments",
        required=True,
        check_company=True,
        ondelete="restrict",
        copy=False,
        tracking=True,
        help="Holds every payment until it is placed on a payer. Its balance is the sum of the "
        "payments not placed. Left empty, an account is created.",
    )
    booking_journal_id = fields.Many2one(
        "account.journal",
        string="Journal for Payments",
        required=True,
        check_company=True,
        ondelete="restrict",
        copy=False,
        domain="[('type', '=', 'general')]",
        tracking=True,
        help="The journal of the entries that book deposits and payments. Left empty, one is "
        "created.",
    )
    layout_ids = fields.One2many(
        "bank.reference.layout",
        "agreement_id",
        string="Reference Layouts",
        copy=True,
        help="How payment references are put together, as registered with the bank.",
    )
    payments_in = fields.Boolean(
        default=True,
        tracking=True,
        help="The bank reports incoming payments of this agreement in files.",
    )
    sale_journal_ids = fields.One2many(
        "account.journal",
        "mbn_agreement_id",
        string="Sales Journals",
        domain="[('type', '=', 'sale')]",
        help="Invoices of these journals are paid through this agreement and get its references.",
    )
    payer_sequence_id = fields.Many2one(
        "ir.sequence", required=True, readonly=True, copy=False, ondelete="restrict"
    )
    next_payer_number = fields.Integer(
        compute="_compute_next_payer_number",
        inverse="_inverse_next_payer_number",
        help="The number the next new payer gets. Imported numbers are passed over.",
    )
    succeeds_id = fields.Many2one(
        "bank.agreement",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        tracking=True,
        help="The agreement that this one took over from, with another bank or number. Payments "
        "with references of the former one are matched here, too.",
    )
    payer_number_count = fields.Integer(compute="_compute_counts")
    reference_count = fields.Integer(compute="_compute_counts")
    missing_settings = fields.Html(compute="_compute_missing_settings", sanitize=False)
    active = fields.Boolean(default=True, tracking=True)

    _agreement_unique = models.UniqueIndex(
        "(connection_id, account_number, COALESCE(number, '')) WHERE active",
        "There is already an agreement with this account and number on the connection.",
    )

    # ----------------------------------------------------------------------------------
    # Presets
    # ----------------------------------------------------------------------------------

    @api.model
    def _default_connection(self):
        """The only connection of the company, if there is exactly one."""
        connections = self.env["bank.connection"].search(
            self.env["bank.connection"]._check_company_domain(self.env.company), limit=2
        )
        return connections if len(connections) == 1 else connections.browse()

    @api.model
    def _default_journal(self):
        """The only bank journal of the company that has an account, if exactly one has."""
        journals = self.env["account.journal"].search(
            Domain(self.env["account.journal"]._check_company_domain(self.env.company))
            & Domain("type", "=", "bank")
            & Domain("bank_account_id", "!=", False),
            limit=2,
        )
        return journals if len(journals) == 1 else journals.browse()

    @api.depends("connection_id", "account_number")
    def _compute_name(self):
        # While a form is filled in, the name that was preset before is not known.
        connections = self.env["bank.connection"].search(
            [("company_id", "parent_of", self.company_id.ids)]
        )
        connections = [*connections, connections.browse()]
        for agreement in self:
            accounts = {agreement.partner_bank_id, agreement._origin.partner_bank_id}
            preset = {self._preset_name(*pair) for pair in product(connections, accounts)}
            if not agreement.name or agreement.name in preset:
                agreement.name = self._preset_name(
                    agreement.connection_id, agreement.partner_bank_id
                )

    @api.model
    def _preset_name(self, connection, account):
        return " ".join(filter(None, [connection.name, account.acc_number]))

    @api.depends("journal_id")
    def _compute_partner_bank_id(self):
        for agreement in self:
            account = agreement.journal_id.bank_account_id
            agreement.partner_bank_id = account or agreement.partner_bank_id

    @api.depends("partner_bank_id.acc_number", "scheme")
    def _compute_account_number(self):
        for agreement in self:
            agreement.account_number = agreement._account_in_files(
                agreement.partner_bank_id.acc_number
            )

    def _account_in_files(self, account):
        """How the scheme writes ``account`` in its files."""
        return re.sub(r"[\W_]+", "", account or "").upper() or False

    @api.depends("journal_id", "company_id")
    def _compute_currency_id(self):
        for agreement in self:
            agreement.currency_id = (
                agreement.journal_id.currency_id or agreement.company_id.currency_id
            )

    @api.depends("journal_id")
    def _compute_liquidity_account_id(self):
        installed = self.env["ir.module.module"]._installed()
        reconciles = not _RECONCILIATION_MODULES.isdisjoint(installed)
        for agreement in self:
            journal = agreement.journal_id
            outstanding = journal.inbound_payment_method_line_ids.payment_account_id[:1]
            agreement.liquidity_account_id = (
                reconciles and outstanding
            ) or journal.default_account_id

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_presets(vals) for vals in vals_list])

    @api.model
    def _with_presets(self, vals):
        """``vals`` with the ledger account, journal and sequence created that it leaves out."""
        company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
        presets = self.sudo().with_company(company)
        created = {
            name: getattr(presets, f"_create_preset_{name}")().id
            for name in _PRESET
            if not vals.get(name)
        }
        return vals | created | {"number": _clean(vals.get("number"))}

    def _create_preset_clearing_account_id(self):
        company = self.env.company
        near = company.account_journal_suspense_account_id.code or "1000"
        accounts = self.env["account.account"]
        return accounts.create(
            {
                "name": self.env._("Unallocated payments"),
                "code": accounts._search_new_account_code(near),
                "account_type": "asset_current",
                "company_ids": [Command.set(company.ids)],
            }
        )

    def _create_preset_booking_journal_id(self):
        company = self.env.company
        taken = set(
            self.env["account.journal"]
            .with_context(active_test=False)
            .search([("company_id", "=", company.id)])
            .mapped("code")
        )
        code = next(code for number in range(1, 1000) if (code := f"PAY{number}") not in taken)
        return self.env["account.journal"].create(
            {
                "name": self.env._("Payments %(number)s", number=code[3:]),
                "code": code,
                "type": "general",
                "company_id": company.id,
                "show_on_dashboard": False,
            }
        )

    def _create_preset_payer_sequence_id(self):
        return self.env["ir.sequence"].create(
            {"name": self.env._("Payer numbers"), "number_next": 1001, "company_id": False}
        )

    def write(self, vals):
        if "number" in vals:
            vals = vals | {"number": _clean(vals["number"])}
        return super().write(vals)

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        for agreement, vals in zip(self, vals_list, strict=True):
            vals["name"] = self.env._("%(name)s (copy)", name=agreement.name)
            vals.setdefault("number", False)
            vals["active"] = False
        return vals_list

    # ----------------------------------------------------------------------------------
    # Rules
    # ----------------------------------------------------------------------------------

    @api.constrains("journal_id", "booking_journal_id")
    def _check_journals(self):
        for agreement in self:
            if agreement.journal_id.type != "bank":
                raise ValidationError(
                    agreement.env._(
                        "%(journal)s is no bank journal. Choose the journal of the bank account "
                        "that the payments arrive on.",
                        journal=agreement.journal_id.display_name,
                    )
                )
            if agreement.booking_journal_id.type != "general":
                raise ValidationError(
                    agreement.env._(
                        "%(journal)s cannot hold the entries of payments: choose a journal of "
                        "type Miscellaneous, or leave it empty to have one created.",
                        journal=agreement.booking_journal_id.display_name,
                    )
                )

    @api.constrains("journal_id", "liquidity_account_id", "clearing_account_id")
    def _check_accounts(self):
        for agreement in self:
            clearing = agreement.clearing_account_id
            if clearing == agreement.liquidity_account_id:
                raise ValidationError(
                    agreement.env._(
                        "Unallocated payments need an account of their own: %(account)s is the "
                        "account that deposits are booked on.",
                        account=clearing.display_name,
                    )
                )
            if clearing.account_type not in ("asset_current", "liability_current"):
                raise ValidationError(
                    agreement.env._(
                        "Account %(account)s cannot hold unallocated payments: choose one of "
                        "type Current Assets or Current Liabilities, or leave it empty to have "
                        "one created.",
                        account=clearing.display_name,
                    )
                )

    @api.constrains("currency_id", "journal_id", "liquidity_account_id", "clearing_account_id")
    def _check_currency(self):
        for agreement in self:
            currency = agreement.currency_id
            company_currency = agreement.company_id.currency_id
            journal_currency = agreement.journal_id.currency_id or company_currency
            if journal_currency != currency:
                raise ValidationError(
                    agreement.env._(
                        "The agreement is in %(currency)s and bank journal %(journal)s in "
                        "%(journal_currency)s: they must be the same.",
                        currency=currency.name,
                        journal=agreement.journal_id.display_name,
                        journal_currency=journal_currency.name,
                    )
                )
            for account in agreement.liquidity_account_id | agreement.clearing_account_id:
                if account.currency_id not in (currency, currency.browse()):
                    raise ValidationError(
                        agreement.env._(
                            "Account %(account)s is kept in %(account_currency)s, the agreement "
                            "is in %(currency)s.",
                            account=account.display_name,
                            account_currency=account.currency_id.name,
                            currency=currency.name,
                        )
                    )

    @api.constrains("currency_id")
    def _check_sale_journals(self):
        """Do the sales journals still go with the agreement?"""
        for agreement in self:
            for journal in agreement.sale_journal_ids:
                journal._mbn_check_agreement(agreement)

    def _check_layouts(self):
        """Do the reference layouts go together? For the schemes that have rules on it."""

    def _check_payer_number(self, number):
        """Raise ``ValidationError`` when no payer of this agreement can have ``number``."""
        self.ensure_one()
        if not (number.isascii() and number.isdigit()):
            raise ValidationError(
                self.env._("Payer number %(number)s: use digits only.", number=number)
            )
        self._check_payer_number_fits(number)

    def _payer_part(self, number):
        """How references name the payer with ``number``; None when they do not."""
        return number

    def _check_payer_number_fits(self, number):
        """Raise ``ValidationError`` when no reference can be made for ``number``."""
        self.ensure_one()
        layout = self._reference_layout()
        if layout and len(number) > layout.payer_digits:
            raise ValidationError(
                self.env._(
                    "Payer number %(number)s is too long: references of agreement %(agreement)s "
                    "have %(digits)s digits for it.",
                    number=number,
                    agreement=self.display_name,
                    digits=layout.payer_digits,
                )
            )

    # ----------------------------------------------------------------------------------
    # Readiness
    # ----------------------------------------------------------------------------------

    @api.depends(
        "active",
        "connection_id.active",
        "connection_id.customer_number",
        "number",
        "partner_bank_id",
        "account_number",
        "liquidity_account_id",
        "layout_ids",
        "sale_journal_ids.invoice_reference_model",
    )
    def _compute_missing_settings(self):
        for agreement in self:
            missing = agreement._missing_settings()
            agreement.missing_settings = (
                Markup("<ul class='mb-0'>%s</ul>")
                % Markup().join(Markup("<li>%s</li>") % sentence for sentence in missing)
                if missing
                else False
            )

    def _missing_settings(self):
        """What has to be filled in before payments can be received, as sentences."""
        self.ensure_one()
        missing = self.connection_id._missing_settings() if self.connection_id else []
        if not self.active and self._origin:
            missing.append(self.env._("The agreement is archived: restore it."))
        if not self.journal_id:
            missing.append(
                self.env._("Choose the bank journal of the account that payments arrive on.")
            )
        elif not self.account_number:
            missing.append(
                self.env._(
                    "Enter the own account, here or as account number of bank journal %(journal)s.",
                    journal=self.journal_id.display_name,
                )
            )
        if self.journal_id and not self.liquidity_account_id:
            missing.append(
                self.env._(
                    "Bank journal %(journal)s has no bank account in the ledger: choose the "
                    "account that deposits are booked on.",
                    journal=self.journal_id.display_name,
                )
            )
        if not self.layout_ids and self._layouts_expected():
            missing.append(
                self.env._("Add the layout of the payment references, as agreed with the bank.")
            )
        return missing

    def _layouts_expected(self):
        """Must an agreement of this scheme have a reference layout?"""
        return any(
            journal.invoice_reference_model == "agreement" for journal in self.sale_journal_ids
        )

    def _check_ready(self):
        """Raise ``UserError`` that says what to fill in before a run can use the agreements."""
        problems = []
        for agreement in self:
            problems += [
                f"{agreement.display_name}: {sentence}"
                for sentence in agreement._missing_settings()
            ]
        if problems:
            raise UserError(
                self.env._("Some settings are missing.\n%(problems)s", problems="\n".join(problems))
            )

    def action_check(self):
        """Check the settings; say so when nothing is missing."""
        self.check_access("read")
        self._check_ready()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("Nothing is missing: the agreement can be used."),
            },
        }

    # ----------------------------------------------------------------------------------
    # What others ask
    # ----------------------------------------------------------------------------------

    @api.model
    def _find(self, connection_or_company, account, agreement_number=""):
        """The agreement a message of a bank file is for; empty when there is none of ours.

        :param connection_or_company: a ``bank.connection`` or ``res.company``; in a company
            its branches' agreements count too
        :param account: creditor account as it stands in the file, may be empty
        :param agreement_number: the bank's number of the agreement, may be empty or zeros
        """
        number = normalise(agreement_number)
        if connection_or_company._name == "res.company":
            companies = Domain("company_id", "child_of", connection_or_company.ids)
        else:
            companies = Domain("connection_id", "in", connection_or_company.ids)
        if account:
            candidates = self._with_account(companies, re.sub(r"[\W_]+", "", account).upper())
        elif number:
            candidates = self.search(companies)
        else:
            return self.browse()
        exact = candidates.filtered(lambda row: number and normalise(row.number) == number)
        if not exact and account:
            exact = candidates.filtered(lambda row: not number or not row.number)
        if not exact and number and not candidates:
            exact = self.search(companies & Domain("number", "!=", False)).filtered(
                lambda row: normalise(row.number) == number and row._is_known_by_number()
            )
        return exact if len(exact) == 1 else self.browse()

    @api.model
    def _with_account(self, companies, account):
        """The agreements on ``account``, which some formats write as IBAN and others do not."""
        exact = self.search(companies & Domain("account_number", "=", account))
        return exact or self.search(companies & Domain("account_number", "!=", False)).filtered(
            lambda row: is_same_account(row.account_number, account)
        )

    def _is_known_by_number(self):
        """Does the agreement's number say enough, however the bank writes the account?"""
        return False

    def _with_predecessors(self):
        """This agreement and those it took over from, the latest first."""
        self.ensure_one()
        chain = self
        while (former := chain[-1].sudo().succeeds_id) and former not in chain:
            chain += former.with_env(self.env)
        return chain

    @api.constrains("succeeds_id")
    def _check_succeeds_id(self):
        if self._has_cycle("succeeds_id"):
            raise ValidationError(self.env._("An agreement cannot succeed itself."))

    def _takes(self, currency):
        """Can an invoice in ``currency`` be paid through this agreement?"""
        return bool(self.active and self.currency_id == currency)

    def _reference_layout(self):
        """The layout of new references; empty when the agreement gives none."""
        self.ensure_one()
        return self.layout_ids.sorted(lambda layout: (layout.sequence, layout.id))[:1]

    def _gives_references(self, journal):
        """Does an invoice of ``journal`` get its reference from this agreement?

        What a journal says of references counts for its own agreement. An agreement that
        was named by a contract or a person always gives its own.
        """
        self.ensure_one()
        agreement = self.sudo()
        if not agreement.active or not agreement.layout_ids:
            return False
        own = journal.sudo().mbn_agreement_id == agreement
        return not own or journal.invoice_reference_model == "agreement"

    def _is_lawful_reference(self, reference):
        """Can a payer give ``reference`` with a payment to this agreement?"""
        return 0 < len(normalise(reference)) <= 35

    def _bank_meaning(self, text):
        """What a format says of a code, in the language of the reader where the scheme knows it."""
        return text

    def _mandate_remarks(self, message, payer):
        """What a scheme keeps of a message on a mandate: values of ``bank.mandate.event``.

        :param message: of a bank file, on a mandate
        :param payer: the ``res.partner``; empty when nobody is known by it
        """
        return {}

    def _stand_in_reference(self, payment):
        """What names the claim where the reference of ``payment`` does not, normalised."""
        return ""

    def _debited_claims(self, payments):
        """The claims that these payments were collected for together, where there are several.

        :return: dict of ``bank.payment`` → ``account.move.line``
        """
        return {}

    def _told_parts(self, payments):
        """What a report of their sender says these payments consist of, where there is one.

        :return: dict of ``bank.payment`` → (the records that tell of it, list of (claims,
            amount that is for them, payer, amount that stays on the payer))
        """
        return {}

    def _costs_first(self, claims):
        """What of a payment is kept for costs before it pays these claims.

        :return: dict of ``account.move.line`` → amount
        """
        return {}

    def _has_check_digit(self, reference, checks=None):
        """Does the last character of ``reference`` confirm the others?

        :param checks: the methods it may be calculated by; by default those of the layouts
        """
        if checks is None:
            checks = set(self.layout_ids.mapped("check_method"))
        return any(has_check_digit(reference, check) for check in checks)

    def _payer_numbers(self, partners):
        """The payers' numbers with this agreement; those who have none get one.

        :param partners: payers, each its own commercial partner
        :return: dict of partner id → number
        """
        self.ensure_one()
        known = self._known_payer_numbers(partners)
        if new := partners.filtered(lambda partner: partner.id not in known):
            self.env["bank.payer.number"].sudo()._allot(self, new)
            known |= self._known_payer_numbers(new)
        return known

    def _known_payer_numbers(self, partners):
        rows = (
            self.env["bank.payer.number"]
            .sudo()
            .search_fetch(
                [
                    ("agreement_id", "=", self.id),
                    ("partner_id", "in", partners.ids),
                    ("is_alias", "=", False),
                ],
                ["partner_id", "number"],
            )
        )
        return {row.partner_id.id: row.number for row in rows}

    def _payers_by_number(self, numbers):
        """Who has the payer ``numbers``, former ones included.

        :return: dict of number without leading zeros → ``res.partner``
        """
        self.ensure_one()
        wanted = [normalise(number) for number in numbers]
        rows = (
            self.env["bank.payer.number"]
            .sudo()
            .search([("agreement_id", "=", self.id), ("number", "in", wanted)])
        )
        return {row.number: row.partner_id.with_env(self.env) for row in rows}

    def _payers_by_mandate(self, numbers):
        """Whose mandates have the ``numbers`` the bank gave them; for the rooms that know them.

        :return: dict of number → ``res.partner``
        """
        return {}

    # ----------------------------------------------------------------------------------
    # The form
    # ----------------------------------------------------------------------------------

    @api.depends("payer_sequence_id.number_next_actual")
    def _compute_next_payer_number(self):
        for agreement in self:
            sequence = agreement.sudo().payer_sequence_id
            agreement.next_payer_number = sequence.number_next_actual or 1001

    def _inverse_next_payer_number(self):
        for agreement in self:
            if agreement.next_payer_number < 1:
                raise ValidationError(agreement.env._("The next payer number must be 1 or more."))
            agreement._check_payer_number_fits(str(agreement.next_payer_number))
            agreement.sudo().payer_sequence_id.number_next_actual = agreement.next_payer_number

    def _compute_counts(self):
        counted = {}
        for model in ("bank.payer.number", "billing.reference"):
            counted[model] = dict(
                self.env[model]._read_group(
                    [("agreement_id", "in", self.ids)], ["agreement_id"], ["__count"]
                )
            )
        for agreement in self:
            agreement.payer_number_count = counted["bank.payer.number"].get(agreement._origin, 0)
            agreement.reference_count = counted["billing.reference"].get(agreement._origin, 0)

    def action_payer_numbers(self):
        """Show the payer numbers of this agreement."""
        self.check_access("read")
        return self._action_of_agreement("membership_billing_nordic.action_bank_payer_number")

    def action_references(self):
        """Show the references of this agreement."""
        self.check_access("read")
        return self._action_of_agreement("membership_billing_nordic.action_billing_reference")

    def _action_of_agreement(self, xml_id):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        action["domain"] = [("agreement_id", "=", self.id)]
        action["context"] = {"default_agreement_id": self.id}
        return action


def _clean(number):
    return "".join((number or "").split()) or False
