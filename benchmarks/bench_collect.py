"""Posted invoices made into a stored file of debits, against the plain way of one after the other."""

import time
from datetime import timedelta

from benchmarks.inside_odoo import SIZE, Bench

NEEDS_DATABASE = True
COUNT = 10 * SIZE
FEW = SIZE // 2
CHUNK = 1000
DUE_IN = timedelta(days=30)
GOAL = 3.0


def main(env) -> int:
    """Print CPU time for each invoice and the ratio; returns an exit status."""
    bench = Bench(env)
    one_by_one, in_batches = OneByOne(bench), InBatches(bench)
    ways = {"one after the other": (FEW, one_by_one), "in batches": (COUNT, in_batches)}
    plain, ours = bench.rounds(ways, rounds=1).values()
    print(
        f"ms of CPU {bench.clock.whose()} for each invoice, after a round of 100; ms by the clock"
    )
    print(f"  {FEW:>6} invoices one after the other    {plain:7.2f} {one_by_one.elapsed:7.2f}")
    print(
        f"  {COUNT:>6} invoices in batches            {ours:7.2f} {in_batches.elapsed:7.2f} "
        f"(at most {GOAL:.0f})"
    )
    print(f"in batches: {plain / ours:.2f} x as fast")
    print("Both begin at posted invoices and end at a stored, committed file with its debits.")
    return 0


class InBatches:
    """Planned as a billing run does it, then one file of all."""

    def __init__(self, bench):
        self.bench = bench
        self.env = bench.env
        self.agreement = bench.club.agreement
        self.agreement.debit_out = True
        self.elapsed = 0.0

    def __call__(self, count):
        invoices = self._invoices(count)
        return lambda: self._timed(invoices)

    def _timed(self, invoices):
        begun = time.perf_counter()
        self._collect(invoices)
        self.elapsed = (time.perf_counter() - begun) * 1000 / len(invoices)

    def _invoices(self, count):
        """Posted invoices of payers with a mandate, whose debits are not planned yet."""
        today = self.bench.club.company._billing_today()
        writer = self.env["billing.invoice.writer"]
        invoices = self.env["account.move"]
        for number in range(0, count, SIZE):
            vals_list = self.bench.invoice_vals(min(SIZE, count - number))
            for vals in vals_list:
                vals |= {"invoice_date": today, "invoice_date_due": today + DUE_IN}
            self.agreement.debit_out = False
            invoices += writer._create_posted(vals_list)
            self.agreement.debit_out = True
            self.env["direct.debit.mandate"]._make_active(
                [
                    {"agreement_id": self.agreement.id, "partner_id": vals["partner_id"]}
                    for vals in vals_list
                ]
            )
            self.env.cr.commit()
        return invoices

    def _collect(self, invoices):
        self.bench.each_chunk(invoices, CHUNK, lambda some: some._mbn_plan_orders())
        self._make(len(invoices))

    def _make(self, count):
        file = self.agreement.connection_id._make_debit_file(everything=True)
        self.env.cr.commit()
        assert file.request_count == count, file.request_count


class OneByOne(InBatches):
    """A search, an order and a commit for each invoice, as a plain program would."""

    def _collect(self, invoices):
        self.bench.each_chunk(invoices, 1, lambda invoice: invoice._mbn_plan_orders())
        self._make(len(invoices))
