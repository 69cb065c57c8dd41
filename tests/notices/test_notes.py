"""Letters: texts and small tables below the sum, none of which is ever cut."""

from dataclasses import replace

import pytest
from odoo.addons.membership_billing_nordic.notices.content import Details, Note, Row

from .reading import drawn, pages, words
from .samples import COUNTRIES, FACTS, NOTICE, norwegian

NAME = "Kari-Marie Østergård von und zu Øvre Åsgård-Bjørnstjerne Bøe"
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
INTEREST = Details(
    "Slik er renten regnet ut",
    ("Faktura", "Etter", "Til og med", "Dager", "Grunnlag", "Rente", "Beløp"),
    tuple(
        (f"F/{number:03}", "01.03.2026", "31.03.2026", "31", "1 000,00", "12,25 %", f"{number},40")
        for number in range(60)
    ),
    (82.0, 104.0, 116.0, 142.0, 162.0, 190.0),
)


def lowest(page, start):
    return min(piece.y for piece in page if piece.text.startswith(start))


def test_a_short_note_stands_above_the_payment_part():
    notice = replace(NOTICE, notes=(Note("Hvis du ikke betaler", "Da sender vi saken videre."),))
    (page,) = pages(drawn(norwegian(notice=notice)))
    assert "Da sender vi saken videre." in words(page)
    assert lowest(page, "Da sender") > 101.6 + 17


def test_what_finds_no_room_goes_on_without_another_payment_part():
    text = "Dette må stå på brevet. " * 120
    notice = replace(NOTICE, notes=(Note("Hvis du ikke betaler", text), INTEREST))
    found = pages(drawn(norwegian(notice=notice)))
    everything = " ".join("\n".join(words(page) for page in found).split())
    assert everything.count("Dette må stå på brevet.") == 120
    for number in range(60):
        assert f"F/{number:03}" in everything
    assert ["GIRO" in words(page) for page in found] == [True] + [False] * (len(found) - 1)
    assert "Å betale" in words(found[0])
    for number, page in enumerate(found, start=1):
        assert f"Side {number} av {len(found)}" in words(page)
        floor = (101.6 if number == 1 else 0) + 17
        body = [piece.y for piece in page if piece.text.startswith(("Dette", "F/"))]
        assert all(y > floor for y in body)
    # A heading stands above something.
    (heading,) = [
        (page, piece) for page in found for piece in page if piece.text.startswith("Slik er")
    ]
    assert any(piece.text.startswith("F/000") for piece in heading[0])


def test_a_row_may_be_as_long_as_the_cells_beside_it_are_empty():
    text = "F/001: krevd i tidligere brev, som ble sendt i mars og i april"
    details = replace(INTEREST, rows=((text, "", "", "", "", "", "-3,00"),))
    (page,) = pages(drawn(replace(NOTICE, notes=(details,))))
    assert text in words(page)


@pytest.mark.parametrize("country", COUNTRIES)
def test_forty_lines_a_long_name_and_long_words_leave_the_code_line_alone(country):
    rows = tuple(
        Row(f"Linje{number:02} {LONG_WORD}", "1", "10,00", "10,00") for number in range(40)
    )
    notice = replace(NOTICE, rows=rows, recipient=(NAME, *NOTICE.recipient[1:]), opening=LONG_WORD)
    facts = replace(FACTS, payer=(NAME, *FACTS.payer[1:]))
    notice = COUNTRIES[country](facts, replace(notice, notes=(Note(LONG_WORD, LONG_WORD * 9),)))
    found = pages(drawn(notice))
    everything = "\n".join(words(page) for page in found)
    for number in range(40):
        assert f"Linje{number:02}" in everything
    line = notice.part.code_line
    (page,) = [page for page in found if line.text.split()[0] in words(page).split()]
    zone = line.zone
    inside = [piece for piece in page if zone.y - 1 < piece.y < zone.y + zone.height]
    assert [" ".join(piece.text.split()) for piece in inside] == [" ".join(line.text.split())]
    assert all(piece.x > 0 for page in found for piece in page)
