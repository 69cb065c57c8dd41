"""Plans, members and contracts for the tests of memberships."""

from datetime import date
from unittest.mock import patch

from odoo import Command

from .common import BillingCommon


class MembershipCommon(BillingCommon):
    """A company that sells memberships. Its today is ``cls.today`` until :meth:`_set_today`."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.product = cls.env["product.product"].create(
            {"name": "Membership fee", "type": "service", "taxes_id": [Command.clear()]}
        )
        cls._clock = {"today": date(2026, 1, 1)}
        clock = patch.object(
            type(cls.env["res.company"]),
            "_billing_today",
            lambda company: cls._clock["today"],
        )
        cls.startClassPatcher(clock)

    def setUp(self):
        super().setUp()
        self._set_today(date(2026, 1, 1))

    @classmethod
    def _set_today(cls, day):
        cls._clock["today"] = day

    @classmethod
    def _plan(cls, *, price=100.0, price_from="2020-01-01", **vals):
        prices = [Command.create({"valid_from": price_from, "amount": price})] if price else []
        return cls.env["membership.plan"].create(
            {
                "name": "Adult",
                "product_id": cls.product.id,
                "term": "month",
                "lead_days": 0,
                "payment_term_days": 14,
                "grace_days": 10,
                "price_ids": prices,
            }
            | vals
        )

    @classmethod
    def _member(cls, name="Ola Nordmann", **vals):
        return cls.env["res.partner"].create({"name": name, "company_id": False} | vals)

    @classmethod
    def _contract(cls, plan, *, member=None, confirm=True, start="2026-01-01", **vals):
        contract = cls.env["membership.contract"].create(
            {
                "member_id": (member or cls._member()).id,
                "plan_id": plan.id,
                "date_start": start,
            }
            | vals
        )
        if confirm:
            contract.action_confirm()
        return contract

    @classmethod
    def _period(cls, contract, first, last, state="open", due=None):
        """A period as a billing run makes it, with its charge."""
        period = (
            cls.env["membership.period"]
            .sudo()
            .create(
                {
                    "contract_id": contract.id,
                    "plan_id": contract.plan_id.id,
                    "company_id": contract.company_id.id,
                    "currency_id": contract.currency_id.id,
                    "date_from": first,
                    "date_to": last,
                    "state": state,
                }
            )
        )
        cls.env["membership.charge"].sudo().create(
            {
                "contract_id": contract.id,
                "period_id": period.id,
                "payer_id": contract.payer_id.id,
                "company_id": contract.company_id.id,
                "currency_id": contract.currency_id.id,
                "amount": 100.0,
                "date_due": due or first,
                "state": "paid" if state == "paid" else "invoiced",
            }
        )
        return period

    def _due(self, contract, until):
        """The days of the periods due, as pairs."""
        periods = contract._periods_due(until).get(contract.id, [])
        return [(period.date_from, period.date_to) for period in periods]
