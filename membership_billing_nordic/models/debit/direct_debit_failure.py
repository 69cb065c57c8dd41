import logging

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..common.error_text import error_text

_logger = logging.getLogger(__name__)

CHUNK = 20
UNTOLD = "debit_untold"


class DirectDebitFailure(models.Model):
    """A debit that failed, or a mandate that was refused, and what was done about it.

    It is noted when the bank's answer is read. What follows from it - another try, a message to
    the payer, the call list - is the work of a scheduled action, by the failure policy.
    """

    _name = "direct.debit.failure"
    _description = "Failed Debit"
    _order = "id desc"
    _rec_names_search = ["partner_id"]

    event = fields.Selection(
        [
            ("setup", "Set-up refused"),
            ("failed", "Debit failed"),
            ("reversed", "Paid back"),
        ],
        string="What Happened",
        required=True,
        readonly=True,
    )
    number = fields.Integer(
        string="In a Row", readonly=True, help="Which failure in a row of the mandate it is."
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    agreement_id = fields.Many2one(
        "bank.agreement", required=True, readonly=True, index=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(related="agreement_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner",
        string="Payer",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    mandate_id = fields.Many2one(
        "direct.debit.mandate", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    order_id = fields.Many2one(
        "direct.debit.order",
        string="Debit",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    failed_on = fields.Date(required=True, readonly=True)
    bank_code = fields.Char(readonly=True)
    meaning = fields.Char(string="Why", readonly=True, help="What the bank's answer means.")
    is_hard = fields.Boolean(
        string="For Good",
        readonly=True,
        help="No debit with this mandate would ever succeed: the mandate was ended.",
    )
    step_id = fields.Many2one(
        "direct.debit.failure.step",
        readonly=True,
        ondelete="set null",
        help="The step of the failure policy that was taken.",
    )
    retry_order_id = fields.Many2one(
        "direct.debit.order",
        string="Tried Again By",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    is_handled = fields.Boolean(
        readonly=True, help="Another try was looked for, and call list and membership were seen to."
    )
    state = fields.Selection(
        [
            ("waiting", "Waiting"),
            ("sent", "Sent"),
            ("failed", "Not Sent"),
            ("none", "No Message"),
            ("dropped", "Not Needed"),
        ],
        string="Message",
        required=True,
        default="waiting",
        readonly=True,
        index=True,
        help="Waiting: a scheduled action sends the message. Not sent: no channel reached the "
        "payer. No message: the policy asks for none. Not needed: it was paid, or there is a new "
        "mandate, before the message went out.",
    )
    channel = fields.Selection(
        [("email", "by E-mail")], readonly=True, help="How the payer was told."
    )
    address = fields.Char(readonly=True, help="The address that was used.")
    tried = fields.Char(readonly=True, help="Channels that did not reach the payer.")
    sent_on = fields.Datetime(readonly=True)
    reason = fields.Char(string="Why Not Sent", readonly=True)
    message_id = fields.Many2one(
        "mail.message",
        string="E-mail or SMS",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    settled_on = fields.Date(
        string="Settled",
        readonly=True,
        help="The day on which nothing was open any more, or a new mandate was there.",
    )
    invoice_ids = fields.Many2many(
        "account.move",
        string="Invoices",
        compute="_compute_invoice_ids",
        compute_sudo=True,
        groups="membership_billing_nordic.group_billing_user,"
        "membership_billing_nordic.group_billing_auditor",
    )
    invoice_names = fields.Char(
        string="Invoice Numbers", compute="_compute_invoice_ids", compute_sudo=True
    )
    amount_open = fields.Monetary(string="Open", compute="_compute_invoice_ids", compute_sudo=True)
    due_date = fields.Date(compute="_compute_invoice_ids", compute_sudo=True)
    retry_on = fields.Date(string="Tried Again On", compute="_compute_retry_on", compute_sudo=True)
    payer_reason = fields.Char(
        string="Reason as Told",
        compute="_compute_payer_reason",
        compute_sudo=True,
        help="Why it failed, in words for the payer.",
    )
    portal_url = fields.Char(
        string="Link for the Payer",
        compute="_compute_portal_url",
        compute_sudo=True,
        groups="membership_billing_nordic.group_billing_user",
    )
    short_url = fields.Char(
        string="Short Link for the Payer",
        compute="_compute_short_url",
        compute_sudo=True,
        groups="membership_billing_nordic.group_billing_user",
        help="For messages that must be short; the same as the link where there is no shorter one.",
    )

    _once_for_a_debit = models.UniqueIndex(
        "(order_id, event) WHERE order_id IS NOT NULL",
        "What became of this debit is noted already.",
    )
    _once_for_a_mandate = models.UniqueIndex(
        "(mandate_id) WHERE event = 'setup'", "The refusal of this mandate is noted already."
    )
    _open_of_debit = models.Index("(order_id) WHERE settled_on IS NULL")
    _open_of_payer = models.Index("(agreement_id, partner_id) WHERE settled_on IS NULL")

    # ------------------------------------------------------------------ what messages read

    @api.depends("order_id.line_ids.amount", "event", "partner_id", "agreement_id")
    def _compute_invoice_ids(self):
        for failure in self:
            claims = failure._claims()
            failure.invoice_ids = claims.move_id
            failure.invoice_names = ", ".join(claims.move_id.mapped("name"))
            failure.amount_open = sum(claims.mapped("amount_residual_currency"))
            failure.due_date = failure.order_id.due_date or min(
                claims.mapped("date_maturity"), default=False
            )

    @api.depends("retry_order_id.state", "retry_order_id.due_date")
    def _compute_retry_on(self):
        for failure in self:
            retry = failure.retry_order_id
            failure.retry_on = retry.state == "planned" and retry.due_date

    @api.depends("meaning", "order_id")
    @api.depends_context("lang")
    def _compute_payer_reason(self):
        for failure in self:
            if failure.order_id.event_ids[:1].kind == "silence":
                failure.payer_reason = self.env._("the bank did not carry it out")
            else:
                failure.payer_reason = failure.meaning or self.env._("the bank gives no reason")

    @api.depends("order_id")
    def _compute_portal_url(self):
        for failure in self:
            invoice = failure.invoice_ids[:1]
            base = (invoice or failure).get_base_url()
            failure.portal_url = base + (invoice.get_portal_url() if invoice else "/my/invoices")

    @api.depends("order_id")
    def _compute_short_url(self):
        for failure in self:
            failure.short_url = failure.portal_url

    @api.depends("partner_id", "event")
    def _compute_display_name(self):
        labels = dict(self._fields["event"]._description_selection(self.env))
        for failure in self:
            failure.display_name = f"{failure.partner_id.name or ''}: {labels.get(failure.event)}"

    def _claims(self):
        """The receivable lines it is about; of a refused mandate all open ones of the payer."""
        self.ensure_one()
        if self.order_id:
            return self.order_id.line_ids.move_line_id
        return self.env["account.move.line"].search(
            [
                ("move_id.mbn_agreement_id", "=", self.agreement_id.id),
                ("move_id.move_type", "=", "out_invoice"),
                ("partner_id", "=", self.partner_id.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )

    # ------------------------------------------------------------------ noting

    @api.model
    def _note_orders(self, orders):
        """Note debits that failed or were paid back; what follows is done by the action."""
        known = {
            (failure.order_id, failure.event)
            for failure in self.search([("order_id", "in", orders.ids)])
        }
        rows = []
        for order, number in orders._numbers_in_a_row().items():
            event = "reversed" if order.state == "reversed" else "failed"
            if (order, event) not in known:
                rows.append(
                    {
                        "event": event,
                        "number": number,
                        "order_id": order.id,
                        "failed_on": order.failed_on,
                        "bank_code": order.bank_code,
                        "meaning": order.meaning,
                        "is_hard": order.agreement_id._failure_is_hard(order.bank_code),
                    }
                    | self._whose(order, order.mandate_id)
                )
        return self._note(rows)

    @api.model
    def _note_refused(self, mandates):
        """Note mandates that the bank refused."""
        known = self.search([("mandate_id", "in", mandates.ids), ("event", "=", "setup")])
        return self._note(
            [
                {
                    "event": "setup",
                    "number": 1,
                    "failed_on": mandate.valid_to or mandate._today(),
                    "meaning": mandate.ended_meaning,
                }
                | self._whose(mandate, mandate)
                for mandate in mandates - known.mandate_id
            ]
        )

    @api.model
    def _whose(self, record, mandate):
        return {
            "company_id": record.company_id.id,
            "agreement_id": record.agreement_id.id,
            "partner_id": record.partner_id.id,
            "mandate_id": mandate.id,
        }

    @api.model
    def _note(self, rows):
        if rows:
            self._trigger()
        return self.create(rows)

    @api.model
    def _trigger(self):
        self.env.ref("membership_billing_nordic.ir_cron_debit_failures").sudo()._trigger()

    # ------------------------------------------------------------------ paid after all

    @api.model
    def _follow_claims(self, claims):
        """The open amounts of these receivable lines have changed."""
        if not claims:
            return
        about = [("order_id.line_ids.move_line_id", "in", claims.ids)]
        failures = self.search([*about, ("settled_on", "=", False)])
        failures.filtered(lambda failure: failure._is_settled())._settle()

    @api.model
    def _follow_reopened(self, claims):
        """Payments were taken off these lines: what had settled a failure is gone again."""
        about = [("order_id.line_ids.move_line_id", "in", claims.ids)]
        failures = self.search([*about, ("settled_on", "!=", False)])
        failures.filtered(lambda failure: not failure._is_settled())._reopen()

    def _is_settled(self):
        """Is there nothing left to tell the payer of?"""
        self.ensure_one()
        if self.order_id:
            return self.currency_id.is_zero(self.order_id._open_amount())
        mandates = self.env["direct.debit.mandate"]._live_of(self.agreement_id, self.partner_id)
        return any(mandate.state == "active" for mandate in mandates.values())

    def _settle(self):
        """Nothing is open any more: drop what was not sent, and let the count begin anew."""
        self.filtered(lambda failure: failure.state == "waiting").state = "dropped"
        for company, failures in self.grouped("company_id").items():
            failures.settled_on = company._billing_today()
        self.env["billing.exception"]._close(self, UNTOLD)
        failing = self.mandate_id.filtered("failure_count")
        open_rows = self.search([("mandate_id", "in", failing.ids), ("settled_on", "=", False)])
        (failing - open_rows.mandate_id).failure_count = 0

    def _reopen(self):
        self.settled_on = False

    # ------------------------------------------------------------------ the scheduled action

    @api.model
    def _cron_debit_failures(self):
        """Do what follows from failures, and send what came back by the next channel."""
        self._take_back_returned()
        waiting = [("state", "=", "waiting")]
        while rows := self.search(waiting, order="id", limit=CHUNK).try_lock_for_update():
            for company, failures in rows.grouped("company_id").items():
                office = failures.with_company(company)
                for failure in office.with_context(**company._billing_context()):
                    failure._try_to_handle()
            self._send_mails()
            left = self.search_count(waiting)
            if not self.env["ir.cron"]._commit_progress(len(rows), remaining=left):
                return

    def _try_to_handle(self):
        """One failure; an error is noted on it, and the others go on."""
        try:
            with self.env.cr.savepoint():
                self._handle()
                self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            if not isinstance(error, UserError):
                _logger.exception("Failed debit %s could not be followed up", self.id)
            self.env.invalidate_all(flush=False)
            self._note_untold(error_text(self, error))

    def _handle(self):
        if self._is_settled():
            self._settle()
            return
        if not self.is_handled:
            self.retry_order_id = self._plan_retry()
            number = self.number or 1
            event = "setup" if self.event == "setup" else "failed"
            self.step_id = self._policy()._step(event, number)
            if self.step_id.despite_retry or not self.retry_order_id:
                self._act()
            self.is_handled = True
        self._tell()

    def _plan_retry(self):
        return self.order_id if self.event == "setup" else self.order_id._plan_retry()

    def _policy(self):
        """The failure policy that holds here. Rooms that know more may choose another."""
        self.ensure_one()
        return self.env["direct.debit.failure.policy"]._of_company(self.company_id)

    def _act(self):
        """What the step asks for besides the message."""
        if self.step_id.is_listed:
            self.env["direct.debit.call"]._list(
                orders=self.order_id,
                mandates=self.mandate_id if self.event == "setup" else None,
                reason=self._list_reason(),
            )

    def _list_reason(self):
        if self.event == "setup":
            return self.env._("The bank refused the mandate.")
        if self.number > 1:
            return self.env._("%(count)s debits failed in a row.", count=self.number)
        return self.env._("A debit failed.")

    # ------------------------------------------------------------------ buttons

    def action_send_again(self):
        """Try once more to tell these payers: all channels are tried anew."""
        if not self.env.user.has_group("membership_billing_nordic.group_billing_user"):
            raise AccessError(self.env._("Only billing users may send messages again."))
        self.check_access("read")
        untold = self.sudo().filtered(lambda row: row.state == "failed" and not row.settled_on)
        untold.write({"state": "waiting", "tried": False, "reason": False})
        self.env["billing.exception"]._close(untold, UNTOLD)
        self._trigger()
