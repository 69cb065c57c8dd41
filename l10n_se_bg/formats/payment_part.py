"""The bankgiro form below an invoice, its line for machines, and the QR code of invoices.

Labels are Swedish whoever reads them: they are those of the printed form.
"""

import json

from stdnum import luhn

from ...membership_billing_nordic.notices.payment_part import (
    FORM_HEIGHT,
    PAPER_WIDTH,
    Box,
    CodeLine,
    Label,
    PaymentFacts,
    PaymentPart,
    Qr,
    Rule,
    Zone,
)
from .giro_numbers import compact, format_bankgiro, format_plusgiro

ZONE = Zone(8, 8, 194, 16)
CODE_RIGHT, CODE_BASE = 194.0, 13.0
KIND = "41"  # a bankgiro form with a reference that is checked
LONGEST_WHOLE = 8  # kronor


def code_line(reference: str, whole: str, cents: str, bankgiro: str) -> str:
    """Reference ``#`` kronor, öre and their check digit ``>`` bankgiro number ``#41#``.

    :raises ValueError: the amount has no place in it
    """
    if len(whole) > LONGEST_WHOLE:
        raise ValueError(f"amount: expected at most {LONGEST_WHOLE} digits before the öre")
    check = luhn.calc_check_digit(whole + cents)
    return f"#{reference:>26} #{whole:>{LONGEST_WHOLE}} {cents}   {check} >{compact(bankgiro):>16}#{KIND}#"


def qr_content(facts: PaymentFacts, bankgiro: str) -> str:
    """The invoice as apps of Swedish banks read it (UsingQR, version 1)."""
    content = {
        "uqr": 1,
        "tp": 1,
        "nme": facts.payee[0],
        "cc": "SE",
        "cid": facts.payee_id,
        "iref": facts.reference,
        "idt": facts.date.replace("-", ""),
        "ddt": facts.due_date.replace("-", ""),
        "due": _number(facts.amount),
        "cur": facts.currency,
        "vat": _number(facts.tax),
        "pt": "BG",
        "acc": format_bankgiro(bankgiro),
    }
    used = {name: value for name, value in content.items() if value != ""}
    return json.dumps(used, ensure_ascii=False, separators=(",", ":"))


def _number(amount):
    return int(amount) if amount == int(amount) else float(amount)


def payment_part(
    facts: PaymentFacts, bankgiro: str, plusgiro: str = "", *, is_ocr: bool = True
) -> PaymentPart:
    """The form that pays ``facts`` to ``bankgiro``; without a lawful reference no machine reads it."""
    line = None
    if is_ocr and len(facts.whole) <= LONGEST_WHOLE:
        text = code_line(facts.reference, facts.whole, facts.cents, bankgiro)
        line = CodeLine(text, CODE_RIGHT, CODE_BASE, ZONE)
    giro = [f"Bankgiro {format_bankgiro(bankgiro)}"]
    giro += [f"Plusgiro {format_plusgiro(plusgiro)}"] if plusgiro else []
    qr = Qr(qr_content(facts, bankgiro), 164, 62, 34, "Skanna i bankappen")
    return PaymentPart(
        FORM_HEIGHT,
        boxes=(
            Box(12, 74, 76, 16, "Betalningsmottagare", facts.payee[:3], 9),
            Box(88, 74, 70, 16, "Till", tuple(giro), 10.5, True),
            Box(12, 50, 76, 24, "Avsändare", facts.payer, 9),
            Box(
                88,
                62,
                70,
                12,
                "OCR-nummer" if is_ocr else "Meddelande till betalningsmottagaren",
                (facts.reference,),
                11,
                True,
            ),
            Box(88, 50, 70, 12, "Fakturanummer", (facts.number,), 9),
            Box(12, 33, 76, 17, "Från bankgironr (vid girering)"),
            Box(88, 33, 32, 17, "Oss tillhanda senast", (facts.due,), 10.5, True),
            Box(120, 33, 60, 17, "Svenska kronor", (facts.whole,), 12, True, "right"),
            Box(180, 33, 18, 17, "öre", (facts.cents,), 12, True, "right"),
        ),
        labels=(
            Label(12, 93, "INBETALNING / GIRERING   AVI", 8.5, True),
            Label(
                12,
                26.6,
                "Den här remsan läses maskinellt. Var god gör inga ändringar"
                if line
                else "Ange referensen ovan när du betalar",
                6,
            ),
        ),
        rules=(
            Rule(0, FORM_HEIGHT, PAPER_WIDTH, FORM_HEIGHT, dashed=True),
            Rule(8, 25.4, 202, 25.4),
        ),
        code_line=line,
        qr=qr if facts.national_qr else facts.link_qr(164, 62, 34),
    )
