"""Deeds of the invoice desk that are about invoices and money: made, credited, used, paid back.

Each is one of a kind, with the buttons that people press and the API that programs call.
"""

from decimal import Decimal

from odoo import Command
from odoo.exceptions import UserError

from devtools.scenarios.desk_setup import CAMP, CLUB_PAID, FEE, LETTER, SHIRT, UNION, YOUTH
from devtools.scenarios.dunning import StoryError

# Who pays what of the first invoices, through the country's own bank file.
PAID = {
    "over": Decimal(FEE + 300),
    "double": Decimal(FEE),
    "rest": FEE + Decimal("3.50"),
    "back": Decimal(FEE),
    "whole": Decimal(FEE),
    "leaver": Decimal(FEE),
    "changer": Decimal(FEE),
    "family": Decimal(3 * YOUTH),
    **{part: Decimal(UNION) for part in CLUB_PAID},
}
# Who pays once more, and what becomes of it.
PAID_AGAIN = {"double": Decimal(FEE)}
MOVED, CREDITED = 700, 300
PAID_BACK = FEE - MOVED
# A scheduled action works for some seconds at a time.
MOST_TIMES = 20
_CAMPERS = ("camp1", "camp2", "camp3")


def preview(desk):
    """What the next invoice will look like, before anything is billed."""
    for part, amount in {"paper1": FEE + LETTER, "child1": 3 * YOUTH}.items():
        contract = desk.contracts[part]
        told = desk.clerk["billing.api"].next_invoice(contract_id=contract.id)
        desk.tell(f"Next invoice, {desk.people[part].name}", 100 * amount, told["amount"])


def bill(desk, day, contracts):
    """Preview, release, and let the scheduled action make the invoices.

    :return: the ``billing.run``
    """
    run = desk.clerk["billing.run"].create({"date": day, "contract_ids": contracts.ids})
    for press, state in ((run.action_preview, "preview"), (run.action_confirm, "done")):
        press()
        for _time in range(MOST_TIMES):
            if run.state != state:
                desk.act("ir_cron_billing_work")
    if run.state != "done":
        raise StoryError(f"{run.name} ended as {run.state}")
    desk.act("ir_cron_billing_send")
    return run


def one_off(desk):
    """Several members at once: looked through, then made; and one by another program."""
    contracts = desk.union(*_CAMPERS).with_env(desk.clerk)
    made = desk.clerk["billing.one.off"].browse(contracts.action_one_off()["res_id"])
    made.item_ids = [
        Command.create({"product_id": desk.products["shirt"].id}),
        Command.create({"name": desk.words["camp"], "price_unit": CAMP}),
    ]
    made.action_preview()
    desk.tell("One-off invoices, preview", 3 * 100 * (SHIRT + CAMP), made.amount_total)
    made.action_confirm()
    desk.act("ir_cron_billing_one_off", "ir_cron_billing_send")
    desk.papers["one-off"] = made.line_ids.invoice_id[:1]
    for name in _CAMPERS:
        desk.owes(f"One-off invoice, {desk.people[name].name}", name, FEE + SHIRT + CAMP)


def by_another_program(desk):
    """It asks twice for the same invoice; what stands to the member pays most of it."""
    ask = {
        "rows": [{"contract_id": desk.contracts["over"].id, "product": "SHIRT"}],
        "external_id": f"shop-{desk.country.code}-1",
    }
    answers = [desk.clerk["billing.api"].make_invoices(**ask) for _time in range(2)]
    numbers = {row["invoice_id"] for answer in answers for row in answer["invoices"]}
    desk.tell_count("Asked for twice by a program: invoices", 1, len(numbers))
    invoice = desk.env["account.move"].browse(numbers)
    desk.tell("Money standing pays the next invoice", 0, invoice.amount_residual)
    desk.owes("  and what is left of it stands", "over", SHIRT - 300)


def credit(desk):
    """A part of an open invoice, and all of a paid one."""
    part = _credit(desk, "part", scope="amount", amount=CREDITED, reason="returned")
    desk.owes("Credited in part, open invoice", "part", FEE - CREDITED)
    whole = _credit(desk, "whole", scope="all", reason="mistake")
    desk.owes("Credited in full, paid invoice", "whole", -FEE)
    desk.papers |= {"credit-note-part": part, "credit-note": whole}


def _credit(desk, part, **vals):
    invoice = desk.invoice(part).with_env(desk.clerk)
    wizard = desk.clerk["billing.credit"].browse(invoice.action_mbn_credit()["res_id"])
    wizard.write(vals | {"text": desk.words[part]})
    return desk.env["account.move"].browse(wizard.action_credit()["res_id"])


def use_what_stands(desk):
    """Of a double payment a part is moved to the sister, the rest is paid back."""
    standing = desk.standing("double").with_env(desk.clerk)
    wizard = desk.clerk["bank.money.move.make"].browse(standing.action_mbn_move()["res_id"])
    sister = desk.people["sister"]
    wizard.write({"to_partner_id": sister.id, "amount": MOVED, "reason": desk.words["moved"]})
    wizard.action_move()
    desk.owes("Double payment: moved to the sister", "sister", FEE - MOVED)
    desk.owes("  the rest, once it is paid back", "double", 0)
    payer = desk.people["double"].with_env(desk.clerk)
    wizard = desk.clerk["bank.refund.propose"].browse(payer.action_mbn_refund()["res_id"])
    wizard.write({"amount": PAID_BACK, "account_typed": desk.country.payer_account})
    refund = desk.clerk["bank.refund"].browse(wizard.action_propose()["res_id"])
    desk.tell_text("Refund: who proposed it approves it", "refused", _try(refund))
    refund.with_env(desk.boss).action_approve()
    desk.refunds |= refund.sudo()


def _try(record):
    try:
        with record.env.cr.savepoint():
            record.action_approve()
    except UserError:
        return "refused"
    return record.state


def write_off(desk):
    """A small overpayment that nothing can use."""
    desk.act("ir_cron_small_differences")
    desk.owes("Small difference written off", "rest", 0)
    desk.balance("  to its account", -350, desk.company.mbn_over_account_id, "rest")


def charge_back(desk, day):
    """The bank takes a payment back; the invoice is open again."""
    invoice = desk.invoice("back")
    desk.receive(desk.iso.take_back(invoice.payment_reference, FEE, desk.currency, day))
    desk.owes("Payment taken back by the bank", "back", FEE)
