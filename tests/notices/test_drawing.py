"""Notices as they are drawn: what machines read lies in its zone, and nothing breaks."""

from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.notices.content import Row, Style, Window
from odoo.addons.membership_billing_nordic.notices.fonts import register
from odoo.addons.membership_billing_nordic.notices.payment_part import (
    CodeLine,
    PlainLabels,
    Zone,
    plain_part,
)
from odoo.addons.membership_billing_nordic.notices.sheet import qr_runs
from PIL import Image
from pypdf import PdfReader

from .reading import MM, drawn, pages, words
from .samples import COUNTRIES, FACTS, NOTICE, norwegian

NAME = "Kari-Marie Østergård von und zu Øvre Åsgård-Bjørnstjerne Bøe"
assert len(NAME) == 60
CODE_LINES = {
    "no": "H           000100100000171       1250 50 < 5 >   86011117947",
    "se": "#           000100100000171 #    1250 50   5 >        99123460#41#",
    "dk": "+71< 000100100000171+87654321<",
}
PITCH = 2.54


@pytest.mark.parametrize("country", COUNTRIES)
def test_the_code_line_is_in_its_zone_and_nothing_else(country):
    notice = COUNTRIES[country]()
    (page,) = pages(drawn(notice))
    zone = notice.part.code_line.zone
    inside = [
        piece
        for piece in page
        if zone.y - 2 < piece.y < zone.y + zone.height and piece.x < zone.x + zone.width
    ]
    assert [" ".join(piece.text.split()) for piece in inside] == [
        " ".join(CODE_LINES[country].split())
    ]
    assert notice.part.code_line.text == CODE_LINES[country]
    assert inside[0].x == pytest.approx(
        notice.part.code_line.right - len(CODE_LINES[country]) * PITCH, abs=0.1
    )
    assert inside[0].y == pytest.approx(13.0, abs=0.05)
    assert zone.x <= inside[0].x


def test_a_line_that_leaves_its_zone_is_not_drawn():
    line = CodeLine("0" * 80, 200, 13, Zone(10, 8, 190, 16))
    notice = replace(NOTICE, part=replace(norwegian().part, code_line=line))
    with pytest.raises(ValueError, match="does not fit its zone"):
        drawn(notice)


def test_a_printer_that_is_off_is_made_up_for():
    notice = norwegian()
    moved = replace(notice, style=Style(shift_right=2.0, shift_up=-1.5))
    (line,) = (piece for piece in pages(drawn(moved))[0] if piece.text.startswith("H  "))
    (usual,) = (piece for piece in pages(drawn(notice))[0] if piece.text.startswith("H  "))
    assert line.x - usual.x == pytest.approx(2.0, abs=0.02)
    assert line.y - usual.y == pytest.approx(-1.5, abs=0.02)


def test_forty_lines_flow_over_pages_with_the_sum_and_the_form_on_the_last():
    rows = tuple(Row(f"Line number {number:02}", "1", "10,00", "10,00") for number in range(40))
    found = pages(drawn(norwegian(notice=replace(NOTICE, rows=rows))))
    assert len(found) == 2
    everything = "\n".join(words(page) for page in found)
    assert [everything.count(row.text) for row in rows] == [1] * 40
    assert "Side 1 av 2" in words(found[0])
    assert "Side 2 av 2" in words(found[1])
    assert "INV/2027/00017" in words(found[1])
    assert "Å betale" not in words(found[0])
    assert "GIRO" not in words(found[0])
    assert "Å betale" in words(found[1])
    assert "H  " in words(found[1])
    # Nothing runs into the foot or below it.
    lowest = min(piece.y for piece in found[0] if piece.text.startswith("Line"))
    assert lowest > 20


def test_on_perforated_paper_the_form_is_on_the_first_page():
    rows = tuple(Row(f"Line number {number:02}", "1", "10,00", "10,00") for number in range(40))
    style = Style(part_first=True)
    found = pages(drawn(norwegian(notice=replace(NOTICE, rows=rows, style=style))))
    assert "GIRO" in words(found[0])
    assert min(piece.y for piece in found[0] if piece.text.startswith("Line")) > 101.6 + 17
    assert "GIRO" not in words(found[-1])
    assert "Å betale" in words(found[-1])


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_name_of_sixty_characters_stays_in_the_window_and_in_its_box(country):
    facts = replace(FACTS, payer=(NAME, *FACTS.payer[1:]))
    notice = COUNTRIES[country](facts, replace(NOTICE, recipient=(NAME, *NOTICE.recipient[1:])))
    (page,) = pages(drawn(notice))
    assert words(page).count(NAME[:40]) >= 2
    window = notice.style.window
    (name,) = (piece for piece in page if piece.text.startswith(NAME[:20]) and piece.y > 200)
    assert name.x == pytest.approx(window.left, abs=0.1)
    assert 297 - window.top - window.height < name.y < 297 - window.top


