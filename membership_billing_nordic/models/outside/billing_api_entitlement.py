from odoo import api, models
from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError
from .billing_api import MOST_ROWS, day_text
from .faults import faults
from .upsert_contracts import MEMBER_KEYS

# Who may use the membership now: the active, and who is overdue but in the days of grace.
_ENTITLED_STATUS = "active"
_ENTITLED_REASON = "grace"
# Of several contracts that entitle to nothing, the first of these is told.
_RANK = ["waiting", "suspended", "paused", "not_started", "ended", "draft"]
_FACTS = [
    "member_id",
    "plan_id",
    "company_id",
    "state",
    "date_start",
    "date_end",
    "paid_until",
    "member_status",
    "status_reason",
    "status_check_date",
]


class BillingApi(models.AbstractModel):
    """May this person in now? Asked by doors and lists."""

    _inherit = "billing.api"

    @api.model
    def entitlement(
        self, member_id: int = 0, member_number: str = "", member_external_id: str = ""
    ) -> dict:
        """May this member in now, and why not? Name the member in one of the three ways.

        :return: ``entitled``, ``status`` and ``reason`` of the best contract (reason
            ``no_membership`` when there is none that you may see), ``reason_text`` (the
            reason in words, in your language), ``paid_until``, ``plan``, ``member_id``,
            ``contract_id``, ``valid_from``, ``valid_to``, ``next_check`` (the day on which
            the answer may change by itself, empty when only an event changes it)
        """
        self._check_internal()
        with faults(self.env):
            key, value = self._whom(
                {
                    "member_id": member_id,
                    "member_number": member_number,
                    "member_external_id": member_external_id,
                }
            )
        # One look-up, then the plans' codes: a turnstile waits for the answer.
        contracts = self.env["membership.contract"].search_fetch(
            Domain(_path(key), "=", value), _FACTS
        )
        return self._entitlement_row(self._refreshed(contracts))

    @api.model
    def entitlements(self, members: list) -> list[dict]:
        """:meth:`entitlement` of many; ``members`` has one mapping of ``member_id``,
        ``member_number`` or ``member_external_id`` for each, at most 1000.

        :return: the rows of :meth:`entitlement` in the same order
        """
        self._check_internal()
        with faults(self.env):
            arguments.rows("members", members, most=MOST_ROWS)
            asked = [
                self._whom(arguments.mapping("members", member, MEMBER_KEYS)) for member in members
            ]
        domain = Domain.OR(
            Domain(_path(key), "in", [value for known, value in asked if known == key])
            for key in {key for key, _value in asked}
        )
        contracts = self._refreshed(self.env["membership.contract"].search_fetch(domain, _FACTS))
        known = contracts.grouped("member_id")
        named = {
            (key, member[key]): member_contracts
            for member, member_contracts in known.items()
            for key in MEMBER_KEYS.values()
        }
        return [self._entitlement_row(named.get(one, contracts.browse())) for one in asked]

    def _whom(self, member):
        """(field of the person, value) of the one way in which a member is named."""
        named = [name for name in MEMBER_KEYS if member.get(name) not in (None, False, "", 0)]
        if len(named) != 1:
            raise ArgumentError(
                "member_id",
                self.env._("just one of member_id, member_number and member_external_id"),
            )
        [name] = named
        if name == "member_id":
            return "id", arguments.whole(name, member[name], least=1)
        return MEMBER_KEYS[name], arguments.text(name, member[name])

    def _refreshed(self, contracts):
        """The contracts, with the status of today where the nightly update is still to come."""
        today = {company: company._billing_today() for company in contracts.company_id}
        stale = contracts.filtered(
            lambda contract: (
                contract.status_check_date
                and contract.status_check_date <= today[contract.company_id]
            )
        )
        if stale:
            stale._refresh_status()
        return contracts

    def _entitlement_row(self, contracts):
        best = min(contracts, key=_rank, default=contracts)
        reasons = dict(best._fields["status_reason"]._description_selection(self.env))
        return {
            "entitled": bool(best) and _is_entitled(best),
            "status": best.member_status or "",
            "reason": best.status_reason or "no_membership",
            "reason_text": reasons.get(best.status_reason) or self.env._("No membership"),
            "paid_until": day_text(best.paid_until),
            "plan": best.plan_id.code or "",
            "member_id": best.member_id.id or 0,
            "contract_id": best.id or 0,
            "valid_from": day_text(best.date_start),
            "valid_to": day_text(best.date_end),
            "next_check": day_text(best.status_check_date),
        }


def _path(key):
    return "member_id" if key == "id" else f"member_id.{key}"


def _is_entitled(contract):
    return contract.member_status == _ENTITLED_STATUS or contract.status_reason == _ENTITLED_REASON


def _rank(contract):
    """Sorts the contract that tells best whether the member may in first."""
    told = contract.member_status or contract.status_reason
    return (
        not _is_entitled(contract),
        _RANK.index(told) if told in _RANK else len(_RANK),
        -contract.id,
    )
