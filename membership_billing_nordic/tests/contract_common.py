"""Contracts that are billed by real runs, on days of our own."""

from datetime import date
from unittest.mock import patch

from odoo.tests import Form, new_test_user

from .run_common import RunCommon

GROUP = "membership_billing_nordic.group_billing_"


class ContractCommon(RunCommon):
    """A company that sells memberships. Its today is 1 January 2027 until :meth:`_set_today`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._clock = {"today": date(2027, 1, 1)}
        clock = patch.object(
            type(cls.env["res.company"]),
            "_billing_today",
            lambda company: cls._clock["today"],
        )
        cls.startClassPatcher(clock)

    def setUp(self):
        super().setUp()
        self._set_today("2027-01-01")

    @classmethod
    def _set_today(cls, day):
        cls._clock["today"] = date.fromisoformat(day)

    def _bill_until(self, day):
        """The day has come, and everything that is due by then is invoiced."""
        self._set_today(day)
        return self._bill(day)

    def _a_day_passes(self):
        """The daily status action."""
        with self._commits():
            self.env["membership.contract"]._cron_refresh_status()

    def _invoices(self, contract):
        return contract.charge_ids.invoice_id.sorted("id")

    def _credit_notes(self, contract):
        return self.env["account.move"].search(
            [("reversed_entry_id", "in", self._invoices(contract).ids)], order="id"
        )

    def _dialog(self, action, user=None):
        """The dialog that a button opens, as a form."""
        model = self.env[action["res_model"]]
        if user:
            model = model.with_user(user)
        return Form(model.with_context(**action["context"]))

    def _rows(self, contract, operation, day, vals=None):
        """The consequences as (kind, amount, date)."""
        rows = contract._consequences(operation, day and date.fromisoformat(day), vals)
        return [(row["kind"], row["amount"], row["date"]) for row in rows]

    def _clerk(self, group):
        return new_test_user(self.env, f"contract_{group}", GROUP + group)
