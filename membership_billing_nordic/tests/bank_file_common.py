"""What the tests of bank files, payments and booking build on."""

from datetime import date
from decimal import Decimal
from itertools import count
from unittest.mock import patch

from ..formats import messages
from . import fake_bank
from .common import BillingCommon

ACCOUNT = "99991042764"


class BankFileCommon(BillingCommon):
    """Builds files of the test format and runs them; every test ends with the invariant."""

    def setUp(self):
        super().setUp()
        self._keys = count(1)
        self.seconds_left = None
        files = type(self.env["bank.file"])
        self.startPatcher(patch.object(files, "_bank_decoders", lambda self: [fake_bank]))
        self.startPatcher(
            patch.object(type(self.env["ir.cron"]), "_commit_progress", self._committed)
        )

    def _committed(self, *args, **kwargs):
        """Stands in for the commit; ``seconds_left`` tells how many chunks are left."""
        self.env.flush_all()
        if self.seconds_left is None:
            return float("inf")
        self.seconds_left -= 1
        return max(self.seconds_left, 0)

    def tearDown(self):
        self.assert_clearing_agrees()
        super().tearDown()

    # ------------------------------------------------------------------ files

    def _payment(self, amount, reference="", kind=messages.PaymentReceived, **values):
        number = next(self._keys)
        return kind(
            **{
                "record": 0,
                "key": f"P{number}",
                "deposit_key": "D1",
                "account": ACCOUNT,
                "agreement_number": "001234567",
                "amount": Decimal(str(amount)),
                "currency": self.agreement.currency_id.name,
                "bank_date": date(2026, 2, 10),
                "reference": reference,
            }
            | values
        )

    def _deposit(self, payments, **values):
        net = sum(
            -p.amount if isinstance(p, messages.PaymentReversed) else p.amount for p in payments
        )
        first = payments[0]
        return messages.Deposit(
            **{
                "record": 0,
                "deposit_key": first.deposit_key,
                "account": first.account,
                "agreement_number": first.agreement_number,
                "bank_date": first.bank_date,
                "amount": net,
                "currency": first.currency,
                "count": len(payments),
            }
            | values
        )

    def _content(self, *payments, extra=(), deposits=None):
        """A file with these payments, and a deposit for each of their deposit keys."""
        if deposits is None:
            keys = dict.fromkeys(p.deposit_key for p in payments if not p.is_information)
            deposits = [
                self._deposit([p for p in payments if p.deposit_key == key]) for key in keys
            ]
        return fake_bank.write(*payments, *deposits, *extra)

    def _receive(self, content, name="bank.txt"):
        return self.env["bank.file"]._receive(name, content, self.company)

    def _book(self, *payments, **options):
        """Receive a file with these payments and work it off."""
        file = self._receive(self._content(*payments, **options))
        self.assertTrue(file._process())
        return file

    def _stored(self, message):
        return self.env["bank.payment"].search([("key", "=", message.key)])

    # ------------------------------------------------------------------ assertions

    def assert_clearing_agrees(self):
        """The clearing account holds just what is not placed of the booked deposits."""
        for agreement in self.env["bank.agreement"].search([]):
            balance = sum(
                self.env["account.move.line"]
                .search(
                    [
                        ("account_id", "=", agreement.clearing_account_id.id),
                        ("parent_state", "=", "posted"),
                    ]
                )
                .mapped("amount_currency")
            )
            deposits = self.env["bank.deposit"].search(
                [("agreement_id", "=", agreement.id), ("state", "=", "booked")]
            )
            to_place = sum(deposits.payment_ids.mapped("amount_open"))
            unexplained = sum(deposits.mapped("difference"))
            self.assertAlmostEqual(-balance, to_place + unexplained, 2, agreement.name)

    def assert_payment(self, message, state, outcome, open_amount=0.0):
        payment = self._stored(message)
        self.assertRecordValues(
            payment, [{"state": state, "outcome": outcome, "amount_open": open_amount}]
        )
        return payment

    def assert_open(self, invoice, amount):
        self.assertAlmostEqual(invoice.amount_residual, amount, 2)

    def _credit(self, partner):
        """What is open in the payer's favour."""
        lines = self.env["account.move.line"].search(
            [
                ("partner_id", "=", partner.id),
                ("account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("amount_residual", "<", 0),
            ]
        )
        return -sum(lines.mapped("amount_residual"))
