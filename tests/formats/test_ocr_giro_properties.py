"""OCR giro against whatever comes: files of an independent writer, mutated files, noise."""

from collections import Counter
from datetime import date
from decimal import Decimal

import netsgiro
from hypothesis import example, given, settings
from hypothesis import strategies as st
from odoo.addons.membership_billing_nordic.formats.messages import PaymentReversed

from tests.bank_simulator import nets

from .damage import mutated, never_raises
from .reading import Reading, joined, lines_of, one_file

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
DIGITS = "0123456789"
KIDS = st.text(DIGITS, max_size=25).filter(lambda kid: len(kid) != 1) | st.builds(
    "{}-".format, st.text(DIGITS, min_size=1, max_size=24)
)
TEXTS = st.text(st.characters(codec="latin-1", categories=("L", "N", "P")), max_size=40)
ACCOUNTS = st.sampled_from(["99991042764", "86011117947", "11110500019"])
TRANSACTIONS = st.builds(
    nets.Transaction,
    kind=st.integers(0, 99).map("{:02d}".format),
    settled_on=DAYS,
    amount=st.integers(0, 10**17 // 100),
    kid=KIDS,
    sign=st.sampled_from("000-"),
    bank_sum=st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(0, 2)),
    form_number=st.text(DIGITS, min_size=10, max_size=10),
    archive_reference=st.text(DIGITS, min_size=9, max_size=9),
    ordered_on=st.none() | DAYS,
    debit_account=st.just("") | ACCOUNTS,
    text=TEXTS,
    card_issuer=st.sampled_from(["00", "04", "21"]),
)
ASSIGNMENTS = st.one_of(
    st.builds(
        nets.Payments,
        account=ACCOUNTS,
        transactions=st.lists(TRANSACTIONS, max_size=5),
        agreement=st.text(DIGITS, min_size=9, max_size=9),
        number=st.integers(0, 3),
    ),
    st.builds(
        nets.Mandates,
        account=ACCOUNTS,
        notices=st.lists(
            st.builds(
                nets.MandateNotice,
                registration=st.sampled_from("012"),
                kid=KIDS.filter(bool),
                written_notice=st.booleans(),
            ),
            max_size=4,
        ),
        number=st.integers(0, 3),
    ),
)
# The sum of an assignment has no place for a sign.
FILES = st.lists(ASSIGNMENTS.filter(lambda each: each.totals[2] >= 0), max_size=3)


def unless_zero(text):
    return text if text.strip("0") else ""


def signed(transaction):
    """Our amount: minus where the sign says so, but reversals stay positive."""
    amount = Decimal(transaction.amount) / 100
    is_negative = transaction.sign == "-" and transaction.kind not in nets.REVERSALS
    return -amount if is_negative else amount


@given(FILES)
def test_what_was_written_is_read(assignments):
    reading = Reading(one_file(*assignments))
    written = [
        (assignment, transaction)
        for assignment in assignments
        if isinstance(assignment, nets.Payments)
        for transaction in assignment.transactions
    ]
    assert [
        (
            x.account,
            x.agreement_number,
            x.bank_code,
            x.bank_date,
            x.order_date,
            x.amount,
            x.reference,
            x.form_number,
            x.bank_reference,
            x.payer_account,
            x.text,
            isinstance(x, PaymentReversed),
            x.is_information,
        )
        for x in reading.payments
    ] == [
        (
            assignment.account,
            assignment.agreement,
            x.kind,
            x.settled_on,
            x.ordered_on,
            signed(x),
            x.kid,
            unless_zero(x.form_number),
            unless_zero(x.archive_reference),
            x.debit_account,
            x.text if x.kind in nets.FREE_TEXT else "",
            x.kind in nets.REVERSALS,
            x.kind in nets.INFORMATION,
        )
        for assignment, x in written
    ]
    assert not reading.refused and not reading.errors
    assert {x.field for x in reading.warnings} <= {"transaction type"}
    assert all(total.agrees for total in reading.totals)