def test_names_of_all_over_the_world_can_be_read():
    names = ("Łukasz Żółć", "Đorđe Čavić", "Ánte Ŋuorra", "Zoë Çelik", "李小龙", "Jose\u0301\u200b")
    (page,) = pages(drawn(replace(NOTICE, recipient=names[:4])))
    assert "Łukasz" in words(page)
    assert "Čavi" in words(page)
    (page,) = pages(drawn(replace(NOTICE, recipient=names[4:])))
    assert "???" in words(page)
    assert "Jose" in words(page)


def test_each_notice_begins_on_the_front_of_a_sheet():
    rows = tuple(Row(f"Line number {number:02}") for number in range(40))
    long = norwegian(notice=replace(NOTICE, rows=rows))
    found = pages(drawn(norwegian(), long, norwegian(), two_sided=True))
    assert ["GIRO" in words(page) for page in found] == [True, False, False, True, True, False]
    assert [bool(page) for page in found] == [True, False, True, True, True, False]


def test_what_is_too_long_is_cut_and_the_form_keeps_its_place():
    endless = "Welcome to the club. " * 400
    rows = (Row("word " * 2000, "1", "1,00", "1,00"), Row("x" * 400, "1", "1,00", "1,00"))
    notice = replace(NOTICE, opening=endless, closing=endless, boxed=endless, rows=rows)
    found = pages(drawn(norwegian(notice=notice)))
    assert words(found[0]).count("Welcome to the club.") < 100
    for page in found:
        body = [piece for piece in page if piece.text.startswith(("word", "xxx", "Welcome"))]
        has_form = "GIRO" in words(page)
        assert all(piece.y > (101.6 if has_form else 0) + 17 for piece in body)


def test_the_logo_is_in_the_file_once():
    picture = BytesIO()
    Image.effect_noise((600, 200), 80).save(picture, "PNG")
    style = Style(logo=picture.getvalue())
    notice = norwegian(notice=replace(NOTICE, style=style))
    one, many = drawn(notice), drawn(*[notice] * 20)
    assert len(many) - len(one) < 20 * 5000


def test_a_logo_that_is_no_picture_is_left_out():
    style = Style(logo=b"<svg/>", window=Window(left=105))
    assert len(pages(drawn(norwegian(notice=replace(NOTICE, style=style))))) == 1


def test_the_plain_part_shows_where_to_pay():
    facts = replace(
        FACTS, account="NO93 8601 1117 947", bic="DNBANOKK", link="https://x.example/i/1"
    )
    (page,) = pages(drawn(replace(NOTICE, part=plain_part(facts, PlainLabels()))))
    assert "NO93 8601 1117 947 DNBANOKK" in words(page)
    assert "000100100000171" in words(page)
    assert "1 250,50 kr" in words(page)


def test_a_qr_code_has_its_finders_and_grows_with_its_content():
    size, runs = qr_runs("https://x.example/i/1")
    assert size == 25
    assert {(0, 0, 7), (size - 7, 0, 7), (0, size - 7, 7)} <= set(runs)
    larger, _runs = qr_runs("x" * 200)
    assert larger > size


def test_only_a_font_is_a_font():
    with pytest.raises(ValueError, match="no font that can be embedded"):
        register(b"%PDF-1.4 nothing of the kind")


texts = st.text(max_size=200)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=texts,
    opening=texts,
    rows=st.lists(st.tuples(texts, st.text(max_size=20)), max_size=60),
    facts=st.lists(st.tuples(st.text(max_size=40), st.text(max_size=60)), max_size=9),
)
def test_whatever_is_written_it_can_be_drawn(name, opening, rows, facts):
    notice = replace(
        NOTICE,
        recipient=(name, name, name, name, name, name),
        opening=opening,
        rows=tuple(Row(text, amount, amount, amount) for text, amount in rows),
        facts=tuple(facts),
    )
    content = drawn(norwegian(notice=notice))
    last = PdfReader(BytesIO(content)).pages[-1]
    assert float(last.mediabox.height) == pytest.approx(297 * MM, abs=0.1)
    assert "86011117947" in last.extract_text()
