"""The account of a payer: what was charged, paid and credited, and what stands after each.

It is the payer's lines on receivable accounts as they are posted, so that it agrees with the
ledger by construction. What letters claim and nobody has booked yet is told beside it.
"""

from operator import attrgetter, itemgetter
from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL, groupby

from ..dunning.dunning_letter_line import PARTS

KINDS = [
    ("invoice", "Invoice"),
    ("credit", "Credit Note"),
    ("payment", "Payment"),
    ("refund", "Paid Back"),
    ("undone", "Placement Undone"),
    ("cost", "Fee or Interest of a Reminder"),
    ("moved", "Moved Between Payers"),
    ("difference", "Small Difference"),
    ("other", "Entry"),
]
_KEY = ("partner_id", "currency_id")
_COLUMNS = (
    *_KEY,
    "date",
    "kind",
    "document",
    "text",
    "due_date",
    "amount",
    "balance",
    "amount_open",
)


class Movement(NamedTuple):
    """One line of a statement; amounts in its currency, above zero what the payer owes."""

    day: object
    kind: str
    document: str
    text: str
    due_date: object
    amount: float
    balance: float
    amount_open: float


class Statement(NamedTuple):
    """What happened on the account of a payer, in one currency, in a span of days."""

    partner_id: int
    currency_id: int
    opening: float
    movements: list

    @property
    def closing(self):
        return self.movements[-1].balance if self.movements else self.opening


