"""Who pays, by the numbers that banks report."""

from ...formats.references import normalise


def payers_of_mandates(agreement, facts):
    """Whom mandates are of, by what a bank or a list says of them.

    The exact reference tells first, then the payer number, then the payer's part of the reference.

    :param facts: (reference, payer number) of each mandate, as written there
    :return: ``{(reference, payer number): partner}`` of those that are known
    """
    facts = set(facts)
    values = {normalise(reference) for reference, _number in facts} - {""}
    exact = agreement.env["billing.reference"]._resolve(agreement, values)
    by_reference = {value: row._payer() for value, row in exact.items() if row._payer()}
    by_number = agreement._payers_by_number({number for _reference, number in facts})
    by_part = payers_by_reference_part(agreement, values - by_reference.keys())
    found = {}
    for reference, number in facts:
        value = normalise(reference)
        payer = by_reference.get(value) or by_number.get(normalise(number)) or by_part.get(value)
        if payer:
            found[reference, number] = payer
    return found


def payers_by_reference_part(agreement, values):
    """The payers whose number is the payer's part of these references.

    The layouts of the agreement say which part that is. The check digit is not looked at:
    this is for references that are not known.

    :param values: normalised references
    :return: ``{value: partner}``
    """
    parts = {}
    for layout in agreement.layout_ids if values else ():
        shape = layout._shape()
        for value in values:
            number = shape.payer_number(value.zfill(shape.length))
            if number and len(value) <= shape.length:
                parts.setdefault(value, []).append(number)
    found = agreement._payers_by_number({number for some in parts.values() for number in some})
    return {
        value: payer
        for value, numbers in parts.items()
        for payer in [next((found[number] for number in numbers if number in found), None)]
        if payer
    }
