from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL, format_date

from .dunning_law_book import LawBook
from .dunning_policy import CLAIM_KINDS, CUSTOMER_TYPES
from .dunning_reasons import REASONS

_BATCH = 1000
_OPEN = ("overdue", "reminded", "noticed")
QUIET = {"tracking_disable": True, "mail_create_nolog": True, "mail_create_nosubscribe": True}


class DunningClaim(models.Model):
    """What is owed by one due receivable line, and how far reminders of it have come."""

    _name = "dunning.claim"
    _inherit = ["mail.thread"]
    _description = "Overdue Claim"
    _order = "due_date, id"
    _rec_name = "invoice_id"
    _check_company_auto = True

    move_line_id = fields.Many2one(
        "account.move.line",
        string="Receivable",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The journal item that is owed. Empty when its invoice was changed afterwards.",
    )
    invoice_id = fields.Many2one(
        "account.move", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    partner_id = fields.Many2one(
        "res.partner", string="Payer", required=True, readonly=True, index=True
    )
    agreement_id = fields.Many2one(
        "bank.agreement", readonly=True, index="btree_not_null", help="Where it is to be paid to."
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    claim_kind = fields.Selection(CLAIM_KINDS, string="Kind of Claim", required=True, readonly=True)
    customer_type = fields.Selection(
        [item for item in CUSTOMER_TYPES if item[0] != "both"], required=True, readonly=True
    )
    due_date = fields.Date(
        compute="_compute_due_date",
        store=True,
        index=True,
        help="The day it was due, or the first banking day after that.",
    )
    policy_id = fields.Many2one(
        "dunning.policy", string="Reminder Policy", readonly=True, index="btree_not_null"
    )
    letter_line_ids = fields.One2many(
        "dunning.letter.line", "claim_id", string="Letters", readonly=True
    )
    letter_count = fields.Integer(compute="_compute_letters", store=True, string="Letters Sent")
    level_id = fields.Many2one(
        "dunning.policy.level",
        string="Last Letter",
        compute="_compute_letters",
        store=True,
        index="btree_not_null",
    )
    last_sent_on = fields.Date(compute="_compute_letters", store=True)
    deadline = fields.Date(
        compute="_compute_letters", store=True, help="Until when the last letter asks to pay."
    )
    amount_open = fields.Monetary(
        string="Open",
        compute="_compute_amount_open",
        store=True,
        help="What is open of the invoice itself, without fees and interest.",
    )
    fee_open = fields.Monetary(
        string="Fees Claimed",
        compute="_compute_claimed",
        store=True,
        help="Fees that letters claim and that are neither paid nor cancelled. They are in the "
        "books when they are paid, or from the letter on, as the company wants it.",
    )
    interest_open = fields.Monetary(
        string="Interest Claimed",
        compute="_compute_claimed",
        store=True,
        help="Interest that letters claim and that is neither paid nor cancelled. It is in the "
        "books when it is paid, or from the letter on.",
    )
    compensation_open = fields.Monetary(
        string="Compensation Claimed",
        compute="_compute_claimed",
        store=True,
        help="The fixed compensation for late payment between companies, where it is not paid.",
    )
    state = fields.Selection(
        [
            ("overdue", "Overdue"),
            ("reminded", "Reminded"),
            ("noticed", "Last Notice Sent"),
            ("paid", "Invoice Paid"),
            ("closed", "Closed"),
        ],
        compute="_compute_state",
        store=True,
        index=True,
        help="Invoice paid: a fee or interest that was claimed is still open. Closed: nothing is.",
    )
    next_level_id = fields.Many2one(
        "dunning.policy.level",
        string="Next Letter",
        compute="_compute_next",
        store=True,
    )
    next_date = fields.Date(
        string="Next Letter On",
        compute="_compute_next",
        store=True,
        help="The first day on which the next letter can go out. The law may allow it only later; "
        "a run says so.",
    )
    is_disputed = fields.Boolean(
        string="Disputed",
        readonly=True,
        tracking=True,
        help="The payer says that the claim is wrong. No letter goes out meanwhile.",
    )
    paused_until = fields.Date(
        readonly=True, tracking=True, help="No letter goes out up to and with this day."
    )
    hold_reason = fields.Char(string="Why", readonly=True, tracking=True)
    hold_text = fields.Char(string="Hold", compute="_compute_hold_text")
    skip_reason = fields.Selection(
        REASONS,
        string="Left Out Because",
        readonly=True,
        help="Why the last run sent no letter.",
    )
    skip_detail = fields.Char(string="Left Out: Details", readonly=True)
    skipped_on = fields.Date(string="Left Out On", readonly=True)

    _one_claim = models.UniqueIndex(
        "(move_line_id) WHERE move_line_id IS NOT NULL", "This receivable is followed already."
    )
    _due_for_letter = models.Index(
        "(company_id, next_date) WHERE state IN ('overdue', 'reminded', 'noticed')"
    )

    # ------------------------------------------------------------------ what is computed

    @api.depends("move_line_id.date_maturity", "move_line_id.date")
    def _compute_due_date(self):
        book = LawBook(self.env)
        for claim in self:
            line = claim.move_line_id
            if due := line.date_maturity or line.date:
                claim.due_date = book.calendar(claim.company_id).next_open(due)
            else:
                claim.due_date = claim.due_date

    @api.depends("move_line_id.amount_residual_currency", "move_line_id.parent_state")
    def _compute_amount_open(self):
        for claim in self:
            line = claim.move_line_id
            posted = line.parent_state == "posted"
            claim.amount_open = max(line.amount_residual_currency, 0.0) if posted else 0.0

    @api.depends("letter_line_ids.is_replaced")
    def _compute_letters(self):
        for claim in self:
            lines = claim._ladder_lines()
            claim.letter_count = len(lines)
            claim.level_id = lines.filtered("level_id")[-1:].level_id
            claim.last_sent_on = lines[-1:].sent_on
            claim.deadline = lines[-1:].deadline

    def _ladder_lines(self):
        """The letters by which the claim has come as far as it has, in the order they were sent."""
        lines = self.letter_line_ids.filtered(
            lambda line: not line.is_replaced and line.letter_id.kind != "plan"
        )
        return lines.sorted(lambda line: (line.sent_on, line.id))

    @api.depends(
        "letter_line_ids.fee_open",
        "letter_line_ids.interest_open",
        "letter_line_ids.compensation_open",
    )
    def _compute_claimed(self):
        for claim in self:
            for name in ("fee_open", "interest_open", "compensation_open"):
                claim[name] = sum(claim.letter_line_ids.mapped(name))

    @api.depends(
        "amount_open",
        "fee_open",
        "interest_open",
        "compensation_open",
        "letter_line_ids.is_replaced",
    )
    def _compute_state(self):
        for claim in self:
            claimed = claim.fee_open + claim.interest_open + claim.compensation_open
            if claim.currency_id.is_zero(claim.amount_open):
                claim.state = "closed" if claim.currency_id.is_zero(claimed) else "paid"
            elif not (last := claim._ladder_lines()[-1:]):
                claim.state = "overdue"
            else:
                claim.state = "reminded" if last.letter_id.kind == "reminder" else "noticed"

    @api.depends(
        "due_date",
        "policy_id.level_ids.days",
        "policy_id.level_ids.counted_from",
        "policy_id.level_ids.sequence",
        "level_id",
        "last_sent_on",
        "deadline",
        "state",
    )
    def _compute_next(self):
        for claim in self:
            level = claim._next_level()
            claim.next_level_id = level
            claim.next_date = level and claim._date_of(level)

    def _next_level(self):
        if self.state in ("paid", "closed"):
            return self.level_id[:0]
        if self.level_id.policy_id == self.policy_id and self.level_id:
            levels = self.level_id._next()
        else:
            levels = self.policy_id.level_ids.sorted()[self.letter_count :]
        return (levels - self._ladder_lines().level_id)[:1]

    def _date_of(self, level):
        """Not before the deadline of the last letter is missed, nor before the policy says."""
        after_letter = level.counted_from == "letter" and self.last_sent_on
        start = self.last_sent_on if after_letter else self.due_date
        day = start + timedelta(days=level.days)
        missed = (self.deadline or self.due_date) + timedelta(days=1)
        return max(day, missed)

    @api.depends("is_disputed", "paused_until", "hold_reason")
    def _compute_hold_text(self):
        for claim in self:
            if claim.is_disputed:
                claim.hold_text = claim.env._("Disputed: %(why)s", why=claim.hold_reason or "")
            elif claim.paused_until and claim.paused_until >= claim.company_id._billing_today():
                claim.hold_text = claim._pause_words(claim.paused_until, claim.hold_reason)
            else:
                claim.hold_text = False

    @api.model
    def _pause_words(self, until, why):
        return self.env._(
            "On hold until %(day)s: %(why)s", day=format_date(self.env, until), why=why or ""
        )

    # ------------------------------------------------------------------ following what is due

    @api.model
    def _refresh(self, company, today):
        """Follow what has become due, and give each open claim the policy that fits it now."""
        last = 0
        while lines := self._new_lines(company, today, last):
            last = lines[-1].id
            self._follow_lines(lines)
            self.env["ir.cron"]._commit_progress(0)
        self._choose_policies_of(company)

    @api.model
    def _new_lines(self, company, today, after):
        """Receivable lines that are past due and not followed yet; those with an id above ``after``."""
        self.env["account.move.line"].flush_model()
        self.flush_model(["move_line_id"])
        rows = self.env.execute_query(
            SQL(
                """SELECT line.id
                     FROM account_move_line line
                     JOIN account_move move ON move.id = line.move_id
                     JOIN account_account account ON account.id = line.account_id
                    WHERE line.company_id = %(company)s
                      AND line.id > %(after)s
                      AND line.parent_state = 'posted'
                      AND line.reconciled IS NOT TRUE
                      AND line.amount_residual_currency > 0
                      AND line.date_maturity < %(today)s
                      AND move.move_type = 'out_invoice'
                      AND account.account_type = 'asset_receivable'
                      AND line.partner_id IS NOT NULL
                      AND NOT EXISTS (SELECT 1 FROM dunning_claim claim
                                       WHERE claim.move_line_id = line.id)
                    ORDER BY line.id
                    LIMIT %(limit)s""",
                company=company.id,
                after=after,
                today=today,
                limit=_BATCH,
            )
        )
        return self.env["account.move.line"].browse([line_id for (line_id,) in rows])

    @api.model
    def _follow_lines(self, lines):
        """Follow these lines. The claim of an invoice that was posted anew keeps its history."""
        lost = self.search(
            [("invoice_id", "in", lines.move_id.ids), ("move_line_id", "=", False)], order="id desc"
        )
        left = {claim.invoice_id: claim for claim in lost}
        rows = []
        for line in lines:
            if claim := left.pop(line.move_id, None):
                claim.write({"move_line_id": line.id} | self._facts_of(line))
            else:
                rows.append({"move_line_id": line.id} | self._facts_of(line))
        return self.with_context(**QUIET).create(rows)

    @api.model
    def _facts_of(self, line):
        move, payer = line.move_id, line.partner_id.commercial_partner_id
        return {
            "invoice_id": move.id,
            "company_id": line.company_id.id,
            "partner_id": payer.id,
            "agreement_id": move.mbn_agreement_id.id,
            "currency_id": line.currency_id.id,
            "claim_kind": move._mbn_claim_kind(),
            "customer_type": "business" if payer.is_company else "consumer",
        }

    @api.model
    def _choose_policies_of(self, company):
        """Give each open claim of a company the policy that fits it now."""
        mine = [("company_id", "=", company.id), ("state", "in", _OPEN)]
        for kind, customer_type, policy in self._read_group(
            mine, ["claim_kind", "customer_type", "policy_id"]
        ):
            fitting = self.env["dunning.policy"]._find(company, kind, customer_type)
            if fitting != policy:
                alike = [
                    ("claim_kind", "=", kind),
                    ("customer_type", "=", customer_type),
                    ("policy_id", "=", policy.id),
                ]
                self.search([*mine, *alike])._choose_policies()

    def _choose_policies(self):
        """A claim with letters keeps its policy, as long as that is in use."""
        wanting = self.filtered(lambda claim: not claim.letter_count or not claim.policy_id.active)
        policies = self.env["dunning.policy"]
        for key, claims in wanting.grouped(
            lambda claim: (claim.company_id, claim.claim_kind, claim.customer_type)
        ).items():
            policy = policies._find(*key)
            claims.filtered(lambda claim, policy=policy: claim.policy_id != policy).write(
                {"policy_id": policy.id}
            )

    @api.model
    def _give_up_remainders(self, company):
        """Give up fees and interest of invoices that were credited, and those that are small."""
        for claim in self.search([("company_id", "=", company.id), ("state", "=", "paid")]):
            why = ""
            if claim._is_credited():
                why = self.env._("The invoice was credited.")
            elif claim._is_small():
                why = self.env._("The remainder is small.")
            if why:
                claim._try_to_settle(partial(claim.letter_line_ids._cancel_open, why))

    def _try_to_settle(self, work):
        """Do ``work`` on these claims of one payer, or say on the desk why not; others go on."""
        self.env["billing.exception"]._try(
            self[:1],
            "dunning_books_stuck",
            work,
            self.env._("Put it right: it is tried again every hour."),
        )

    def _is_credited(self):
        """Was all of the claim settled by credit notes?"""
        settling = self.move_line_id.matched_credit_ids.credit_move_id.move_id
        return bool(settling) and set(settling.mapped("move_type")) == {"out_refund"}

    def _is_small(self):
        """Is so little open besides the invoice that the company does not ask for it?"""
        company = self.company_id
        limit = company.currency_id._convert(
            company.mbn_dunning_waive_limit,
            self.currency_id,
            company,
            company._billing_today(),
        )
        claimed = self.fee_open + self.interest_open + self.compensation_open
        return self.currency_id.compare_amounts(claimed, limit) <= 0

    @api.model
    def _skip_words(self, reason, detail):
        """Why no letter goes out, as a sentence for a person who wants to send one."""
        words = dict(self._fields["skip_reason"]._description_selection(self.env))[reason]
        return f"{words}. {detail}" if detail else f"{words}."

    def _note_skip(self, reason, detail, day):
        self.write({"skip_reason": reason, "skip_detail": detail, "skipped_on": day})

    @api.model
    def _note_skips(self, rows, day):
        """Note why claims were left out, for many in one statement.

        :param rows: list of (id of the claim, reason, detail)
        """
        self.env.cr.execute(
            SQL(
                """UPDATE dunning_claim claim
                      SET skip_reason = given.reason, skip_detail = NULLIF(given.detail, ''),
                          skipped_on = %(day)s, write_uid = %(user)s,
                          write_date = now() AT TIME ZONE 'UTC'
                     FROM unnest(%(ids)s::int[], %(reasons)s::text[], %(details)s::text[])
                          AS given (id, reason, detail)
                    WHERE claim.id = given.id""",
                day=day,
                user=self.env.uid,
                ids=[claim_id for claim_id, _reason, _detail in rows],
                reasons=[reason for _claim_id, reason, _detail in rows],
                details=[detail for _claim_id, _reason, detail in rows],
            )
        )
        self.env.invalidate_all()

    # ------------------------------------------------------------------ buttons

    def action_hold(self):
        """Ask for how long, and why, no letters of these claims are to go out."""
        self._check_may_hold()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Hold Reminders"),
            "res_model": "dunning.hold",
            "view_mode": "form",
            "target": "new",
            "context": {"default_claim_ids": self.ids},
        }

    def action_release(self):
        """Let reminders go on: the dispute is settled, or the pause is over."""
        self._check_may_hold()
        self.sudo().write({"is_disputed": False, "paused_until": False, "hold_reason": False})
        return True

    def action_show_invoice(self):
        """Show the invoice that is owed."""
        self.check_access("read")
        self.ensure_one()
        return self.invoice_id.get_formview_action()

    def action_show_letters(self):
        """Show the letters about this claim."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_dunning_letter"
        )
        return action | {"domain": [("line_ids.claim_id", "in", self.ids)], "context": {}}

    @api.model
    def _action(self, domain):
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_dunning_claim"
        )
        return action | {"domain": domain, "context": {}}

    def _check_may_hold(self):
        self.check_access("read")
        if not (
            self.env.su or self.env.user.has_group("membership_billing_nordic.group_billing_user")
        ):
            raise AccessError(self.env._("Only billing users may hold reminders."))
