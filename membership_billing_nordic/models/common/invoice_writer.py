import inspect
import re
from contextlib import contextmanager

from odoo import Command, api, fields, models

# Add-ons that may override what creates and posts invoices: looked through, they change no
# line by what a pattern leaves out. Others are welcome as long as they override nothing but
# HARMLESS; country add-ons name theirs in _known_addons.
KNOWN_ADDONS = frozenset(
    {
        "account",
        "account_debit_note",
        "account_edi_ubl_cii",
        "account_payment",
        "account_peppol",
        "analytic",
        "mail",
        "membership_billing_nordic",
        "portal",
        "product",
        "sms",
        "snailmail",
        "snailmail_account",
    }
)

# Methods that have no part in creating and posting: forms, buttons and imports.
HARMLESS = re.compile(r"_onchange_|_get_import_|_get_ubl_cii_|action_(?!post$)")

# The values of an invoice and of its lines that the pattern way takes. Ours (mbn_…) may be
# given besides: no core field is computed from them.
HEADER_FIELDS = frozenset(
    {
        "company_id",
        "currency_id",
        "delivery_date",
        "fiscal_position_id",
        "invoice_cash_rounding_id",
        "invoice_date",
        "invoice_date_due",
        "invoice_line_ids",
        "invoice_origin",
        "invoice_payment_term_id",
        "invoice_user_id",
        "journal_id",
        "move_type",
        "narration",
        "partner_bank_id",
        "partner_id",
        "payment_reference",
        "ref",
    }
)
LINE_FIELDS = frozenset(
    {
        "account_id",
        "analytic_distribution",
        "deferred_end_date",
        "deferred_start_date",
        "discount",
        "display_type",
        "name",
        "price_unit",
        "product_id",
        "product_uom_id",
        "quantity",
        "sequence",
        "tax_ids",
    }
)
REQUIRED_FIELDS = frozenset({"invoice_date", "invoice_line_ids", "journal_id", "partner_id"})

# Two invoices of one pattern may differ in these, and in ours.
FREE_HEADER_FIELDS = frozenset({"invoice_line_ids", "invoice_origin", "narration", "partner_id"})
FREE_LINE_FIELDS = frozenset({"name"})
OWN_DISTRIBUTION = FREE_LINE_FIELDS | {"analytic_distribution"}

# A copied line gets these from its own invoice; debit and credit follow from the balance.
OWN_LINE_FIELDS = frozenset(
    {"move_id", "partner_id", "no_followup", "debit", "credit", *models.MAGIC_COLUMNS}
)

# Worked out by Odoo from what all invoices of a pattern have in common, so not once more.
COPIED_TOTALS = ("price_subtotal", "price_total")

# Copying from the first of a pattern gains nothing when there are nearly as many patterns
# as invoices.
MAX_PATTERNS_SHARE = 0.5

# The relations in which an invoice and its lines can differ from their pattern, besides ours.
OWN_RELATIONS = frozenset(
    {"commercial_partner_id", "partner_bank_id", "partner_id", "partner_shipping_id"}
)

# The lines are complete: nothing is to be worked out from them. Core's own keys, and ours.
COMPLETE = {
    "skip_invoice_sync": True,
    "skip_invoice_line_sync": True,
    "skip_analytic_sync": True,
    "mbn_from_pattern": True,
}

# An invoice of a run has no followers and no message for each field that changed.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}


