"""The giro below an invoice: what stands where, in millimetres, and its line for machines.

Labels are Norwegian whoever reads them: they are those of the printed form.
"""

from stdnum import luhn

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

ZONE = Zone(8, 8, 194, 16)
CODE_RIGHT, CODE_BASE = 194.0, 13.0
LONGEST_WHOLE = 9  # kroner


def format_account(account: str) -> str:
    """``8601.11.17947``."""
    if len(account) != 11:
        return account
    return f"{account[:4]}.{account[4:6]}.{account[6:]}"


def code_line(kid: str, whole: str, cents: str, account: str) -> str:
    """``H``, KID, kroner and øre with their check digit between ``<`` and ``>``, the account.

    :raises ValueError: the amount has no place in it
    """
    if len(whole) > LONGEST_WHOLE:
        raise ValueError(f"amount: expected at most {LONGEST_WHOLE} digits before the øre")
    check = luhn.calc_check_digit(whole + cents)
    return f"H{kid:>26}{whole:>{LONGEST_WHOLE + 2}} {cents} < {check} >{account:>14}"


def payment_part(facts: PaymentFacts, account: str, *, is_kid: bool = True) -> PaymentPart:
    """The giro that pays ``facts`` to ``account``; without a KID no machine reads it."""
    line = None
    if is_kid and len(facts.whole) <= LONGEST_WHOLE:
        text = code_line(facts.reference, facts.whole, facts.cents, account)
        line = CodeLine(text, CODE_RIGHT, CODE_BASE, ZONE)
    shown, amount = format_account(account), f"{facts.whole},{facts.cents}"
    qr = facts.link_qr(166, 42, 28)
    payee_width = 64 if qr else 100
    kid = "Kundeidentifikasjon (KID)" if is_kid else "Melding til mottaker"
    return PaymentPart(
        FORM_HEIGHT,
        boxes=(
            Box(12, 76, 62, 12, "Innbetalt til konto", (shown,), 10.5, True),
            Box(74, 76, 40, 12, "Beløp", (amount,), 10.5, True, "right"),
            Box(114, 76, 46, 12, "Betalerens kontonummer"),
            Box(160, 76, 38, 12, "Betalingsfrist", (facts.due,), 10.5, True),
            Box(12, 66, 186, 10, "Betalingsinformasjon", (f"Faktura {facts.number}",), 9),
            Box(12, 42, 86, 24, "Betalt av", facts.payer, 9),
            Box(98, 42, payee_width, 24, "Betalt til", facts.payee, 9),
            Box(12, 29, 76, 13, kid, (facts.reference,), 11, True),
            Box(88, 29, 36, 13, "Kroner", (facts.whole,), 11, True, "right"),
            Box(124, 29, 14, 13, "Øre", (facts.cents,), 11, True, "right"),
            Box(138, 29, 60, 13, "Til konto", (shown,), 11, True),
        ),
        labels=(
            Label(12, 92, "GIRO", 13, True),
            Label(198, 92, "KVITTERING", 8, align="right"),
            *((Label(12, 25.6, "Leses maskinelt. Ikke skriv i feltet under", 6),) if line else ()),
        ),
        rules=(Rule(0, FORM_HEIGHT, PAPER_WIDTH, FORM_HEIGHT, dashed=True),),
        code_line=line,
        qr=qr,
    )
