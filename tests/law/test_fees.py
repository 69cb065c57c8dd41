"""Fees of letters: the vectors F1 to F15 as far as they are computations."""

from decimal import Decimal

import pytest
from odoo.addons.membership_billing_nordic.law import fees
from odoo.addons.membership_billing_nordic.law.errors import UnverifiedError
from odoo.addons.membership_billing_nordic.law.rules import FeeRules

from .countries import COUNTRIES, day, facts, letter, rules


def verdict(law, claim, on, letters=(), wanted="100", kind="reminder"):
    found = fees.fee(law, claim, letters, day(on), Decimal(wanted), kind)
    return str(found.amount), found.reason


def test_f1_fees_of_a_base_are_rounded_to_whole_units():
    now, before = rules("no"), rules("no", fee_base="700")
    assert [fees.cap(now, kind) for kind in ("reminder", "notice", "demand")] == [38, 38, 113]
    assert [fees.cap(before, kind) for kind in ("reminder", "demand")] == [35, 105]


def test_f2_no_fee_before_the_fourteenth_day():
    claim = facts("no", "2026-09-01")
    assert verdict(rules("no"), claim, "2026-09-14", wanted="38") == ("0", "too_early")
    assert verdict(rules("no"), claim, "2026-09-15", wanted="38") == ("38", "")


def test_f3_the_last_day_of_a_deadline_counts_and_the_bank_must_have_told():
    first = [letter("2026-09-15", "38", "2026-09-29")]
    claim = facts("no", "2026-09-01", read_through=day("2026-09-29"))
    early = facts("no", "2026-09-01", read_through=day("2026-09-28"))
    law = rules("no")
    assert verdict(law, claim, "2026-09-29", first, "38") == ("0", "deadline_not_missed")
    assert verdict(law, early, "2026-09-30", first, "38") == ("0", "bank_files")
    assert verdict(law, claim, "2026-09-30", first, "38") == ("38", "")


def test_f4_a_short_deadline_costs_the_second_fee_until_the_reset():
    first = [letter("2026-09-15", "38", "2026-09-25")]
    claim = facts("no", "2026-09-01")
    assert verdict(rules("no"), claim, "2027-03-14", first, "38") == ("0", "deadline_too_short")
    assert verdict(rules("no"), claim, "2027-03-15", first, "38") == ("38", "")


def test_f5_two_fees_and_no_third():
    two = [
        letter("2026-09-15", "38", "2026-09-29"),
        letter("2026-09-30", "38", "2026-10-14", "notice"),
    ]
    claim = facts("no", "2026-09-01")
    assert verdict(rules("no"), claim, "2026-10-20", two, "38") == ("0", "count")
    assert verdict(rules("no"), claim, "2026-10-20", two, "38", "notice") == ("0", "count")
    assert verdict(rules("no"), claim, "2026-10-20", two, "113", "demand") == ("113", "")


def test_f6_six_months_after_the_last_fee_counting_starts_anew():
    letters = [
        letter("2026-03-01", "38", "2026-03-15"),
        letter("2026-03-16", "38", "2026-03-30"),
    ]
    claim = facts("no", "2026-02-02")
    assert verdict(rules("no"), claim, "2026-09-15", letters, "38") == ("0", "count")
    assert verdict(rules("no"), claim, "2026-09-16", letters, "38") == ("38", "")
    again = [*letters, letter("2026-09-16", "38", "2026-09-30")]
    assert verdict(rules("no"), claim, "2026-10-01", again, "38") == ("38", "")


def test_f7_the_rules_of_the_day_it_leaves_decide():
    claim = facts("no", "2025-12-01")
    assert verdict(rules("no", fee_base="700"), claim, "2025-12-30") == ("35", "cap")
    assert verdict(rules("no"), claim, "2026-01-02") == ("38", "cap")


