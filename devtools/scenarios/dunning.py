"""Unpaid invoices of three clubs: a reminder, a last notice, then an agency that collects.

Plays on from the clubs' months, all clubs under one clock. Letters, their effects, corrections to
the agency and everything in the books are made by scheduled actions. People do what only people
can: payers pay or dispute, the office agrees on instalments, a manager confirms the law and
approves what is handed over. `ROLES` is the story; `dunning_table` sets up its accounts.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from odoo import Command

from devtools.scenarios import dunning_table
from devtools.scenarios.days import MORNING, WITH_THE_BANK, at, run_actions
from devtools.scenarios.dunning_countries import set_up
from tests.bank_simulator.agency import Agency

ZONE = ZoneInfo("Europe/Oslo")  # the same time in all three countries
EVERY_DAY = (
    "ir_cron_membership_status",
    "ir_cron_dunning_daily",
    "ir_cron_dunning_work",
    "ir_cron_debt_collection_daily",
    "ir_cron_debt_collection_work",
)
# Days of the month after the clubs' own: who is late pays, and reminders begin.
PAY_LATE_ON, BEGIN_ON = 8, 12
HAND_OVER_ON, STANDING_ORDER_ON = 0, 2  # Mondays, Wednesdays
LONGEST = timedelta(days=110)
INSTALMENTS = 6
_ALWAYS, _YEAR_FEE, _GIFT, _FRIDAY = date(2020, 1, 1), 1200, 2500, 4


@dataclass(frozen=True)
class Role:
    """What somebody with an unpaid invoice does, so many days after something happened."""

    key: str
    says: str
    after: str = ""
    days: int = 0
    deed: str = ""


ROLES = (
    Role("all", "pays all that the first letter asks for", "reminder", 5, "pay_letter"),
    Role("principal", "pays the invoice, but no fee", "reminder", 5, "pay_invoice"),
    Role("plan", "pays in instalments", "reminder", 3, "agree_on_a_plan"),
    Role("agency", "pays the agency", "hand-over", 5, "pay_the_agency"),
    Role("direct", "pays us when the agency has it", "hand-over", 4, "pay_letter"),
    Role("silent", "never pays"),
    Role("disputes", "disputes it", "reminder", 4, "dispute"),
    # Nobody like these is among the members of the month: they join.
    Role("company", "is a company", "reminder", 7, "pay_letter"),
    Role("donor", "promised a donation"),
)
JOINERS = ("company", "donor")


class StoryError(AssertionError):
    """Something did not happen that should have."""


@dataclass
class Part:
    """A role, and the invoice of whoever plays it."""

    role: Role
    invoice: object
    is_done: bool = False
    paid_instalments: set = field(default_factory=set)

    @property
    def payer(self):
        return self.invoice.commercial_partner_id

    @property
    def claim(self):
        return self.invoice.env["dunning.claim"].search([("invoice_id", "=", self.invoice.id)])

    @property
    def letters(self):
        return self.claim.letter_line_ids.letter_id.sorted("id")

    @property
    def case(self):
        return self.claim.case_line_ids.case_id[:1]

    @property
    def plan(self):
        return self.claim.plan_ids[:1]

    def day_of(self, event):
        """When it happened; None when it has not."""
        if event == "hand-over":
            return self.case.handed_over_on or None
        sent = self.letters.filtered(lambda letter: letter.kind == event)
        return sent[:1].sent_on or None


class Story:
    """One club's unpaid invoices, from the end of its month until the agency has done its work."""

    def __init__(self, country, bank, root):
        self.country, self.bank = country, bank
        self.company = bank.club.company
        self.env = bank.env
        # The administrator is a billing manager; nothing here needs more.
        manager = self.env.ref("base.user_admin")
        manager.company_ids += self.company
        self.office = self.env(user=manager, su=False)
        self.folder = root / f"agency-{country.code}"
        self.agency = Agency(country.agency, country.agency_share)
        self.parts: list[Part] = []
        self.given: list[tuple[str, int]] = []  # (reference, hundredths) of the parts' payers
        self.supporter = None

    # ------------------------------------------------------------------ before the first letter

    def quiet_down(self):
        """The months are over: no new invoices but those of the story."""
        self.bank.quiet_down()
        self.company.mbn_billing_mode = "approval"
        for key in JOINERS:
            self._join(key)
        self.supporter = self._bill("supporter")

    def cast(self, day):
        """Who has not paid plays a part, as far as there are parts; the others pay late."""
        forgotten = self._forgotten()
        for role in ROLES:
            if role.key not in JOINERS and forgotten:
                self.parts.append(Part(role, forgotten.pop(0)))
        for invoice in forgotten:
            amount = round(100 * invoice.amount_residual)
            self.bank.pay_by(invoice.payment_reference, amount, invoice.partner_id.name, day)
        for role in ROLES:
            if role.key not in [part.role.key for part in self.parts]:
                self._join(role.key)

    def _forgotten(self):
        """Overdue invoices of persons that nobody has tried to pay, one of each payer."""
        today = self.company._billing_today()
        owed = self.env["account.move"].search(
            [
                ("company_id", "=", self.company.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("invoice_date_due", "<", today),
            ],
            order="id",
        )
        tried = self.bank.tried()
        debits = self.env["direct.debit.order.line"].search([("is_live", "=", True)])
        joined = self.env["account.move"].union(*(part.invoice for part in self.parts))
        return [
            invoices
            for invoices in (owed - joined).grouped("commercial_partner_id").values()
            if len(invoices) == 1
            and invoices.payment_state == "not_paid"
            and invoices.payment_reference not in tried
            and invoices not in debits.invoice_id
        ]

    def _join(self, key):
        """Somebody joins for a year, and does not pay."""
        role = next(role for role in ROLES if role.key == key)
        self.parts.append(Part(role, self._bill(key)))

    def _bill(self, key):
        """The invoice of a new member."""
        contract = self.env["membership.contract"].create(
            {
                "member_id": self._newcomer(key).id,
                "plan_id": self._plan("donation" if key == "donor" else "fee").id,
                "date_start": self.company._billing_today(),
            }
        )
        contract.action_confirm()
        self.env["billing.run"]._bill_now(contract)
        return contract.charge_ids.invoice_id

    def _newcomer(self, key):
        company = self.company
        return self.env["res.partner"].create(
            {
                "name": self.country.newcomers[key],
                "is_company": key == "company",
                "email": f"{key}@{self.country.code}.example",
                "lang": company.partner_id.lang,
                "tz": company.partner_id.tz,
                "country_id": company.country_id.id,
                "street": company.street,
                "zip": company.zip,
                "city": company.city,
            }
        )

    def _plan(self, claim_kind):
        """The plan for a year, made for the first who joins."""
        code = f"{self.country.code}-{claim_kind}".upper()
        plans, products = self.env["membership.plan"], self.env["product.product"]
        if plan := plans.search([("code", "=", code)]):
            return plan
        product = products.create(
            {"name": self.country.product, "type": "service", "list_price": 0, "taxes_id": False}
        )
        return plans.create(
            {
                "name": self.country.product,
                "code": code,
                "product_id": product.id,
                "currency_id": self.company.currency_id.id,
                "company_id": self.company.id,
                "claim_kind": claim_kind,
                "term": "year",
                "anchor": "joining",
                "payment_term_days": 10,
                "price_ids": [Command.create({"valid_from": _ALWAYS, "amount": _YEAR_FEE})],
            }
        )

    def begin(self, day):
        """The club sets up its reminders; the first ones are looked through by a person."""
        for side in ("in", "out"):
            (self.folder / side).mkdir(parents=True, exist_ok=True)
        since = min(part.invoice.invoice_date_due for part in self.parts)
        set_up(self.office, self.country, self.company, self.folder, since, day + LONGEST)
        self.company.mbn_dunning_mode = "approve"

    def look_through(self):
        """What somebody may have paid without its number waits; all else may go out from now on."""
        invoices = self.env["account.move"].union(*(part.invoice for part in self.parts))
        unclear = self.env["dunning.claim"].search(
            [
                ("company_id", "=", self.company.id),
                ("state", "=", "overdue"),
                ("invoice_id", "not in", invoices.ids),
            ]
        )
        if unclear:
            self._hold(
                unclear,
                kind="pause",
                until=self.company._billing_today() + LONGEST,
                reason="A payment that is not placed yet may be for it",
            )
        self.company.mbn_dunning_mode = "automatic"

    def _hold(self, claims, **values):
        wizard = self.office["dunning.hold"].create({"claim_ids": claims.ids} | values)
        wizard.action_hold()

    # ------------------------------------------------------------------ a day

    def in_the_morning(self, day):
        """Files of bank and agency come."""
        for on, reference, amount, debtor in self.agency.transfers:
            if on == day - timedelta(days=1):
                self.bank.pay_by(reference, amount, debtor, day)
        if day.weekday() == STANDING_ORDER_ON:
            # Pays the year, then gives a little every week by the same reference: so files come.
            who = self.supporter
            amount = round(100 * who.amount_residual) or _GIFT
            self.bank.pay_by(who.payment_reference, amount, who.partner_id.name, day)
        self.bank.hand_out(day)
        if self.folder.exists():
            for file in self.agency.deliver(day):
                (self.folder / "out" / file.name).write_bytes(file.content)

    def during_the_day(self, day):
        """Payers and the office do what the story says; files to bank and agency are fetched."""
        self.bank.take_in(day, MORNING)
        for path in sorted((self.folder / "in").glob("*.jsonl")):
            self.agency.take(path.read_bytes(), day)
            path.unlink()
        self._post_letters()
        self._recast()
        for part in self.parts:
            happened = part.role.after and part.day_of(part.role.after)
            if happened and not part.is_done and day >= happened + timedelta(days=part.role.days):
                getattr(self, f"_{part.role.deed}")(part, day)
                part.is_done = True
            self._pay_instalments(part, day)
        if day.weekday() == HAND_OVER_ON:
            self._hand_over()

    def _post_letters(self):
        """Letters to who has no e-mail address are printed and posted on the day they are made."""
        letters = self.office["dunning.letter"].search(
            [("company_id", "=", self.company.id), ("state", "=", "print")]
        )
        if letters:
            letters.action_mark_posted()

    def _recast(self):
        """Who pays before the first letter was only late: somebody joins for the part."""
        for part in self.parts:
            if part.invoice.payment_state in ("paid", "in_payment") and not part.letters:
                part.invoice = self._bill(part.role.key)

    def _pay(self, part, reference, amount, day):
        self.given.append((reference, round(100 * amount)))
        self.bank.pay_by(reference, round(100 * amount), part.payer.name, day)

    def _pay_letter(self, part, day):
        letter = part.letters[-1:]
        self._pay(part, letter.reference, letter.total, day)

    def _pay_invoice(self, part, day):
        self._pay(part, part.invoice.payment_reference, part.invoice.amount_residual, day)

    def _dispute(self, part, day):
        self._hold(part.claim, kind="dispute", reason="Says to have left in time")

    def _agree_on_a_plan(self, part, day):
        self.office["dunning.payment.plan.make"].create(
            {
                "claim_ids": part.claim.ids,
                "count": INSTALMENTS,
                "every": "week",
                "first_date": day + timedelta(days=7),
            }
        ).action_agree()

    def _pay_instalments(self, part, day):
        due = part.plan.instalment_ids.filtered(
            lambda one: one.due_date <= day and one.id not in part.paid_instalments
        )
        for instalment in due:
            part.paid_instalments.add(instalment.id)
            self._pay(part, part.plan.reference, instalment.amount, day)

    def _pay_the_agency(self, part, day):
        self.agency.collect(part.payer.name, day)

    def _hand_over(self):
        """A manager looks through what is ready and approves it."""
        ready = [("company_id", "=", self.company.id), ("is_ready", "=", True)]
        if self.env["dunning.claim"].search_count(ready, limit=1):
            agency = self.office["debt.collection.agency"].search([])
            file = self.office["debt.collection.file"].browse(agency.action_propose()["res_id"])
            file.action_approve()

    # ------------------------------------------------------------------ the end

    def waits_for(self):
        """What has not happened yet, by role."""
        return {
            part.role.key
            for part in self.parts
            if (part.role.deed and not part.is_done) or not self._is_settled(part)
        }

    def _is_settled(self, part):
        claim = part.claim
        if part.role.key == "silent":
            return part.case.state == "at_agency"
        if part.role.key in ("agency", "direct") and part.case.state != "closed":
            return False
        if part.role.key == "plan" and part.plan.state != "done":
            return False
        return bool(claim.is_disputed or (claim and not claim.amount_open))

    def end(self):
        """From now on a person looks at reminders before they go out."""
        self.company.mbn_dunning_mode = "approve"


def play(env, stories, first: date) -> date:
    """Let the days from ``first`` on pass for all clubs, until their stories are over.

    :return: the first working day after them
    :raises StoryError: they never end
    """
    following = (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    deeds = {
        working_day(first): lambda story, _day: story.quiet_down(),
        working_day(following.replace(day=PAY_LATE_ON)): Story.cast,
        working_day(following.replace(day=BEGIN_ON)): Story.begin,
    }
    begin = max(deeds)
    day, last = working_day(first), begin + LONGEST
    while True:
        with at(day, MORNING, ZONE):
            for story in stories:
                if day in deeds:
                    deeds[day](story, day)
                story.in_the_morning(day)
            env.cr.commit()
            run_actions(env, WITH_THE_BANK)
            if day >= begin:
                run_actions(env, EVERY_DAY)
            for story in stories:
                if day == begin:
                    story.look_through()
                story.during_the_day(day)
            env.cr.commit()
            waits_for = [story.waits_for() for story in stories if day > begin]
        day, today = working_day(day + timedelta(days=1)), day
        if waits_for and not any(waits_for):
            break
        if today > last:
            raise StoryError(f"on {today} the stories still wait for {waits_for}")
    for story in stories:
        story.end()
    env.cr.commit()
    return day


def working_day(day):
    """That day, or the Monday after it: at weekends nothing happens."""
    return day + timedelta(days=7 - day.weekday() if day.weekday() > _FRIDAY else 0)


def tables(stories) -> str:
    """What became of it all, club by club, held against the ledger."""
    return "".join(dunning_table.of(story) for story in stories)