class BillingInvoiceWriter(models.AbstractModel):
    """Creates and posts many customer invoices at once.

    Most of the time Odoo spends on an invoice goes into the lines that follow from the given
    ones: taxes, rounding, instalments. The invoices of a run are alike, so this is left to
    Odoo once for each *pattern*: invoices that differ only in payer and texts. The first of a
    pattern is created the plain way inside a savepoint that is rolled back; then all are
    created with complete lines, and without synchronising them. Payer's fields, totals,
    posting, numbers and references are worked out by Odoo for every invoice, and what other
    add-ons do when an invoice is posted is done.

    No amount is computed here, so it is the plain way's. An invoice that may depend on more
    than its pattern is its own pattern; where the add-ons, the journal or a given value are
    not known here, all go the plain way.
    """

    _name = "billing.invoice.writer"
    _description = "Invoice Writer"

    @api.model
    def _create_posted(self, vals_list, post=True):
        """Create the customer invoices described by ``vals_list`` and post them.

        :param vals_list: values as ``account.move.create`` takes them
        :param post: leave the invoices in draft when False
        :return: ``account.move`` records in the order of ``vals_list``
        :raise UserError: as Odoo's own ``create`` and ``action_post`` do
        """
        patterns = self._patterns(vals_list)
        if len(set(patterns)) > MAX_PATTERNS_SHARE * len(vals_list):
            moves = self.env["account.move"].create(vals_list)
        else:
            moves = self._create_by_pattern(vals_list, patterns)
        if post:
            # Read at once what posting a payer's first invoice looks up one by one.
            moves.partner_id.fetch(["user_ids", "child_ids"])
            posting = moves.with_context(mbn_keep_number_format=True)
            with kept_environments(posting, posting.with_context(skip_is_manually_modified=True)):
                posting.action_post()
        return moves.with_env(self.env)

    @api.model
    def _known_addons(self):
        """Names of the add-ons that may extend invoices without sending all the plain way."""
        return KNOWN_ADDONS

    # ------------------------------------------------------------------
    # Which invoices are alike
    # ------------------------------------------------------------------

    def _patterns(self, vals_list):
        """A hashable for each invoice; equal ones have lines equal but for payer and texts."""
        journals = self.env["account.journal"].browse(
            {vals.get("journal_id") for vals in vals_list}
        )
        if not (
            self._is_extended_harmlessly()
            and all(_is_ordinary(vals) for vals in vals_list)
            and all(_is_ordinary_journal(journal) for journal in journals)
        ):
            return range(len(vals_list))
        partners = self.env["res.partner"].browse(vals["partner_id"] for vals in vals_list)
        by_partner = self._distributes_by_partner()
        free = self._free_line_fields(vals_list)
        return [
            self._pattern(vals, partner, by_partner, free) or index
            for index, (vals, partner) in enumerate(zip(vals_list, partners, strict=True))
        ]

    def _is_extended_harmlessly(self):
        """Do the add-ons that are not known here leave creating and posting as it is?"""
        every_model = set(type(self.env["base"]).mro())
        known = self._known_addons()
        return not any(
            _takes_part(definition, records)
            for records in (self.env["account.move"], self.env["account.move.line"])
            for definition in type(records).mro()[1:]
            if definition not in every_model and getattr(definition, "_module", None) not in known
        )

    def _distributes_by_partner(self):
        """Whether the analytic distribution of a line may depend on who gets the invoice."""
        return bool(
            self.env["account.analytic.distribution.model"]
            .sudo()
            .search_count(
                ["|", ("partner_id", "!=", False), ("partner_category_id", "!=", False)], limit=1
            )
        )

    def _free_line_fields(self, vals_list):
        """Of which line fields only counts whether they are given.

        The analytic distribution is a line's own, unless one of the taxes is distributed, too.
        """
        lines = [line for vals in vals_list for _command, _id, line in vals["invoice_line_ids"]]
        if any("tax_ids" not in line for line in lines if not line.get("display_type")):
            return FREE_LINE_FIELDS
        commands = [command for line in lines for command in line.get("tax_ids", ())]
        ids = {tax for _command, one, many in commands for tax in many or [one] if tax}
        taxes = self.env["account.tax"].browse(ids).flatten_taxes_hierarchy()
        return FREE_LINE_FIELDS if any(taxes.mapped("analytic")) else OWN_DISTRIBUTION

    def _pattern(self, vals, partner, distributes_by_partner, free):
        """What the lines of an invoice follow from; None when that is more than is known."""
        if partner.commercial_partner_id != partner or partner.child_ids:
            return None
        lines = []
        for _command, _id, line in vals["invoice_line_ids"]:
            if not (line.get("product_id") or line.get("account_id") or line.get("display_type")):
                return None  # the account is then what this payer's invoices had before
            if distributes_by_partner and "analytic_distribution" not in line:
                return None
            lines.append(_without(line, free))
        header = _without(vals, FREE_HEADER_FIELDS)
        return header, tuple(lines), self._payer_facts(vals, partner)

    def _payer_facts(self, vals, partner):
        """What Odoo looks up on the payer that bears upon the lines."""
        company = self.env["account.journal"].browse(vals["journal_id"]).company_id
        if vals.get("company_id"):
            company = company.browse(vals["company_id"])
        partner = partner.with_company(company)
        position = term = None
        if "fiscal_position_id" not in vals:
            positions = self.env["account.fiscal.position"].with_company(company)
            position = positions._get_fiscal_position(partner, delivery=partner).id
        if "invoice_payment_term_id" not in vals:
            term = partner.property_payment_term_id.id
        return partner.lang, partner.property_account_receivable_id.id, position, term

    # ------------------------------------------------------------------
    # Creating by pattern
    # ------------------------------------------------------------------

    def _create_by_pattern(self, vals_list, patterns):
        firsts = {}
        for vals, pattern in zip(vals_list, patterns, strict=True):
            firsts.setdefault(pattern, vals)
        examples = dict(zip(firsts, self._compute_examples(list(firsts.values())), strict=True))
        moves = self._quiet_moves(vals_list).with_context(**COMPLETE)
        with kept_environments(moves.with_context(mail_post_autofollow_author_skip=True)):
            moves = moves.create(
                [
                    _complete(vals, *examples[pattern])
                    for vals, pattern in zip(vals_list, patterns, strict=True)
                ]
            )
        for name in COPIED_TOTALS:
            self.env.remove_to_compute(moves.line_ids._fields[name], moves.line_ids)
        return moves

    def _quiet_moves(self, vals_list):
        """``account.move`` without followers and log, unless the company must keep a log."""
        journals = self.env["account.journal"].browse({vals["journal_id"] for vals in vals_list})
        moves = self.env["account.move"]
        if any(journals.company_id.mapped("restrictive_audit_trail")):
            return moves
        return moves.with_context(**QUIET)

    def _compute_examples(self, vals_list):
        """What Odoo makes of each invoice: pairs of header values and list of line values.

        Nothing is kept of them in the database.
        """
        moves = self.env["account.move"].with_context(**QUIET)
        header_fields = [
            field for field in _own_fields(moves) if field.precompute and field.name != "partner_id"
        ]
        line_fields = [
            *(field for field in _own_fields(moves.line_ids) if field.name not in OWN_LINE_FIELDS),
            *(moves.line_ids._fields[name] for name in COPIED_TOTALS),
        ]
        with self.env.cr.savepoint() as savepoint:
            examples = [
                (
                    _header_values(draft, header_fields),
                    [_line_values(line, line_fields) for line in draft.line_ids.sorted("id")],
                )
                for draft in moves.create([_plain(vals) for vals in vals_list])
            ]
            savepoint.rollback()
        return examples