class MemberAccountLine(models.Model):
    """A posted line on a receivable account of a payer, with the balance after it."""

    _name = "member.account.line"
    _description = "Member Account"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "document"
    _depends = {
        "account.move": ["name", "move_type"],
        "account.move.line": [
            "account_id",
            "amount_currency",
            "amount_residual_currency",
            "date",
            "date_maturity",
            "name",
            "parent_state",
            "partner_id",
        ],
        "bank.difference": ["move_id", "undone_move_id"],
        "bank.money.move": ["move_id", "undone_move_id"],
        "bank.payment.allocation": ["amount", "entry_line_id", "undone_move_id"],
        "dunning.payment": ["move_id", "undone_move_id"],
        "dunning.posting": ["move_line_id", "cancel_move_id"],
        "res.partner": ["commercial_partner_id"],
    }

    partner_id = fields.Many2one("res.partner", string="Payer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(readonly=True)
    kind = fields.Selection(KINDS, string="What", readonly=True)
    move_id = fields.Many2one("account.move", string="Entry", readonly=True)
    document = fields.Char(readonly=True)
    text = fields.Char(readonly=True)
    due_date = fields.Date(readonly=True)
    amount = fields.Monetary(
        readonly=True, help="Above zero what was charged, below zero what was paid or credited."
    )
    charged = fields.Monetary(readonly=True)
    paid = fields.Monetary(string="Paid or Credited", readonly=True)
    balance = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="What the payer owed after it. Below zero: money that stands to the payer.",
    )
    amount_open = fields.Monetary(
        string="Open", readonly=True, help="What is not reconciled of it by now."
    )

    @property
    def _table_query(self):
        return SQL(
            """SELECT line.id,
                      payer.commercial_partner_id AS partner_id,
                      line.company_id,
                      line.currency_id,
                      line.date,
                      line.move_id,
                      move.name AS document,
                      line.name AS text,
                      CASE WHEN move.move_type = 'out_invoice' THEN line.date_maturity END AS due_date,
                      line.amount_currency AS amount,
                      GREATEST(line.amount_currency, 0) AS charged,
                      GREATEST(-line.amount_currency, 0) AS paid,
                      SUM(line.amount_currency) OVER (
                          PARTITION BY payer.commercial_partner_id, line.company_id, line.currency_id
                              ORDER BY line.date, line.id ROWS UNBOUNDED PRECEDING
                      ) AS balance,
                      line.amount_residual_currency AS amount_open,
                      CASE
                          WHEN move.move_type IN ('out_invoice', 'out_receipt') THEN 'invoice'
                          WHEN move.move_type = 'out_refund' THEN 'credit'
                          WHEN EXISTS (SELECT FROM bank_payment_allocation used
                                        WHERE used.entry_line_id = line.id)
                            OR line.payment_id IS NOT NULL OR line.statement_line_id IS NOT NULL
                          THEN CASE WHEN line.amount_currency > 0 THEN 'refund' ELSE 'payment' END
                          WHEN EXISTS (SELECT FROM bank_payment_allocation used
                                        WHERE used.undone_move_id = line.move_id) THEN 'undone'
                          WHEN EXISTS (SELECT FROM dunning_payment cost
                                        WHERE cost.move_id = line.move_id)
                            OR EXISTS (SELECT FROM dunning_payment cost
                                        WHERE cost.undone_move_id = line.move_id)
                            OR EXISTS (SELECT FROM dunning_posting cost
                                        WHERE cost.move_line_id = line.id)
                            OR EXISTS (SELECT FROM dunning_posting cost
                                        WHERE cost.cancel_move_id = line.move_id) THEN 'cost'
                          WHEN EXISTS (SELECT FROM bank_money_move moved
                                        WHERE moved.move_id = line.move_id)
                            OR EXISTS (SELECT FROM bank_money_move moved
                                        WHERE moved.undone_move_id = line.move_id) THEN 'moved'
                          WHEN EXISTS (SELECT FROM bank_difference rest
                                        WHERE rest.move_id = line.move_id)
                            OR EXISTS (SELECT FROM bank_difference rest
                                        WHERE rest.undone_move_id = line.move_id) THEN 'difference'
                          ELSE 'other'
                      END AS kind
                 FROM account_move_line line
                 JOIN account_account account ON account.id = line.account_id
                 JOIN account_move move ON move.id = line.move_id
                 JOIN res_partner payer ON payer.id = line.partner_id
                WHERE account.account_type = 'asset_receivable'
                  AND account.non_trade IS NOT TRUE
                  AND line.parent_state = 'posted'"""
        )

    @api.model
    def _mbn_rows(self, domain):
        """The lines of ``domain`` as tuples of ``_COLUMNS``, by payer, currency and day."""
        query = self._search(domain, order="partner_id.id, currency_id.id, date, id")
        return self._mbn_read(query, _COLUMNS)

    @api.model
    def _mbn_balances_before(self, domain, day):
        """What stood before ``day``: dict of (payer id, currency id) to balance."""
        query = self._search(
            [*domain, ("date", "<", day)], order="partner_id.id, currency_id.id, date, id"
        )
        return {
            (partner, currency): balance
            for partner, currency, balance in self._mbn_read(query, (*_KEY, "balance"))
        }

    @api.model
    def _mbn_read(self, query, names):
        columns = [self._field_to_sql(self._table, name, query) for name in names]
        return self.env.execute_query(query.select(*columns))

    def action_open_move(self):
        """Show the invoice or entry."""
        self.check_access("read")
        self.ensure_one()
        return self.move_id._get_records_action()

    def action_print_statement(self):
        """Print the statement of the payer whose account is shown, or of those of the lines."""
        self.check_access("read")
        payers = self.env["res.partner"].browse(self.env.context.get("mbn_payer_id"))
        payers = (payers or self.partner_id).exists()
        payers.check_access("read")
        report = self.env.ref("membership_billing_nordic.action_report_member_account")
        return report.report_action(payers)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _mbn_statements(self, company, since=None, until=None):
        """The statements of these payers, one for each currency, by payer.

        The rights and rules of ``member.account.line`` hold.

        :param since: first day; what was before is the opening balance
        :param until: last day
        :return: list of :class:`Statement`; none for payers of whom nothing was ever posted
        """
        lines = self.env["member.account.line"]
        domain = [
            ("partner_id", "in", self.commercial_partner_id.ids),
            ("company_id", "=", company.id),
        ]
        opening = lines._mbn_balances_before(domain, since) if since else {}
        if since:
            domain.append(("date", ">=", since))
        if until:
            domain.append(("date", "<=", until))
        found = []
        rows = lines._mbn_rows(domain)
        for (partner, currency), group in groupby(rows, itemgetter(0, 1)):
            movements = [Movement._make(row[2:]) for row in group]
            first = movements[0]
            before = opening.pop((partner, currency), first.balance - first.amount)
            found.append(Statement(partner, currency, before, movements))
        found += [Statement(*key, balance, []) for key, balance in opening.items()]
        return sorted(found, key=attrgetter("partner_id", "currency_id"))

    def _mbn_unbooked_costs(self, company):
        """What letters claim of this payer that is booked only when it is paid, by currency."""
        self.ensure_one()
        lines = (
            self.env["dunning.letter.line"]
            .sudo()
            .search(
                [
                    ("claim_id.partner_id", "child_of", self.commercial_partner_id.id),
                    ("company_id", "=", company.id),
                    "|",
                    "|",
                    *((f"{part}_open", ">", 0) for part in PARTS),
                ]
            )
        )
        sums = {}
        for line in lines:
            left = sum(line[f"{part}_open"] for part in PARTS if not line._posting(part))
            sums[line.currency_id] = sums.get(line.currency_id, 0.0) + left
        return {currency: amount for currency, amount in sums.items() if amount}

    def _mbn_account_companies(self):
        """The companies in whose books this payer has an account."""
        groups = self.env["member.account.line"]._read_group(
            [("partner_id", "=", self.commercial_partner_id.id)], ["company_id"]
        )
        return self.env["res.company"].union(*(company for (company,) in groups))

    def _mbn_statement_kinds(self):
        """What the kinds of movements are called, in the language of the context."""
        kind = self.env["member.account.line"]._fields["kind"]
        return dict(kind._description_selection(self.env))

    def _mbn_statement_file_name(self):
        day = self.env.company._billing_today()
        return self.env._("Statement %(name)s %(day)s", name=self.name, day=day)

    def action_mbn_account(self):
        """Show what was charged, paid and credited, with the balance after each."""
        self.env["member.account.line"].check_access("read")
        self.check_access("read")
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "membership_billing_nordic.action_member_account_line"
        )
        payer = self.commercial_partner_id
        return action | {
            "display_name": self.env._("Account of %(name)s", name=payer.display_name),
            "domain": [("partner_id", "=", payer.id)],
            "context": {"mbn_payer_id": payer.id},
        }
