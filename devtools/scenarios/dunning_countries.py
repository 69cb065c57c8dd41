"""How three clubs have set up their reminders, and what their laws make different.

Everything here is done as an office does it: law and rates are confirmed by a manager, policies and
an agency are entered, accounts are chosen.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from odoo import Command

EXAMPLE = "Example of the demo, not what was published"
_KINDS = ("income_other", "income_other", "expense")


@dataclass(frozen=True, kw_only=True)
class Country:
    """What one club wants. The law may allow less: then less is claimed."""

    code: str
    # First letter: days after the due date, days to pay, fee. Last notice: the same, after it.
    reminder: tuple[str, int, int, float]
    notice: tuple[str, int, int, float]
    text: str
    consequence: str
    objection: str
    friendly: str
    # When fees are booked, and up to what a rest of them is given up.
    posting: str
    gives_up: float
    # Of fees, of interest, and of what the agency keeps.
    accounts: tuple[tuple[str, str], tuple[str, str], tuple[str, str]]
    # The agency, and what it keeps of what it collects, in per cent.
    agency: str
    agency_share: int = 0
    terms_since: date | None = None
    # Who joins for the story, by role, and for what.
    newcomers: dict[str, str]
    product: str


NORWAY = Country(
    code="no",
    reminder=("Purring", 14, 14, 38),
    notice=("Inkassovarsel", 14, 14, 38),
    text="<p>Vi kan ikke se at disse fakturaene er betalt.</p>",
    consequence="Betales det ikke innen fristen, sender vi kravet til inkasso.",
    objection="Er noe feil? Skriv til oss før fristen.",
    friendly="Vennlig påminnelse",
    posting="paid",
    gives_up=250,
    accounts=(("39911", "Purregebyr"), ("80911", "Forsinkelsesrenter"), ("77911", "Inkassosalær")),
    agency="Fjord Inkasso",
    product="Årskontingent",
    newcomers={
        "company": "Fjellheim Sport AS",
        "supporter": "Marit Fjeld",
        "donor": "Solveig Aasen",
        "all": "Kari Bakken",
        "principal": "Ola Strand",
        "plan": "Nils Moen",
        "agency": "Per Lie",
        "direct": "Ingrid Brekke",
        "silent": "Lars Myhre",
        "disputes": "Tone Solberg",
    },
)
DENMARK = Country(
    code="dk",
    reminder=("Rykker", 5, 10, 100),
    notice=("Inkassovarsel", 10, 10, 100),
    text="<p>Vi kan ikke se, at disse fakturaer er betalt.</p>",
    consequence="Betales der ikke inden fristen, overgiver vi kravet til inkasso. Det medfører "
    "yderligere omkostninger.",
    objection="Er noget forkert? Skriv til os inden fristen.",
    friendly="Venlig påmindelse",
    posting="paid",
    gives_up=0,
    accounts=(("35911", "Rykkergebyrer"), ("35921", "Morarenter"), ("35931", "Inkassosalær")),
    agency="Bælt Inkasso",
    agency_share=10,
    product="Årskontingent",
    newcomers={
        "company": "Havnens Smedje ApS",
        "supporter": "Birgit Lind",
        "donor": "Bodil Kjær",
        "all": "Mette Holm",
        "principal": "Søren Dahl",
        "plan": "Hanne Bak",
        "agency": "Lars Lund",
        "direct": "Karen Vang",
        "silent": "Ole Toft",
        "disputes": "Inge Skov",
    },
)
SWEDEN = Country(
    code="se",
    reminder=("Betalningspåminnelse", 5, 10, 60),
    notice=("Inkassokrav", 10, 10, 180),
    text="<p>Vi kan inte se att dessa fakturor är betalda.</p>",
    consequence="Betalas det inte i tid lämnar vi kravet till ett inkassobolag.",
    objection="Är något fel? Skriv till oss före sista betalningsdagen.",
    friendly="Vänlig påminnelse",
    posting="sent",
    gives_up=100,
    accounts=(
        ("35911", "Påminnelseavgifter"),
        ("83911", "Dröjsmålsräntor"),
        ("69911", "Inkassoarvode"),
    ),
    agency="Norrsken Inkasso",
    # A reminder costs a fee only where the terms said so before the debt arose.
    terms_since=date(2020, 1, 1),
    product="Årsavgift",
    newcomers={
        "company": "Norra Verkstaden AB",
        "supporter": "Karin Alm",
        "donor": "Gunilla Ek",
        "all": "Eva Sund",
        "principal": "Olof Berg",
        "plan": "Maja Lund",
        "agency": "Nils Holm",
        "direct": "Sara Dahl",
        "silent": "Per Åkesson",
        "disputes": "Ulla Falk",
    },
)


def set_up(manager, club: Country, company, folder, since: date, until: date):
    """Do for a company what its manager does before the first reminder.

    :param manager: an environment of the manager, in the company
    :param folder: where files to and from the agency lie, below the folder for channels
    :param since: the oldest day that interest may be counted for, ``until`` the last one
    :return: the agency
    """
    confirm_law(manager, company.country_id, since, until)
    fee, late, kept = (
        _account(manager, company, code, name, kind)
        for (code, name), kind in zip(club.accounts, _KINDS, strict=True)
    )
    company.with_env(manager).sudo().write(
        {
            "email": company.email or f"kontor@{club.code}.example",
            "mbn_dunning_fee_account_id": fee.id,
            "mbn_dunning_interest_account_id": late.id,
            "mbn_collection_cost_account_id": kept.id,
            "mbn_dunning_posting": club.posting,
            "mbn_dunning_waive_limit": club.gives_up,
            "mbn_dunning_clause_from": club.terms_since,
            "mbn_reminder_pdf": "notice",
        }
    )
    agency = _agency(manager, club, folder)
    _policies(manager, club, agency)
    return agency


def confirm_law(manager, country, since: date, until: date):
    """Confirm what the country's add-on brings, and enter the periods that nobody has entered."""
    law, rates = manager["dunning.law"], manager["dunning.interest.rate"]
    mine = [("country_id", "=", country.id)]
    for row in law.search([*mine, ("valid_to", ">=", since), ("valid_to", "<", until)]):
        following = {"valid_from": row.valid_to + timedelta(days=1), "valid_to": False}
        alike = [(name, "=", row[name]) for name in ("code", "customer_type", "claim_above")]
        if not law.search_count([*mine, *alike, ("valid_from", "=", following["valid_from"])]):
            row.copy(following | {"source": EXAMPLE})
    law.search([*mine, ("valid_from", "!=", False)]).action_verify()
    last = rates.search(mine, order="valid_from desc", limit=1)
    while last.valid_to < until:
        following = {"valid_from": last.valid_to + timedelta(days=1), "source": EXAMPLE}
        last = last.copy(following | {"confidence": False, "note": False})
    rates.search(mine).action_verify()


