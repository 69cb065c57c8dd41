"""Files of Bankgirot put together by hand: an independent writer for the tests of the codecs."""

from .reading import SAMPLES, lines_of

SAMPLES = SAMPLES / "se"
PAYEE, CUSTOMER = "9912346", "471117"


def sample(name):
    return (SAMPLES / f"{name}.txt").read_bytes()


def row(*cells):
    """A record of 80 characters from ``(first position, text)`` pairs."""
    line = [" "] * 80
    for first, text in cells:
        line[first - 1 : first - 1 + len(text)] = text
    assert len(line) == 80
    return "".join(line)


def file_of(*rows, line_end="\r\n"):
    return "".join(f"{line}{line_end}" for line in rows).encode("latin-1")


def without(content, record):
    rows = lines_of(content)
    del rows[record - 1]
    return file_of(*rows)


# ---------------------------------------------------------------------- BgMax


def bgmax_start(stamp="20260928173035010331", marker="P"):
    return row((1, "01BGMAX"), (23, "01"), (25, stamp), (45, marker))


def section(payee=PAYEE, currency="SEK", plusgiro=""):
    return row((1, "05"), (3, payee.zfill(10)), (13, plusgiro), (23, currency))


def payment(ore, reference="", code="2", *, kind="20", payer="0", serial="314984801001", **more):
    return row(
        (1, kind),
        (3, payer.zfill(10)),
        (13, reference.rjust(25) if code == "2" else reference),
        (38, f"{ore:018d}"),
        (56, code),
        (57, more.get("channel", "1")),
        (58, serial),
        (70, more.get("image", "0")),
        (71, more.get("deduction", "")),
    )


def text(words):
    return row((1, "25"), (3, words))


def name(name, extra=""):
    return row((1, "26"), (3, name), (38, extra))


def street(street, postcode=""):
    return row((1, "27"), (3, street), (38, postcode))


def city(city, country="", code=""):
    return row((1, "28"), (3, city), (38, country), (73, code))


def organisation(number):
    return row((1, "29"), (3, number.zfill(12)))


def deposit(ore, count, *, day="20260928", serial="00056", currency="SEK"):
    return row(
        (1, "15"),
        (3, "5000000001000004".zfill(35)),
        (38, day),
        (46, serial),
        (51, f"{ore:018d}"),
        (69, currency),
        (72, f"{count:08d}"),
    )


def bgmax_end(payments, deductions=0, references=0, deposits=1):
    return "70" + "".join(f"{n:08d}" for n in (payments, deductions, references, deposits)).ljust(
        78
    )


def one_deposit(*rows, ore, count, **more):
    """A whole BgMax file of one section; ``count`` payments of kind 20 alone."""
    references = sum(line[:2] in ("22", "23") for line in rows)
    deductions = sum(line[:2] == "21" for line in rows)
    return file_of(
        bgmax_start(),
        section(currency=more.get("currency", "SEK")),
        *rows,
        deposit(ore, count, **more),
        bgmax_end(count - deductions, deductions, references),
    )


# ---------------------------------------------------------------------- Autogiro


def new_start(content, stamp="20260928"):
    return row((1, "01AUTOGIRO"), (25, stamp), (45, content), (65, CUSTOMER), (71, PAYEE.zfill(10)))


def old_start(content="", day="20260928"):
    return row((1, f"01{day}AUTOGIRO9900"), (23, content), (63, CUSTOMER), (69, PAYEE.zfill(10)))


def specification(*rows, end=None):
    """A payment specification of the new layout; its end record is not told wrong."""
    return file_of(new_start("BET. SPEC & STOPP TK", "20260928060512345678"), *rows, end or "09")


def group(kind, ore, count, serial="00041", day="20260928"):
    return row(
        (1, kind),
        (3, "5000000001000004".zfill(35)),
        (38, day),
        (46, serial),
        (51, f"{ore:018d}"),
        (72, f"{count:08d}"),
    )


def debit(ore, status="0", *, kind="82", payer="1001", reference="INV1", day="20260928"):
    return row(
        (1, kind),
        (3, day),
        (11, "0"),
        (16, payer.zfill(16)),
        (32, f"{ore:012d}"),
        (44, PAYEE.zfill(10)),
        (54, reference),
        (80, status),
    )


def advice(information, comment, *, payer="1001", account="", identity="", valid_from=""):
    return row(
        (1, "73"),
        (3, PAYEE.zfill(10)),
        (13, payer.zfill(16)),
        (29, account),
        (45, identity),
        (62, information + comment),
        (66, "20260902"),
        (74, valid_from),
    )


def mandate_advice(*rows):
    count = row((1, "09202609029900"), (15, f"{len(rows):07d}"))
    return file_of(new_start("AG-MEDAVI", "20260902"), *rows, count)


def changed(kind, comment, *, ore=30000, code="82", day="20260928", new="00000000", reference=""):
    return row(
        (1, kind),
        (3, day),
        (11, "1001".zfill(16)),
        (27, code),
        (29, f"{ore:012d}"),
        (41, "REFERENS" if reference else "00000000"),
        (49, new),
        (57, reference or "0" * 16),
        (73, comment),
    )


def sums_end(payouts="0" * 12, payout_count=0, count=0, collections="0" * 12):
    return row(
        (1, "09202609029900"),
        (29, payouts),
        (41, f"{payout_count:06d}{count:06d}0000"),
        (57, collections),
        (69, "0" * 12),
    )
