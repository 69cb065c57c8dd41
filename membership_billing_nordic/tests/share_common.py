"""A federation that collects the fees of its clubs, and what it owes them of these."""

from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import new_test_user

from .contract_common import ContractCommon

MANAGER = "membership_billing_nordic.group_billing_manager,base.group_user"
IBAN = "NO9386011117947"


class ShareCommon(ContractCommon):
    """Of a fee of 330 the federation gets 190, the district 30 and the club 110.

    The company is none of them: a service that collects for all. ``ola`` is in Tromsø.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.company_data["default_account_payable"].copy({"code": "299900"})
        cls.company.mbn_share_account_id = cls.account
        cls.plan.price_ids.amount = 330.0
        cls.top = cls._association("Federation")
        cls.north = cls._association("North", parent_id=cls.top.id)
        cls.tromso = cls._association("Tromsø", parent_id=cls.north.id)
        cls.bodo = cls._association("Bodø", parent_id=cls.north.id)
        cls.rules = cls.env["membership.share.rule"].create(
            [
                {"recipient": recipient, "amount": amount, "date_from": "2027-01-01"}
                for recipient, amount in (("own", 110.0), ("above", 30.0), ("top", 190.0))
            ]
        )
        cls.ola = cls._contract(association_id=cls.tromso.id)

    @classmethod
    def _association(cls, name, **vals):
        partner = cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "city": "Oslo",
                "country_id": cls.env.ref("base.no").id,
            }
        )
        return cls.env["membership.association"].create({"partner_id": partner.id} | vals)

    @classmethod
    def _boss(cls, login):
        return new_test_user(cls.env, login, MANAGER)

    @classmethod
    def _has_account(cls, association, account=IBAN):
        cls.env["res.partner.bank"].create(
            {
                "acc_number": account,
                "partner_id": association.partner_id.id,
                "allow_out_payment": True,
            }
        )

    def _book(self):
        """The scheduled action, and what has to hold after it."""
        with self._commits():
            self.env["membership.share"]._cron_book()
        self.assert_agrees()

    def _owed(self, association):
        """What the ledger says that the association is owed."""
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", self.account.id),
                ("partner_id", "=", association.partner_id.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return -round(sum(lines.mapped("balance")), 2)

    def _owed_all(self):
        return [self._owed(one) for one in (self.top, self.north, self.tromso, self.bodo)]

    def assert_agrees(self):
        """The payable of each association is its shares that are not paid out."""
        for association in self.top + self.north + self.tromso + self.bodo:
            shares = self.env["membership.share"].search([("association_id", "=", association.id)])
            on_the_way = shares.payout_id.filtered(lambda payout: payout.pay_state == "waiting")
            waiting = shares.filtered(lambda share: share.payout_id.state != "approved")
            owed = sum(waiting.mapped("amount")) + sum(on_the_way.mapped("amount_to_pay"))
            self.assertEqual(self._owed(association), round(owed, 2), association.name)
        entries = self.env["membership.share"].search([]).move_line_id.move_id
        for entry in entries:
            self.assertEqual(round(sum(entry.line_ids.mapped("balance")), 2), 0.0)

    def _taxed_product(self):
        return self._product("Taxed", self.vat)

    @contextmanager
    def _refused(self, text, error=UserError):
        """It is refused with ``text``, and nothing of it stays."""
        with self.assertRaisesRegex(error, text), self.env.cr.savepoint():
            yield
