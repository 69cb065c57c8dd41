"""Two months of a Norwegian ski club: the fee season by invoice, then a month with AvtaleGiro.

Runs inside Odoo. Everything goes the way it goes in practice: a billing run with its preview, bank
files in a folder and over SFTP, scheduled actions. At the end the ledger must agree with what the
payers and their banks did.
"""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

from devtools.scenarios import association
from devtools.scenarios.days import MORNING, at, month_before
from devtools.scenarios.debits import OSLO, STRUCTURE, DebitMonths, claims_of
from tests.bank_simulator import banking_days
from tests.bank_simulator.clearing_house import ClearingHouse
from tests.bank_simulator.payers import HABITS
from tests.support.sftp_server import is_there

OLD_MEMBERS, NEW_MEMBERS = 60, {"SEASON": 60, "FAMILY": 25, "MONTH": 45, "YOUTH": 20}
LAST_YEAR = {"in_time": 92, "never": 8}
SEED = 20
SAMPLE, WAVE = 10, 60
WRONG_PRICE = 919
# Of the month with AvtaleGiro: debits are due on the 15th, three banking days later it is over.
SIGNED_UP_BEFORE, ENDS_ON, LAST_DAY = 4, 12, 22


class LedgerError(AssertionError):
    """The ledger does not say what the bank's files say."""


def run(env, out_dir):
    """Play the two months before this one; files stay in `out_dir`. Returns the table to print."""
    return play(env, out_dir, month_before(date.today()))[0]


def play(env, out_dir, month):
    """Play the month before ``month`` and ``month``, and keep the files in `out_dir`.

    :return: the table to print, and the bank as it is at the end
    """
    closed = month - timedelta(days=1)
    opened = closed.replace(day=1)
    club = association.found(env, opened)
    folder = _Folder(env, out_dir)
    house = ClearingHouse(
        seed=SEED,
        recipient=association.CUSTOMER_NUMBER,
        agreements={association.ACCOUNT: association.AGREEMENT_NUMBER},
        habits=LAST_YEAR,
        structures={association.ACCOUNT: STRUCTURE},
    )
    bank = Bank(env, club, house, folder)
    _last_season(env, club, house, folder, opened)
    house.payers.habits = HABITS
    with at(opened, MORNING, OSLO):
        for number, (code, count) in enumerate(NEW_MEMBERS.items()):
            association.join(env, club.plans[code], count, opened, seed=SEED + number)
        undone = _take_back_a_sample(env, club, opened)
        billing_run = _bill_in_waves(env, opened)
    house.announce(claims_of(_invoices(env, billing_run)), opened)
    with at(closed, MORNING, OSLO):
        folder.deliver(house.play(opened, closed))
    season = _season(undone, billing_run)
    if not is_there():
        table = _table(env, club, folder.delivered)
        return f"{season}{table}\nNo AvtaleGiro: sshd is missing.\n", bank
    debits = _collect(env, club, house, out_dir, month)
    delivered = folder.delivered + debits.delivered
    return season + _table(env, club, delivered) + debits.table(), bank


def _collect(env, club, house, out_dir, month):
    """A month with AvtaleGiro, by scheduled actions alone."""
    club.company.mbn_billing_mode = "automatic"
    debits = Debits(env, house, month)
    with DebitMonths(env, club, house, out_dir / "sftp") as months:
        debits.play(months)
    club.company.mbn_billing_mode = "approval"
    return debits


class Debits:
    """What happens in the month with AvtaleGiro, and what it comes to."""

    def __init__(self, env, house, month):
        self.env, self.house, self.month = env, house, month
        self.outcomes, self.delivered = {}, []
        self.told = env["account.move"].search([("move_type", "=", "out_invoice")])

    def play(self, months):
        monthly = self.told.filtered(lambda move: move.mbn_contract_ids.plan_id.term == "month")
        first = self.month - timedelta(days=SIGNED_UP_BEFORE)
        months.sign_up(monthly[::2], first)
        last = self.month + timedelta(days=LAST_DAY - 1)
        months.play(first, last, lambda day: self._on_morning(months, day))
        self.outcomes = months.account()
        self.delivered = [payment for file in months.front.delivered for payment in file.payments]

    def _on_morning(self, months, day):
        """Two of those who are debited change their mind; the others pay their invoices."""
        sent = self.env["direct.debit.order"].search([("state", "=", "sent")], order="id")
        if day == self.month.replace(day=ENDS_ON):
            months.end(sent[0].reference, day)
            self._credit(sent[1].line_ids.invoice_id)
        invoices = self.env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("state", "=", "posted")], order="id"
        )
        fresh = invoices.filtered(
            lambda move: move not in self.told and not move.mbn_debit_date and move.amount_residual
        )
        self.told |= fresh
        self.house.announce(claims_of(fresh), day)

    def _credit(self, invoice):
        """The office credits an invoice whose debit is at the bank already."""
        wizard = self.env["account.move.reversal"].create(
            {"move_ids": invoice.ids, "journal_id": invoice.journal_id.id}
        )
        note = self.env["account.move"].browse(wizard.reverse_moves()["res_id"])
        note.action_post()
        claims = (invoice | note).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable" and not line.reconciled
        )
        claims.reconcile()

    def table(self):
        mandates = self.env["direct.debit.mandate"].search_count([("state", "=", "active")])
        files = self.env["bank.file"].search([("direction", "=", "out")])
        labels = dict(self.env["direct.debit.order"]._fields["state"].selection)
        lines = [
            f"  {labels[state].lower():<40}{count:>7}{amount / 100:>16,.2f}"
            for state, (count, amount) in sorted(self.outcomes.items())
        ]
        count = sum(count for count, _amount in self.outcomes.values())
        amount = sum(amount for _count, amount in self.outcomes.values())
        return "\n".join(
            [
                "",
                f"AvtaleGiro, {self.month:%B %Y}",
                "-" * 65,
                f"{'Mandates in force':<42}{mandates:>7}",
                f"{'Files sent over SFTP before the deadline':<42}{len(files):>7}",
                f"{'Debits':<42}{count:>7}{amount / 100:>16,.2f}",
                *lines,
                "Every debit is what the clearing house says it is.",
                "",
            ]
        )


