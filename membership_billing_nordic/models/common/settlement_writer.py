from odoo import Command, api, models


class BillingSettlementWriter(models.AbstractModel):
    """Books what payers paid, and reconciles it with what they owe."""

    _name = "billing.settlement.writer"
    _description = "Settlement Writer"

    @api.model
    def _book(self, journal, date, ref, clearing_account, items):
        """Book ``items`` in one posted entry and reconcile each with the lines it is for.

        Every item moves its amount from the clearing account to its payer: one line on each
        of the two accounts. What the given lines do not take stays open on the payer.
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
            ``label``: text of the lines,
            ``lines``: open receivable lines (``account.move.line``) to reconcile with, oldest
            due date first; those that are no longer open are left out; may be empty
        :return: the payers' receivable lines, one ``account.move.line`` per item, in order
        """
        if not items:
            return []
        entry = self.env["account.move"].create(
            {
                "move_type": "entry",
                "journal_id": journal.id,
                "date": date,
                "ref": ref,
                "line_ids": [
                    Command.create(vals)
                    for item in items
                    for vals in self._prepare_lines(journal, date, clearing_account, item)
                ],
            }
        )
        entry.action_post()
        booked = list(entry.line_ids.sorted("id")[::2])
        self._reconcile(items, booked)
        return booked

    def _prepare_lines(self, journal, date, clearing_account, item):
        """The values of an item's two lines: the payer's, then the clearing account's."""
        company = journal.company_id
        currency = item["currency"] or company.currency_id
        amount = item["amount"]
        balance = currency._convert(amount, company.currency_id, company, date)
        common = {
            "partner_id": item["partner"].id,
            "currency_id": currency.id,
            "name": item["label"],
        }
        return [
            common
            | {"account_id": item["account"].id, "amount_currency": -amount, "balance": -balance},
            common
            | {"account_id": clearing_account.id, "amount_currency": amount, "balance": balance},
        ]

    def _reconcile(self, items, booked):
        plan = []
        for item, line in zip(items, booked, strict=True):
            targets = item["lines"].filtered(lambda target: not target.reconciled)
            if targets and not line.reconciled:
                plan.append(line + targets)
        self.env["account.move.line"]._reconcile_plan(plan)
