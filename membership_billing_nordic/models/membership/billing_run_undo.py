from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..common.invoice_writer import QUIET

UNDO_CHUNK = 50  # invoices credited between two commits: a few seconds
UNDO_SECONDS = 0.1  # that one of them takes
SENDER_SECONDS = 30  # after which invoices that were just being sent are through
QUEUED = ("waiting", "print")  # to be sent, not sent yet
DELIVERED = ("sent", "portal", "print")  # by e-mail, SMS or letter, or seen on the portal


class BillingRun(models.Model):
    """Taking a run back: its invoices are credited, and what they were for is billable again."""

    _inherit = "billing.run"

    undo_line_ids = fields.One2many(
        "billing.run.line",
        "run_id",
        string="Undo Result",
        domain=[("state", "in", ("undone", "kept"))],
        help="What was taken back, and what could not be.",
    )
    undone_count = fields.Integer(
        string="Taken Back",
        compute="_compute_undo_counts",
        help="Memberships that can be billed again.",
    )
    credited_count = fields.Integer(
        string="Credit Notes", compute="_compute_undo_counts", help="Credit notes made."
    )
    kept_count = fields.Integer(
        string="Kept",
        compute="_compute_undo_counts",
        help="Memberships whose invoice could not be taken back.",
    )

    @api.depends("line_ids.state", "line_ids.credit_note_id")
    def _compute_undo_counts(self):
        counts = {run: {} for run in self}
        for run, state, count, notes in self.env["billing.run.line"]._read_group(
            [("run_id", "in", self.ids), ("state", "in", ("undone", "kept"))],
            ["run_id", "state"],
            ["__count", "credit_note_id:count_distinct"],
        ):
            counts[run][state] = count, notes
        for run in self:
            run.undone_count, run.credited_count = counts[run].get("undone", (0, 0))
            run.kept_count = counts[run].get("kept", (0, 0))[0]

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_undo(self):
        """Take the run back. What is kept because it was paid can be tried again later.

        Invoices that reached nobody are taken back quietly; for those that were delivered a
        credit note is sent. What they were for can be billed again. The scheduled action
        does it.
        """
        self._check_manager()
        for run in self.sudo():
            run._in_company()._start_undo()
        self._trigger_work()
        return True

    def action_ask_undo(self):
        """Show what undoing will do, and ask."""
        self.check_access("write")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Undo %(run)s", run=self.name),
            "res_model": "billing.run.undo",
            "view_mode": "form",
            "target": "new",
            "context": {"default_run_id": self.id},
        }

    def action_view_credit_notes(self):
        """Show the credit notes of the undo."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["account.move"]._mbn_list_action(self.env["account.move"])
        notes = self.env["billing.run.line"]._search(
            [("run_id", "=", self.id), ("credit_note_id", "!=", False)]
        )
        action["domain"] = [("id", "in", list(notes.subselect("credit_note_id")))]
        return action

    # ------------------------------------------------------------------
    # Work
    # ------------------------------------------------------------------

    def _start_undo(self):
        """:raise UserError: when the run cannot be undone, and what to do"""
        self._check_can_be_undone()
        lines = self.env["billing.run.line"]
        kept = lines.search([("run_id", "=", self.id), ("state", "=", "kept")])
        kept.write({"state": "done", "problem_kind": False, "problem": False})
        done = lines.search_count([("run_id", "=", self.id), ("state", "=", "done")])
        self._run_begin(done, state="undoing")
        self._stop_sending()
        self.env["billing.exception"]._close(self, "billing_run_waiting")

    def _check_can_be_undone(self):
        again = self.state == "undone" and self.kept_count
        if self.state not in ("partly", "held", "done") and not again:
            raise UserError(
                self.env._(
                    "%(run)s cannot be undone: only a run that made invoices can, when it is done "
                    "or on hold.",
                    run=self.name,
                )
            )
        for (journal,) in self.env["billing.run.line"]._read_group(
            [("run_id", "=", self.id), ("state", "in", ("done", "kept"))], ["journal_id"]
        ):
            if locks := self._locks_on(journal, self.date):
                raise UserError(
                    self.env._(
                        "The books are closed on %(date)s, the day of these invoices: %(locks)s. "
                        "Open the period, then undo the run; or credit single invoices with a "
                        "later date.",
                        date=format_date(self.env, self.date),
                        locks=locks,
                    )
                )

    def _stop_sending(self):
        """Let none of the invoices be sent any more; False while some are being sent.

        A letter whose file was made may be printed already, so it counts as sent.
        """
        queued = self.env["account.move"].search(
            [("mbn_run_id", "=", self.id), ("mbn_send_state", "in", QUEUED)]
        )
        free = queued.try_lock_for_update()
        letters = self.env["billing.delivery"]._letters_waiting(free)
        printed = letters.filtered("bundle_id")
        (letters - printed).write(
            {"state": "failed", "reason": self.env._("The billing run was undone.")}
        )
        (free - printed.move_id).mbn_send_state = False
        return free == queued

    def _run_work(self):
        if self.state == "undoing" and not self._stop_sending():
            later = fields.Datetime.now() + timedelta(seconds=SENDER_SECONDS)
            self.env.ref("membership_billing_nordic.ir_cron_billing_work")._trigger(later)
            return True
        return super()._run_work()

    def _run_take(self, limit):
        return super()._run_take(min(limit, UNDO_CHUNK) if self.state == "undoing" else limit)

    def _finish_undo(self):
        self._give_up_rest()
        self.state = "undone"
        self.message_post(body=self._undo_summary())
        desk = self.env["billing.exception"]
        for kind in ("billing_run_failed", "billing_invoice_unsent", "billing_run_kept"):
            desk._close(self, kind)
        if self.kept_count:
            desk._open(
                self,
                "billing_run_kept",
                self.env._(
                    "%(count)s memberships of %(run)s were not taken back",
                    count=self.kept_count,
                    run=self.name,
                ),
                self.env._("Open the run and read the reasons under Undo Result."),
            )
        self._trigger_sending()

    def _undo_summary(self):
        [(sent,)] = self.env["billing.run.line"]._read_group(
            [("run_id", "=", self.id), ("credit_note_id.mbn_send_state", "!=", False)],
            aggregates=["credit_note_id:count_distinct"],
        )
        return self.env._(
            "Undone: %(undone)s memberships can be billed again, %(notes)s credit notes, "
            "%(sent)s of them sent to the payers. Kept: %(kept)s.",
            undone=self.undone_count,
            notes=self.credited_count,
            sent=sent,
            kept=self.kept_count,
        )

    def _run_seconds_each(self):
        if self.state == "undoing" and not self.run_seconds:
            return UNDO_SECONDS
        return super()._run_seconds_each()


class BillingRunLine(models.Model):
    _inherit = "billing.run.line"

    problem_kind = fields.Selection(
        selection_add=[
            ("paid", "Paid, in full or in part"),
            ("reset", "Being corrected"),
            ("closed", "Books closed"),
        ]
    )
    credit_note_id = fields.Many2one(
        "account.move",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="What took the invoice back.",
    )

    def action_fix(self):
        """Open what has to be corrected; of a kept line the invoice."""
        if self.state == "kept" and self.invoice_id:
            return self.action_view_invoice()
        return super().action_fix()

    def _take_back(self):
        """Credit the invoices of these lines and make what they were for billable again.

        :return: how many of the lines are kept, with the reason on them
        """
        kept = self.browse()
        for invoice in self.invoice_id:
            if obstacle := self._undo_obstacle(invoice):
                kind, text = obstacle
                lines = self.filtered(lambda line, invoice=invoice: line.invoice_id == invoice)
                lines.write({"state": "kept", "problem_kind": kind, "problem": text})
                kept |= lines
        taken = self - kept
        taken._credit_invoices()
        taken._free_what_was_billed()
        taken.state = "undone"
        return len(kept)

    def _undo_obstacle(self, invoice):
        """Why ``invoice`` cannot be taken back: value of ``problem_kind`` and text, or None."""
        if invoice.state == "draft":
            return "reset", self.env._(
                "%(invoice)s was reset to draft. Confirm or cancel it, then undo the run again.",
                invoice=invoice.display_name,
            )
        if invoice.state == "cancel" or invoice in invoice._mbn_credited():
            return None
        currency = invoice.currency_id
        if (
            currency.compare_amounts(invoice.amount_residual, invoice.amount_total)
            or invoice.payment_state == "in_payment"
        ):
            return "paid", self.env._(
                "%(invoice)s is paid or credited, in full or in part. Credit it by hand and give "
                "the money back, or let it stand.",
                invoice=invoice.name,
            )
        if locks := self.run_id._locks_on(invoice.journal_id, invoice.date):
            return "closed", self.env._(
                "The books are closed on the date of %(invoice)s: %(locks)s. Open the period, then "
                "undo the run again.",
                invoice=invoice.name,
                locks=locks,
            )
        return None

    def _credit_invoices(self):
        invoices = self.invoice_id.filtered(lambda invoice: invoice.state == "posted")
        invoices -= invoices._mbn_credited()
        if not invoices:
            return
        notes = invoices.with_context(**QUIET)._reverse_moves(
            [self._credit_note_vals(invoice) for invoice in invoices], cancel=True
        )
        by_invoice = {note.reversed_entry_id: note.id for note in notes}
        for line in self.filtered("invoice_id"):
            line.credit_note_id = by_invoice.get(line.invoice_id)

    def _credit_note_vals(self, invoice):
        """The credit note of an invoice that reached the payer is of today, and is sent."""
        delivered = self._is_delivered(invoice)
        day = invoice.invoice_date
        if delivered:
            day = max(day, invoice.company_id._billing_today())
        return {
            "ref": self.env._("Reversal of: %(invoice)s", invoice=invoice.name),
            "invoice_date": day,
            "invoice_date_due": day,
            "invoice_payment_term_id": False,
            "mbn_send_state": (
                "waiting" if delivered and invoice.company_id.mbn_send_invoices else False
            ),
        }

    def _is_delivered(self, invoice):
        """Whether the payer got the invoice, or may have got it."""
        return invoice.is_move_sent or invoice.mbn_send_state in DELIVERED

    def _free_what_was_billed(self):
        """Make what these lines billed billable again."""
        charges = self.env["membership.charge"].search([("invoice_id", "in", self.invoice_id.ids)])
        charges._take_back()
        free = self.env["membership.period"].search(
            [
                ("run_id", "in", self.run_id.ids),
                ("contract_id", "in", self.contract_id.ids),
                ("state", "!=", "void"),
                ("charge_ids", "=", False),
            ]
        )
        free.state = "void"
        free.contract_id._refresh_status()
