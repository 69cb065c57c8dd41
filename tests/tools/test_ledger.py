"""The demo's tables say what differs, and the demo ends with an error then."""

from devtools.ledger import AGREES, DIFFERS, Comparison, parts_line


def test_each_sum_is_said_to_agree_or_to_differ():
    sums = Comparison()
    sums.add("Income", 12345678, 12345678)
    assert sums.agrees
    sums.add("Receivables", 100, 101)
    assert not sums.agrees
    income, receivables = sums.lines()
    assert income.split() == ["Income", "123,456.78", "123,456.78", AGREES]
    assert receivables.split() == ["Receivables", "1.00", "1.01", DIFFERS]


def test_nothing_is_a_dash():
    assert parts_line("paid to us", [3800, 0]).split() == ["paid", "to", "us", "38.00", "-"]
