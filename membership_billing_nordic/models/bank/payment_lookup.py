"""Who pays, by the numbers that banks report."""


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
