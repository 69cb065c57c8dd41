"""Deeds of the invoice desk that are about memberships, and the money of associations."""

from datetime import timedelta

from odoo import Command

from devtools.scenarios import desk_money
from devtools.scenarios.desk_setup import (
    FEE,
    LETTER,
    LOCKER,
    PLUS,
    SHARES,
    UNION,
    YOUTH,
)

PAUSE = timedelta(days=30)
RATE, MEMBERS_OF_CLUB = 20, 4
PERCENT, DEARER = 10, 660
CLUB, DISTRICT, FEDERATION = (MEMBERS_OF_CLUB * SHARES[who] for who in ("own", "above", "top"))


def change(desk, day):
    """Another plan, a further product, a pause and an early end, all within a paid year."""
    left = desk.rest_of_year
    desk.contracts["changer"].with_env(desk.clerk)._change(
        {"plan_id": desk.plans["plus"].id, "date": day}
    )
    # The year of the other plan begins with the change.
    dearer = 100 * PLUS - left(FEE, day)
    desk.owes_hundredths("Changed to a dearer plan in mid-period", "changer", dearer)
    locker = desk.products["locker"]
    line = {"product_id": locker.id, "name": locker.name, "quantity": 1, "price_unit": LOCKER}
    desk.contracts["extra"].with_env(desk.clerk)._change({"new_lines": [line], "date": day})
    more = 100 * FEE + left(LOCKER, day)
    desk.owes_hundredths("A further product in mid-period", "extra", more)
    desk.contracts["pauser"].with_env(desk.clerk)._pause(day, day + PAUSE, "health")
    desk.paused_on = day
    desk.contracts["leaver"].with_env(desk.clerk)._end(day, "moved", credit=True)
    # By months begun: of twelve the first is owed.
    desk.owes("Left early, paid year: eleven months back", "leaver", -FEE * 11 // 12)


def resume(desk, day):
    """The paused member goes on earlier than planned; the rest of the year is billed."""
    contract = desk.contracts["pauser"]
    contract.with_env(desk.clerk)._resume(day)
    desk.act("ir_cron_membership_status")
    desk_money.bill(desk, day, contract)
    left = desk.rest_of_year
    owed = 100 * FEE - left(FEE, desk.paused_on) + left(FEE, day)
    desk.owes_hundredths("Paused, and went on", "pauser", owed)


def raise_prices(desk):
    """Youth pays ten per cent more from the next year on; everybody is told first."""
    first = desk.contracts["child1"].next_period_start
    change = desk.clerk["membership.price.change"].create(
        {
            "date": first,
            "plan_ids": [Command.set(desk.plans["youth"].ids)],
            "value": PERCENT,
            "rounding": 5,
        }
    )
    change.action_preview()
    desk.tell("Price change, preview: price after", 100 * DEARER, change.line_ids[0].amount_after)
    change.action_confirm()
    desk.act("ir_cron_price_change")
    told = change.line_ids.filtered(lambda line: line.state == "told")
    desk.tell_count("  members told", 3, len(told))
    price = desk.plans["youth"]._price_on(first)
    desk.tell("  the plan's price from then on", 100 * DEARER, price.amount)


def look_at_lines(desk):
    """A family's three lines are one on paper; youth and letters are as their rules say."""
    invoice = desk.invoice("child1")
    lines = invoice.invoice_line_ids
    desk.tell_count("Family: lines on paper", 1, len(invoice._mbn_line_groups(lines)))
    desk.tell_count("  lines in the ledger", 3, len(lines))
    desk.balance("Posting rule: account of youth", -3 * 100 * YOUTH, desk.youth_account, "family")
    desk.owes("Invoice by letter, with its fee", "paper1", FEE + LETTER)
    desk.papers["family"] = invoice


def share(desk, day):
    """Shares of what was paid; a fee paid to the club; pay-outs, less what the club owes."""
    invoice = desk.invoice("club4").with_env(desk.clerk)
    action = invoice.action_mbn_paid_to_association()
    wizard = desk.clerk[action["res_model"]].with_context(**action["context"]).create({})
    wizard.action_book()
    desk.owes("Fee paid to the club: the member", "club4", 0)
    desk.act("ir_cron_association_shares")
    for association, amount in zip(desk.associations, (FEDERATION, DISTRICT, CLUB), strict=True):
        desk.tell(
            f"Shares booked, {association.name}", 100 * amount, -desk.payable(association) / 100
        )
    _pay_out(desk, day)


def _pay_out(desk, day):
    federation, district, club = desk.associations
    start = desk.clerk["membership.payout.start"]
    for method, associations in (("transfer", district + club), ("manual", federation)):
        action = start.create(
            {
                "company_id": desk.company.id,
                "date_to": day,
                "method": method,
                "association_ids": [Command.set(associations.ids)],
            }
        ).action_start()
        payouts = desk.boss["membership.payout"].search(action["domain"])
        payouts.action_approve()
        desk.payouts |= payouts.sudo()
        desk.refunds |= payouts.sudo().refund_ids
    paid = desk.payouts.filtered(lambda payout: payout.association_id == club)
    desk.tell("Pay-out to the club: set off", 100 * UNION, paid.amount_set_off)


def levy(desk, day):
    """The federation invoices its club by members."""
    levy = desk.clerk["membership.levy"].create(
        {
            "name": desk.words["levy"],
            "date": day,
            "association_id": desk.associations[0].id,
            "product_id": desk.products["levy"].id,
            "company_id": desk.company.id,
            "rate_ids": [Command.create({"name": desk.words["union"], "amount": RATE})],
        }
    )
    levy.action_count()
    levy.action_invoice()
    desk.tell_count(
        "Invoice by member count: members",
        MEMBERS_OF_CLUB,
        sum(levy.line_ids.mapped("member_count")),
    )
    desk.papers["levy"] = levy.line_ids.invoice_id
    club = desk.associations[-1].partner_id
    desk.people["club"] = club
    desk.owes("  the club owes", "club", RATE * MEMBERS_OF_CLUB)
