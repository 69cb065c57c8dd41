"""Notices of invented associations, in the three languages."""

from dataclasses import replace
from decimal import Decimal

from odoo.addons.l10n_dk_bs.formats import fi
from odoo.addons.l10n_dk_bs.formats.payment_part import payment_part as danish_part
from odoo.addons.l10n_no_ocr.formats.payment_part import payment_part as norwegian_part
from odoo.addons.l10n_se_bg.formats.payment_part import payment_part as swedish_part
from odoo.addons.membership_billing_nordic.notices.content import Notice, Row, Style, Total, Window
from odoo.addons.membership_billing_nordic.notices.payment_part import PaymentFacts

FACTS = PaymentFacts(
    payee=("Fjellheim skiklubb", "Skiveien 12", "0792 Oslo"),
    payer=("Åse Ødegård", "Bjørnstjerne Bjørnsons gate 3", "5018 Bergen"),
    amount=Decimal("1250.50"),
    amount_text="1 250,50 kr",
    currency="NOK",
    due="15.01.2027",
    reference="000100100000171",
    number="INV/2027/00017",
    payee_id="556677-8899",
    date="2027-01-01",
    due_date="2027-01-15",
    tax=Decimal("250.10"),
)
NOTICE = Notice(
    number="INV/2027/00017",
    title="Faktura",
    sender=("Fjellheim skiklubb", "Skiveien 12", "0792 Oslo", "post@fjellheim.example"),
    return_address="Fjellheim skiklubb, Skiveien 12, 0792 Oslo",
    recipient=("Åse Ødegård", "Bjørnstjerne Bjørnsons gate 3", "5018 Bergen"),
    facts=(
        ("Fakturanummer", "INV/2027/00017"),
        ("Fakturadato", "01.01.2027"),
        ("Forfallsdato", "15.01.2027"),
        ("Medlemsnummer", "1042"),
        ("KID", "000100100000171"),
    ),
    opening="Hei, og takk for at du er med i klubben! Her er kontingenten for 2027.",
    columns=("Beskrivelse", "Antall", "Pris", "Beløp"),
    rows=(Row("Kontingent voksen 2027", "1", "1 000,40", "1 000,40"),),
    totals=(
        Total("Netto", "1 000,40 kr"),
        Total("MVA 25 %", "250,10 kr"),
        Total("Å betale", "1 250,50 kr", True),
    ),
    tax_columns=("MVA", "Grunnlag", "Beløp"),
    taxes=(("25 %", "1 000,40", "250,10"),),
    foot=(
        ("Fjellheim skiklubb", "Skiveien 12", "0792 Oslo"),
        ("Telefon 22 00 00 00", "post@fjellheim.example"),
        ("Org.nr. 123 456 785 MVA",),
        ("Konto 8601.11.17947",),
    ),
    page_text="Side {page} av {pages}",
)


def norwegian(facts=FACTS, notice=NOTICE):
    return replace(notice, part=norwegian_part(facts, "86011117947"))


def swedish(facts=FACTS, notice=NOTICE):
    facts = replace(facts, currency="SEK", payee=("Fjällets IF", "Storgatan 1", "111 22 Stockholm"))
    style = Style(primary="#8a1538", secondary="#f6e8ec", window=Window(left=105))
    return replace(notice, style=style, part=swedish_part(facts, "99123460", "123456-6"))


def danish(facts=FACTS, notice=NOTICE):
    line = fi.OcrLine("71", fi.payment_id(facts.reference[:-1]), "87654321")
    return replace(notice, part=danish_part(facts, line))


COUNTRIES = {"no": norwegian, "se": swedish, "dk": danish}