@pytest.mark.parametrize("country", ["no", "se"])
def test_f8_a_compensation_takes_the_place_of_fees(country):
    agreed = {"arose": day("2026-08-01"), "clause_agreed": day("2026-08-01")}
    claim = facts(country, "2026-09-01", compensation=Decimal(430), **agreed)
    law = rules(country, "business")
    assert verdict(law, claim, "2026-09-15", wanted="38") == ("0", "compensation")


def test_f8_fees_already_charged_are_taken_off_the_compensation():
    claim = facts("no", "2026-09-01")
    found = fees.compensation(
        rules("no", "business"), claim, [letter("2026-09-15", "38")], day("2026-09-30")
    )
    assert (found.amount, found.reason) == (Decimal(392), "fees")


def test_f9_ten_days_between_letters():
    claim = facts("dk", "2025-12-30")
    first = [letter("2026-01-01", "100")]
    assert verdict(rules("dk"), claim, "2026-01-10", first) == ("0", "spacing")
    assert verdict(rules("dk"), claim, "2026-01-11", first) == ("100", "")


def test_a_letter_without_a_fee_counts_for_the_days_between_and_not_for_the_number():
    claim = facts("dk", "2025-12-30")
    free = [letter("2026-01-01", "0")]
    assert verdict(rules("dk"), claim, "2026-01-10", free) == ("0", "spacing")
    four = [letter(f"2026-01-0{number}", "0") for number in range(1, 5)]
    assert verdict(rules("dk"), claim, "2026-01-14", four) == ("100", "")


def test_f10_three_fees_and_none_above_the_cap():
    claim = facts("dk", "2026-01-30")
    three = [letter(f"2026-02-{number}", "100") for number in ("01", "11", "21")]
    assert verdict(rules("dk"), claim, "2026-06-30", three) == ("0", "count")
    assert verdict(rules("dk"), claim, "2026-06-30", three, kind="notice") == ("0", "count")
    assert verdict(rules("dk"), claim, "2026-02-01", wanted="101") == ("100", "cap")


def test_f11_fees_and_compensation_beside_each_other_and_the_compensation_once():
    law, claim = rules("dk", "business"), facts("dk", "2026-09-01")
    assert fees.compensation(law, claim, [], day("2026-09-02")).amount == 310
    claimed = facts("dk", "2026-09-01", compensation=Decimal(310))
    assert verdict(law, claimed, "2026-09-02") == ("100", "")
    first = [letter("2026-09-02", "100")]
    assert verdict(law, claimed, "2026-09-12", first) == ("100", "")
    assert fees.compensation(law, claimed, first, day("2026-09-12")).reason == "claimed"


@pytest.mark.parametrize("country", COUNTRIES)
def test_f12_a_consumer_never_owes_a_compensation(country):
    law = rules(country, "consumer", compensation="310")
    found = fees.compensation(law, facts(country, "2026-09-01"), [], day("2026-10-01"))
    assert (found.amount, found.reason) == (0, "consumer")


def test_a_compensation_is_owed_from_the_day_after_the_due_date():
    found = fees.compensation(
        rules("dk", "business"), facts("dk", "2026-09-01"), [], day("2026-09-01")
    )
    assert (found.amount, found.reason) == (0, "too_early")


def test_f13_every_missed_instalment_counts_for_itself():
    january = [letter(f"2026-02-{number}", "100") for number in ("01", "11", "21")]
    law = rules("dk")
    assert verdict(law, facts("dk", "2026-01-31"), "2026-02-01") == ("100", "")
    assert verdict(law, facts("dk", "2026-02-28"), "2026-03-01") == ("100", "")
    assert verdict(law, facts("dk", "2026-01-31"), "2026-03-03", january) == ("0", "count")


