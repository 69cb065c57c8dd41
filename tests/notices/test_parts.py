"""What the payment parts of the countries say."""

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from odoo.addons.l10n_dk_bs.formats import fi
from odoo.addons.l10n_dk_bs.formats import payment_part as danish
from odoo.addons.l10n_no_ocr.formats import payment_part as norwegian
from odoo.addons.l10n_se_bg.formats import payment_part as swedish

from .samples import FACTS

CREDITOR = "12345678"


def _texts(part):
    return [text for box in part.boxes for text in box.lines]


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        (fi.OcrLine("71", "000000000001230", CREDITOR), "+71< 000000000001230+12345678<"),
        (fi.OcrLine("75", "0000000000001230", CREDITOR), "+75<0000000000001230+12345678<"),
        (fi.OcrLine("73", "", CREDITOR), "+73<+12345678<"),
    ],
)
def test_the_danish_line_has_its_payment_id_right_in_its_field(line, printed):
    assert danish.printed_line(line) == printed
    assert fi.read_line(printed) == line


def test_the_danish_slip_has_amount_and_creditor_on_both_halves():
    part = danish.payment_part(FACTS, fi.OcrLine("71", "000000000001230", CREDITOR))
    assert _texts(part).count("1250") == 2
    assert _texts(part).count("50") == 2
    assert _texts(part).count(CREDITOR) == 2


def test_the_swedish_line_has_the_check_digit_of_its_amount():
    assert swedish.code_line("1234567897", "1250", "00", "991-2346") == (
        "#                1234567897 #    1250 00   0 >         9912346#41#"
    )


def test_an_amount_without_a_place_in_the_line_is_for_people_only():
    large = replace(FACTS, amount=Decimal("123456789012.00"))
    assert swedish.payment_part(large, "9912346").code_line is None
    assert norwegian.payment_part(large, "86011117947").code_line is None
    with pytest.raises(ValueError, match="at most 8 digits"):
        swedish.code_line("1234567897", "123456789", "00", "9912346")


def test_a_reference_the_bank_would_refuse_is_no_line_for_machines():
    assert swedish.payment_part(FACTS, "9912346", is_ocr=False).code_line is None
    assert norwegian.payment_part(FACTS, "86011117947", is_kid=False).code_line is None


def test_the_swedish_qr_code_tells_what_to_pay_where():
    content = json.loads(swedish.qr_content(replace(FACTS, currency="SEK"), "9912346"))
    assert content == {
        "uqr": 1,
        "tp": 1,
        "nme": "Fjellheim skiklubb",
        "cc": "SE",
        "cid": "556677-8899",
        "iref": "000100100000171",
        "idt": "20270101",
        "ddt": "20270115",
        "due": 1250.5,
        "cur": "SEK",
        "vat": 250.1,
        "pt": "BG",
        "acc": "991-2346",
    }


def test_a_qr_code_leads_to_the_invoice_online_where_that_is_wanted():
    facts = replace(FACTS, link="https://club.example/mi/abc", national_qr=False)
    assert swedish.payment_part(facts, "9912346").qr.content == "https://club.example/mi/abc"
    assert norwegian.payment_part(facts, "86011117947").qr.content == "https://club.example/mi/abc"
    line = fi.OcrLine("71", "000000000001230", CREDITOR)
    assert danish.payment_part(facts, line).qr.content == "https://club.example/mi/abc"
    nothing = replace(facts, link="")
    assert swedish.payment_part(nothing, "9912346").qr is None


def test_the_norwegian_line_has_kid_amount_and_account():
    assert norwegian.code_line("2345676", "349", "00", "86011117947") == (
        "H                   2345676        349 00 < 1 >   86011117947"
    )
    assert norwegian.format_account("86011117947") == "8601.11.17947"
    assert norwegian.format_account("NO93") == "NO93"


@pytest.mark.parametrize(
    "part",
    [
        danish.payment_part(FACTS, fi.OcrLine("71", "000000000001230", CREDITOR)),
        swedish.payment_part(FACTS, "9912346"),
        norwegian.payment_part(FACTS, "86011117947"),
    ],
    ids=["dk", "se", "no"],
)
def test_no_box_reaches_into_the_zone_or_off_the_paper(part):
    zone = part.code_line.zone
    assert part.code_line.fits()
    for box in part.boxes:
        assert box.y >= zone.y + zone.height
        assert box.x >= 8
        assert box.x + box.width <= 202
        assert box.y + box.height <= part.height
    assert all(label.y >= zone.y + zone.height for label in part.labels)
