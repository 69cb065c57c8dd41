"""A federation of clubs with members, and a user of every kind who sees only a part."""

from odoo import fields
from odoo.tests import new_test_user

from .membership_common import MembershipCommon

MODULE = "membership_billing_nordic"


class AssociationCommon(MembershipCommon):
    """District ``north`` with the clubs ``tromso`` and ``bodo``; ``south`` stands apart.

    ``ola`` is a member in Tromsø, ``per`` in Bodø, ``liv`` in the south.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plan = cls._plan()
        cls.north = cls._association("North")
        cls.tromso = cls._association("Tromsø", parent_id=cls.north.id)
        cls.bodo = cls._association("Bodø", parent_id=cls.north.id)
        cls.south = cls._association("South")
        cls.ola, cls.of_ola = cls._club_member("Ola", cls.tromso)
        cls.per, cls.of_per = cls._club_member("Per", cls.bodo)
        cls.liv, cls.of_liv = cls._club_member("Liv", cls.south)

    @staticmethod
    def _day(day):
        return fields.Date.to_date(day)

    @classmethod
    def _association(cls, name, **vals):
        partner = cls.env["res.partner"].create({"name": name, "is_company": True})
        return cls.env["membership.association"].create({"partner_id": partner.id} | vals)

    @classmethod
    def _club_member(cls, name, association, **vals):
        member = cls._member(name)
        vals["association_id"] = association.id
        return member, cls._contract(cls.plan, member=member, **vals)

    @classmethod
    def _user(cls, login, group):
        return new_test_user(
            cls.env,
            login=login,
            groups=group if "." in group else f"{MODULE}.{group}",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )

    @classmethod
    def _administrator(cls, *associations, login="administrator"):
        user = cls._user(login, "group_association_administrator")
        for association in associations:
            association.administrator_ids += user
        return user

    @classmethod
    def _outside_partner(cls):
        return cls._user("agency", "group_outside_partner")

    @classmethod
    def _charged_invoice(cls, contract, post=True):
        """An invoice for January of ``contract``, as a billing run makes it."""
        period = cls._period(contract, "2026-01-01", "2026-01-31")
        period.association_id = contract.association_id
        invoice = cls._invoice(contract.payer_id, 100.0, post=post)
        period.charge_ids.invoice_line_id = invoice.invoice_line_ids
        return invoice