def test_f14_without_a_clause_agreed_in_time_no_fee():
    law = rules("se")
    agreed = {"arose": day("2026-08-01"), "clause_agreed": day("2026-08-02")}
    assert verdict(law, facts("se", "2026-09-01"), "2026-09-10", wanted="60") == ("0", "no_clause")
    late = facts("se", "2026-09-01", **agreed)
    assert verdict(law, late, "2026-09-10", wanted="60") == ("0", "no_clause")
    in_time = facts("se", "2026-09-01", **(agreed | {"clause_agreed": day("2026-08-01")}))
    assert verdict(law, in_time, "2026-09-10", wanted="60") == ("60", "")
    assert verdict(law, late, "2026-09-10", wanted="180", kind="notice") == ("180", "")


def test_f15_one_reminder_and_one_notice():
    law = rules("se")
    claim = facts("se", "2026-09-01", arose=day("2026-08-01"), clause_agreed=day("2026-08-01"))
    reminded = [letter("2026-09-10", "60", "2026-09-20")]
    assert verdict(law, claim, "2026-09-21", reminded, "60") == ("0", "count")
    assert verdict(law, claim, "2026-09-21", reminded, "200", "notice") == ("180", "cap")


@pytest.mark.parametrize(
    ("flag", "reason"),
    [({"disputed": True}, "disputed"), ({"enforceable": False}, "not_enforceable")],
)
@pytest.mark.parametrize("country", COUNTRIES)
def test_f18_no_fee_on_what_is_disputed_or_cannot_be_enforced(country, flag, reason):
    claim = facts(country, "2026-09-01", **flag)
    assert verdict(rules(country), claim, "2026-12-01") == ("0", reason)
    found = fees.compensation(rules(country, "business"), claim, [], day("2026-12-01"))
    assert (found.amount, found.reason) == (0, reason)


def test_no_rule_no_fee():
    claim = facts("dk", "2026-09-01")
    assert verdict(rules("dk"), claim, "2026-12-01", kind="demand") == ("0", "no_rule")
    assert verdict(FeeRules("consumer", {}), claim, "2026-12-01") == ("0", "no_rule")


def test_a_demand_needs_a_missed_deadline():
    claim = facts("no", "2026-09-01")
    short = [letter("2026-09-02", "0", "2026-09-12")]
    long = [letter("2026-09-02", "0", "2026-09-16", "notice")]
    found = [
        verdict(rules("no"), claim, on, letters, "113", "demand")
        for on, letters in (("2026-12-01", ()), ("2026-12-01", short), ("2026-09-16", long))
    ]
    late, early = ("0", "deadline_not_missed"), ("0", "deadline_too_short")
    assert found == [late, early, late]
    assert verdict(rules("no"), claim, "2026-09-17", long, "113", "demand") == ("113", "")


def test_what_nobody_confirmed_is_refused_only_where_it_is_needed():
    values = dict(rules("dk").values)
    refused = {"fee_spacing_days": ("days between letters", "unverified")}
    law = FeeRules("consumer", values, refused)
    claim = facts("dk", "2026-09-01")
    assert verdict(law, claim, "2026-09-02") == ("100", "")
    assert verdict(law, claim, "2026-09-12", [letter("2026-09-02", "0")], "0") == ("0", "")
    with pytest.raises(UnverifiedError) as refusal:
        verdict(law, claim, "2026-09-12", [letter("2026-09-02", "100")])
    assert (refusal.value.what, refusal.value.reason) == ("days between letters", "unverified")


def test_a_first_fee_asks_for_no_deadline_that_was_missed():
    refused = {"fee_missed_deadline_days": ("missed deadline", "unverified")}
    law = FeeRules("consumer", dict(rules("no").values), refused)
    claim = facts("no", "2026-09-01", read_through=day("2026-09-14"))
    assert verdict(law, claim, "2026-09-15", (), "38") == ("38", "")
    with pytest.raises(UnverifiedError):
        verdict(law, claim, "2026-09-30", [letter("2026-09-15", "38", "2026-09-29")], "38")


def test_a_parameter_nobody_knows_is_a_slip_of_the_pen():
    with pytest.raises(KeyError, match="remindr_fee_cap"):
        rules("dk").get("remindr_fee_cap")