@contextmanager
def kept_environments(*variants):
    """Keep the environments in which core reads the currency of every amount it stores.

    It makes one for each amount and drops it at once; while one like it is kept, that is
    found instead.

    :param variants: recordsets with the contexts that amounts are stored in
    """
    kept = [
        records.sudo().with_context(prefetch_fields=False, **more).env
        for records in variants
        for more in ({}, {"bin_size": False})
    ]
    yield
    kept.clear()


def own_relations(records, names):
    """Those of ``names`` (None: all) in which the companies of new ``records`` are to agree.

    What an invoice shares with the first one of its pattern was looked at there: journal,
    accounts, products, taxes.
    """
    if not records.env.context.get("mbn_from_pattern"):
        return names
    return [
        name
        for name in (records._fields if names is None else names)
        if _is_free(name, OWN_RELATIONS)
    ]


def _takes_part(definition, records):
    """Has an add-on's extension of a model a part in creating or posting its rows?

    It has when it overrides a method, but for the harmless ones, or brings a field that is
    computed and can be given: its value may follow from the payer.
    """
    others = [base for base in type(records).mro()[1:] if base is not definition]
    for name, value in vars(definition).items():
        if isinstance(value, fields.Field):
            field = records._fields[name]
            takes_part = field.store and field.compute and not field.readonly
        else:
            takes_part = (
                inspect.isfunction(value)
                and not HARMLESS.match(name)
                and any(name in vars(base) for base in others)
            )
        if takes_part:
            return True
    return False