def _account(manager, company, code, name, kind):
    accounts = manager["account.account"].sudo()
    return accounts.create(
        {
            "code": code,
            "name": name,
            "account_type": kind,
            "company_ids": [Command.set(company.ids)],
        }
    )


def _agency(manager, club, folder):
    channel = manager["bank.channel"].create(
        {
            "name": club.agency,
            "kind": "folder",
            "folder": f"{folder.name}/out",
            "out_folder": f"{folder.name}/in",
            "quiet_seconds": 0,
        }
    )
    contact = manager["res.partner"].sudo().create({"name": club.agency, "is_company": True})
    return manager["debt.collection.agency"].create(
        {
            "name": club.agency,
            "partner_id": contact.id,
            "creditor_number": "4711",
            "channel_id": channel.id,
        }
    )


def _policies(manager, club, agency):
    """Of persons, of companies, and of donors, whom nobody presses."""
    policies = manager["dunning.policy"]
    for sequence, customer_type in enumerate(("consumer", "business"), 1):
        policies.create(
            {
                "name": club.reminder[0],
                "sequence": sequence,
                "customer_type": customer_type,
                "agency_id": agency.id,
                "level_ids": [
                    Command.create(level) for level in _levels(club, customer_type == "business")
                ],
            }
        )
    policies.create(
        {
            "name": club.friendly,
            "sequence": 3,
            "claim_kind": "donation",
            "close_days": 45,
            "level_ids": [
                Command.create(
                    {"name": club.friendly, "days": 10, "deadline_days": 14, "text": club.text}
                )
            ],
        }
    )


def _levels(club, is_for_companies):
    for sequence, (kind, letter) in enumerate(
        (("reminder", club.reminder), ("notice", club.notice)), 1
    ):
        heading, days, days_to_pay, fee = letter
        yield {
            "sequence": sequence,
            "kind": kind,
            "name": heading,
            "days": days,
            "counted_from": "due" if kind == "reminder" else "letter",
            "deadline_days": days_to_pay,
            "fee": fee,
            "claims_interest": True,
            "claims_compensation": is_for_companies,
            "suspends": True,
            "text": club.text,
            "consequence": kind == "notice" and club.consequence,
            "objection": kind == "notice" and club.objection,
        }
