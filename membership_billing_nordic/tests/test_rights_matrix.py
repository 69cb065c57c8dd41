"""Every model and every public method with every role, against ``rights_table``."""

from functools import partial

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import rights_table
from .association_common import AssociationCommon

OPERATIONS = {"c": "create", "r": "read", "u": "write", "d": "unlink"}


class _TakenBack(Exception):
    """Ends a savepoint whose work is not wanted."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRightsMatrix(AssociationCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: cls._user(f"matrix {role}", group) for role, group in rights_table.ROLES.items()
        }
        cls.north.administrator_ids += cls.users["association"]
        cls.plan.code = "MATRIX"
        cls.company.mbn_associations_bill = True
        member, contract = cls._club_member(
            "Matrix", cls.tromso, outside_partner_id=cls.users["outside"].id
        )
        contract.payer_id = cls.users["portal"].partner_id
        cls.known_member = member
        cls.known = {"<contract>": contract.id, "<member>": member.id, "<plan>": "MATRIX"}
        cls.others = cls._records_of_others()

    @classmethod
    def _records_of_others(cls):
        """Model to a record that has to do with Liv in the south, of whom only the office knows."""
        contract = cls.of_liv
        invoice = cls._charged_invoice(contract)
        line = cls.env["membership.contract.line"].create(
            {"contract_id": contract.id, "product_id": cls.product.id}
        )
        delivery = cls.env["billing.delivery"]._note(invoice, "email", state="sent")
        records = (
            contract,
            line,
            contract.change_ids[0],
            contract.period_ids,
            contract.period_ids.charge_ids,
            invoice,
            invoice.invoice_line_ids,
            delivery,
            cls.liv,
        )
        return {record._name: record for record in records}

    def _is_ours(self, part):
        return part.__module__.startswith(rights_table.MODULES)

    def _own_models(self):
        """Names of the models that our add-ons define and that have rights of their own."""
        return {
            name
            for name, model in self.env.registry.items()
            if not model._abstract and model._original_module in rights_table.ADDONS
        }

    def _public_methods(self):
        """``model.method`` of all that other programs can call and that only we define."""
        found = set()
        for name, model in self.env.registry.items():
            parts = [part for part in model.__mro__[1:] if part.__module__ != "builtins"]
            for part in filter(self._is_ours, parts):
                found |= {
                    f"{name}.{method}"
                    for method, function in vars(part).items()
                    if self._is_public(method, function)
                    and all(self._is_ours(p) for p in parts if method in vars(p))
                }
        return found

    def _is_public(self, name, function):
        return (
            callable(function)
            and not isinstance(function, type)
            and not name.startswith("_")
            and not getattr(function, "_api_private", False)
        )

    def _called(self, call):
        """``x`` when ``call`` is let through, ``-`` when it is refused; nothing of it stays."""
        try:
            with self.env.cr.savepoint():
                call()
                self.env.flush_all()
                raise _TakenBack
        except AccessError:
            return "-"
        except (_TakenBack, UserError, ValueError):  # let through, but there is nothing to do
            return "x"

    def _method(self, name, record=None, role=None):
        """The method ``model.method`` of ``record``, or of no record, for ``role``."""
        model, _dot, method = name.rpartition(".")
        records = self.env[model] if record is None else record
        return getattr(records.with_user(self.users[role]), method)

    def test_every_model_is_in_the_table(self):
        self.assertEqual(self._own_models() - set(rights_table.models()), set())
        self.assertEqual(set(rights_table.models()) - set(self.env.registry), set())

    def test_every_public_method_is_in_the_table(self):
        self.assertEqual(self._public_methods() ^ set(rights_table.methods()), set())

    def test_every_role_may_do_with_every_model_what_the_table_says(self):
        for model, expected in rights_table.models().items():
            for role, letters in expected.items():
                with self.subTest(model=model, role=role):
                    records = self.env[model].with_user(self.users[role])
                    allowed = [
                        letter
                        for letter, operation in OPERATIONS.items()
                        if records.has_access(operation)
                    ]
                    self.assertEqual("".join(allowed) or "-", letters)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_every_role_may_call_what_the_table_says(self):
        for name, expected in rights_table.methods().items():
            arguments = rights_table.arguments(name, self.known)
            for role, letter in expected.items():
                with self.subTest(method=name, role=role):
                    method = self._method(name, role=role)
                    self.assertEqual(self._called(partial(method, **arguments)), letter)

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_who_sees_a_part_calls_nothing_on_the_rest(self):
        """Association administrator, agency and portal member with the records of others."""
        for name in rights_table.methods():
            record = self.others.get(name.rpartition(".")[0])
            if record is None or name in rights_table.WITHOUT_RECORD:
                continue
            for role in ("portal", "outside", "association"):
                with self.subTest(method=name, role=role):
                    method = self._method(name, record, role)
                    self.assertEqual(self._called(method), "-")

    @mute_logger("odoo.addons.base.models.ir_model", "odoo.addons.base.models.ir_rule")
    def test_who_sees_a_part_reads_and_writes_nothing_of_the_rest(self):
        for model, record in self.others.items():
            for role in ("portal", "outside", "association"):
                with self.subTest(model=model, role=role):
                    theirs = record.with_user(self.users[role])
                    allowed = [op for op in OPERATIONS.values() if theirs.has_access(op)]
                    self.assertEqual(allowed, [])
                    if theirs.browse().has_access("read"):
                        self.assertFalse(theirs.search([("id", "=", record.id)]))

    def test_no_role_of_the_desk_and_outside_reads_a_bank_account(self):
        account = self.env["res.partner.bank"].create(
            {"acc_number": "86011117947", "partner_id": self.known_member.id}
        )
        for role in ("portal", "outside", "association", "desk"):
            with self.subTest(role=role):
                accounts = self.env["res.partner.bank"].with_user(self.users[role])
                if accounts.has_access("read"):
                    self.assertFalse(accounts.search([]))
                with self.assertRaises(AccessError):
                    account.with_user(self.users[role]).read(["acc_number"])
        for role in ("user", "auditor"):
            found = account.with_user(self.users[role]).read(["acc_number"])
            self.assertEqual(found[0]["acc_number"], "86011117947")
