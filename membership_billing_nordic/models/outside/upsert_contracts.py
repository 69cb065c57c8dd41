"""Contracts by external id."""

from functools import partial

from odoo import Command
from odoo.exceptions import AccessError
from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError
from .lookup import Lookup
from .upsert import Upsert

# Who is meant: argument -> field of the person.
MEMBER_KEYS = {
    "member_id": "id",
    "member_external_id": "mbn_external_id",
    "member_number": "mbn_member_number",
}
PAYER_KEYS = {
    "payer_id": "id",
    "payer_external_id": "mbn_external_id",
    "payer_member_number": "mbn_member_number",
}
# Field for other programs -> field of the contract, and how its value is read.
PLAIN_FIELDS = {
    "date_start": ("date_start", arguments.day),
    "billed_from": ("billed_from", arguments.day),
    "date_end": ("date_end", arguments.day),
    "sales_channel": ("sales_channel", arguments.text),
    "campaign": ("campaign", arguments.text),
    "external_id": ("external_id", arguments.text),
}
NAMED_FIELDS = {"plan": "plan_id", "association": "association_id", "agreement": "agreement_id"}
LINE_FIELDS = {
    "product": ("product_id", partial(arguments.text, required=True)),
    "name": ("name", arguments.text),
    "quantity": ("quantity", arguments.number),
    "price": ("price_unit", arguments.number),
    "date_start": ("date_start", arguments.day),
    "date_end": ("date_end", arguments.day),
}
CONTRACT_FIELDS = (*MEMBER_KEYS, *PAYER_KEYS, *NAMED_FIELDS, *PLAIN_FIELDS, "lines", "confirm")

# What is agreed on with the contract for good, and what is changed as of a day.
_FIXED = {
    "member_id": "member_id",
    "date_start": "date_start",
    "billed_from": "billed_from",
    "date_end": "date_end",
    "line_ids": "lines",
}
_DATED = ("payer_id", "plan_id", "association_id", "agreement_id")
# What is changed from a later day on stands here until then.
_PLANNED = {"plan_id": "next_plan_id", "association_id": "next_association_id"}


class ContractValues:
    """Reads the fields of a contract; what they name is looked up once."""

    def __init__(self, env):
        self.env = env
        above = Domain("company_id", "parent_of", env.company.id)
        self.people = {
            key: Lookup(env["res.partner"], key, expected)
            for key, expected in {
                "id": env._("the id of a record you may see"),
                "mbn_external_id": env._("the external id of a member you may see"),
                "mbn_member_number": env._("the number of a member you may see"),
            }.items()
        }
        self.named = {
            "plan": Lookup(
                env["membership.plan"],
                "code",
                env._("the code of one plan of your company"),
                above,
            ),
            "association": Lookup(
                env["membership.association"],
                "code",
                env._("the code of one association you may see"),
                above,
            ),
            "agreement": Lookup(
                env["bank.agreement"],
                "number",
                env._("the number of one bank agreement of your company"),
                above,
            ),
        }
        self.products = Lookup(
            env["product.product"],
            "default_code",
            env._("the internal reference of one product that is sold"),
            Domain("sale_ok", "=", True),
        )

    def learn(self, rows):
        for keys in (MEMBER_KEYS, PAYER_KEYS):
            for argument, key in keys.items():
                self.people[key].learn(row.get(argument) for row in rows)
        for name, lookup in self.named.items():
            lookup.learn(row.get(name) for row in rows)

    def read(self, given):
        """The values to write, of the fields that are given.

        :raises ArgumentError: naming the first field that cannot be used
        """
        values = {}
        if member := self.person(given, MEMBER_KEYS):
            values["member_id"] = member.id
        if payer := self.person(given, PAYER_KEYS):
            values["payer_id"] = payer.id
        for name, field in NAMED_FIELDS.items():
            if name in given:
                values[field] = self._record(name, given[name])
        for name, (field, read) in PLAIN_FIELDS.items():
            if name in given:
                values[field] = read(name, given[name]) or False
        if "lines" in given:
            lines = arguments.rows("lines", given["lines"], most=50)
            values["line_ids"] = [Command.create(self._line(line)) for line in lines]
        return values

    def person(self, given, keys):
        """The person who is meant by one of ``keys``, or none when none is given."""
        named = [argument for argument in keys if given.get(argument) not in (None, False, "", 0)]
        if not named:
            return self.env["res.partner"]
        if len(named) > 1:
            raise ArgumentError(named[1], self.env._("nothing beside %s", named[0]))
        [argument] = named
        key = keys[argument]
        if key == "id":
            value = arguments.whole(argument, given[argument], least=1)
        else:
            value = arguments.text(argument, given[argument])
        return self.people[key].one(argument, value)

    def _record(self, name, code):
        code = arguments.text(name, code, required=name == "plan")
        return self.named[name].one(name, code).id if code else False

    def _line(self, line):
        arguments.mapping("lines", line, LINE_FIELDS)
        if "product" not in line:
            raise ArgumentError("lines", self.env._("a product in each line"))
        values = {
            field: read(name, line[name])
            for name, (field, read) in LINE_FIELDS.items()
            if name in line and line[name] not in ("", None, False)
        }
        product = self.products.one("product", values["product_id"])
        numbers = {
            name: float(values[name]) for name in ("quantity", "price_unit") if name in values
        }
        return values | numbers | {"product_id": product.id}