def _own_fields(records):
    """The core fields of a row whose values may be given to ``create``."""
    return [
        field
        for field in records._fields.values()
        if field.store
        and field.type != "one2many"
        and not field.related
        and not (field.compute and field.readonly)
        and not field.name.startswith("mbn_")
    ]


def _is_ordinary(vals):
    """Whether nothing is given for an invoice that the pattern way does not know."""
    return (
        vals.get("move_type") == "out_invoice"
        and all(vals.get(name) for name in REQUIRED_FIELDS)
        and all(_is_known(name, HEADER_FIELDS) for name in vals)
        and all(
            command == Command.CREATE and all(_is_known(name, LINE_FIELDS) for name in values)
            for command, _id, values in vals["invoice_line_ids"]
        )
    )


def _is_known(name, known):
    return name in known or name.startswith("mbn_")


def _is_ordinary_journal(journal):
    return journal.type == "sale" and not journal.restrict_mode_hash_table


def _is_free(name, free):
    return name in free or name.startswith("mbn_")


def _without(vals, free):
    """``vals`` as a hashable. Of the free fields only counts which of them are given."""
    return frozenset(
        (name, None if _is_free(name, free) else _hashable(value)) for name, value in vals.items()
    )


def _hashable(value):
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    if isinstance(value, (list, tuple, set)):
        return tuple(_hashable(item) for item in value)
    return value


def _header_values(move, fields):
    """Values that Odoo works out before it creates an invoice like this one."""
    values = {field.name: field.convert_to_write(move[field.name], move) for field in fields}
    if move.partner_shipping_id == move.partner_id:
        values["partner_shipping_id"] = None  # each payer's own
    return values


def _line_values(line, fields):
    """The values that make a line like this one. Empty ones only where they are no default."""
    values = {}
    for field in fields:
        value = line[field.name]
        if value or field.compute or field.default:
            values[field.name] = field.convert_to_write(value, line)
    return values


def _plain(vals):
    """The values of an invoice as given, to be changed freely."""
    lines = [Command.create(dict(values)) for _command, _id, values in vals["invoice_line_ids"]]
    return vals | {"invoice_line_ids": lines}


def _complete(vals, header, lines):
    """The values of an invoice with the rest of its header and all its lines.

    The given lines are the first of ``lines``, in order; their texts are their own.
    """
    own = [
        {name: value for name, value in values.items() if _is_free(name, OWN_DISTRIBUTION)}
        for _command, _id, values in vals["invoice_line_ids"]
    ]
    own += [{}] * (len(lines) - len(own))
    complete = header | vals
    if complete["partner_shipping_id"] is None:
        complete["partner_shipping_id"] = vals["partner_id"]
    del complete["invoice_line_ids"]
    complete["line_ids"] = [
        Command.create(line | texts) for line, texts in zip(lines, own, strict=True)
    ]
    return complete
