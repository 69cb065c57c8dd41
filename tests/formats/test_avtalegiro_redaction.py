"""Our own files without names and texts: everything else is as it was."""

import io
from datetime import date

from odoo.addons.l10n_no_ocr.formats import ocr_giro, redaction
from odoo.addons.membership_billing_nordic.formats.messages import FormatIssue, OutgoingMessage

from .writing import assignment, claim, encoded, withdrawal

CLAIM = claim(
    "18",
    "000100226000188",
    "1250.50",
    date(2026, 11, 5),
    payer_name="BJØRNSTAD",
    statement_text="Kontingent 2026",
    is_notified_by_bank=True,
    lines=("Medlemskontingent for Åse Bjørnstad",),
)
CONTENT = encoded(
    assignment(CLAIM), assignment(withdrawal("16", payer_name="HANSEN K"), number=2)
).content


def requests(content):
    messages = list(ocr_giro.decode(io.BytesIO(content)))
    assert not [one for one in messages if isinstance(one, FormatIssue)]
    return [one for one in messages if isinstance(one, OutgoingMessage)]


def test_names_and_texts_are_gone():
    copy = redaction.redact(CONTENT).decode("latin-1")
    for told in ("BJØRN", "HANSEN", "Kontingent", "Medlem", "Åse"):
        assert told in CONTENT.decode("latin-1")
        assert told not in copy
    assert copy.splitlines()[3][15:25] == "********* "


def test_everything_else_is_as_it_was():
    copy = redaction.redact(CONTENT)
    assert len(copy) == len(CONTENT)
    before, after = requests(CONTENT), requests(copy)
    for facts in ("reference", "amount", "due_date", "account", "key", "is_notified_by_bank"):
        assert [getattr(one, facts) for one in after] == [getattr(one, facts) for one in before]
    assert [one.amount for one in after] == [CLAIM.amount, withdrawal().amount]


def test_what_is_no_record_stays_and_redacting_again_changes_nothing():
    assert redaction.redact(b"") == b""
    assert redaction.redact(b"short\r\nNY21\r\n") == b"short\r\nNY21\r\n"
    copy = redaction.redact(CONTENT)
    assert redaction.redact(copy) == copy
