"""A reminder preview of 100 000 open claims of 60 000 payers, against one SQL aggregate by payer."""

import random
from datetime import date, datetime, time, timedelta

from odoo import Command
from odoo.addons.membership_billing_nordic.models.dunning.dunning_judge import ClaimJudge
from odoo.addons.membership_billing_nordic.models.dunning.dunning_letter_making import LetterMaker
from odoo.tools import SQL

from benchmarks.inside_odoo import PreviewBench

NEEDS_DATABASE = True
CLAIMS = 25_000
PAYERS = 0.6  # for each claim
FEES = (349, 600, 900, 1250, 2100)
# What becomes of claims: in how many of a hundred, and how many different due dates there are.
SORTS = {
    "first letter": (40, 40),
    "last notice with interest": (30, 40),
    "last notice, part paid": (5, 15),
    "waits for a deadline": (10, 15),
    "disputed": (3, 5),
    "paused": (2, 5),
    "payer on hold": (2, 5),
    "debit": (5, 5),
    "money not used": (3, 5),
}
REMINDED = {
    "last notice with interest": 30,
    "last notice, part paid": 30,
    "waits for a deadline": 5,
}
# Those that get no letter, and why; the others get one.
SKIPPED = {
    "disputed": "disputed",
    "paused": "paused",
    "payer on hold": "payer_hold",
    "debit": "debit",
    "money not used": "credit",
}
WAITING = {"waits for a deadline"}  # no line: their next letter is due later
QUERY = """
SELECT claim.partner_id, count(*), sum(line.amount_residual), min(line.date_maturity)
  FROM account_move_line line
  JOIN dunning_claim claim ON claim.move_line_id = line.id
 WHERE line.company_id = %(company)s
   AND line.parent_state = 'posted'
   AND line.reconciled IS NOT TRUE
   AND line.amount_residual > 0
 GROUP BY claim.partner_id
 ORDER BY claim.partner_id
"""


def main(env) -> int:
    """Print CPU time, memory and ratios; returns an exit status."""
    Overdue(env).compare(CLAIMS)
    return 0


