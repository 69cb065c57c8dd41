"""Cases and corrections as the exchange with agencies knows them."""

from decimal import Decimal

from ...formats import collection_exchange as exchange


def case_record(case):
    """A case as it is handed over (message C1)."""
    payer = case.partner_id
    notices = case._notices()
    return exchange.Case(
        message_id=case.name,
        our_case_ref=case.name,
        country=case.company_id.country_id.code or "",
        currency=case.currency_id.name,
        customer_type="company" if payer.is_company else "private",
        identity_no=case._identity_number(),
        birth_date=payer._mbn_collection_birth_date() or None,
        language=payer.lang or "",
        payment_reference=case.reference or "",
        notice_sent_on=notices[-1:].sent_on or None,
        notice_deadline=notices[-1:].deadline or None,
        claims=tuple(_claim(line) for line in case.line_ids),
        letters=tuple(_letter(row) for row in case.line_ids.claim_id._ladder_lines()),
        payments=_settlements(case, "payment"),
        credits=_settlements(case, "credit"),
        failed_payment_attempts=tuple(sorted(_failed_debits(case))),
        **_address(case),
    )


def correction_record(event):
    """What changed on our side (message C3)."""
    case = event.case_id
    return exchange.Correction(
        message_id=event.message,
        our_case_ref=case.name,
        agency_case_no=case.agency_case_no or "",
        kind=event.kind,
        date=event.date,
        currency=case.currency_id.name,
        invoice_no=event.line_id.invoice_id.name or "",
        principal=_decimal(event.principal),
        fee=_decimal(event.fee),
        interest=_decimal(event.interest),
        compensation=_decimal(event.compensation),
        until=event.until or None,
        reason=event.text or "",
        **(_address(case) if event.kind == "address" else {}),
    )


def _address(case):
    address = dict(case.told_address or case._address())
    return {
        "name": address["name"],
        "street": address["street"],
        "street2": address["street2"],
        "zip": address["zip"],
        "city": address["city"],
        "address_country": address["country"],
        "email": address["email"],
        "mobile": address["phone"],
    }


def _claim(line):
    claim, invoice = line.claim_id, line.invoice_id
    period_from, period_to = invoice._mbn_collection_period()
    return exchange.Claim(
        invoice_no=invoice.name,
        invoice_date=invoice.invoice_date or None,
        due_date=claim.move_line_id.date_maturity or None,
        period_from=period_from or None,
        period_to=period_to or None,
        description=invoice._mbn_claim_about(),
        delivery_channel=invoice._mbn_delivered_by(),
        principal_original=_decimal(claim.move_line_id.amount_currency),
        principal_open=_decimal(line.principal),
        fee_open=_decimal(line.fee),
        interest_to_date=_decimal(line.interest),
        interest_rate=_decimal(line.interest_rate) if line.interest_rate else None,
        interest_from=line.interest_from or None,
        compensation_open=_decimal(line.compensation),
        payment_reference=invoice.payment_reference or "",
        terms_fee_clause=invoice._mbn_fee_clause_agreed() or None,
        disputed=claim.is_disputed,
    )


def _letter(row):
    return exchange.Letter(
        invoice_no=row.invoice_name,
        type=row.letter_id.kind,
        sent_on=row.sent_on,
        channel=row.letter_id.channel or "",
        deadline=row.deadline or None,
        fee=_decimal(row.fee),
    )


def _settlements(case, kind):
    """What was paid, or credited, of the invoices before."""
    return tuple(
        exchange.Settlement(
            invoice_no=line.invoice_id.name,
            date=partial.credit_move_id.date,
            amount=_decimal(partial.debit_amount_currency),
            applied_to="principal",
        )
        for line in case.line_ids
        for partial in line.claim_id.move_line_id.matched_credit_ids
        if (partial.credit_move_id.move_id.move_type == "out_refund") == (kind == "credit")
    )


def _failed_debits(case):
    """The days on which direct debits of the invoices failed."""
    lines = case.env["direct.debit.order.line"].search(
        [
            ("invoice_id", "in", case.line_ids.invoice_id.ids),
            ("order_id.state", "in", ("failed", "reversed")),
        ]
    )
    return set(lines.order_id.mapped("due_date"))


def _decimal(amount):
    return Decimal(f"{amount:.2f}")
