"""The payment slip (fælles indbetalingskort) below an invoice: what stands where, in millimetres.

Labels are Danish whoever reads them: they are those of the printed form.
"""

from ...membership_billing_nordic.notices.payment_part import (
    FORM_HEIGHT,
    PAPER_WIDTH,
    Box,
    CodeLine,
    Label,
    PaymentFacts,
    PaymentPart,
    Rule,
    Zone,
)
from . import fi

ZONE = Zone(10, 8, 190, 16)
CODE_RIGHT, CODE_BASE = 190.0, 13.0
PRINTED_ID = 16  # the field of the payment ID; a shorter one has blanks before it


def printed_line(line: fi.OcrLine) -> str:
    """The line as it is printed for machines: the payment ID right in its field."""
    plain = fi.ocr_line(line)
    if not line.payment_id:
        return plain
    return plain.replace(f"<{line.payment_id}+", f"<{line.payment_id:>{PRINTED_ID}}+", 1)


def payment_part(facts: PaymentFacts, line: fi.OcrLine) -> PaymentPart:
    """The slip with receipt that pays ``facts`` by ``line``."""
    creditor = (line.creditor, *facts.payee)
    payment_id = f"{line.card_type}  {line.payment_id}".strip()
    return PaymentPart(
        FORM_HEIGHT,
        boxes=(
            # receipt
            Box(10, 62, 72, 28, "Kreditornummer og beløbsmodtager", creditor, 9),
            Box(10, 38, 72, 24, "Indbetaler", facts.payer, 9),
            Box(10, 27, 30, 11, "Betales senest", (facts.due,), 9.5, True),
            Box(40, 27, 28, 11, "Kroner", (facts.whole,), 10.5, True, "right"),
            Box(68, 27, 14, 11, "Øre", (facts.cents,), 10.5, True, "right"),
            # slip
            Box(88, 62, 66, 28, "Kreditornummer og beløbsmodtager", creditor, 9),
            Box(154, 78, 46, 12, "Kortart og betalings-ID", (payment_id,), 9.5, True),
            Box(154, 62, 46, 16, "Reference", (facts.number,), 9),
            Box(88, 38, 66, 24, "Indbetaler", facts.payer, 9),
            # a signature is for paper only; who pays online needs none
            Box(154, 38, 46, 24, "" if facts.link else "Underskrift ved overførsel fra egen konto"),
            Box(88, 27, 38, 11, "Betalingsdato", (facts.due,), 9.5, True),
            Box(126, 27, 52, 11, "Kroner", (facts.whole,), 10.5, True, "right"),
            Box(178, 27, 22, 11, "Øre", (facts.cents,), 10.5, True, "right"),
        ),
        labels=(
            Label(10, 93, "KVITTERING", 8.5, True),
            Label(88, 93, "INDBETALINGSKORT", 8.5, True),
            Label(200, 93, "Betal i netbank eller mobilbank med koden nederst", 6.5, align="right"),
            Label(88, 24.6, "Til maskinel aflæsning. Skriv ikke i feltet herunder", 6),
        ),
        rules=(
            Rule(0, FORM_HEIGHT, PAPER_WIDTH, FORM_HEIGHT, dashed=True),
            Rule(85, 27, 85, 96, dashed=True),
        ),
        code_line=CodeLine(printed_line(line), CODE_RIGHT, CODE_BASE, ZONE),
        qr=facts.link_qr(166.5, 40.5, 21),
    )
