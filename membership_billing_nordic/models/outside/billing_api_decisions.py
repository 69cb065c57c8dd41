from odoo import api, models
from odoo.exceptions import AccessError, UserError

from ..membership.membership_contract_change import REASONS
from ..membership.membership_contract_end import WITHOUT_NOTICE
from . import arguments
from .billing_api import amount_text, day_text
from .faults import faults
from .upsert_contracts import CONTRACT_FIELDS, MEMBER_KEYS, PAYER_KEYS, ContractValues

_BILLING_USER = "membership_billing_nordic.group_billing_user"
_REASONS = tuple(code for code, _label in REASONS if code not in ("joined", "term"))
_SIGN_UP_FIELDS = tuple(name for name in CONTRACT_FIELDS if name not in MEMBER_KEYS)


class BillingApi(models.AbstractModel):
    """Joining, changing, pausing and leaving, as the dialogs of the screens do it.

    ``preview=True`` changes nothing and tells all that would follow. The answer is always
    ``done``, ``contract`` (the row of :meth:`list_contracts`) and ``consequences``: rows of
    ``kind``, ``text``, ``amount`` and ``date``, of which kind ``problem`` says why it cannot
    be done. A call that is repeated changes nothing more.
    """

    _inherit = "billing.api"

    @api.model
    def sign_up(
        self,
        member: dict,
        contract: dict,
        payer: dict | None = None,
        bill_now: bool = False,
        allow_duplicate: bool = False,
    ) -> dict:
        """A new member with a contract, in one call: both or nothing.

        :param member: fields of :meth:`create_member`
        :param contract: fields of :meth:`upsert_contracts` but for the member; ``plan`` and
            ``date_start`` are required
        :param payer: a new person who pays, with the fields of :meth:`create_member`; who is
            known already is named in ``contract``
        :param bill_now: make the first invoice at once
        :param allow_duplicate: sign up somebody who is likely known already; refused without
        :return: ``member`` and ``contract`` (rows of :meth:`list_members` and
            :meth:`list_contracts`), ``invoices`` (rows of :meth:`list_invoices`) and
            ``warnings`` (texts: an e-mail that may be mistyped, why there is no invoice)
        """
        self._check_sign_up()
        with faults(self.env):
            known = [name for name in _SIGN_UP_FIELDS if not payer or name not in PAYER_KEYS]
            arguments.mapping("contract", contract, known)
            bill_now = arguments.flag("bill_now", bill_now)
            allow_duplicate = arguments.flag("allow_duplicate", allow_duplicate)
        if bill_now:
            self.env["membership.contract"]._check_billing_user()
        people = self._create_member(member)
        if payer:
            people += self._create_member(payer, "payer")
        if not allow_duplicate:
            self._refuse_twins(people)
        named = {"payer_id": people[1].id} if payer else {}
        made = self._create_contract(contract | {"member_id": people[0].id} | named)
        run = self.env["billing.run"]._bill_now(made) if bill_now else None
        return {
            "member": self._member_rows(made.member_id)[0],
            "contract": self._contract_rows(made)[0],
            "invoices": self._invoice_rows(run.line_ids.invoice_id) if run else [],
            "warnings": [
                text
                for text in (
                    *(person._mbn_email_problem(person.email) for person in people),
                    *(run.sudo().line_ids.mapped("problem") if run else ()),
                )
                if text
            ],
        }

    @api.model
    def cancel_contract(
        self,
        contract_id: int = 0,
        external_id: str = "",
        date: str = "",
        reason: str = "request",
        note: str = "",
        by_agreement: bool = False,
        credit: bool = False,
        exit_fee: bool = True,
        preview: bool = False,
    ) -> dict:
        """End a membership with ``date`` as its last day; empty: as soon as notice, binding
        and what is paid allow.

        :param reason: ``request``, ``moved``, ``price``, ``unpaid``, ``health``,
            ``deceased``, ``duplicate``, ``correction`` or ``other``
        :param by_agreement: earlier than notice and binding allow; for billing users
        :param credit: credit what is invoiced for the time after; for billing users
        :param exit_fee: charge what leaving within the binding period costs, if anything;
            only billing users can waive it
        """
        contract, today, reason, note = self._decision(contract_id, external_id, reason, note)
        with faults(self.env):
            day = arguments.day("date", date) or _usual_end(contract, today, reason)
            by_agreement = arguments.flag("by_agreement", by_agreement)
            credit = arguments.flag("credit", credit)
            exit_fee = arguments.flag("exit_fee", exit_fee)
        if by_agreement or credit or not exit_fee:
            self._check_billing_user()
        decided = {
            "credit": credit,
            "exit_fee": exit_fee and reason not in WITHOUT_NOTICE,
        }
        told = contract._consequences("end", day, decided)
        if not preview and contract.date_end != day:
            contract._check_notice(day, today, reason, by_agreement=by_agreement)
            contract._end(day, reason, note, **decided)
        return self._decided(contract, told, preview)

    @api.model
    def pause_contract(
        self,
        contract_id: int = 0,
        external_id: str = "",
        date: str = "",
        resume_date: str = "",
        reason: str = "request",
        note: str = "",
        preview: bool = False,
        by_agreement: bool = False,
    ) -> dict:
        """Pause a membership from ``date`` (empty: today) until ``resume_date``, on which it
        goes on by itself (empty: until :meth:`resume_contract`), by the plan's rules of a
        freeze.

        :param by_agreement: though the rules say otherwise; for billing users
        """
        contract, today, reason, note = self._decision(contract_id, external_id, reason, note)
        with faults(self.env):
            day = arguments.day("date", date) or today
            resume = arguments.day("resume_date", resume_date) or False
            by_agreement = arguments.flag("by_agreement", by_agreement)
        if by_agreement:
            self._check_billing_user()
        told = []
        if contract.state != "paused" or not (
            contract.paused_from == day and contract.resume_date == resume
        ):
            told = contract._consequences("pause", day, {"resume_date": resume, "reason": reason})
            if not preview:
                contract._check_freeze(day, resume, reason, by_agreement=by_agreement)
                contract._pause(day, resume, reason, note)
        return self._decided(contract, told, preview)

    @api.model
    def resume_contract(
        self,
        contract_id: int = 0,
        external_id: str = "",
        date: str = "",
        preview: bool = False,
    ) -> dict:
        """Let a paused membership go on, today or on a later ``date``."""
        contract, today, _reason, _note = self._decision(contract_id, external_id, "request", "")
        with faults(self.env):
            day = max(arguments.day("date", date) or today, today)
        told = []
        if contract.state == "paused":
            text = contract._consequence_labels()["resume"]
            told = [contract._consequence("resume", text, day=day)]
            if not preview and day > max(today, contract.paused_from):
                contract._check_freeze_goes_on(day)
                contract._move_resume(day)
            elif not preview:
                contract._resume(day)
        return self._decided(contract, told, preview)

    @api.model
    def change_contract(
        self,
        contract_id: int = 0,
        external_id: str = "",
        plan: str = "",
        payer_id: int = 0,
        payer_external_id: str = "",
        payer_member_number: str = "",
        association: str = "",
        agreement: str = "",
        date: str = "",
        reason: str = "request",
        note: str = "",
        preview: bool = False,
    ) -> dict:
        """Change a membership: the plan at the end of what is billed or, where the present plan
        says so, in mid-period from ``date`` on; payer and bank agreement from the next invoice
        on, the association from ``date`` (empty: today) on. What is not given stays."""
        contract, today, reason, note = self._decision(contract_id, external_id, reason, note)
        given = {
            "plan": plan,
            "payer_id": payer_id,
            "payer_external_id": payer_external_id,
            "payer_member_number": payer_member_number,
            "association": association,
            "agreement": agreement,
        }
        with faults(self.env):
            day = arguments.day("date", date) or today
            vals = ContractValues(self.env).read({name: one for name, one in given.items() if one})
        if not vals:
            raise UserError(self.env._("Nothing is given that is to change."))
        vals["date"] = day
        told = contract._consequences("change", day, vals)
        if not preview:
            contract._change(vals, day, reason, note)
        return self._decided(contract, told, preview)

    # ------------------------------------------------------------------ parts

    def _refuse_twins(self, people):
        """Nobody who is known already, as far as the user may see, is signed up as new."""
        known = self.env["res.partner"]
        for person in people.sudo():
            known |= known._mbn_likely_duplicates(person._mbn_identity())
        if known - people:
            raise UserError(
                self.env._(
                    "Likely the same person as the record with id %(ids)s. Name that person, or "
                    "set allow_duplicate to sign up somebody else.",
                    ids=", ".join(str(twin.id) for twin in known - people),
                )
            )

    def _decision(self, contract_id, external_id, reason, note):
        """(contract, today, reason, note) of a decision that the user may make."""
        self._check_internal()
        with faults(self.env):
            contract = self._contract(contract_id, external_id)
            reason = arguments.choice("reason", reason, _REASONS) or "request"
            note = arguments.text("note", note) or False
        contract.check_access("write")
        return contract, contract.company_id._billing_today(), reason, note

    def _decided(self, contract, told, preview):
        return {
            "done": not preview,
            "contract": self._contract_rows(contract)[0],
            "consequences": [
                {
                    "kind": row["kind"],
                    "text": row["text"],
                    "amount": "" if row["amount"] is None else amount_text(row["amount"]),
                    "date": day_text(row["date"]),
                }
                for row in told
            ],
        }

    def _check_billing_user(self):
        if not self.env.su and not self.env.user.has_group(_BILLING_USER):
            raise AccessError(
                self.env._(
                    "Only a billing user may credit, waive what leaving costs, or agree on an "
                    "earlier end."
                )
            )


def _usual_end(contract, today, reason):
    """The last day of somebody who leaves today."""
    if reason in WITHOUT_NOTICE:
        return max(today, contract.date_start)
    return max(contract._earliest_end(today), contract.paid_until or today)
