from collections import defaultdict

from odoo import Command, api, models

from .invoice_writer import COMPLETE, QUIET


class BillingSettlementWriter(models.AbstractModel):
    """Books what payers paid, and reconciles it with what they owe."""

    _name = "billing.settlement.writer"
    _description = "Settlement Writer"

    @api.model
    def _book(self, journal, date, ref, clearing_account, items):
        """Book ``items`` in one posted entry and reconcile each with the lines it is for.

        Every item credits its payer's receivable account by a line of its own (debits it when
        the amount is negative). The clearing account gets the sum: one line for each currency
        and sign. What an item's lines do not take stays open on the payer.
        Call it with at most some 200 items, and commit between calls.

        :param journal: the general journal of the entry
        :param date: the entry's date
        :param ref: the entry's reference
        :param clearing_account: the account of payments that are not allocated
        :param items: a list of dicts with
            ``partner``: the payer,
            ``account``: the receivable account, that of the lines,
            ``amount``: signed amount in ``currency``; above zero credits the payer,
            ``currency``,
            ``label``: text of the payer's line,
            ``lines``: posted receivable lines (``account.move.line``) to reconcile with,
            oldest due date first; those that are not open any more are left out; may be empty
        :return: the payers' receivable lines, one ``account.move.line`` per item, in order
        """
        if not items:
            return []
        quiet = self._quiet(journal.company_id)
        lines = self._prepare_lines(journal.company_id, date, ref, clearing_account, items)
        entry = quiet.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": date,
                "ref": ref,
                "line_ids": [Command.create(vals) for vals in lines],
            }
        )
        # Read at once what posting a payer's first entry looks up one by one.
        entry.line_ids.partner_id.fetch(["user_ids", "child_ids"])
        entry.action_post()
        booked = entry.line_ids.sorted("id")[: len(items)].with_env(self.env)
        quiet._reconcile(items, booked)
        return list(booked)

    def _quiet(self, company):
        """This writer in a context where core leaves alone what does not change here.

        The lines are complete, and reconciling them changes none, so nothing has to be worked
        out anew on the entry or the invoices. That an invoice is paid is told by its payments;
        it gets no message for it, unless the company must keep a log.
        """
        log = {} if company.restrictive_audit_trail else QUIET
        return self.with_context(**COMPLETE, **log)

    def _prepare_lines(self, company, date, ref, clearing_account, items):
        """The values of the payers' lines, in the order of ``items``, then the clearing's."""
        extra = {"tax_ids": [], "display_type": "product"}
        if not self.env["account.analytic.distribution.model"].sudo().search_count([], limit=1):
            extra["analytic_distribution"] = False
        lines = []
        sums = defaultdict(lambda: [0.0, 0.0])
        for item in items:
            amount, currency = item["amount"], item["currency"]
            balance = currency._convert(amount, company.currency_id, company, date)
            lines.append(
                extra
                | {
                    "account_id": item["account"].id,
                    "partner_id": item["partner"].id,
                    "name": item["label"],
                    "currency_id": currency.id,
                    "amount_currency": -amount,
                    "balance": -balance,
                }
            )
            total = sums[currency, amount > 0]
            total[0] += amount
            total[1] += balance
        for (currency, _is_credit), (amount, balance) in sums.items():
            lines.append(
                extra
                | {
                    "account_id": clearing_account.id,
                    "partner_id": False,
                    "name": ref,
                    "currency_id": currency.id,
                    "amount_currency": currency.round(amount),
                    "balance": company.currency_id.round(balance),
                }
            )
        return lines

    def _reconcile(self, items, booked):
        """Reconcile each item's booked line with those of its lines that are open."""
        all_lines = self.env["account.move.line"].union(*(item["lines"] for item in items))
        is_open = {
            line.id: line.parent_state == "posted" and not line.reconciled for line in all_lines
        }
        plan = []
        for item, line in zip(items, booked, strict=True):
            targets = item["lines"].filtered(lambda target: is_open[target.id])
            if targets and not line.reconciled:
                plan.append(line + targets)
        self.env["account.move.line"]._reconcile_plan(plan)
