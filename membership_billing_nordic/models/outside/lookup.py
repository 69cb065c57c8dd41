"""Records by what another program calls them, many in one query."""

from collections import defaultdict

from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError


class Lookup:
    """Finds the records of one model by the values of one field.

    :param records: an empty recordset; its user's rights decide what is found
    :param key: name of the field
    :param expected: what the fault says when not exactly one record is found
    """

    def __init__(self, records, key, expected, domain=Domain.TRUE):
        self.records, self.key, self.expected, self.domain = records, key, expected, domain
        self.found = {}

    def learn(self, values):
        """Look up all of ``values`` that were not looked up yet."""
        lacking = {value for value in values if _is_key(value)} - self.found.keys()
        if not lacking:
            return
        found = defaultdict(self.records.browse)
        for record in self.records.search(self.domain & Domain(self.key, "in", list(lacking))):
            found[record[self.key]] |= record
        self.found.update({value: found[value] for value in lacking})

    def get(self, value):
        """The records with that value, none or several too."""
        self.learn([value])
        return self.found[value] if _is_key(value) else self.records

    def one(self, argument, value):
        """The one record with that value.

        :raises ArgumentError: there is none that the user may see, or there are several
        """
        record = self.get(value)
        if len(record) != 1:
            raise ArgumentError(argument, self.expected)
        return record


def _is_key(value):
    if isinstance(value, str):
        return bool(value) and arguments.is_storable(value)
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31
