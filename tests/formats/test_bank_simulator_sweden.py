"""Bankgirot as it is played: what it writes, what it takes, and what it answers."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from tests.bank_simulator.strict_reading import RefusedError
from tests.bank_simulator.sweden import autogiro, bgmax, days, reading
from tests.bank_simulator.sweden.autogiro import Advice, Debit, Dropped, Payee, Refund, SignUp
from tests.bank_simulator.sweden.house import Autogiro
from tests.bank_simulator.sweden.payers import BankgiroPayers

PAYEE = Payee(customer="471117", bankgiro="9912346", account="5000000001000004")
KEY = bytes.fromhex("1234567890ABCDEF1234567890ABCDEF")
MANDATES = """\
0120260901AUTOGIRO                                            4711170009912346
04000991234600000000000010015000000001111116191212121212
0400099123460000000001234566
0400099123460000000000001004                                                AV
0300099123460000000000001000
050009912346000000000000100500099123460000000000002005
"""
SEALED = """\
00260901HMAC
0120260901AUTOGIRO                                            4711170009912346
82202609280    00000000000010010000000300000009912346INV2026000123
82GENAST  0    00000000000010020000001250500009912346INV2026000124
82202609305012 00000000012345660000000099000009912346SUB77
32202609280    00000000000010030000000050000009912346REFUND9
99260901FF365893D899291C3BF505FB3175E880D051679883CDC5D449E4A27850E09B3D
"""
ORDER = """\
0120260901AUTOGIRO                                            4711170009912346
82202609280    00000000000010010000000300000009912346INV2026000123
"""


def content(text):
    return "".join(f"{line:<80}\r\n" for line in text.splitlines()).encode("latin-1")


def lines(found):
    return [line.rstrip() for line in found.decode("latin-1").split("\r\n")]


def test_midsummers_eve_is_no_banking_day():
    assert not days.is_banking_day(date(2026, 6, 19))
    assert days.after(date(2026, 6, 18), 1) == date(2026, 6, 22)
    assert days.closes(date(2027, 1, 4)) == datetime(2026, 12, 30, 19)


def test_mandates_are_read():
    (section,) = reading.read(content(MANDATES))
    new, _bankgiro, refusal, cancel, renumber = section.items
    assert (new.payer, new.account, new.identity) == ("1001", "5000000001111116", "191212121212")
    assert (refusal.payer, refusal.is_refusal) == ("1004", True)
    assert (cancel.kind, cancel.payer) == ("03", "1000")
    assert (renumber.payer, renumber.new_payer) == ("1005", "2005")


def test_a_seal_is_proven():
    (section,) = reading.read(content(SEALED), KEY)
    assert [item.amount for item in section.items] == [30000, 125050, 9900, 5000]
    assert section.items[1].due_on is None
    with pytest.raises(RefusedError, match="another key"):
        reading.read(content(SEALED), KEY[::-1])
    with pytest.raises(RefusedError, match="seal is broken"):
        reading.read(content(SEALED.replace("0000000300", "0000000301")), KEY)


@pytest.mark.parametrize(
    ("there", "instead", "message"),
    [
        ("9912346INV", "9912347INV", "another section"),
        ("0000000300000", "0000000000000", "no amount"),
        ("20260928", "20260931", "no date"),
        ("4711170009912346", "4711170009912346X", "no blanks"),
        ("82202609280 ", "8220260928A ", "period code"),
    ],
)
def test_what_is_wrong_is_refused(there, instead, message):
    assert ORDER.count(there) == 1
    with pytest.raises(RefusedError, match=message):
        reading.read(content(ORDER.replace(there, instead)))


def test_a_specification_is_written():
    on = date(2026, 9, 28)
    debit = Debit(paid_on=on, payer="1001", amount=30000, reference="INV2026000123")
    stopped = replace(debit, payer="1007", reference="INV2026000125", status="9")
    old = Debit(paid_on=date(2026, 8, 28), payer="1010", amount=30000, reference="INV2026000090")
    refund = Refund(debit=old, refunded_on=on, code="01")
    made_at = datetime(2026, 9, 28, 6, 5, 12, 345678)
    assert lines(autogiro.specification(PAYEE, [debit, stopped], [refund], 41, made_at)) == [
        "01AUTOGIRO              20260928060512345678BET. SPEC & STOPP TK4711170009912346",
        "15000000000000000000050000000010000042026092800041000000000000030000   00000001",
        "82202609280    00000000000010010000000300000009912346INV2026000123             0",
        "82202609280    00000000000010070000000300000009912346INV2026000125             9",
        "17000000000000000000050000000010000042026092800042000000000000030000   00000001",
        "77202608280    00000000000010100000000300000009912346INV2026000090   2026092801",
        "09202609289900000001000000000001000000000000000000000001000000000001",
        "",
    ]


def test_other_reports_are_written():
    on = date(2026, 9, 2)
    notice = Advice(
        payer="1001", code=("04", "32"), on=on, account="5000000001111116", identity="191212121212"
    )
    assert lines(autogiro.advice(PAYEE, [notice], on))[:3] == [
        "01AUTOGIRO              20260902            AG-MEDAVI           4711170009912346",
        "73000991234600000000000010015000000001111116191212121212     043220260902",
        "092026090299000000001",
    ]
    debit = Debit(
        paid_on=date(2026, 9, 28),
        payer="1011",
        amount=30000,
        reference="INV2026000128",
        comment="01",
    )
    assert lines(autogiro.rejected(PAYEE, [debit], on))[1:3] == [
        "82202609280   0000000000001011000000030000INV2026000128   01",
        "09202609029900000000000000000000000001000000030000",
    ]
    dropped = Dropped(kind="25", debit=replace(debit, payer="1001", reference="INV2026000123"))
    assert lines(autogiro.dropped(PAYEE, [dropped], on))[:3] == [
        "01AUTOGIRO              20260902            MAKULERING/ÄNDRING  4711170009912346",
        "2520260928000000000000100182000000030000REFERENS00000000INV2026000123   12",
        "09202609029900              0000000000000000000000010000000000030000000000000000",
    ]
    row = SignUp(
        payer="1003",
        account="8327001234567897",
        identity="191212121212",
        name="TOLVAN TOLVANSSON",
        street="PROVGATAN 1",
        post_code="12345",
        city="STORÅKER",
        text="MEDLEM SEDAN 2019",
    )
    assert lines(autogiro.sign_ups(PAYEE, [row], on)) == [
        "512026090299000009912346AG-EMEDGIV",
        "52000991234600000000000010038327001234567897191212121212     0",
        "53MEDLEM SEDAN 2019",
        "54TOLVAN TOLVANSSON",
        "55PROVGATAN 1",
        "5612345STORÅKER",
        "592026090299000000005",
        "",
    ]


def test_bgmax_is_written():
    plain = bgmax.Payment(amount=30000, serial=213149, reference="202600012324", code="2")
    broken = bgmax.Payment(
        amount=10000,
        serial=5,
        reference="Medlem 1001 faktura 20260",
        code="3",
        continued=("00126",),
    )
    credit = bgmax.Payment(amount=10000, serial=3, kind="21", reference="KREDIT 17", code="3")
    deposit = bgmax.Deposit(
        bankgiro="9912346",
        account="5000000001000004",
        paid_on=date(2026, 9, 28),
        serial=56,
        payments=[plain, broken, credit],
    )
    assert lines(bgmax.file_of([deposit], datetime(2026, 9, 28, 17, 30, 35, 10331))) == [
        "01BGMAX               0120260928173035010331P",
        "050009912346          SEK",
        "200000000000             202600012324000000000000030000210000002131490",
        "200000000000Medlem 1001 faktura 20260000000000000010000310000000000050",
        "2500126",
        "210000000000KREDIT 17                0000000000000100003100000000000300",
        "15000000000000000000050000000010000042026092800056000000000000030000SEK00000003",
        "7000000002000000010000000000000001",
        "",
    ]


def house(outcome="paid", **options):
    bank = Autogiro(seed=3, payee=PAYEE, outcomes={outcome: 1}, **options)
    bank.take(content(MANDATES), datetime(2026, 9, 1, 9))
    return bank


@pytest.mark.parametrize(
    ("outcome", "told", "left"),
    [
        ("paid", ["0"], 30000),
        ("closed", ["2"], 0),
        ("no_cover", ["9", "9", "9", "1"], 0),
        ("late_cover", ["9", "0"], 30000),
        ("ended", [], 0),
        ("refunded", ["0"], 0),
    ],
)
def test_what_payers_do_is_told(outcome, told, left):
    bank = house(outcome)
    assert len(bank.take(content(ORDER), datetime(2026, 9, 25, 18)).taken) == 1
    files = bank.play(date(2026, 9, 1), date(2026, 10, 30))
    debits = [item for file in files for item in file.items if isinstance(item, Debit)]
    assert [debit.status for debit in debits] == told
    assert sum(bank.sums.values()) == left
    refunds = [item for file in files for item in file.items if isinstance(item, Refund)]
    assert len(refunds) == (outcome == "refunded")


def test_an_ended_mandate_takes_its_orders_along():
    bank = house("ended")
    bank.take(content(ORDER), datetime(2026, 9, 25, 18))
    kinds = [file.kind for file in bank.play(date(2026, 9, 26), date(2026, 10, 30))]
    assert kinds == ["advice", "dropped"]


@pytest.mark.parametrize(
    ("payer", "at", "comment"),
    [("1001", datetime(2026, 9, 25, 19, 1), "13"), ("1999", datetime(2026, 9, 25, 9), "01")],
)
def test_debits_that_are_late_or_without_mandate_are_rejected(payer, at, comment):
    bank = house()
    order = ORDER.replace("00001001", f"0000{payer}")
    assert len(bank.take(content(order), at).rejected) == 1
    (file,) = [
        file for file in bank.play(date(2026, 9, 1), date(2026, 9, 30)) if file.kind == "rejected"
    ]
    assert [item.comment for item in file.items] == [comment]


def test_a_sign_up_becomes_a_mandate_when_it_is_approved():
    bank = Autogiro(seed=3, payee=PAYEE)
    row = SignUp(payer="1003", account="8327001234567897", identity="191212121212", name="Tolvan")
    bank.wish(row, date(2026, 9, 1))
    approval = ORDER.splitlines()[0] + "\n0400099123460000000000001003\n"
    bank.take(content(approval), datetime(2026, 9, 3, 9))
    kinds = [file.kind for file in bank.play(date(2026, 9, 1), date(2026, 9, 10))]
    assert kinds == ["sign_ups", "advice"]
    assert bank.mandates["1003"].is_active


def test_an_order_is_moved_and_carried_out_on_the_other_day():
    bank = house()
    bank.take(content(ORDER), datetime(2026, 9, 1, 9))
    opening, order = ORDER.splitlines()
    change = f"290009912346{order[15:31]}20260928{order[31:43]}8220260930{order[53:]}"
    bank.take(content(f"{opening}\n{change}\n"), datetime(2026, 9, 2, 9))
    files = {file.kind: file for file in bank.play(date(2026, 9, 3), date(2026, 9, 30))}
    moved, paid = files["dropped"], files["specification"]
    (record,) = [record for record in lines(moved.content) if record.startswith("29")]
    assert record[2:10] == "20260928" and record[48:56] == "20260930" and record.endswith("18")
    assert (paid.day, bank.sums[date(2026, 9, 30)]) == (date(2026, 9, 30), 30000)


def test_credits_are_paid_out_and_told_apart_from_debits():
    bank = house()
    credit = ORDER.replace("\n82", "\n32").replace("INV2026000123", "REFUND9      ")
    (taken,) = bank.take(content(credit), datetime(2026, 9, 1, 9)).taken
    files = bank.play(date(2026, 9, 1), date(2026, 9, 30))
    (file,) = [file for file in files if file.kind == "specification"]
    kinds = [record[:2] for record in lines(file.content)]
    assert kinds == ["01", "16", "32", "09", ""]
    assert bank.payouts == [(taken, True)]
    assert sum(bank.sums.values()) == -taken.amount
    assert not bank.ends


def test_money_is_told_in_either_format():
    claims = [
        {"reference": f"{n:08d}42", "amount": 30000, "due_date": date(2026, 11, 27), "payer": "Bo"}
        for n in range(60)
    ]
    options = {"seed": 5, "bankgiro": "9912346", "account": "5000000001000004"}
    last = BankgiroPayers(camt_since=date(2026, 11, 25), **options)
    last.announce(claims, date(2026, 11, 1))
    files = last.play(date(2026, 11, 1), date(2026, 12, 31))
    assert {file.kind for file in files} == {"BgMax", "camt.054"}
    told = sum(deposit.amount for file in files for deposit in file.items)
    assert told == sum(last.sums.values())
    only = BankgiroPayers(**options)
    only.announce(claims, date(2026, 11, 1))
    assert only.play(date(2026, 11, 1), date(2026, 12, 31))
    assert only.sums == last.sums
