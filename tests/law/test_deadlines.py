"""Earliest letters, shortest deadlines and earliest hand-over: the vectors T1 to T8."""

import pytest
from odoo.addons.membership_billing_nordic.law.deadlines import (
    earliest_hand_over,
    earliest_letter,
    minimum_deadline,
)

from .countries import DAYS, day, letter, rules


def earliest(country, due, letters=(), kind="reminder", **how):
    return str(earliest_letter(rules(country), day(due), letters, kind, DAYS[country], **how))


def deadline(country, sent, kind="notice", received=0):
    return str(minimum_deadline(rules(country), kind, day(sent), received, DAYS[country]))


def hand_over(country, due, letters):
    return str(earliest_hand_over(rules(country), day(due), letters, DAYS[country]))


def test_t1_three_reminders_the_third_with_the_notice():
    letters = []
    for expected in ("2026-09-02", "2026-09-12", "2026-09-22"):
        assert earliest("dk", "2026-09-01", letters) == expected
        letters.append(letter(expected, "100", expected))
    assert deadline("dk", "2026-09-22") == "2026-10-02"
    letters[-1] = letter("2026-09-22", "100", "2026-10-02", "notice")
    assert hand_over("dk", "2026-09-01", letters) == "2026-10-03"
    assert earliest("dk", "2026-09-01", letters) == "None"


def test_t2_the_notice_in_the_first_reminder():
    assert deadline("dk", "2026-09-02") == "2026-09-12"
    notice = [letter("2026-09-02", "100", "2026-09-12", "notice")]
    assert hand_over("dk", "2026-09-01", notice) == "2026-09-13"


def test_t3_reminder_and_notice_with_a_fee_each():
    assert earliest("no", "2026-09-01") == "2026-09-15"
    reminder = letter("2026-09-15", "38", "2026-09-29")
    assert earliest("no", "2026-09-01", [reminder], "notice") == "2026-09-30"
    assert deadline("no", "2026-09-30") == "2026-10-14"
    both = [reminder, letter("2026-09-30", "38", "2026-10-14", "notice")]
    assert hand_over("no", "2026-09-01", both) == "2026-10-15"
    # Both fees are used: the next one is a matter of the reset.
    assert earliest("no", "2026-09-01", both) == "2027-03-30"
    assert earliest("no", "2026-09-01", both, with_fee=False) == "2026-09-02"


def test_t4_a_notice_without_a_fee():
    assert earliest("no", "2026-09-01", kind="notice", with_fee=False) == "2026-09-02"
    assert deadline("no", "2026-09-02") == "2026-09-16"
    notice = [letter("2026-09-02", "0", "2026-09-16", "notice")]
    assert hand_over("no", "2026-09-01", notice) == "2026-09-17"


def test_t5_a_due_date_on_a_saturday_is_the_monday_after():
    assert earliest("no", "2026-10-31") == "2026-11-16"
    assert earliest("no", "2026-10-31", with_fee=False) == "2026-11-03"


@pytest.mark.parametrize(
    ("sent", "received", "expected"),
    [
        ("2026-09-14", 2, "2026-09-22"),  # T6
        ("2026-12-23", 2, "2027-01-07"),  # T7
        ("2026-12-23", 0, "2027-01-04"),  # T8
    ],
)
def test_t6_to_t8_eight_days_and_four_banking_days_once_received(sent, received, expected):
    assert deadline("se", sent, received=received) == expected


def test_a_reminder_without_a_rule_may_set_any_deadline():
    assert deadline("dk", "2026-09-02", "reminder") == "2026-09-02"
    assert deadline("no", "2026-10-15", "demand") == "2026-10-29"


def test_a_demand_waits_for_a_missed_deadline_also_without_a_fee():
    notice = [letter("2026-09-02", "0", "2026-09-16", "notice")]
    for with_fee in (True, False):
        assert earliest("no", "2026-09-01", [], "demand", with_fee=with_fee) == "None"
        assert earliest("no", "2026-09-01", notice, "demand", with_fee=with_fee) == "2026-09-17"


@pytest.mark.parametrize(
    "notice",
    [
        letter("2026-09-02", "0", "2026-09-11", "notice"),  # too short
        letter("2026-09-01", "0", "2026-09-20", "notice"),  # before it was overdue
        letter("2026-09-02", "0", None, "notice"),
        letter("2026-09-02", "0", "2026-09-20"),  # a reminder
    ],
)
def test_without_a_lawful_notice_nothing_is_handed_over(notice):
    assert hand_over("dk", "2026-09-01", [notice]) == "None"


def test_where_no_notice_is_needed_every_deadline_is_waited_for():
    assert hand_over("se", "2026-09-01", []) == "2026-09-02"
    assert hand_over("se", "2026-09-01", [letter("2026-09-10", "60", "2026-09-24")]) == "2026-09-25"
