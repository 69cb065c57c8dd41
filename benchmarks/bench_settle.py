"""Payments booked and reconciled, against Odoo's register-payment wizard."""

from datetime import timedelta
from decimal import Decimal

from benchmarks.inside_odoo import LARGER, ROUNDS, SEASON, SIZE, Bench
from devtools.scenarios import association
from tests.bank_simulator import nets

NEEDS_DATABASE = True
CHUNK = 200
PAID_ON = SEASON + timedelta(days=14)


def main(env) -> int:
    """Print CPU time for each payment and ratios; returns an exit status."""
    bench = Bench(env)
    best = bench.rounds(
        {
            "Odoo's register-payment wizard, 200 at a time": (SIZE, ByWizard(bench)),
            "our settlement writer, the same": (SIZE, ByWriter(bench)),
            "our settlement writer, 4 x as many": (SIZE * LARGER, ByWriter(bench)),
            "our settlement writer, membership invoices": (SIZE, OfMembers(bench)),
            "a whole OCR giro file, membership invoices": (SIZE, ByFile(bench)),
        }
    )
    wizard, writer, larger, of_members, by_file = best.values()
    print(f"{SIZE} payments, ms of CPU {bench.clock.whose()} for each, best of {ROUNDS} rounds")
    for name, cost in best.items():
        print(f"  {name:46} {cost:7.2f} ms")
    print(f"writer against the wizard:              {wizard / writer:.2f} x as fast (at least 3)")
    print(f"with memberships kept up to date:       {wizard / of_members:.2f} x as fast")
    print(f"from the file's bytes to paid:          {wizard / by_file:.2f} x as fast")
    print(f"cost of a payment at {LARGER} x the size:       {larger / writer:.3f} x (below 1.10)")
    print("Every way ends with paid invoices and a commit; the wizard knows no file or membership.")
    return 0


class ByWizard:
    """Odoo's own way: one payment for each invoice."""

    def __init__(self, bench):
        self.bench = bench

    def __call__(self, count):
        invoices = self._invoices(count)
        return lambda: self._settle(invoices)

    def _invoices(self, count):
        writer = self.bench.env["billing.invoice.writer"]
        invoices = self.bench.env["account.move"]
        for vals_list in (self.bench.invoice_vals(SIZE) for _ in range(0, count, SIZE)):
            invoices += writer._create_posted(vals_list[:count])
            self.bench.env.cr.commit()
        return invoices

    def _settle(self, invoices):
        self.bench.each_chunk(invoices, CHUNK, self._pay)
        self._check(invoices)

    def _pay(self, invoices):
        self.bench.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        ).create({"payment_date": PAID_ON, "group_payment": False}).action_create_payments()

    def _check(self, invoices):
        assert set(invoices.mapped("payment_state")) == {"paid"}


class ByWriter(ByWizard):
    """The writer that books what a bank file says."""

    def _pay(self, invoices):
        agreement = self.bench.club.agreement
        claims = invoices.line_ids.filtered(lambda line: line.display_type == "payment_term")
        self.bench.env["billing.settlement.writer"]._book(
            agreement.booking_journal_id,
            PAID_ON,
            "Payments",
            agreement.clearing_account_id,
            [
                {
                    "partner": claim.partner_id,
                    "account": claim.account_id,
                    "amount": claim.amount_residual,
                    "currency": claim.currency_id,
                    "label": claim.move_id.payment_reference,
                    "lines": claim,
                }
                for claim in claims
            ],
        )


class OfMembers(ByWriter):
    """Invoices of a billing run: periods are paid and memberships get active."""

    def _invoices(self, count):
        run = self.bench.billing_run(count)
        self.bench.work_off(run)
        return self.bench.env["account.move"].search([("mbn_run_id", "=", run.id)])


class ByFile(OfMembers):
    """A file of the bank: stored, decoded, matched by reference, booked."""

    _file_number = 0

    def _settle(self, invoices):
        ByFile._file_number += 1
        files = self.bench.env["bank.file"]
        file = files._receive(f"ocr{self._file_number}.txt", self._content(invoices))
        files._cron_process()
        assert file.state == "booked", file.state
        self._check(invoices)

    def _content(self, invoices):
        transactions = [
            nets.Transaction(
                settled_on=PAID_ON,
                amount=int(Decimal(str(invoice.amount_total)) * 100),
                kid=invoice.payment_reference,
                bank_sum=(1, 1, self._file_number),
            )
            for invoice in invoices
        ]
        payments = nets.Payments(
            account=association.ACCOUNT,
            agreement=association.AGREEMENT_NUMBER,
            transactions=transactions,
            number=self._file_number,
        )
        return nets.file_of(
            [payments],
            number=self._file_number,
            recipient=association.CUSTOMER_NUMBER,
            made_on=PAID_ON,
        )