@given(FILES)
def test_deposits_are_the_sums_of_their_payments(assignments):
    reading = Reading(one_file(*assignments))
    sums, counts = Counter(), Counter()
    for payment in reading.payments:
        if not payment.is_information:
            sums[payment.account, payment.deposit_key] += payment.amount
            counts[payment.account, payment.deposit_key] += 1
    assert {(x.account, x.deposit_key): x.amount for x in reading.deposits} == sums
    assert {(x.account, x.deposit_key): x.count for x in reading.deposits} == counts
    assert len(reading.deposits) == len(sums)


@given(FILES)
def test_payment_keys_are_unique(assignments):
    keys = [x.key for x in Reading(one_file(*assignments)).payments]
    assert len(keys) == len(set(keys))


@given(FILES, st.randoms(use_true_random=False))
def test_a_broken_total_never_goes_unseen(assignments, random):
    lines = lines_of(one_file(*assignments))
    ends = [n for n, line in enumerate(lines) if line[6:8] in ("88", "89")]
    number = random.choice(ends)
    first, size = random.choice([(8, 8), (16, 8), (24, 17)])
    line = lines[number]
    value = (int(line[first : first + size]) + random.randint(1, 99)) % 10**size
    lines[number] = f"{line[:first]}{value:0{size}d}{line[first + size :]}"
    reading = Reading(joined(lines))
    assert any(not total.agrees for total in reading.totals)
    assert any(issue.record == number + 1 for issue in reading.issues)


SAMPLE = one_file(
    nets.Payments(
        account="99991042764",
        transactions=[
            nets.Transaction(kind=kind, settled_on=date(2026, 11, 2), amount=1000, kid="12345")
            for kind in ("10", "15", "20", "21", "33")
        ],
    ),
    nets.Mandates(account="99991042764", notices=[nets.MandateNotice("1", "12345")]),
)


@settings(max_examples=150)
@given(st.binary(max_size=400))
@example(b"NY000010" + b"\x00" * 500)
@example(b"\xff" * 80)
@example(b"\n" * 500)
@example(b"\x1a\x1a\n\x1a")
def test_noise_is_refused(noise):
    assert Reading(noise).refused
    never_raises(noise)


@settings(max_examples=150)
@given(st.lists(st.sampled_from(lines_of(SAMPLE)), max_size=30), st.binary(max_size=20))
def test_records_in_any_order_never_raise(lines, end):
    never_raises(joined(lines) + end)


@settings(max_examples=250)
@given(mutated(SAMPLE))
def test_a_mutated_file_never_raises_and_its_totals_are_always_checked(content):
    never_raises(content)
    reading = Reading(content)
    for total in reading.totals:
        assert total.agrees or total.record in {issue.record for issue in reading.issues}
    checked = {total.quantity for total in reading.totals if total.scope == "file"}
    assert reading.refused or checked == {"transactions", "records", "amount"}


PLAIN = TRANSACTIONS.map(
    lambda each: nets.Transaction(
        kind=f"{10 + int(each.kind) % 8}",
        # The years that it, too, takes for those of this century.
        settled_on=each.settled_on.replace(year=2000 + each.settled_on.year % 64),
        amount=each.amount,
        kid=each.kid.replace("-", "0") or "1234",
        bank_sum=each.bank_sum,
        form_number=each.form_number,
        archive_reference=each.archive_reference,
        ordered_on=each.ordered_on,
        debit_account=each.debit_account,
    )
)


@given(st.lists(PLAIN, min_size=1, max_size=5))
def test_where_netsgiro_can_read_it_reads_the_same(transactions):
    content = one_file(nets.Payments(account="99991042764", transactions=transactions))
    [assignment] = netsgiro.parse(content.decode("latin-1").replace("\r\n", "\n")).assignments
    assert [
        (x.record, x.bank_code, x.amount, x.bank_date, x.reference, x.payer_account)
        for x in Reading(content).payments
    ] == [
        (
            3 + 2 * place,
            str(x.type.value),
            x.amount,
            x.date,
            x.kid,
            unless_zero(x.debit_account),
        )
        for place, x in enumerate(assignment.transactions)
    ]
