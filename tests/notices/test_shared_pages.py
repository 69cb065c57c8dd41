"""Pages that were drawn once: as files of their own, and together again."""

from dataclasses import replace
from io import BytesIO

import pytest
from odoo.addons.membership_billing_nordic.notices.content import Row, Style
from odoo.addons.membership_billing_nordic.notices.fonts import fonts
from odoo.addons.membership_billing_nordic.notices.payment_part import CodeLine, Zone
from odoo.addons.membership_billing_nordic.notices.shared_pages import Separate, Together, is_ours
from PIL import Image
from pypdf import PdfReader

from .reading import drawn, pages, words
from .samples import NOTICE, norwegian

LONG = tuple(Row(f"Line number {number:02}", "1", "10,00", "10,00") for number in range(40))


def separate(*notices):
    files = Separate()
    for notice in notices:
        files.add(notice, fonts())
    return list(files.files())


def named(number, **more):
    facts = (("Fakturanummer", number),)
    return norwegian(notice=replace(NOTICE, number=number, facts=facts, **more))


def picture():
    found = BytesIO()
    Image.effect_noise((300, 100), 80).save(found, "PNG")
    return found.getvalue()


def test_each_file_has_its_own_pages_title_and_fonts():
    logo = Style(logo=picture())
    first, long, last = separate(named("N1"), named("N2", rows=LONG), named("N3 Ærø", style=logo))
    assert [len(pages(each)) for each in (first, long, last)] == [1, 2, 1]
    assert words(pages(first)[0]) == words(pages(drawn(named("N1")))[0])
    reader = PdfReader(BytesIO(last), strict=True)
    assert reader.metadata.title == "Faktura N3 Ærø"
    assert len(reader.pages[0].images) == 1
    assert not PdfReader(BytesIO(first)).pages[0].images
    assert len(first) < len(last)


def test_together_each_font_is_once_and_pages_keep_their_order():
    files = separate(*(named(f"N{number:02}", rows=LONG[:2]) for number in range(20)))
    bundle = Together()
    for content in files:
        assert bundle.add(content) == 1
        bundle.blank()
    content = bundle.content()
    found = pages(content)
    assert [bool(page) for page in found] == [True, False] * 20
    assert [f"N{number:02}" in words(found[2 * number]) for number in range(20)] == [True] * 20
    assert len(content) < len(files[0]) + 20 * 4000
    assert content.count(b"/FontFile2") == files[0].count(b"/FontFile2")


def test_what_was_drawn_at_another_time_goes_into_the_same_file():
    bundle = Together()
    for content in separate(named("N1")) + separate(named("N2", title="Ærø ß")):
        bundle.add(content)
    first, second = pages(bundle.content())
    assert "N1" in words(first)
    assert "Ærø" in words(second)


def test_a_notice_that_cannot_be_drawn_leaves_the_others_as_they_are():
    line = CodeLine("0" * 80, 200, 13, Zone(10, 8, 190, 16))
    bad = replace(NOTICE, part=replace(norwegian().part, code_line=line))
    files = Separate()
    files.add(named("N1"), fonts())
    with pytest.raises(ValueError, match="does not fit its zone"):
        files.add(bad, fonts())
    files.add(named("N2"), fonts())
    first, second = files.files()
    assert "N1" in words(pages(first)[0])
    assert words(pages(second)[0]) == words(pages(drawn(named("N2")))[0])


def test_other_files_are_told_and_broken_ones_refused():
    assert not is_ours(drawn(NOTICE))
    (content,) = separate(NOTICE)
    assert is_ours(content)
    for broken in (b"", content[: len(content) // 2], content.replace(b"/Kids", b"/Kinds")):
        bundle = Together()
        with pytest.raises(ValueError, match="no file of notices"):
            bundle.add(broken)
        assert bundle.page_count == 0


def test_nothing_drawn_is_no_file():
    assert list(Separate().files()) == []
