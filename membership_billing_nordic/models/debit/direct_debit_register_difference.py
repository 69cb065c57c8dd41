from odoo import api, fields, models
from odoo.exceptions import UserError


class DirectDebitRegisterDifference(models.Model):
    """One row in which the bank's full list of mandates and the mandates here differ.

    The list is a snapshot. What it has and we do not can be taken over, what we have and it
    does not can be ended: a person decides, because a list may be incomplete.
    """

    _name = "direct.debit.register.difference"
    _description = "Difference to the Bank's List of Mandates"
    _order = "file_id desc, kind, id"
    _rec_name = "reference"
    _check_company_auto = True

    file_id = fields.Many2one(
        "bank.file",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
        help="The file that holds the list.",
    )
    agreement_id = fields.Many2one(
        "bank.agreement", required=True, index=True, ondelete="restrict", readonly=True
    )
    company_id = fields.Many2one(
        related="agreement_id.company_id", store=True, precompute=True, index=True
    )
    kind = fields.Selection(
        [
            ("only_bank", "Only the bank has it"),
            ("only_ours", "Only you have it"),
            ("notice", "Notice differs"),
        ],
        string="Difference",
        required=True,
        readonly=True,
        help="Notice differs: the bank says otherwise whether the payer wants a notice.",
    )
    event_id = fields.Many2one(
        "bank.mandate.event",
        string="Row of the List",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
    )
    bank_notice = fields.Selection(
        related="event_id.written_notice",
        string="Notice at the Bank",
        help="Whether the payer wants a notice of each debit, as the bank's list has it.",
    )
    mandate_id = fields.Many2one(
        "direct.debit.mandate",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner", string="Payer", compute="_compute_facts", store=True, index=True
    )
    reference = fields.Char(compute="_compute_facts", store=True, help="As the list has it.")
    state = fields.Selection(
        [("open", "Open"), ("done", "Taken Over"), ("left", "Left as It Is")],
        required=True,
        default="open",
        readonly=True,
        index=True,
    )

    _mandate_once = models.UniqueIndex(
        "(file_id, mandate_id) WHERE mandate_id IS NOT NULL",
        "This mandate is compared with the list already.",
    )
    _event_once = models.UniqueIndex(
        "(file_id, event_id) WHERE event_id IS NOT NULL",
        "This row of the list is compared already.",
    )

    @api.depends("event_id.partner_id", "mandate_id")
    def _compute_facts(self):
        for row in self:
            row.partner_id = row.mandate_id.partner_id or row.event_id.partner_id
            row.reference = row.event_id.reference or row.mandate_id.reference

    @api.model
    def _compare(self, file):
        """Write down how the full lists in ``file`` differ from the mandates here."""
        listed = self.env["bank.mandate.event"].search(
            [("file_id", "=", file.id), ("state", "=", "listed")]
        )
        known = self.search([("file_id", "=", file.id)])
        listed -= known.event_id
        for agreement, events in listed.grouped("agreement_id").items():
            active = self.env["direct.debit.mandate"].search(
                [("agreement_id", "=", agreement.id), ("state", "=", "active")]
            )
            owner = {"file_id": file.id, "agreement_id": agreement.id}
            self.create(
                [
                    owner | facts
                    for facts in (
                        *self._only_bank(events),
                        *self._other_notice(events),
                        *self._only_ours(active - events.mandate_id - known.mandate_id),
                    )
                ]
            )

    def _only_bank(self, events):
        return [
            {"kind": "only_bank", "event_id": event.id}
            for event in events
            if event.mandate_id.state != "active"
        ]

    def _other_notice(self, events):
        return [
            {"kind": "notice", "event_id": event.id, "mandate_id": event.mandate_id.id}
            for event in events
            if event.mandate_id.state == "active"
            and event.written_notice
            and event.written_notice != event.mandate_id.written_notice
        ]

    def _only_ours(self, mandates):
        return [{"kind": "only_ours", "mandate_id": mandate.id} for mandate in mandates]

    @api.model
    def _open_counts(self, files):
        return dict(
            self._read_group(
                [("file_id", "in", files.ids), ("state", "=", "open")], ["file_id"], ["__count"]
            )
        )

    @api.model
    def _take_over_placed(self, events):
        """The rows of these messages are done with: a person chose their payer."""
        rows = self.search([("event_id", "in", events.ids), ("state", "=", "open")])
        for row in rows:
            row.mandate_id = row.event_id.mandate_id
        rows.state = "done"
        rows.file_id._refresh_desk()

    # -- buttons -----------------------------------------------------------------------------

    def action_take_over(self):
        """Make the mandates here what the bank's list says."""
        self._check_may_decide()
        rows = self.sudo().filtered(lambda row: row.state == "open")
        if lacking := rows.filtered(lambda row: row.kind == "only_bank" and not row.partner_id):
            raise UserError(
                self.env._(
                    "No payer is known for %(references)s. Choose the payer first.",
                    references=", ".join(lacking[:5].mapped("reference")),
                )
            )
        for row in rows:
            if row.kind == "only_ours":
                row.mandate_id._end("cancelled", self.env._("Not in the bank's list"))
            else:
                row.event_id._place(row.partner_id)
        rows._take_over_placed(rows.event_id)
        rows.state = "done"
        rows.file_id._refresh_desk()

    def action_leave(self):
        """Leave these mandates as they are."""
        self._check_may_decide()
        rows = self.sudo().filtered(lambda row: row.state == "open")
        rows.state = "left"
        rows.file_id._refresh_desk()

    def _check_may_decide(self):
        self.env["bank.file"]._check_may_process()
        self.check_access("read")
