"""Members by external id."""

from functools import partial

from odoo.exceptions import AccessError

from . import arguments
from .arguments import ArgumentError
from .lookup import Lookup
from .upsert import Upsert

# Field for other programs -> field of the person, and how its value is read.
MEMBER_FIELDS = {
    "name": ("name", partial(arguments.text, required=True)),
    "email": ("email", arguments.email),
    "phone": ("phone", arguments.text),
    "street": ("street", arguments.text),
    "postcode": ("zip", partial(arguments.text, limit=24)),
    "city": ("city", arguments.text),
    "country": ("country_id", arguments.text),
    "language": ("lang", arguments.text),
    "birth_date": ("mbn_birth_date", arguments.day),
    "member_number": ("mbn_member_number", arguments.text),
    "external_id": ("mbn_external_id", arguments.text),
}


class MemberValues:
    """Reads the fields of a person; what they name is looked up once."""

    def __init__(self, env):
        self.env = env
        self.readers = {"country": self._country, "language": self._language}
        self.countries = Lookup(
            env["res.country"], "code", env._("an ISO country code of two letters")
        )
        self.languages = [code for code, _name in env["res.lang"].get_installed()]

    def read(self, given):
        """The values to write, of the fields that are given.

        :raises ArgumentError: naming the first field that cannot be used
        """
        values = {}
        for name, value in given.items():
            field, read = MEMBER_FIELDS[name]
            value = read(name, value)
            if name in self.readers:
                value = self.readers[name](name, value)
            values[field] = value or False
        return values

    def _country(self, name, code):
        # The database cuts a longer code to two letters before it compares.
        if len(code) > 2:
            raise ArgumentError(name, self.countries.expected)
        return self.countries.one(name, code.upper()).id if code else False

    def _language(self, name, code):
        return arguments.choice(name, code, self.languages)


class MemberUpsert(Upsert):
    known = ("member_id", *MEMBER_FIELDS)
    id_name = "member_id"

    def __init__(self, env):
        super().__init__(env)
        self.records = env["res.partner"].with_context(active_test=False)
        self.values = MemberValues(env)
        # Beyond what the user sees: numbers and external ids are taken for all.
        everybody = self.records.sudo()
        self.by_external_id = Lookup(everybody, "mbn_external_id", "")
        self.by_number = Lookup(everybody, "mbn_member_number", "")
        self.by_id = Lookup(self.records, "id", env._("the id of a member you may see"))

    def learn(self, rows):
        self.by_external_id.learn(row.get("external_id") for row in rows)
        self.by_number.learn(row.get("member_number") for row in rows)
        self.by_id.learn(row.get("member_id") for row in rows)
        found = self.records.browse().union(
            *(self.by_external_id.get(row.get("external_id")).sudo(False) for row in rows)
        )
        self.mine = found._filtered_access("write")

    def read(self, row):
        given = {name: value for name, value in row.values.items() if name in MEMBER_FIELDS}
        row.record = self._known(row.values)
        row.new = self.values.read(given)
        number = row.new.get("mbn_member_number")
        if number and self.by_number.get(number).sudo(False) - row.record:
            raise ArgumentError("member_number", self.env._("a number nobody else has"))
        if not row.record and not row.new.get("name"):
            raise ArgumentError("name", self.env._("a text that is not empty"))
        row.new = {
            field: value for field, value in row.new.items() if value != self._now(row, field)
        }

    def _known(self, values):
        """The member with that external id, or to whom it is to be given."""
        member = self.by_external_id.get(values["external_id"]).sudo(False)
        if member and member not in self.mine:
            raise AccessError(self.env._("The member is not among yours."))
        given = arguments.whole("member_id", values.get("member_id"))
        if not given:
            return member
        named = self.by_id.one("member_id", given)
        if named != (member or named) or (not member and named.mbn_external_id):
            raise ArgumentError(
                "member_id",
                self.env._("the id of the member with this external_id, or of one with none"),
            )
        return named

    def _now(self, row, field):
        if not row.record:
            return False
        return row.record._fields[field].convert_to_write(row.record[field], row.record)

    def make(self, rows):
        # Who may sign up a member need not have the right to create any contact.
        members = self.records.sudo().create([row.new for row in rows])
        for row, member in zip(rows, members.sudo(False), strict=True):
            row.record = member

    def alter(self, rows):
        for row in rows:
            row.record.write(row.new)
