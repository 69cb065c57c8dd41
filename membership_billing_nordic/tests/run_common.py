"""Contracts to bill, runs that bill them, payments and credit notes of the invoices."""

from datetime import date
from unittest.mock import patch

from odoo import Command

from .common import BillingCommon


class RunCommon(BillingCommon):
    """A company with a yearly plan, that bills in the journal of its agreement."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.mbn_sale_journal_id = cls.sale_journal
        cls.company.mbn_send_invoices = False
        cls.vat = cls.company_data["default_tax_sale"]
        cls.product = cls._product("Membership")
        cls.plan = cls._plan("Yearly")

    @classmethod
    def _product(cls, name, taxes=None):
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "taxes_id": [Command.set(taxes.ids if taxes else [])],
                "property_account_income_id": cls.company_data["default_account_revenue"].id,
            }
        )

    @classmethod
    def _plan(cls, name, amount=1200.0, valid_from="2020-01-01", **vals):
        return cls.env["membership.plan"].create(
            {
                "name": name,
                "product_id": cls.product.id,
                "price_ids": [Command.create({"valid_from": valid_from, "amount": amount})],
            }
            | vals
        )

    @classmethod
    def _contract(cls, start="2027-01-01", plan=None, member=None, **vals):
        """A confirmed contract; of a new member unless one is given."""
        contract = cls.env["membership.contract"].create(
            {
                "member_id": (member or cls._payer("Ola Nordmann", email="ola@example.com")).id,
                "plan_id": (plan or cls.plan).id,
                "date_start": start,
            }
            | vals
        )
        contract.action_confirm()
        return contract

    def _preview(self, day, **vals):
        run = self.env["billing.run"].create({"date": day} | vals)
        run.action_preview()
        return run

    def _bill(self, day, **vals):
        """A run that is previewed, released and worked off."""
        run = self._preview(day, **vals)
        run.action_confirm()
        self._work()
        return run

    def _release(self, run, **vals):
        """Release a part of a run as the form does."""
        action = run.action_release_part()
        wizard = run.env[action["res_model"]].with_context(**action["context"]).create(vals)
        wizard.action_release()
        return wizard

    def _work(self):
        with self._commits():
            self.env["billing.run"]._cron_work()

    def _commits(self, seconds=float("inf")):
        """Scheduled actions commit for themselves; here they only flush.

        :param seconds: time the scheduled action has left; 0 stops it after its first chunk
        """

        def commit_progress(cron, processed=0, *, remaining=None, deactivate=False):
            cron.env.flush_all()
            return seconds

        return patch.object(type(self.env["ir.cron"]), "_commit_progress", commit_progress)

    def _pay(self, invoice, amount=None, day=None):
        return super()._pay(invoice, amount, day or invoice.invoice_date)

    def _credit(self, invoice):
        return invoice._reverse_moves([{"invoice_date": invoice.invoice_date}], cancel=True)

    def _goodwill(self, invoice, **vals):
        """A credit note that somebody made by hand, set off against ``invoice``."""
        note = self._invoice(
            invoice.partner_id,
            invoice.amount_total,
            move_type="out_refund",
            invoice_date=invoice.invoice_date,
            post=False,
        )
        note.write(vals)
        note.action_post()
        (invoice | note).line_ids.filtered(
            lambda line: line.display_type == "payment_term" and not line.reconciled
        ).reconcile()
        self.assertEqual(invoice.payment_state, "reversed")
        return note

    def _periods(self, contract):
        return [
            (period.date_from, period.date_to) for period in contract.period_ids.sorted("date_from")
        ]

    @staticmethod
    def _days(*pairs):
        return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in pairs]
