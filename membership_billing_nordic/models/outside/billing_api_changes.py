import re

from odoo import api, models
from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError
from .billing_api import INVOICES, MOST_ROWS
from .billing_api_members import PEOPLE
from .faults import faults

# Kind of change -> what is told of it: model, which records, and the method that makes rows.
# An invoice that was posted once is told when it is taken back, too.
_KINDS = {
    "member": ("res.partner", PEOPLE, "_member_rows"),
    "contract": ("membership.contract", Domain.TRUE, "_contract_rows"),
    "invoice": ("account.move", INVOICES & Domain("posted_before", "=", True), "_invoice_rows"),
    "payment": ("bank.payment", Domain.TRUE, "_payment_rows"),
}
_CURSOR = re.compile(r"1/([\d-]+)/(\d{1,20})/([a-z]*)/(\d{1,10})")


class BillingApi(models.AbstractModel):
    """What has changed since last time, for programs that keep a copy."""

    _inherit = "billing.api"

    @api.model
    def changes(self, since: str = "", kinds: list | None = None, limit: int = 500) -> dict:
        """What was created or changed after a cursor: everything at least once, and nothing
        lost, however late it was committed.

        :param since: the ``cursor`` of the last answer; empty: from the beginning, which
            tells everything there is
        :param kinds: any of ``member``, ``contract``, ``invoice``, ``payment``; by default
            all that you may read
        :param limit: how many changes are looked at, at most 1000
        :return: ``changes`` (rows of ``kind``, ``id``, ``changed_at`` and the fields of
            :meth:`list_members`, :meth:`list_contracts`, :meth:`list_invoices` or
            :meth:`list_payments`), ``cursor`` to go on from, and ``more``: ask again at once
        """
        self._check_internal()
        with faults(self.env):
            kinds = self._kinds_of_changes(kinds)
            limit = arguments.whole("limit", limit, required=True, least=1, most=MOST_ROWS)
            cluster, position = self._position(since)
        found, position = self.env["billing.change"]._after(position, kinds, limit)
        return {
            "changes": self._change_rows(found),
            "cursor": "1/{}/{}/{}/{}".format(cluster, *position),
            "more": len(found) == limit,
        }

    def _kinds_of_changes(self, kinds):
        if kinds is None:
            return [
                kind
                for kind, (model, _domain, _rows) in _KINDS.items()
                if self.env[model].has_access("read")
            ]
        for kind in arguments.rows("kinds", kinds, most=len(_KINDS)):
            if not arguments.choice("kinds", kind, tuple(_KINDS)):
                raise ArgumentError("kinds", "one of " + ", ".join(_KINDS))
            self.env[_KINDS[kind][0]].check_access("read")
        return kinds

    def _position(self, since):
        """The present cluster, and where in its changes the cursor stands (None: before all)."""
        since = arguments.text("since", since)
        cluster = self.env["billing.change"]._cluster()
        if not since:
            return cluster, None
        cursor = _CURSOR.fullmatch(since)
        if not cursor or int(cursor[2]) >= 2**64 or int(cursor[4]) >= 2**31:
            raise ArgumentError(
                "since", self.env._("the cursor of an earlier answer, or an empty text")
            )
        if cursor[1] != cluster:
            return cluster, None
        return cluster, (cursor[2], cursor[3], int(cursor[4]))

    def _change_rows(self, found):
        """The rows of the records that were changed, each once, by their latest change."""
        latest = {(change.kind, change.res_id): change for change in found}
        rows = {}
        for kind, (model, domain, make_rows) in _KINDS.items():
            ids = [res_id for known, res_id in latest if known == kind]
            if ids:
                records = self.env[model].with_context(active_test=False)
                records = records.search(domain & Domain("id", "in", ids))
                for record, row in zip(records, getattr(self, make_rows)(records), strict=True):
                    rows[kind, record.id] = row
        return [
            {
                "kind": change.kind,
                "id": change.res_id,
                "changed_at": change.changed_at.isoformat(timespec="seconds") + "Z",
            }
            | rows[key]
            for key, change in latest.items()
            if key in rows
        ]

    def _invoice_rows(self, invoices):
        return [self._invoice_row(invoice) for invoice in invoices]

    def _payment_rows(self, payments):
        return [self._payment_row(payment) for payment in payments]
