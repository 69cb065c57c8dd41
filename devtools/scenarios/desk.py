"""One of each at the invoice desks of three clubs, after reminders and collection are over.

People press the buttons, scheduled actions do the rest, money moves by the country's own bank
files and by payment files. What the story says that everybody owes is held against the ledger.
"""

from datetime import timedelta

from devtools.ledger import Comparison, heading, ruler
from devtools.scenarios import desk_members, desk_money, desk_papers
from devtools.scenarios.days import MORNING, WITH_THE_BANK, at, run_actions
from devtools.scenarios.desk_bank import DeskBank
from devtools.scenarios.desk_countries import DENMARK, NORWAY, SWEDEN
from devtools.scenarios.desk_setup import Office
from devtools.scenarios.dunning import ZONE, StoryError, working_day

COUNTRIES = {country.code: country for country in (NORWAY, DENMARK, SWEDEN)}
PAYMENT_FILES = ("ir_cron_transfer_files", *WITH_THE_BANK)
# Working days in which what others paid before is told, and calendar days in which money arrives.
UNDER_WAY, LONGEST = 4, 12


class Desk(Office):
    """One club's desk, and what the story says of it."""

    def __init__(self, country, story, root):
        super().__init__(country, story, root)
        self.iso = DeskBank(country.own_account)
        self.rows = []  # (what, what the story says, a function that asks the ledger)
        self.papers = {}
        self.refunds = self.env["bank.refund"]
        self.payouts = self.env["membership.payout"]
        self.first_day = self.paused_on = None
        self.files = 0

    # ------------------------------------------------------------------ the story's words

    @property
    def currency(self):
        return self.company.currency_id.name

    def union(self, *parts):
        return self.env["membership.contract"].union(*(self.contracts[part] for part in parts))

    def invoice(self, part):
        """The first invoice of a part."""
        return self.contracts[part].charge_ids.invoice_id.sorted("id")[:1]

    def rest_of_year(self, price, day):
        """What a year that began on the first day costs from ``day`` on, in hundredths."""
        end = self.first_day.replace(year=self.first_day.year + 1)
        return round(100 * price * (end - day).days / (end - self.first_day).days)

    def act(self, *actions):
        """Scheduled actions run; they see only what is committed."""
        self.env.cr.commit()
        run_actions(self.env, actions)

    # ------------------------------------------------------------------ what is held together

    def tell(self, what, expected, found):
        """A sum in hundredths, and what the program says now."""
        self.rows.append((what, expected, round(100 * float(found))))

    def tell_count(self, what, expected, found):
        self.tell_text(what, str(expected), str(found))

    def tell_text(self, what, expected, found):
        self.rows.append((what, expected, found))

    def owes(self, what, part, amount):
        self.owes_hundredths(what, part, 100 * amount)

    def owes_hundredths(self, what, part, amount):
        """What a part owes at the end; below zero it stands to them."""
        payer = self.people[part]
        self.rows.append((what, amount, lambda: self.receivable(payer)))

    def balance(self, what, expected, account, part):
        """What stands on an account for a part at the end, in hundredths."""
        payer = ("partner_id", "=", self.people[part].id)
        on_account = ("account_id", "=", account.id)
        self.rows.append((what, expected, lambda: self._sum([on_account, payer])))

    # ------------------------------------------------------------------ the ledger

    def _sum(self, domain):
        lines = self.env["account.move.line"].search(
            [("company_id", "=", self.company.id), ("parent_state", "=", "posted"), *domain]
        )
        return round(100 * sum(lines.mapped("balance")))

    def receivable(self, payer):
        account = ("account_id.account_type", "=", "asset_receivable")
        return self._sum([account, ("partner_id", "=", payer.id)])

    def on_account(self, account):
        return self._sum([("account_id", "=", account.id)])

    def payable(self, association):
        account = self.company.mbn_share_account_id
        return self._sum(
            [("account_id", "=", account.id), ("partner_id", "=", association.partner_id.id)]
        )

    def standing(self, part):
        return self.env["account.move.line"].search(
            [
                ("partner_id", "=", self.people[part].id),
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("amount_residual", "<", 0),
            ]
        )

    # ------------------------------------------------------------------ the days

    def begin(self, day):
        """Everybody joins, looks at the invoice to come, is billed and, most of them, pays."""
        self.first_day = day
        self.open(day)
        desk_money.preview(self)
        everybody = self.union(*self.contracts)
        self.run = desk_money.bill(self, day, everybody)
        self.before = self.on_account(self.agreement.liquidity_account_id)
        self._pay(desk_money.PAID, day)

    def pay_again(self, day):
        self._pay(desk_money.PAID_AGAIN, day)

    def _pay(self, payments, day):
        for part, amount in payments.items():
            invoice = self.invoice("child1" if part == "family" else part)
            self.bank.pay_by(
                invoice.payment_reference, round(100 * amount), self.people[part].name, day
            )

    def received(self):
        """What came by the country's bank file, in hundredths."""
        return self.on_account(self.agreement.liquidity_account_id) - self.before

    def decide(self, day):
        """One of each."""
        given = sum(desk_money.PAID.values()) + sum(desk_money.PAID_AGAIN.values())
        self.tell("Paid in through the bank's file", round(100 * given), self.received() / 100)
        desk_money.one_off(self)
        desk_money.by_another_program(self)
        desk_money.credit(self)
        desk_money.use_what_stands(self)
        desk_money.write_off(self)
        desk_money.charge_back(self, day)
        desk_members.look_at_lines(self)
        desk_members.change(self, day)
        desk_members.share(self, day)
        desk_members.levy(self, day)

    def end(self, day):
        """What takes effect later, and the papers of all of it."""
        desk_members.resume(self, day)
        desk_members.raise_prices(self)
        self._tell_of_transfers()
        desk_papers.write(self)

    def _tell_of_transfers(self):
        states = ", ".join(sorted(set(self.refunds.mapped("state"))))
        self.tell_text("Payment file, answered and booked: refunds", "paid", states)
        out = 100 * (
            desk_money.PAID_BACK
            + desk_members.DISTRICT
            + desk_members.CLUB
            - desk_members.UNION
            + desk_members.FEE
        )
        given = sum(desk_money.PAID.values()) + sum(desk_money.PAID_AGAIN.values())
        self.tell("  bank account after it all", round(100 * given) - out, self.received() / 100)
        for association, left in zip(
            self.associations, (desk_members.FEDERATION, 0, 0), strict=True
        ):
            self.tell(f"  owed to {association.name}", 100 * left, -self.payable(association) / 100)

    # ------------------------------------------------------------------ the bank

    def receive(self, content):
        """The bank hands out a file in its own folder."""
        self.files += 1
        (self.folder / "out" / f"answer{self.files}.xml").write_bytes(content)

    def answer(self, day):
        """The bank takes what lies there for it, and says what became of it."""
        for path in sorted((self.folder / "in").iterdir()):
            self.papers[f"payments-{path.stem}"] = path.read_bytes()
            order = self.iso.take(path.read_bytes())
            path.unlink()
            self.receive(self.iso.status(order))
            self.receive(self.iso.pay(order, order.transfers[0].day))

    def is_paid_out(self):
        return all(refund.state == "paid" for refund in self.refunds)

    # ------------------------------------------------------------------ the end

    def table(self):
        """The story's figures and the ledger's, side by side."""
        self.env.invalidate_all()
        comparison = Comparison()
        for what, expected, found in self.rows:
            comparison.add(what, expected, found() if callable(found) else found)
        for what, expected, found in desk_papers.checks(self):
            comparison.add(what, expected, found)
        return "\n".join(
            [
                "",
                f"{self.company.name}: one of each at the invoice desk, {self.currency}",
                ruler(2),
                heading("", ["Story", "Ledger"]),
                *comparison.lines(),
                f"The papers are in {self.folder.name}/papers/.",
                "",
            ]
        )


