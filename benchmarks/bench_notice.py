"""Payment notices drawn into one print bundle, against Odoo's own invoice report."""

import gc
import time
from pathlib import Path

from benchmarks.inside_odoo import LARGER, Bench, Memory

NEEDS_DATABASE = True
NOTICES = 250
REPORTS = 10
WANTED = 25
ADDRESS = {"street": "Storgata 1", "zip": "0155", "city": "Oslo"}


def main(env) -> int:
    """Print milliseconds for each invoice, the ratio and the memory; returns an exit status."""
    paper = Paper(Bench(env))
    paper.bundle(20)  # fonts and caches
    small = paper.bundle(NOTICES)
    large = paper.bundle(NOTICES * LARGER)
    report = paper.report(large["invoices"][:REPORTS])
    print(f"CPU {paper.bench.clock.whose()}; by the clock in brackets")
    print(f"  {NOTICES} notices in one bundle    {_cost(small)} each")
    print(f"  {NOTICES * LARGER} notices in one bundle   {_cost(large)} each")
    print(f"  {REPORTS} invoices by Odoo's report {_cost(report)} each")
    ratio = report["cpu"] / large["cpu"]
    print(f"a notice against Odoo's report: {ratio:.1f} x as fast (wanted {WANTED})")
    print(f"cost of one at {LARGER} x the size:    {large['cpu'] / small['cpu']:.3f} x")
    print(f"memory at {NOTICES} and {NOTICES * LARGER} notices:  ", end="")
    print(f"{small['memory']:.1f} MB and {large['memory']:.1f} MB above the start; ", end="")
    print(f"files of {small['size']:.1f} MB and {large['size']:.1f} MB")
    return 0


def _cost(way):
    return f"{way['cpu']:8.1f} ms ({way['clock']:.0f})"


class Paper:
    """Posted invoices of a club, printed in both ways."""

    def __init__(self, bench):
        self.bench = bench
        self.env = bench.env
        bench.club.company.write({"mbn_invoice_pdf": "notice", "mbn_print_two_sided": True})

    def _invoices(self, count):
        """As many posted invoices, whose letters wait in a bundle that is not made yet."""
        invoices = self.env["account.move"]
        for start in range(0, count, 100):
            size = min(100, count - start)
            chunk = self.env["billing.invoice.writer"]._create_posted(self.bench.invoice_vals(size))
            chunk.partner_id.write(ADDRESS)
            invoices |= chunk
            self.env.cr.commit()
        letters = self.env["billing.delivery"]._note(invoices, "letter", state="waiting")
        return invoices, self.env["billing.delivery.bundle"]._create_for(letters)

    def bundle(self, count):
        """Make a bundle of ``count`` letters, each also kept with its invoice."""
        invoices, bundle = self._invoices(count)
        self._settle()
        memory = Memory()
        way = self._timed(lambda: list(bundle._build()), count)
        assert (bundle.state, bundle.page_count) == ("ready", 2 * count), bundle.state
        assert len(invoices.invoice_pdf_report_id) == count
        size = len(bundle.with_context(bin_size=False).file) * 3 / 4 / 2**20
        return way | {"memory": memory.above_start(), "invoices": invoices, "size": size}

    def report(self, invoices):
        """Print ``invoices`` one by one by Odoo's report, as it must be for a file of each."""
        self._settle()
        before = _children()
        way = self._timed(lambda: [self._by_report(move) for move in invoices], len(invoices))
        way["cpu"] += (_children() - before) * 1000 / len(invoices)
        return way

    def _by_report(self, invoice):
        content, kind = (
            self.env["ir.actions.report"]
            .with_context(force_report_rendering=True)
            ._render_qweb_pdf("account.account_invoices", invoice.ids)
        )
        assert kind == "pdf"
        assert content.startswith(b"%PDF")

    def _settle(self):
        self.env.cr.commit()
        self.env.invalidate_all()
        gc.collect()

    def _timed(self, work, count):
        cpu, clock = self.bench.clock.now(), time.perf_counter()
        work()
        self.env.cr.commit()
        return {
            "cpu": (self.bench.clock.now() - cpu) * 1000 / count,
            "clock": (time.perf_counter() - clock) * 1000 / count,
        }


def _children():
    """CPU seconds of programs that were started and have ended, such as wkhtmltopdf."""
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / 100
