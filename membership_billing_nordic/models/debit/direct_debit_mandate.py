from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

LIVE = ("requested", "active")


class DirectDebitMandate(models.Model):
    """A payer's authority to debit, with one agreement.

    The payer's own number with the agreement identifies it: bank files name it, or a
    reference that is built from it. At most one mandate of it is requested or active.
    """

    _name = "direct.debit.mandate"
    _description = "Direct Debit Mandate"
    _inherit = ["mail.thread"]
    _order = "id desc"
    _check_company_auto = True
    _rec_names_search = ["partner_id", "payer_number", "reference", "number"]

    agreement_id = fields.Many2one(
        "bank.agreement",
        required=True,
        index=True,
        check_company=True,
        ondelete="restrict",
        tracking=True,
        help="The agreement whose invoices are collected with this mandate.",
    )
    company_id = fields.Many2one(
        related="agreement_id.company_id", store=True, precompute=True, index=True
    )
    scheme = fields.Selection(related="agreement_id.scheme")
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        index=True,
        ondelete="restrict",
        tracking=True,
        help="Whose account is debited.",
    )
    payer_number = fields.Char(
        required=True,
        readonly=True,
        index=True,
        help="The payer's number with the agreement, by which the bank's files mean this mandate.",
    )
    reference = fields.Char(
        tracking=True,
        help="The payment reference the payer signed up with, if the bank tells it. Often it is "
        "that of an old invoice: debits go by the payer's part of it.",
    )
    number = fields.Char(
        string="Mandate Number",
        tracking=True,
        help="The number the bank gave the mandate, where it gives one.",
    )
    partner_bank_id = fields.Many2one(
        "res.partner.bank",
        string="Payer's Account",
        index="btree_not_null",
        ondelete="restrict",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="The account that is debited, where the scheme tells or needs it.",
    )
    written_notice = fields.Selection(
        [("yes", "Yes"), ("no", "No")],
        tracking=True,
        help="Does the payer want a notice before each debit?",
    )
    valid_from = fields.Date(
        tracking=True, help="First day on which a debit may be due; empty is at once."
    )
    valid_to = fields.Date(
        tracking=True, help="Last day on which a debit may be due; empty is without an end."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("requested", "Requested"),
            ("active", "Active"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
            ("expired", "Expired"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
        help="Requested: the bank was asked for it, or will be with the next file. Active: debits "
        "can be sent. Rejected: the bank refused it. Cancelled: it was ended by the payer, the "
        "bank or you. Expired: it was not used for too long.",
    )
    ended_meaning = fields.Char(
        string="Why It Ended", readonly=True, copy=False, help="Why the bank or a person ended it."
    )
    failure_count = fields.Integer(
        string="Failures in a Row",
        readonly=True,
        copy=False,
        help="Debits that failed since the last one that was collected.",
    )
    can_request = fields.Boolean(
        compute="_compute_can_request",
        compute_sudo=True,
        help="The bank can be asked for mandates of this agreement.",
    )
    event_ids = fields.One2many(
        "bank.mandate.event",
        "mandate_id",
        string="Messages of the Bank",
        readonly=True,
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
    )

    notice_ids = fields.Many2many(
        "bank.notice",
        string="Notices of the Bank",
        compute="_compute_notice_ids",
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
        help="What the bank tells people of this payer.",
    )

    _payer_number_unique = models.UniqueIndex(
        "(agreement_id, payer_number) WHERE state IN ('requested', 'active')",
        "This payer already has a mandate with the agreement.",
    )
    _number_unique = models.UniqueIndex(
        "(agreement_id, number) WHERE number IS NOT NULL AND state IN ('requested', 'active')",
        "Another mandate of the agreement has this number.",
    )

    @api.depends("agreement_id")
    def _compute_can_request(self):
        for mandate in self:
            agreement = mandate.agreement_id
            mandate.can_request = bool(agreement) and agreement._can_request_mandates()

    @api.depends("agreement_id", "partner_id")
    def _compute_notice_ids(self):
        notices = self.env["bank.notice"].search(
            [
                ("agreement_id", "in", self.agreement_id.ids),
                ("partner_id", "in", self.partner_id.ids),
            ]
        )
        told = notices.grouped(lambda row: (row.agreement_id, row.partner_id))
        for mandate in self:
            key = (mandate.agreement_id, mandate.partner_id)
            mandate.notice_ids = told.get(key, notices.browse())

    @api.depends("partner_id", "payer_number")
    def _compute_display_name(self):
        for mandate in self:
            payer = mandate.partner_id.name or ""
            mandate.display_name = f"{payer} ({mandate.payer_number or '-'})"

    @api.constrains("valid_from", "valid_to")
    def _check_dates(self):
        for mandate in self:
            if mandate.valid_from and mandate.valid_to and mandate.valid_to < mandate.valid_from:
                raise ValidationError(
                    mandate.env._("A mandate cannot end before it begins: correct the dates.")
                )

    @api.constrains("partner_id")
    def _check_payer_is_commercial(self):
        self.partner_id._mbn_check_own_payer()

    @api.model_create_multi
    def create(self, vals_list):
        agreements = self.env["bank.agreement"].browse
        partners = self.env["res.partner"].browse
        for agreement_id in {
            vals.get("agreement_id") for vals in vals_list if not vals.get("payer_number")
        }:
            own = [vals for vals in vals_list if vals.get("agreement_id") == agreement_id]
            payers = partners({vals["partner_id"] for vals in own if vals.get("partner_id")})
            numbers = agreements(agreement_id).sudo()._payer_numbers(payers)
            for vals in own:
                vals.setdefault("payer_number", numbers.get(vals.get("partner_id")))
        self._make_room()
        return super().create(vals_list)

    def _make_room(self):
        """A mandate that has ended makes room for the payer's next one in the database, too."""
        self.flush_model(["state"])

    @api.model
    def _find_usable(self, agreement, partners, day):
        """The mandates by which ``partners`` can be debited on ``day``.

        :return: dict of partner id → ``direct.debit.mandate``
        """
        return {
            mandate.partner_id.id: mandate
            for mandate in self._live_of(agreement, partners).values()
            if mandate.state == "active" and mandate._covers(day)
        }

    def _covers(self, day):
        """May a debit by this mandate be due on ``day``?"""
        self.ensure_one()
        begun = not self.valid_from or self.valid_from <= day
        return begun and (not self.valid_to or self.valid_to >= day)

    @api.model
    def _live_of(self, agreements, partners):
        """``{(agreement id, payer id): mandate}`` of those that are requested or active.

        Of a payer who was merged with another only the mandate of the number that new
        references are built from.
        """
        found = self.search(
            [
                ("agreement_id", "in", agreements.ids),
                ("partner_id", "in", partners.ids),
                ("state", "in", LIVE),
            ],
            order="id",
        )
        return {
            (agreement.id, mandate.partner_id.id): mandate
            for agreement, mandates in found.grouped("agreement_id").items()
            for mandate in mandates._with_current_number()
        }

    def _with_current_number(self):
        """Those whose payer number is the payer's own now, of mandates of one agreement."""
        numbers = self.agreement_id.sudo()._known_payer_numbers(self.partner_id)
        return self.filtered(lambda row: row.payer_number == numbers.get(row.partner_id.id))

    # -- what happens to a mandate ---------------------------------------------------------

    @api.model
    def _make_active(self, vals_list):
        """Mandates the bank reports. Its messages are their history, so no log is written."""
        quiet = self.with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        made = quiet.create([vals | {"state": "active"} for vals in vals_list])
        made._became_active()
        return made

    def _change_by_bank(self, values):
        """Write what differs, without a log: the bank's message is the history."""
        changed = {
            name: value
            for name, value in values.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        }
        if changed:
            self.with_context(tracking_disable=True).write(changed)

    def _end(self, state, meaning, day=None):
        """End mandates: ``rejected``, ``cancelled`` or ``expired``, with the reason as text."""
        for mandate in self:
            # One that ends before it begins was never valid.
            begins = mandate.valid_from
            last = max(filter(None, (day or mandate._today(), begins)))
            mandate.write({"state": state, "ended_meaning": meaning, "valid_to": last})
        self._ended()

    def _end_by_us(self, meaning):
        """End mandates because we want it, with the reason as text; the bank is to be told."""
        self._end("cancelled", meaning)

    def _today(self):
        return self[:1].company_id._billing_today()

    def _became_active(self):
        """Debits can be sent from now on; for what depends on it."""

    def _ended(self):
        """No debit can be sent any more; for what depends on it."""

    # -- buttons -----------------------------------------------------------------------------

    def action_request(self):
        """Ask the bank for these mandates with the next file."""
        self._check_may_change()
        for mandate in self:
            mandate._require_state("draft")
            mandate._check_request()
        self.state = "requested"

    def _check_request(self):
        """Raise ``UserError`` that says why the bank cannot be asked for this mandate."""
        if not self.agreement_id._can_request_mandates():
            raise UserError(
                self.env._(
                    "Mandates of %(agreement)s cannot be requested from here: the payer signs "
                    "up with the bank, which then reports the mandate.",
                    agreement=self.agreement_id.display_name,
                )
            )

    def action_activate(self):
        """The bank has confirmed these mandates otherwise than by a file."""
        self._check_may_change()
        for mandate in self:
            mandate._require_state("draft", "requested")
        self.state = "active"
        self._became_active()

    def action_cancel(self):
        """End these mandates here; nothing is collected with them any more."""
        self._check_may_change()
        for mandate in self:
            mandate._require_state("draft", *LIVE)
        self._end_by_us(self.env._("Ended by %(user)s", user=self.env.user.name))

    def _require_state(self, *states):
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "The mandate of %(payer)s is in state %(state)s: this cannot be done with it.",
                    payer=self.partner_id.display_name,
                    state=labels[self.state],
                )
            )

    def _check_may_change(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only billing users may change mandates."))
        self.check_access("write")

    def write(self, vals):
        moves = vals.keys() & {"agreement_id", "partner_id"}
        is_succession = self.env.su and self.env.context.get("mbn_succession")
        if moves and not is_succession:
            for mandate in self.filtered(lambda row: row.state != "draft"):
                raise UserError(
                    mandate.env._(
                        "The mandate of %(payer)s is known to the bank: end it and make a new one "
                        "instead of giving it to another payer or agreement.",
                        payer=mandate.partner_id.display_name,
                    )
                )
        if vals.get("state") in LIVE:
            self._make_room()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if self.filtered(lambda row: row.state != "draft"):
            raise UserError(
                self.env._("A mandate the bank may know is not deleted: end it instead.")
            )
