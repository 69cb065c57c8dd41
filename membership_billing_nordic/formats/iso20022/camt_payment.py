"""What one transaction of a camt message says of a payment: references, payer, kind."""

import re
from decimal import Decimal
from operator import add

from ..messages import ReferenceAmount
from .elements import Values
from .values import ZERO, identifier, money

# How a payer's own account number at a clearing house is marked: the number of an
# agreement. A scheme is data here; whose it is does not matter.
AGREEMENT_SCHEMES = frozenset({"BGNR"})

# Bank transaction codes (external code list of ISO 20022): sub-families of money that goes
# back, and families as our methods.
REVERSAL_SUB_FAMILIES = frozenset({"RRTN", "RPCR", "UPDD", "PRDD", "RCDD"})
_METHOD_OF_FAMILY = {
    "RCDT": "giro",
    "RRCT": "giro",
    "IDDT": "direct_debit",
    "CNTR": "counter",
    "CCRD": "card",
    "MCRD": "card",
}
_STANDING_ORDER = "STDO"

# Identifications of organisations that say nothing outside of one bank.
_BANKS_OWN_SCHEMES = frozenset({"BANK", "CUST"})
_PLAIN_FIELDS = (
    "payer_name",
    "payer_street",
    "payer_zip",
    "payer_city",
    "payer_country",
    "payer_account",
)
_OWN_REFERENCES = (
    "bank_reference",
    "transaction",
    "unique_reference",
    "clearing_reference",
    "instruction",
    "end_to_end",
)
_FULL_LINE = 140
_REFERENCE_ALONE = re.compile(r"\d{2,25}-?|RF\d\d[0-9A-Z ]{1,30}", re.ASCII)


def kind(values: Values) -> tuple[str, str]:
    """The bank transaction code, and what it is as one of the METHODS of messages.

    The code is the bank's own one, else domain, family and sub-family.
    """
    family, sub_family = values.get("code_family"), values.get("code_sub_family")
    code = values.get("code_proprietary") or "-".join(
        filter(None, (values.get("code_domain"), family, sub_family))
    )
    if sub_family == _STANDING_ORDER:
        return code, "standing_order"
    return code, _METHOD_OF_FAMILY.get(family, "other")


def references(values: Values, currency: str) -> tuple[ReferenceAmount, ...]:
    """The references of the remittance information in their order, with amounts if given."""
    found = []
    for part in values.get("structured", ()):
        numbers = _numbers(part)
        amount, is_deduction = _settled(part, currency) if len(numbers) == 1 else (None, False)
        found += [ReferenceAmount(number, amount, is_deduction) for number in numbers]
    return tuple(found)


def _numbers(part: Values) -> list[str]:
    """The creditor's reference; where it is missing, the numbers of the invoices."""
    if "reference" in part:
        return [part["reference"]]
    documents = part.get("documents", ())
    return [number for document in documents if (number := document.get("number"))]


def _settled(part: Values, currency: str) -> tuple[Decimal | None, bool]:
    """What one reference is paid with; below zero for a credit note."""
    text, unit = part.get("credit_note", ("", ""))
    if unit == currency and (amount := money(text)):
        return -amount, True
    text, unit = part.get("remitted", ("", ""))
    return (money(text) if unit == currency else None), False


def text(values: Values) -> str:
    """What the payer wrote; where there is nothing, what the bank adds.

    A full line goes on in the next one without a blank.
    """
    parts = []
    if lines := values.get("lines"):
        ends = ("" if len(line) == _FULL_LINE else " " for line in lines)
        parts.append("".join(map(add, lines, ends)).strip())
    for part in values.get("structured", ()):
        if "reference" in part and "documents" in part:
            parts += [document.get("number", "") for document in part["documents"]]
        if "additional" in part:
            parts += part["additional"]
    return " ".join(filter(None, parts)) or values.get("additional", "")


def with_foreign_amount(written: str, values: Values, currency: str) -> str:
    """The text, and what the payer paid where that is in another currency."""
    if "instructed" not in values:
        return written
    amount, unit = values["instructed"]
    if unit in ("", currency) or money(amount) is None:
        return written
    return f"{written} ({unit} {amount})".strip()


def main_reference(values: Values, written: str) -> str:
    """The creditor's reference or invoice number, else a text that is nothing but one.

    The payer's own mark of the transfer (EndToEndId) is the last resort: with a direct debit
    it is ours.
    """
    for part in values.get("structured", ()):
        if numbers := _numbers(part):
            return numbers[0]
    if written:
        return written if _REFERENCE_ALONE.fullmatch(written) else ""
    return identifier(values.get("end_to_end", ""))


def payer(values: Values, own_account: str) -> Values:
    """Name, address, account and organisation number of the other party, as far as known."""
    if "creditor_account" in values and values.get("payer_account") == own_account:
        values = _turned(values)
    fields = {name: values[name] for name in _PLAIN_FIELDS if name in values}
    if "payer_building" in values:
        fields["payer_street"] = f"{values.get('payer_street', '')} {values['payer_building']}"
    if "payer_lines" in values:
        fields.setdefault("payer_street", ", ".join(values["payer_lines"]))
    if "ultimate_name" in values:
        fields.setdefault("payer_name", values["ultimate_name"])
    if "payer_ids" in values:
        fields["payer_organisation"] = _organisation(values["payer_ids"])
    return fields


def _turned(values: Values) -> Values:
    """The creditor in the place of the payer: the bank turned them when money went back."""
    return {
        name.replace("creditor_", "payer_", 1): value
        for name, value in values.items()
        if name.startswith("creditor_")
    }


def _organisation(identifications) -> str:
    for each in identifications:
        if each.get("scheme") not in _BANKS_OWN_SCHEMES:
            return each.get("id", "")
    return ""


def own_reference(values: Values, of_entry: str) -> str:
    """The most particular identifier of a transaction; some banks only repeat the entry's."""
    for name in _OWN_REFERENCES:
        if name in values and (found := identifier(values[name])) and found != of_entry:
            return found
    return ""


def reason(values: Values) -> str:
    """Why money goes back: the code and what the bank adds."""
    parts = []
    for each in values.get("returns", ()):
        parts += [each.get("reason", ""), *each.get("additional", ())]
    return " ".join(filter(None, parts))


def agreement_number(values: Values) -> str:
    """The number the payer addressed, where it is one of an agreement."""
    if values.get("creditor_account_scheme") in AGREEMENT_SCHEMES:
        return values.get("creditor_account", "")
    return ""


def charges(values: Values, currency: str) -> Decimal:
    """What the bank took for itself, given back deducted; zero when it does not say."""
    total = ZERO
    for charge in values.get("charges", ()):
        parts = charge.get("records") or [charge]
        for part in parts:
            amount, unit = part.get("amount") or charge.get("total", ("", ""))
            value = money(amount) if unit == currency else None
            if value:
                total += -value if part.get("indicator") == "CRDT" else value
    return total
