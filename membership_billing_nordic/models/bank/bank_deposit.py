from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

# A person may book or discard these.
UNDECIDED = ("held", "reported")


class BankDeposit(models.Model):
    """One sum the bank put on the account, booked by one small entry.

    A deposit that does not add up, or that may be a double, is held: nothing of it is
    booked before a person has decided.
    """

    _name = "bank.deposit"
    _description = "Bank Deposit"
    _order = "bank_date desc, id desc"
    _rec_name = "deposit_key"
    _check_company_auto = True

    file_id = fields.Many2one(
        "bank.file", required=True, index=True, readonly=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", required=True, index=True, readonly=True)
    agreement_id = fields.Many2one(
        "bank.agreement",
        required=True,
        index=True,
        readonly=True,
        ondelete="restrict",
        check_company=True,
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    record = fields.Integer(
        string="Record No.", readonly=True, help="Number of its first record in the file."
    )
    deposit_key = fields.Char(
        string="Bank's Key",
        required=True,
        readonly=True,
        help="What tells this sum from every other one on the account.",
    )
    bank_date = fields.Date(
        required=True, readonly=True, index=True, help="The day the money was on the account."
    )
    amount = fields.Monetary(
        readonly=True, help="What the account moved by; below zero when the bank took money."
    )
    charges = fields.Monetary(readonly=True, help="What the bank kept back.")
    count = fields.Integer(
        string="Payments Declared", readonly=True, help="How many payments the bank says it holds."
    )
    payments_sum = fields.Monetary(
        string="Sum of Its Payments", readonly=True, help="Sum of the payments that were read."
    )
    difference = fields.Monetary(
        compute="_compute_difference",
        store=True,
        help="Amount and charges less the sum of its payments. Booked on the clearing account "
        "when a person books the deposit all the same.",
    )
    bank_reference = fields.Char(readonly=True, help="The bank's own reference.")
    state = fields.Selection(
        [
            ("new", "New"),
            ("booked", "Booked"),
            ("held", "Held"),
            ("discarded", "Discarded"),
        ],
        required=True,
        default="new",
        readonly=True,
        index=True,
        help="Held: waits for a person, nothing is booked. Discarded: a person decided that it "
        "is no money.",
    )
    hold_reason = fields.Selection(
        [
            ("sum", "Does not add up"),
            ("double", "Possible double"),
            ("no_deposit", "The file names no sum for its payments"),
            ("error", "Could not be booked"),
        ],
        readonly=True,
        index=True,
        help="Why nothing of it is booked.",
    )
    note = fields.Char(readonly=True, help="What a person should know about it.")
    move_id = fields.Many2one(
        "account.move", string="Journal Entry", readonly=True, index="btree_not_null"
    )
    decided_by_id = fields.Many2one("res.users", readonly=True)
    payment_ids = fields.One2many("bank.payment", "deposit_id", string="Payments", readonly=True)

    _key_once = models.Constraint(
        "UNIQUE(agreement_id, deposit_key)", "This deposit is stored already."
    )
    _pending_index = models.Index("(file_id, agreement_id, bank_date, id) WHERE state = 'new'")

    @api.depends("amount", "charges", "payments_sum")
    def _compute_difference(self):
        for deposit in self:
            deposit.difference = deposit.amount + deposit.charges - deposit.payments_sum

    @api.depends("agreement_id", "bank_date", "amount")
    def _compute_display_name(self):
        for deposit in self:
            deposit.display_name = self.env._(
                "%(agreement)s, %(date)s, %(amount).2f",
                agreement=deposit.agreement_id.sudo().name,
                date=deposit.bank_date,
                amount=deposit.amount,
            )

    # ------------------------------------------------------------------ reading

    @api.model
    def _hold_payments_without_deposit(self, file):
        """Put payments that found no deposit of their own file into one that is held."""
        lost = self.env["bank.payment"].search(
            [("file_id", "=", file.id), ("state", "=", "new"), ("deposit_id", "=", False)]
        )
        for (agreement, key), payments in lost.grouped(
            lambda payment: (payment.agreement_id, payment.deposit_key)
        ).items():
            self._hold_group(file, agreement, key or "", payments)

    @api.model
    def _hold_group(self, file, agreement, key, payments):
        known = self.search(
            [("agreement_id", "=", agreement.id), ("deposit_key", "=", key)], limit=1
        )
        own_key = f"{key} #{file.id}"
        deposit = self.search(
            [("agreement_id", "=", agreement.id), ("deposit_key", "=", own_key)], limit=1
        )
        if deposit.state in ("booked", "discarded"):
            own_key = f"{own_key}.{payments[0].id}"
            deposit = self.browse()
        values = {
            "amount": sum(payments.mapped("amount")) + sum(deposit.payment_ids.mapped("amount")),
            "count": len(payments | deposit.payment_ids),
            "bank_date": payments[0].bank_date,
        }
        if deposit:
            deposit.write(values)
        else:
            deposit = self.create(
                values
                | {
                    "file_id": file.id,
                    "agreement_id": agreement.id,
                    "company_id": agreement.company_id.id,
                    "currency_id": agreement.currency_id.id,
                    "record": payments[0].record,
                    "deposit_key": own_key,
                }
            )
        payments.write({"deposit_id": deposit.id})
        if known:
            note = self.env._(
                "File %(file)s already brought this sum; these payments are new.",
                file=known.file_id.name,
            )
        else:
            note = self.env._("Compare with the account statement before you book it.")
        deposit._hold("double" if known else "no_deposit", note)

    def _check_sums(self):
        """Hold every deposit that is not the sum of its payments."""
        groups = self.env["bank.payment"]._read_group(
            [("deposit_id", "in", self.ids)], ["deposit_id"], ["amount:sum", "__count"]
        )
        found = {deposit.id: (total, count) for deposit, total, count in groups}
        for deposit in self:
            deposit.payments_sum, count = found.get(deposit.id, (0.0, 0))
            wrong = not deposit.currency_id.is_zero(deposit.difference)
            if wrong or count != deposit.count:
                deposit._hold(
                    "sum",
                    self.env._(
                        "The bank says %(declared)s payments; %(count)s were read, %(sum).2f in all.",
                        declared=deposit.count,
                        count=count,
                        sum=deposit.payments_sum,
                    ),
                )

    def _hold_doubles(self, file):
        """Hold deposits with payments that a file of another format seems to have brought."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """SELECT payment.deposit_id, count(DISTINCT payment.id), min(other_file.name)
                     FROM bank_payment payment
                     JOIN bank_payment other
                       ON other.state NOT IN ('information', 'discarded', 'reported')
                      AND %(same)s
                     JOIN bank_file other_file
                       ON other_file.id = other.file_id AND other_file.format != %(format)s
                    WHERE payment.deposit_id = ANY(%(deposits)s)
                    GROUP BY payment.deposit_id""",
                same=self._same_money(),
                format=file.format,
                deposits=self.ids,
            )
        )
        for deposit_id, count, name in rows:
            note = self.env._(
                "%(count)s of its payments seem to have come with %(file)s, in another format.",
                count=count,
                file=name,
            )
            self.browse(deposit_id)._hold("double", note)

    def _hold(self, reason, note):
        self.ensure_one()
        self.env.flush_all()
        self.payment_ids.filtered(lambda p: p.state == "new").write({"state": "held"})
        self.write(
            {
                "state": "held",
                "hold_reason": reason,
                "note": note,
                "payments_sum": sum(self.payment_ids.mapped("amount")),
            }
        )
        kind = "possible_double" if reason == "double" else "deposit_held"
        self.env["billing.exception"]._open(
            self,
            kind,
            self.env._("Deposit of %(date)s is not booked", date=self.bank_date),
            self.env._("Compare with the account statement, then book or discard it."),
        )

    def _release_to_retry(self):
        """Its file is read again: judge anew what did not add up or could not be booked."""
        for deposit in self:
            if deposit.state == "held" and deposit.hold_reason in ("sum", "error"):
                deposit.payment_ids.filtered(lambda p: p.state == "held").write({"state": "new"})
                deposit.write({"state": "new", "hold_reason": False, "note": False})
                deposit._leave_desk()

    # ------------------------------------------------------------------ booking

    def _run_in_file(self):
        self._book()

    def _fail_in_file(self, message):
        self._hold("error", message)

    def _book(self):
        """Book deposits of one agreement, an entry each, dated with the bank's day.

        :raises UserError: the agreement is not ready, or charges have no account
        """
        agreement = self.agreement_id
        agreement._check_ready()
        entries = {
            deposit: vals for deposit in self if (vals := deposit._prepare_entry_vals())["line_ids"]
        }
        moves = (
            self.env["account.move"]
            .with_company(agreement.company_id)
            .create(list(entries.values()))
        )
        moves.action_post()
        for deposit, move in zip(entries, moves, strict=True):
            deposit.move_id = move
        self.write({"state": "booked", "hold_reason": False})

    def _prepare_entry_vals(self):
        self.ensure_one()
        return {
            "move_type": "entry",
            "journal_id": self.agreement_id.booking_journal_id.id,
            "date": self.bank_date,
            "ref": self.env._("Deposit, %(file)s", file=self.file_id.name),
            "line_ids": [Command.create(vals) for vals in self._prepare_lines()],
        }

    def _prepare_lines(self):
        """Debit the bank and the charges, credit the clearing account; no lines of nothing."""
        self.ensure_one()
        agreement = self.agreement_id
        gross = self.amount + self.charges
        parts = [
            (agreement.liquidity_account_id, self.amount, self.env._("Deposit")),
            (agreement.clearing_account_id, -gross, self.env._("Payments to place")),
        ]
        if not self.currency_id.is_zero(self.charges):
            parts.append((self._charge_account(), self.charges, self.env._("Bank charges")))
        return [
            self._prepare_line(account, amount, label)
            for account, amount, label in parts
            if not self.currency_id.is_zero(amount)
        ]

    def _prepare_line(self, account, amount, label):
        company = self.company_id
        return {
            "account_id": account.id,
            "name": f"{label} {self.bank_reference or self.deposit_key}",
            "currency_id": self.currency_id.id,
            "amount_currency": amount,
            "balance": self.currency_id._convert(
                amount, company.currency_id, company, self.bank_date
            ),
        }

    def _charge_account(self):
        account = self.company_id.mbn_bank_charge_account_id
        if not account:
            raise UserError(
                self.env._(
                    "The bank kept back charges. Choose the account for bank charges of "
                    "%(company)s in the settings, then book the deposit.",
                    company=self.company_id.name,
                )
            )
        return account

    # ------------------------------------------------------------------ decisions

    def _check_may_decide(self):
        if not self.env.user.has_group("membership_billing_nordic.group_billing_manager"):
            raise AccessError(
                self.env._("Only billing managers may decide on deposits that are not booked.")
            )
        self.check_access("read")
        held = self.sudo().try_lock_for_update()
        held.invalidate_recordset()
        if held != self.sudo() or any(row.state not in UNDECIDED for row in held):
            raise UserError(
                self.env._("Somebody else has decided on this deposit. Reload the page.")
            )
        return held

    def action_book(self):
        """Book deposits as they stand; their payments are placed by the scheduled action.

        What was only reported is compared once more: where it may be a double, it is held.
        """
        for deposit in self._check_may_decide():
            if deposit.state == "reported" and deposit._hold_if_booked():
                continue
            deposit.with_company(deposit.company_id)._book()
            deposit.decided_by_id = self.env.user
            deposit.payment_ids.filtered(lambda p: p.state in UNDECIDED).write({"state": "new"})
            deposit._leave_desk()
            deposit.file_id._resume()

    def action_discard(self):
        """These deposits are no money, for example because they came twice."""
        for deposit in self._check_may_decide():
            deposit.write({"state": "discarded", "decided_by_id": self.env.uid})
            deposit.payment_ids.write({"state": "discarded"})
            deposit._leave_desk()
            deposit.file_id._resume()

    def _leave_desk(self):
        for kind in ("possible_double", "deposit_held"):
            self.env["billing.exception"]._close(self, kind)

    def action_show_payments(self):
        """The payments of this deposit."""
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_bank_payment"
        )
        return action | {"domain": [("deposit_id", "=", self.id)], "context": {"create": False}}