def _take_back_a_sample(env, club, day):
    """A slip in a price shows in the sample: the sample is undone, the price put right."""
    price = club.plans["YOUTH"].price_ids
    right = price.amount
    price.amount = WRONG_PRICE
    billing_run = _preview(env, day)
    _release(billing_run, "sample", SAMPLE)
    billing_run.action_undo()
    _work(billing_run, "undone")
    price.amount = right
    return billing_run


def _bill_in_waves(env, day):
    """The same again: a sample, waves, and what is left."""
    billing_run = _preview(env, day)
    _release(billing_run, "sample", SAMPLE)
    while billing_run.waiting_count > WAVE:
        _release(billing_run, "wave", WAVE)
    billing_run.action_confirm()
    return _work(billing_run, "done")


def _last_season(env, club, house, folder, opened):
    """Members since last year: their old references are still in their net banks."""
    begun = opened.replace(year=opened.year - 1)
    with at(begun, MORNING, OSLO):
        association.join(env, club.plans["SEASON"], OLD_MEMBERS, begun, seed=SEED - 1)
        claims = claims_of(_invoices(env, _bill(env, begun)))
    house.announce(claims, begun)
    over = begun + timedelta(days=60)
    with at(over, MORNING, OSLO):
        folder.deliver(house.play(begun, over))
    house.payers.old_references = [claim["reference"] for claim in claims]


class _Folder:
    """A folder that the bank's files arrive in; `delivered` is every payment in them."""

    def __init__(self, env, out_dir):
        self.env, self.path = env, out_dir / "in"
        self.delivered = []
        self.path.mkdir(parents=True, exist_ok=True)
        env["ir.config_parameter"].set_param(
            "membership_billing_nordic.bank_folder", str(out_dir.resolve())
        )
        self.channel = env["bank.channel"].create(
            {"name": "Bank folder", "kind": "folder", "folder": "in", "quiet_seconds": 0}
        )
        env["bank.connection"].search([("scheme", "=", "no_nets")]).channel_id = self.channel

    def deliver(self, files):
        """Put the files there and let the scheduled actions fetch and book them."""
        for file in files:
            (self.path / file.name).write_bytes(file.content)
            self.delivered += file.payments
        self.env["bank.channel"]._cron_fetch()
        self.env["bank.file"]._cron_process()
        self.env.cr.commit()


class Bank:
    """The clearing house and its folder, for who plays on when the months are over."""

    def __init__(self, env, club, house, folder):
        self.env = env(context={**env.context, "allowed_company_ids": club.company.ids})
        self.club, self.house, self.folder = club, house, folder

    def quiet_down(self):
        """No debits any more: the SFTP server is gone, files come through the folder again."""
        agreement = self.club.agreement
        away = agreement.connection_id.channel_id - self.folder.channel
        agreement.debit_out = False
        agreement.connection_id.channel_id = self.folder.channel
        away.active = False

    def tried(self):
        """The references of invoices that somebody has tried to pay, however wrongly."""
        return {payment.claim["reference"] for payment in self.house.payments}

    def pay_by(self, reference, amount, payer, day):
        """Somebody pays so many øre by this reference."""
        self.house.payers.habits = {"in_time": 1}
        claim = {
            "reference": reference,
            "amount": Decimal(amount) / 100,
            "due_date": day,
            "account": association.ACCOUNT,
            "payer": payer,
        }
        self.house.announce([claim], day)

    def hand_out(self, day):
        """The file of the day."""
        file = self.house.deliver(day) if banking_days.is_banking_day(day) else None
        if file:
            (self.folder.path / file.name).write_bytes(file.content)

    def take_in(self, day, now):
        """Nothing is sent to the bank."""


def _bill(env, day):
    billing_run = _preview(env, day)
    billing_run.action_confirm()
    return _work(billing_run, "done")


def _preview(env, day):
    billing_run = env["billing.run"].create({"date": day})
    billing_run.action_preview()
    return _work(billing_run, "preview")


