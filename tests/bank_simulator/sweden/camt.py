"""Writes camt.054 as a Swedish bank sends it for bankgiro: an entry a deposit. Amounts are in öre."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree

from .bgmax import DEDUCTION, VALID_OCR, Deposit, Payment

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"


def file_of(deposits: Iterable[Deposit], made_at: datetime, message: str) -> bytes:
    """A whole notification, one ``Ntfctn`` an account."""
    ElementTree.register_namespace("", NAMESPACE)
    root = ElementTree.Element(_tag("Document"))
    report = _add(root, "BkToCstmrDbtCdtNtfctn")
    header = _add(report, "GrpHdr")
    _add(header, "MsgId", message)
    _add(header, "CreDtTm", made_at.isoformat(timespec="seconds"))
    for number, deposit in enumerate(deposits, 1):
        _notification(report, deposit, f"{message}-{number}", made_at)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def _notification(report, deposit: Deposit, identifier: str, made_at: datetime) -> None:
    notification = _add(report, "Ntfctn")
    _add(notification, "Id", identifier)
    _add(notification, "CreDtTm", made_at.isoformat(timespec="seconds"))
    account = _add(notification, "Acct")
    _other(_add(account, "Id"), deposit.account, "BBAN")
    _add(account, "Ccy", "SEK")
    entry = _add(notification, "Ntry")
    _add(entry, "NtryRef", f"{deposit.paid_on:%Y}{deposit.serial:05d}")
    _amount(entry, abs(deposit.amount), "CRDT" if deposit.amount >= 0 else "DBIT")
    _add(_add(entry, "Sts"), "Cd", "BOOK")
    _date(entry, "BookgDt", deposit)
    _date(entry, "ValDt", deposit)
    _add(entry, "AcctSvcrRef", f"{deposit.bankgiro}{deposit.paid_on:%Y%m%d}{deposit.serial:05d}")
    _bank_code(entry)
    details = _add(entry, "NtryDtls")
    batch = _add(details, "Btch")
    _add(batch, "NbOfTxs", str(len(deposit.payments)))
    for payment in deposit.payments:
        _transaction(details, deposit, payment)


def _transaction(details, deposit: Deposit, payment: Payment) -> None:
    transaction = _add(details, "TxDtls")
    references = _add(transaction, "Refs")
    _add(references, "AcctSvcrRef", f"{payment.serial:012d}")
    _amount(transaction, payment.amount, "DBIT" if payment.kind == DEDUCTION else "CRDT")
    parties = _add(transaction, "RltdPties")
    if payment.name:
        _add(_add(_add(parties, "Dbtr"), "Pty"), "Nm", payment.name)
    _other(_add(_add(parties, "CdtrAcct"), "Id"), deposit.bankgiro, "BGNR")
    remittance = _add(transaction, "RmtInf")
    texts = [payment.reference] if payment.code != VALID_OCR and payment.reference else []
    for text in (*texts, *payment.continued):
        _add(remittance, "Ustrd", text)
    numbers = payment.more or ((payment.reference,) if payment.code == VALID_OCR else ())
    for number in numbers:
        _structured(remittance, number)


def _structured(remittance, number: str) -> None:
    reference = _add(_add(remittance, "Strd"), "CdtrRefInf")
    _add(_add(_add(reference, "Tp"), "CdOrPrtry"), "Cd", "SCOR")
    _add(reference, "Ref", number)


def _other(parent, number: str, scheme: str) -> None:
    other = _add(parent, "Othr")
    _add(other, "Id", number)
    _add(_add(other, "SchmeNm"), "Prtry", scheme)


def _amount(parent, amount: int, direction: str) -> None:
    _add(parent, "Amt", _kronor(amount), Ccy="SEK")
    _add(parent, "CdtDbtInd", direction)


def _date(parent, name: str, deposit: Deposit) -> None:
    _add(_add(parent, name), "Dt", deposit.paid_on.isoformat())


def _bank_code(entry) -> None:
    domain = _add(_add(entry, "BkTxCd"), "Domn")
    _add(domain, "Cd", "PMNT")
    family = _add(domain, "Fmly")
    _add(family, "Cd", "RCDT")
    _add(family, "SubFmlyCd", "VCOM")


def _kronor(amount: int) -> str:
    return str(Decimal(amount) / 100)


def _add(parent, name: str, text: str | None = None, **attributes):
    element = ElementTree.SubElement(parent, _tag(name), attributes)
    element.text = text
    return element


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