class Overdue(PreviewBench):
    """A club with unpaid invoices that are at every place of its reminder policy.

    Some of each sort are made the normal way; the others are copied in SQL.
    """

    what, one, other, bound = "claims", "claim", "the SQL aggregate", 40

    def __init__(self, env):
        super().__init__(env)
        self.company = self.bench.club.company
        self.today = self.company._billing_today()
        self.chance = random.Random(1)
        # What other processes did for a query would not be counted.
        env.cr.execute("SET max_parallel_workers_per_gather = 0")
        self._know_the_law()
        self._read_the_bank()
        self._agree_on_letters()
        self.seeds = {sort: self._claims_of(sort) for sort in SORTS}
        self.payer = self.bench.payers(1)
        self.count = self.payer_count = 0
        for table in ("account_move", "account_move_line", "dunning_letter", "res_partner"):
            setattr(self, f"after_{table}", self._top(table))
        env.cr.commit()

    # ------------------------------------------------------------------ what claims depend on

    def _know_the_law(self):
        country = self.env.ref("base.no")
        law = self.env["dunning.law"].search(
            [("country_id", "=", country.id), ("valid_from", "!=", False)]
        )
        law.valid_to = False
        law.action_verify()
        rates = self.env["dunning.interest.rate"].search([("country_id", "=", country.id)])
        known = set(rates.mapped("valid_from"))
        halves = (date(year, month, 1) for year in range(2020, 2100) for month in (1, 7))
        missing = [day for day in halves if day <= self.today and day not in known]
        rates |= rates.create(
            [{"country_id": country.id, "valid_from": day, "rate": 12.25} for day in missing]
        )
        rates.action_verify()

    def _read_the_bank(self):
        self.env["bank.file.expectation"].create(
            {
                "name": "Payments",
                "connection_id": self.bench.club.agreement.connection_id.id,
                "settled_until": self.today,
            }
        )

    def _agree_on_letters(self):
        notice = {
            "kind": "notice",
            "counted_from": "letter",
            "claims_interest": True,
            "consequence": "Kravet sendes til inkasso.",
            "objection": "Skriv til oss.",
        }
        levels = [
            {"sequence": 1, "name": "Purring", "days": 14, "fee": 35.0},
            {"sequence": 2, "name": "Inkassovarsel", "days": 14, "fee": 35.0, **notice},
        ]
        self.env["dunning.policy"].create(
            {"name": "Fees", "level_ids": [Command.create(level) for level in levels]}
        )

    def _claims_of(self, sort):
        """Claims of one sort, on different due dates of the last months."""
        invoices = self.env["account.move"]
        count = SORTS[sort][1]
        for number, vals in enumerate(self.bench.invoice_vals(count)):
            due = self.today - timedelta(days=60 + number * 160 // count)
            vals |= {"invoice_date": due - timedelta(days=14), "invoice_date_due": due}
            vals["invoice_line_ids"][0][2]["price_unit"] = self.chance.choice(FEES)
            invoices |= invoices.create(vals)
        invoices.action_post()
        self.env["dunning.claim"]._refresh(self.company, self.today)
        claims = self.env["dunning.claim"].search([("invoice_id", "in", invoices.ids)])
        if sort in REMINDED:
            self._remind(claims, REMINDED[sort])
        getattr(self, "_do_" + sort.split(",")[-1].strip().replace(" ", "_"), len)(claims)
        return claims.ids

    def _remind(self, claims, days):
        """The first letter about them was sent so many days ago; nothing is printed."""
        day = self.today - timedelta(days=days)
        verdicts = ClaimJudge(self.company, day).judge(claims).values()
        maker = LetterMaker(self.company, day, self.env["dunning.run"])
        for verdict in verdicts:
            assert not verdict.reason, (verdict.reason, verdict.detail)
            maker._create([verdict]).state = "sent"

    def _do_part_paid(self, claims):
        for claim in claims:
            self._pay(claim, 100.0)

    def _do_disputed(self, claims):
        claims.write({"is_disputed": True, "hold_reason": "Never ordered"})

    def _do_paused(self, claims):
        claims.write({"paused_until": self.today, "hold_reason": "Ill"})

    def _do_payer_on_hold(self, claims):
        claims.partner_id.mbn_dunning_hold = True

    def _do_debit(self, claims):
        club = self.bench.club
        for claim in claims:
            shared = {"company_id": self.company.id, "currency_id": claim.currency_id.id}
            line = {
                "move_line_id": claim.move_line_id.id,
                "invoice_id": claim.invoice_id.id,
                "amount": claim.amount_open,
            }
            self.env["direct.debit.order"].create(
                {
                    "agreement_id": club.agreement.id,
                    "partner_id": claim.partner_id.id,
                    "due_date": self.today,
                    "deadline": datetime.combine(self.today, time()),
                    "original_due_date": claim.due_date,
                    "reference": claim.invoice_id.payment_reference,
                    "reference_value": claim.invoice_id.payment_reference,
                    "amount": claim.amount_open,
                    "line_ids": [Command.create(shared | line)],
                    **shared,
                }
            )

    def _do_money_not_used(self, claims):
        for claim in claims:
            self._pay(claim, 50.0, invoice=False)

    def _pay(self, claim, amount, invoice=True):
        agreement = self.bench.club.agreement
        line = claim.move_line_id
        self.env["billing.settlement.writer"]._book(
            agreement.booking_journal_id,
            self.today - timedelta(days=20),
            "Payment",
            agreement.clearing_account_id,
            [
                {
                    "partner": claim.partner_id,
                    "account": line.account_id,
                    "amount": amount,
                    "currency": claim.currency_id,
                    "label": "Payment",
                    "lines": line if invoice else line.browse(),
                }
            ],
        )

    # ------------------------------------------------------------------ copies

    def add(self, count):
        """As many more claims."""
        self.env.flush_all()
        new_payers = round(count * PAYERS)
        self._copy_payers(new_payers)
        self.env.cr.execute(
            "CREATE TEMPORARY TABLE pick (n integer, payer integer, seed integer) ON COMMIT DROP"
        )
        sorts = [sort for sort, (share, _days) in SORTS.items() for _one in range(share)]
        rows = []
        for number in range(count):
            seed = self.chance.choice(self.seeds[sorts[number % 100]])
            rows.append((self.count + number + 1, self.payer_count + number % new_payers + 1, seed))
        self.env.cr.execute_values("INSERT INTO pick VALUES %s", rows, page_size=10_000)
        self.count += count
        self.payer_count += new_payers
        self._copy_claims()
        self.env.cr.commit()
        self.env.invalidate_all()
        self.env.cr.execute("ANALYZE")
        self.env.cr.commit()

    def _copy_payers(self, count):
        number = SQL("%s + n", self.after_res_partner + self.payer_count)
        name = SQL("'Medlem ' || n")
        self._copy(
            "res_partner",
            SQL(
                "generate_series(1, %s) n JOIN res_partner old ON old.id = %s", count, self.payer.id
            ),
            id=number,
            name=name,
            complete_name=name,
            commercial_partner_id=number,
        )

    def _copy_claims(self):
        move = SQL("%s + n", self.after_account_move)
        owed = SQL("%s + 2 * n", self.after_account_move_line)
        letter = SQL("%s + n", self.after_dunning_letter)
        payer = SQL("%s + pick.payer", self.after_res_partner)
        name = SQL("'B/' || n")
        picked = SQL("pick JOIN dunning_claim seed ON seed.id = pick.seed JOIN")
        whose = {"partner_id": payer, "commercial_partner_id": payer}
        none = SQL("NULL")
        self._copy(
            "account_move",
            SQL("%s account_move old ON old.id = seed.invoice_id", picked),
            id=move,
            name=name,
            payment_reference=none,
            access_token=none,
            mbn_reference_id=none,
            sequence_number=SQL("n"),
            **whose,
        )
        lines = {"move_id": move, "move_name": name, "partner_id": payer}
        self._copy(
            "account_move_line",
            SQL("%s account_move_line old ON old.id = seed.move_line_id", picked),
            id=owed,
            **lines,
        )
        self._copy(
            "account_move_line",
            SQL(
                "%s account_move_line old ON old.move_id = seed.invoice_id"
                " AND old.display_type = 'product'",
                picked,
            ),
            **lines,
        )
        self._copy(
            "account_partial_reconcile",
            SQL(
                "%s account_partial_reconcile old ON old.debit_move_id = seed.move_line_id", picked
            ),
            debit_move_id=owed,
        )
        self._copy(
            "account_move_line",
            SQL(
                "%s account_move_line old ON old.partner_id = seed.partner_id"
                " AND old.amount_residual < 0",
                picked,
            ),
            partner_id=payer,
        )
        self._copy(
            "direct_debit_order_line",
            SQL("%s direct_debit_order_line old ON old.move_line_id = seed.move_line_id", picked),
            move_line_id=owed,
            invoice_id=move,
        )
        self._copy(
            "dunning_claim",
            SQL("%s dunning_claim old ON old.id = seed.id", picked),
            move_line_id=owed,
            invoice_id=move,
            partner_id=payer,
        )
        claim = SQL("(SELECT id FROM dunning_claim WHERE move_line_id = %s)", owed)
        self._copy(
            "dunning_letter",
            SQL(
                "%s dunning_letter_line line ON line.claim_id = seed.id"
                " JOIN dunning_letter old ON old.id = line.letter_id",
                picked,
            ),
            id=letter,
            name=name,
            partner_id=payer,
        )
        self._copy(
            "dunning_letter_line",
            SQL("%s dunning_letter_line old ON old.claim_id = seed.id", picked),
            letter_id=letter,
            claim_id=claim,
        )
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET mbn_dunning_hold = TRUE FROM pick"
                " JOIN dunning_claim seed ON seed.id = pick.seed"
                " JOIN res_partner held ON held.id = seed.partner_id AND held.mbn_dunning_hold"
                " WHERE res_partner.id = %s",
                payer,
            )
        )

    def _top(self, table):
        """Take all ids up to the next ten millions, so that copies can have known ones."""
        sequence = f"{table}_id_seq"
        self.env.cr.execute("SELECT setval(%s, nextval(%s) + 10000000)", [sequence, sequence])
        return self.env.cr.fetchone()[0] - 10_000_000

    def _copy(self, table, rows, **columns):
        """Insert a copy of each of ``rows``, of which ``old`` is the row to copy."""
        self.env.cr.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = ''",
            [table],
        )
        names = [name for (name,) in self.env.cr.fetchall() if name != "id" or "id" in columns]
        values = [columns.get(name) or SQL("old.%s", SQL.identifier(name)) for name in names]
        self.env.cr.execute(
            SQL(
                "INSERT INTO %s (%s) SELECT %s FROM %s",
                SQL.identifier(table),
                SQL(", ").join(SQL.identifier(name) for name in names),
                SQL(", ").join(values),
                rows,
            )
        )

    # ------------------------------------------------------------------ what is timed

    def new_run(self):
        return self.env["dunning.run"].create({})

    def query(self):
        return SQL(QUERY, company=self.company.id)

    def check(self, run, rows):
        """Did every claim get its line, and what was to come of it?"""
        assert rows >= self.payer_count, (rows, self.payer_count)
        found = self.env["dunning.run.line"]._read_group(
            [("run_id", "=", run.id)], ["reason"], ["__count"]
        )
        seeds = {SKIPPED.get(sort, False): 0 for sort in SORTS}
        for sort, (_share, count) in SORTS.items():
            if sort not in WAITING:
                seeds[SKIPPED.get(sort, False)] += count
        wanted = {reason: self._share(reason) + seeds[reason] for reason in seeds}
        assert dict(found) == wanted, (dict(found), wanted)

    def _share(self, reason):
        shares = (
            share
            for sort, (share, _count) in SORTS.items()
            if sort not in WAITING and SKIPPED.get(sort, False) == reason
        )
        return self.count * sum(shares) // 100
