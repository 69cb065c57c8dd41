from odoo import api, models
from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError
from .billing_api import MOST_ROWS, day_text
from .faults import faults
from .upsert_contracts import CONTRACT_FIELDS, ContractUpsert, ContractValues, complete


class BillingApi(models.AbstractModel):
    """Contracts, for other programs."""

    _inherit = "billing.api"

    @api.model
    def create_contract(
        self,
        member_id: int,
        plan: str,
        date_start: str,
        payer_id: int = 0,
        billed_from: str = "",
        external_id: str = "",
        sales_channel: str = "",
        confirm: bool = True,
        association: str = "",
        agreement: str = "",
        campaign: str = "",
        lines: list | None = None,
    ) -> dict:
        """Make a member's contract; ``plan`` is the plan's code, ``association`` the
        association's, ``agreement`` the bank agreement's number. The payer is the member
        unless another is given. ``lines`` are further products charged with every period:
        mappings of ``product`` (internal reference), ``name``, ``quantity``, ``price``,
        ``date_start``, ``date_end``.

        :return: the row of :meth:`list_contracts`
        """
        self._check_sign_up()
        contract = {
            "member_id": member_id,
            "plan": plan,
            "date_start": date_start,
            "payer_id": payer_id,
            "billed_from": billed_from,
            "external_id": external_id,
            "sales_channel": sales_channel,
            "confirm": confirm,
            "association": association,
            "agreement": agreement,
            "campaign": campaign,
            "lines": lines or [],
        }
        return self._contract_rows(self._create_contract(contract))[0]

    @api.model
    def upsert_contracts(self, rows: list) -> list[dict]:
        """Create or change contracts by ``external_id``, which each row must have.

        Further fields are those of :meth:`create_contract`; member and payer may also be
        named by ``member_external_id`` or ``member_number``, ``payer_external_id`` or
        ``payer_member_number``. Of an existing contract payer, plan (at the end of what is
        billed), association, agreement, sales channel and campaign can change; member,
        dates and lines cannot. ``contract_id`` gives an external id to a contract that has
        none. At most 1000 rows; a bad row does not hinder the others.

        :return: for each row, in order: ``row`` (its number from 1), ``external_id``,
            ``contract_id``, ``outcome`` (``created``, ``updated``, ``unchanged`` or
            ``error``) and ``error``, a sentence that names the field and what was expected
        """
        self._check_sign_up()
        with faults(self.env):
            arguments.rows("rows", rows, most=MOST_ROWS)
        return ContractUpsert(self.env).run(rows)

    @api.model
    def list_contracts(self, member_id: int = 0, after_id: int = 0, limit: int = 100) -> list[dict]:
        """Contracts in the order of their ids, of one member or of all.

        :return: rows of ``contract_id``, ``number``, ``member_id``, ``member_number``,
            ``payer_id``, ``plan``, ``association``, ``date_start``, ``billed_from``,
            ``date_end``, ``decision``, ``paused_from``, ``resume_date``, ``status``,
            ``status_reason``, ``paid_until``, ``next_plan``, ``next_plan_from``,
            ``sales_channel``, ``campaign``, ``external_id``
        """
        self._check_internal()
        domain = Domain.TRUE
        if member_id:
            with faults(self.env):
                domain = Domain("member_id", "=", arguments.whole("member_id", member_id))
        return self._contract_rows(self._page("membership.contract", domain, after_id, limit))

    # ------------------------------------------------------------------ parts

    def _create_contract(self, given):
        with faults(self.env):
            arguments.mapping("contract", given, CONTRACT_FIELDS)
            confirm = arguments.flag("confirm", given.get("confirm", True))
            values = complete(self.env, ContractValues(self.env).read(given))
        self._refuse_known("membership.contract", "external_id", values.get("external_id"))
        contract = self.env["membership.contract"].create(values)
        if confirm and contract._may_be_confirmed_by_user():
            contract.action_confirm()
        return contract

    def _contract(self, contract_id, external_id):
        """The one contract that is meant."""
        contract_id = arguments.whole("contract_id", contract_id)
        external_id = arguments.text("external_id", external_id)
        if bool(contract_id) == bool(external_id):
            raise ArgumentError(
                "contract_id", self.env._("just one of contract_id and external_id")
            )
        if contract_id:
            return self._row("membership.contract", "contract_id", contract_id)
        contract = self.env["membership.contract"].search(
            [("external_id", "=", external_id), ("company_id", "=", self.env.company.id)]
        )
        if not contract:
            raise ArgumentError(
                "external_id", self.env._("the external id of a contract you may see")
            )
        return contract

    def _contract_rows(self, contracts):
        return [
            {
                "contract_id": contract.id,
                "number": contract.name,
                "member_id": contract.member_id.id,
                "member_number": contract.member_number or "",
                "payer_id": contract.payer_id.id,
                "plan": contract.plan_id.code or "",
                "association": contract.association_id.code or "",
                "date_start": day_text(contract.date_start),
                "billed_from": day_text(contract.billed_from),
                "date_end": day_text(contract.date_end),
                "decision": contract.state,
                "paused_from": day_text(contract.paused_from),
                "resume_date": day_text(contract.resume_date),
                "status": contract.member_status or "",
                "status_reason": contract.status_reason or "",
                "paid_until": day_text(contract.paid_until),
                "next_plan": contract.next_plan_id.code or "",
                "next_plan_from": day_text(contract.next_plan_date),
                "sales_channel": contract.sales_channel or "",
                "campaign": contract.campaign or "",
                "external_id": contract.external_id or "",
            }
            for contract in contracts
        ]