def play(env, stories, root, first):
    """Let the desks work from ``first`` on.

    :param stories: the clubs' stories of reminders, which are over
    :return: the table to print
    :raises StoryError: money does not arrive
    """
    desks = [Desk(COUNTRIES[story.country.code], story, root) for story in stories]
    day = first
    for _time in range(UNDER_WAY):
        for desk in desks:
            desk.bank.hand_out(day)
        day = working_day(day + timedelta(days=1))
    day = _day(env, desks, day, Desk.begin)
    day = _day(env, desks, day, Desk.pay_again)
    expected = sum(desk_money.PAID.values()) + sum(desk_money.PAID_AGAIN.values())
    day = _wait(env, desks, day, lambda desk: desk.received() >= 100 * expected)
    day = _day(env, desks, day, Desk.decide)
    day = _wait(env, desks, day, Desk.is_paid_out)
    _day(env, desks, day, Desk.end)
    env.cr.commit()
    return "".join(desk.table() for desk in desks)


def _wait(env, desks, day, is_over):
    last = day + timedelta(days=LONGEST)
    while not all(is_over(desk) for desk in desks):
        if day > last:
            waiting = [desk.country.code for desk in desks if not is_over(desk)]
            raise StoryError(f"on {day} the desks of {waiting} still wait for money")
        day = _day(env, desks, day, Desk.answer)
    return day


def _day(env, desks, day, deed):
    """What happens on ``day`` at all desks; gives the next working day."""
    with at(day, MORNING, ZONE):
        for desk in desks:
            desk.bank.hand_out(day)
        run_actions(env, WITH_THE_BANK)
        for desk in desks:
            deed(desk, day)
        env.cr.commit()
        run_actions(env, PAYMENT_FILES)
        for desk in desks:
            desk.bank.take_in(day, MORNING)
        env.cr.commit()
    return working_day(day + timedelta(days=1))
