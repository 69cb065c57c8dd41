"""Months of AvtaleGiro: scheduled actions alone, a real SFTP server, and a clock that is moved on.

Runs inside Odoo. The clearing house works behind the server; nobody presses a button.
"""

import os
from collections import defaultdict
from datetime import date, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from devtools.scenarios import association
from devtools.scenarios.days import EVENING, EVERY_DAY, MORNING, WITH_THE_BANK, at, run_actions
from tests.bank_simulator import banking_days
from tests.bank_simulator.clearing_house import ClearingHouse
from tests.bank_simulator.folders import Folders
from tests.support.sftp_server import SftpServer

OSLO = ZoneInfo("Europe/Oslo")
# Length of a KID and of the payer's part of it, as the association registered it.
STRUCTURE = (15, 7)


class DebitError(AssertionError):
    """The association's books and what the clearing house did are not the same."""


class DebitMonths:
    """An association that collects, and the clearing house it collects through.

    ``house`` is a ``ClearingHouse`` that knows :data:`STRUCTURE`. Use it as a context manager:
    it runs the server, and its clock stands still between the moments that are played.
    """

    def __init__(self, env, club, house, folder):
        self.env = env
        self.club = club
        self.house = house
        self.server = SftpServer(folder)
        self.front = None

    def __enter__(self):
        for name in ("Inbound", "Outbound"):
            (self.server.root / name).mkdir(exist_ok=True)
        self.server.start()
        self._connect()
        return self

    def __exit__(self, *_error):
        self.server.stop()

    def _connect(self):
        """Let the association's files travel through the server, and collect."""
        server = {
            "kind": "sftp",
            "host": self.server.host,
            "port": self.server.port,
            "user_name": self.server.user,
            "private_key": self.server.private_key,
            "host_key": self.server.host_key,
            "after_fetch": "delete",
            "quiet_seconds": 0,
        }
        channel = self.env["bank.channel"].create(
            server
            | {
                "name": "Nets SFTP",
                "folder": "Outbound",
                "out_folder": "Inbound",
                # Receipts appear where the files were put.
                "receipt_folder": "Inbound",
                "receipt_pattern": "KV.*",
            }
        )
        agreement = self.club.agreement
        agreement.connection_id.write(
            {"channel_id": channel.id, "out_name_pattern": "DIRREM.{date:6}.{number:7}"}
        )
        agreement.debit_out = True
        self.env.cr.commit()

    # ------------------------------------------------------------------ time

    def play(self, first: date, last: date, on_morning=None):
        """Let these days pass; ``on_morning(day)`` is called before the actions of a day."""
        if self.front is None:
            root = self.server.root
            self.front = Folders(self.house, root / "Inbound", root / "Outbound", first)
        day = first
        while day <= last:
            with at(day, MORNING, OSLO):
                if on_morning:
                    on_morning(day)
                run_actions(self.env, EVERY_DAY)
            if banking_days.is_banking_day(day):
                self._bank_moment(day, MORNING)
                self._bank_moment(day, EVENING)
            day += timedelta(days=1)

    def _bank_moment(self, day, now):
        with at(day, now, OSLO) as moment:
            self._house(day, now, moment)
            run_actions(self.env, WITH_THE_BANK)
            self._house(day, now, moment)

    def _house(self, day, now, moment):
        """The house takes and delivers files, which are as old as they seem."""
        seconds = moment.replace(tzinfo=timezone.utc).timestamp()
        for path in self.front.step(day, now):
            os.utime(path, (seconds, seconds))

    # ------------------------------------------------------------------ payers

    def sign_up(self, invoices, on: date):
        """The payers of these invoices sign up with their banks, with the KID they have."""
        for invoice in invoices:
            self.house.debits.sign_up(association.ACCOUNT, invoice.payment_reference, on)

    def end(self, reference, on: date):
        """A payer ends the mandate in the net bank."""
        self.house.debits.end(association.ACCOUNT, reference, on)

    # ------------------------------------------------------------------ the books

    def account(self):
        """Every debit by what became of it: ``{outcome: (count, øre)}``.

        :raises DebitError: books and clearing house disagree
        """
        self.env.invalidate_all()
        orders = self.env["direct.debit.order"].search([])
        found = defaultdict(lambda: (0, 0))
        for order in orders:
            count, amount = found[order.state]
            found[order.state] = count + 1, amount + round(order.amount * 100)
        truth = defaultdict(int)
        for claim in self.house.debits.claims:
            truth[claim.state] += 1
        self._agree(orders, truth)
        return dict(found)

    def _agree(self, orders, truth):
        pairs = {
            "collected": ("collected",),
            "failed": ("failed",),
            "withdrawn": ("withdrawn",),
            "waiting": ("sent", "waiting"),
        }
        for theirs, ours in pairs.items():
            known = orders.filtered(lambda order, ours=ours: order.state in ours and order.file_id)
            if len(known) != truth[theirs]:
                raise DebitError(f"{theirs}: {truth[theirs]} at Nets, {len(known)} here")
        refused = [answer for answer in self.house.debits.answers if answer.refused or answer.parts]
        if refused:
            raise DebitError(f"Nets refused: {refused}")
        unpaid = orders.filtered(
            lambda order: (
                order.state == "collected"
                and not all(line.invoice_id.payment_state == "paid" for line in order.line_ids)
            )
        )
        if unpaid:
            raise DebitError(f"collected but not paid: {unpaid.mapped('invoice_names')}")


class Story:
    """Months of a club whose members pay monthly: some by invoice, some by AvtaleGiro.

    Nobody presses a button: what happens is done by payers, their banks and scheduled actions.
    """

    def __init__(self, months: DebitMonths, signed_up: int, sign_up_on: date):
        self.months = months
        self.env = months.env
        self.signed_up = signed_up
        self.sign_up_on = sign_up_on
        self.told = self.env["account.move"]

    def on_morning(self, day):
        """What payers do today: pay the invoices they got, and sign up."""
        invoices = self.env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("state", "=", "posted")], order="id"
        )
        if day == self.sign_up_on:
            self.months.sign_up(invoices[: self.signed_up], day)
        # Who is debited waits for that; when it fails, the invoice is as any other.
        unpaid = invoices.filtered(
            lambda move: (
                move.payment_state not in ("paid", "in_payment", "reversed")
                and not move.mbn_debit_date
                and move not in self.told
            )
        )
        self.told |= unpaid
        if unpaid:
            self.months.house.announce(claims_of(unpaid), day)


def claims_of(invoices):
    """What payers see of these invoices."""
    return [
        {
            "reference": invoice.payment_reference,
            "amount": Decimal(str(invoice.amount_residual)),
            "due_date": invoice.invoice_date_due,
            "account": association.ACCOUNT,
            "payer": invoice.partner_id.name,
        }
        for invoice in invoices
    ]


def three_months(env, folder, first: date, last: date, members: int, signed_up: int):
    """Play a club from ``first`` to ``last``; returns what became of the debits."""
    house = ClearingHouse(
        seed=7,
        recipient=association.CUSTOMER_NUMBER,
        agreements={association.ACCOUNT: association.AGREEMENT_NUMBER},
        habits={"in_time": 90, "late": 10},
        structures={association.ACCOUNT: STRUCTURE},
    )
    club = association.found(env, first)
    club.company.mbn_billing_mode = "automatic"
    association.join(env, club.plans["MONTH"], members, first, seed=3)
    with DebitMonths(env, club, house, folder) as months:
        story = Story(months, signed_up, first + timedelta(days=7))
        months.play(first, last, story.on_morning)
        return months.account()