def _release(billing_run, mode, number):
    release = billing_run.env["billing.run.release"].create(
        {"run_id": billing_run.id, "mode": mode, "number": number}
    )
    release.action_release()
    _work(billing_run, "partly")


def _work(billing_run, state):
    """Let the scheduled action work until the run has that state."""
    billing_run._cron_work()
    if billing_run.state != state or billing_run.run_failed:
        raise LedgerError(f"{billing_run.name} ended as {billing_run.state}, not {state}")
    billing_run.env.cr.commit()
    return billing_run


def _invoices(env, billing_run):
    return env["account.move"].search([("mbn_run_id", "=", billing_run.id)], order="id")


def _season(undone, billing_run):
    """What became of the two runs, in words."""
    return "\n".join(
        [
            f"{undone.name}: a sample of {undone.credited_count} showed a wrong price and was undone",
            f"{billing_run.name}: a sample of {SAMPLE}, waves of {WAVE}, then the rest:"
            f" {billing_run.billed_count} memberships",
            "",
        ]
    )


def _table(env, club, delivered):
    env.invalidate_all()
    invoices = env["account.move"].search(
        [("move_type", "=", "out_invoice"), ("state", "=", "posted")]
    )
    payments = env["bank.payment"].search([])
    real = payments.filtered(lambda payment: payment.state != "information")
    to_place = real.filtered(lambda payment: payment.state == "unmatched")
    deposits = env["bank.deposit"].search([])
    states = Counter(env["membership.contract"].search([]).mapped("member_status"))
    sums = {
        "given": sum(payment.amount for payment in delivered if not payment.is_information),
        "deposits": _ore(sum(deposits.mapped("amount"))),
        "bank account": _balance(env, club.agreement.liquidity_account_id),
        "to place": _ore(sum(real.mapped("amount_open"))),
        "clearing account": -_balance(env, club.agreement.clearing_account_id),
        "placed": _ore(sum(real.allocation_ids.mapped("amount"))),
        "receivables": sum(
            _balance(env, account)
            for account in env["account.account"].search(
                [("account_type", "=", "asset_receivable")]
            )
        ),
        "invoiced in all": _ore(
            sum(
                env["account.move"]
                .search([("move_type", "in", ("out_invoice", "out_refund"))])
                .mapped("amount_total_signed")
            )
        ),
    }
    _agree(sums)

    def line(what, rows=None, amount=None):
        count = "" if rows is None else f"{len(rows) if hasattr(rows, 'ids') else rows:>7}"
        return f"{what:<42}{count:>7}{'' if amount is None else f'{amount / 100:>16,.2f}'}"

    def invoiced(*kinds):
        rows = invoices.filtered(lambda invoice: invoice.payment_state in kinds)
        return rows, _ore(sum(rows.mapped("amount_total")))

    return "\n".join(
        [
            "",
            f"{club.company.name:<61} NOK",
            "-" * 65,
            line("Members", env["res.partner"].search([("mbn_member_number", "!=", False)])),
            *(line(f"  {status}", count) for status, count in sorted(states.items())),
            line("Invoiced", invoices, _ore(sum(invoices.mapped("amount_total")))),
            line("  paid", *invoiced("paid", "in_payment")),
            line("  partly paid", *invoiced("partial")),
            line("  credited", *invoiced("reversed")),
            line("  not paid", *invoiced("not_paid")),
            line("Payments from the bank", real, sums["given"]),
            line("  placed by the program", real - to_place, sums["placed"]),
            line("  to place by a person", to_place, sums["to place"]),
            line("Card payments, for information only", payments - real),
            "-" * 65,
            line("Deposits", deposits, sums["deposits"]),
            line("  ledger: bank account", None, sums["bank account"]),
            line("Payments not placed", None, sums["to place"]),
            line("  ledger: unallocated payments", None, sums["clearing account"]),
            line("Invoiced less placed", None, sums["invoiced in all"] - sums["placed"]),
            line("  ledger: receivables", None, sums["receivables"]),
            "All sums agree with the ledger.",
            "",
        ]
    )


def _agree(sums):
    """The bank's truth, the payments and the ledger tell the same; amounts in øre."""
    pairs = {
        "what payers gave and deposits": ("given", "deposits"),
        "deposits and bank account": ("deposits", "bank account"),
        "payments to place and clearing account": ("to place", "clearing account"),
    }
    for what, (one, other) in pairs.items():
        if sums[one] != sums[other]:
            raise LedgerError(f"{what}: {sums[one]} and {sums[other]} øre")
    if sums["placed"] + sums["to place"] != sums["given"]:
        raise LedgerError("payments placed and to place are not what was given")
    if sums["invoiced in all"] - sums["placed"] != sums["receivables"]:
        raise LedgerError("invoices less payments are not the receivables")


def _balance(env, account):
    lines = env["account.move.line"].search(
        [("account_id", "=", account.id), ("parent_state", "=", "posted")]
    )
    return _ore(sum(lines.mapped("balance")))


def _ore(amount):
    return round(amount * 100)