class ContractUpsert(Upsert):
    known = ("contract_id", *CONTRACT_FIELDS)
    id_name = "contract_id"

    def __init__(self, env):
        super().__init__(env)
        self.records = env["membership.contract"]
        self.values = ContractValues(env)
        mine = Domain("company_id", "=", env.company.id)
        # Beyond what the user sees: external ids are taken for the whole company.
        self.by_external_id = Lookup(self.records.sudo(), "external_id", "", mine)
        self.by_id = Lookup(self.records, "id", env._("the id of a contract you may see"), mine)

    def learn(self, rows):
        self.values.learn(rows)
        self.by_external_id.learn(row.get("external_id") for row in rows)
        self.by_id.learn(row.get("contract_id") for row in rows)
        found = self.records.browse().union(
            *(self.by_external_id.get(row.get("external_id")).sudo(False) for row in rows)
        )
        self.mine = found._filtered_access("write")

    def read(self, row):
        row.confirm = (
            arguments.flag("confirm", row.values.get("confirm", True))
            and self.records._may_be_confirmed_by_user()
        )
        row.record = self._known(row.values)
        values = self.values.read(row.values)
        if not row.record:
            row.new = complete(self.env, values)
            return
        row.new = {
            field: value
            for field, value in values.items()
            if (value or field not in _FIXED) and self._differs(row.record, field, value)
        }
        for field, name in _FIXED.items():
            if field in row.new:
                raise ArgumentError(
                    name, self.env._("what the contract has: it cannot be changed here")
                )
        row.confirm = row.confirm and row.record.state == "draft"
        if row.confirm:
            row.new["state"] = "confirmed"

    def _known(self, values):
        """The contract with that external id, or to which it is to be given."""
        contract = self.by_external_id.get(values["external_id"]).sudo(False)
        if contract and contract not in self.mine:
            raise AccessError(self.env._("The contract is not among yours."))
        given = arguments.whole("contract_id", values.get("contract_id"))
        if not given:
            return contract
        named = self.by_id.one("contract_id", given)
        if named != (contract or named) or (not contract and named.external_id):
            raise ArgumentError(
                "contract_id",
                self.env._("the id of the contract with this external_id, or of one with none"),
            )
        return named

    def _differs(self, contract, field, value):
        if field == "line_ids":
            return not same_lines(contract, value)
        now = contract[_PLANNED.get(field, field)] or contract[field]
        return value != contract._fields[field].convert_to_write(now, contract)

    def make(self, rows):
        contracts = self.records.create([row.new for row in rows])
        for row, contract in zip(rows, contracts, strict=True):
            row.record = contract
        self.records.union(*(row.record for row in rows if row.confirm)).action_confirm()

    def alter(self, rows):
        for row in rows:
            contract = row.record
            dated = {field: row.new[field] for field in _DATED if field in row.new}
            plain = {
                field: value
                for field, value in row.new.items()
                if field not in dated and field != "state"
            }
            if contract.state == "draft":
                plain |= dated
            elif dated:
                contract._change(dated, reason="request")
            if plain:
                contract.write(plain)
            if row.confirm:
                contract.action_confirm()


def complete(env, values):
    """The values of a new contract.

    :raises ArgumentError: naming what is missing
    """
    if not values.get("member_id"):
        raise ArgumentError("member_id", env._("who the member is"))
    for name in ("plan", "date_start"):
        if not values.get(NAMED_FIELDS.get(name, name)):
            raise ArgumentError(name, env._("a value for a new contract"))
    return {field: value for field, value in values.items() if value}


def same_lines(contract, commands):
    """Has the contract just the lines that ``commands`` would create?"""
    wanted = [values for _command, _id, values in commands]
    lines = contract.line_ids.sorted("id")
    return len(lines) == len(wanted) and all(
        line._fields[field].convert_to_write(line[field], line) == value
        for line, values in zip(lines, wanted, strict=True)
        for field, value in values.items()
    )
