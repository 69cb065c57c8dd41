"""A Norwegian ski club inside Odoo: company, bank, plans and members.

The demo and the system tests build on it. `env` is an Odoo environment; nothing is committed here.
"""

import random
from dataclasses import dataclass
from datetime import date

ACCOUNT = "86011117947"
AGREEMENT_NUMBER = "001234567"
CUSTOMER_NUMBER = "00123456"
FIRST_NAMES = [
    "Anne",
    "Bjørn",
    "Camilla",
    "Dag",
    "Eirik",
    "Frida",
    "Geir",
    "Hanne",
    "Ingrid",
    "Jonas",
    "Kari",
    "Lars",
    "Marit",
    "Nils",
    "Oda",
    "Per",
    "Ragnhild",
    "Sigurd",
    "Tone",
    "Ulrik",
    "Vegard",
    "Åse",
    "Øyvind",
    "Solveig",
    "Torbjørn",
    "Gunnhild",
]
LAST_NAMES = [
    "Hansen",
    "Johansen",
    "Olsen",
    "Larsen",
    "Andersen",
    "Pedersen",
    "Nilsen",
    "Kristiansen",
    "Jensen",
    "Karlsen",
    "Bakken",
    "Haugen",
    "Moen",
    "Lie",
    "Strand",
    "Bøe",
    "Sæther",
    "Ødegård",
    "Aasen",
    "Fjeld",
    "Nygård",
    "Brekke",
    "Myhre",
    "Solberg",
]
TOWNS = (("0460", "Oslo"), ("5018", "Bergen"), ("7030", "Trondheim"), ("9008", "Tromsø"))
PRICES = {"SEASON": 1250, "FAMILY": 2100, "MONTH": 349, "YOUTH": 199}


@dataclass(frozen=True)
class Association:
    """What was set up: records of the database that `env` belongs to."""

    company: object
    agreement: object
    journal: object
    plans: dict


def found(env, opened: date) -> Association:
    """Turn the database's company into a ski club whose season begins on `opened`."""
    company = env.company
    company.write(
        {
            "name": "Fjellheim skiklubb",
            "country_id": env.ref("base.no").id,
            "street": "Skiveien 12",
            "zip": "0792",
            "city": "Oslo",
            "email": "post@fjellheim.example",
            "mbn_send_invoices": False,
        }
    )
    company.partner_id.write({"tz": "Europe/Oslo", "lang": "nb_NO"})
    env["account.chart.template"].try_loading("no", company, install_demo=False)
    agreement = _agree_with_bank(env, company)
    journal = env["account.journal"].search(
        [("type", "=", "sale"), ("company_id", "=", company.id)], limit=1
    )
    journal.write({"mbn_agreement_id": agreement.id, "invoice_reference_model": "agreement"})
    return Association(company, agreement, journal, _offer_plans(env, opened))


def join(env, plan, count: int, start: date, seed: int):
    """Confirmed contracts of `count` new members, billed from their start on."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, nothing secret
    members = env["res.partner"].create([_person(env, chance) for _ in range(count)])
    contracts = env["membership.contract"].create(
        [{"member_id": member.id, "plan_id": plan.id, "date_start": start} for member in members]
    )
    contracts.action_confirm()
    return contracts


def _agree_with_bank(env, company):
    bank = env["res.bank"].create({"name": "Fjellheim Sparebank", "country": env.ref("base.no").id})
    bank_journal = env["account.journal"].search(
        [("type", "=", "bank"), ("company_id", "=", company.id)], limit=1
    )
    bank_journal.bank_account_id = env["res.partner.bank"].create(
        {"acc_number": ACCOUNT, "partner_id": company.partner_id.id, "bank_id": bank.id}
    )
    connection = env["bank.connection"].create(
        {
            "name": "Nets",
            "scheme": "no_nets",
            "customer_number": CUSTOMER_NUMBER,
        }
    )
    return env["bank.agreement"].create(
        {
            "connection_id": connection.id,
            "number": AGREEMENT_NUMBER,
            "journal_id": bank_journal.id,
            "layout_ids": [
                (0, 0, {"payer_digits": 7, "serial_digits": 7, "check_method": "mod10"})
            ],
        }
    )


def _offer_plans(env, opened):
    product = env["product.product"].create(
        {"name": "Medlemskontingent", "type": "service", "list_price": 0, "taxes_id": False}
    )
    season = {
        "term": "season",
        "anchor": "calendar",
        "start_month": str(opened.month),
        "start_day": opened.day,
    }
    month = {"term": "month", "anchor": "calendar", "first_period": "day"}
    offers = {
        "SEASON": {"name": "Sesong voksen", **season},
        "FAMILY": {"name": "Sesong familie", **season},
        "MONTH": {"name": "Trening måned", **month},
        "YOUTH": {"name": "Ungdom måned", **month},
    }
    plans = env["membership.plan"].create(
        [
            {
                **offer,
                "code": code,
                "product_id": product.id,
                "currency_id": env.ref("base.NOK").id,
                "lead_days": 0,
                "price_ids": [
                    (0, 0, {"valid_from": date(2020, 1, 1), "amount": PRICES[code]}),
                ],
            }
            for code, offer in offers.items()
        ]
    )
    return {plan.code: plan for plan in plans}


def _person(env, chance):
    first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
    postcode, town = chance.choice(TOWNS)
    name = f"{first} {last}"
    plain = name.lower().translate(str.maketrans({"ø": "o", "å": "a", "æ": "e", " ": "."}))
    return {
        "name": name,
        "email": f"{plain}{chance.randrange(1000)}@example.no",
        "street": f"Storgata {chance.randrange(1, 90)}",
        "zip": postcode,
        "city": town,
        "country_id": env.ref("base.no").id,
        "lang": "nb_NO",
        "tz": "Europe/Oslo",
    }
