from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError

_MOST_ROWS = 1000
_INVOICE_STATES = {
    "open": ("not_paid",),
    "partly_paid": ("partial",),
    "paid": ("paid", "in_payment"),
    "reversed": ("reversed",),
}


class BillingApi(models.AbstractModel):
    """What other programs call, over XML-RPC or JSON-2. Stable: names and types stay.

    Arguments and results are plain: texts, whole numbers, booleans, lists and mappings.
    Amounts are texts with two decimals (``"450.00"``), dates are texts (``"2026-11-02"``),
    what is not known is an empty text or 0. The caller's own rights apply; what cannot be
    done is a fault with one sentence that names the argument.
    """

    _name = "billing.api"
    _description = "Membership Billing for Other Programs"

    # ------------------------------------------------------------------ members

    @api.model
    def create_member(
        self,
        name: str,
        email: str = "",
        phone: str = "",
        street: str = "",
        postcode: str = "",
        city: str = "",
        country: str = "",
        birth_date: str = "",
        member_number: str = "",
        external_id: str = "",
    ) -> dict:
        """Create a person. ``country`` is an ISO code of two letters.

        :return: ``member_id``, ``member_number`` (empty until the first contract is
            confirmed, unless given), ``external_id``
        """
        with _faults(self.env):
            values = {
                "name": arguments.text("name", name, required=True),
                "email": arguments.text("email", email),
                "phone": arguments.text("phone", phone),
                "street": arguments.text("street", street),
                "zip": arguments.text("postcode", postcode, limit=24),
                "city": arguments.text("city", city),
                "country_id": self._country(arguments.text("country", country)).id,
                "mbn_birth_date": arguments.day("birth_date", birth_date),
                "mbn_member_number": arguments.text("member_number", member_number) or False,
                "mbn_external_id": arguments.text("external_id", external_id) or False,
            }
        self._check_front_desk()
        self._refuse_known("res.partner", "mbn_member_number", values["mbn_member_number"])
        self._refuse_known("res.partner", "mbn_external_id", values["mbn_external_id"])
        # Who may sign up a member need not have the right to create any contact.
        return self._member_row(self.env["res.partner"].sudo().create(values))

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
    ) -> dict:
        """Make a member's contract; ``plan`` is the plan's code. The payer is the member
        unless another is given.

        :return: the row of :meth:`list_contracts`
        """
        with _faults(self.env):
            member = self._row("res.partner", "member_id", member_id)
            values = {
                "member_id": member.id,
                "plan_id": self._plan(arguments.text("plan", plan, required=True)).id,
                "date_start": arguments.day("date_start", date_start, required=True),
                "external_id": arguments.text("external_id", external_id) or False,
                "sales_channel": arguments.text("sales_channel", sales_channel) or False,
            }
            if payer_id:
                values["payer_id"] = self._row("res.partner", "payer_id", payer_id).id
            if start := arguments.day("billed_from", billed_from):
                values["billed_from"] = start
        self._refuse_known("membership.contract", "external_id", values["external_id"])
        contract = self.env["membership.contract"].create(values)
        if confirm:
            contract.action_confirm()
        return self._contract_row(contract)

    @api.model
    def list_contracts(self, member_id: int = 0, after_id: int = 0, limit: int = 100) -> list[dict]:
        """Contracts in the order of their ids, of one member or of all.

        :return: rows of ``contract_id``, ``number``, ``member_id``, ``member_number``,
            ``payer_id``, ``plan``, ``date_start``, ``date_end``, ``decision``, ``status``,
            ``status_reason``, ``paid_until``, ``external_id``
        """
        domain = Domain("member_id", "=", member_id) if member_id else Domain.TRUE
        rows = self._page("membership.contract", domain, after_id, limit)
        return [self._contract_row(contract) for contract in rows]

    # ------------------------------------------------------------------ invoices, payments

    @api.model
    def list_invoices(
        self,
        payer_id: int = 0,
        date_from: str = "",
        date_to: str = "",
        state: str = "",
        reference: str = "",
        after_id: int = 0,
        limit: int = 100,
    ) -> list[dict]:
        """Posted customer invoices and credit notes in the order of their ids.

        :param state: ``open``, ``partly_paid``, ``paid``, ``reversed`` or empty for all
        :return: rows of ``invoice_id``, ``number``, ``kind`` (``invoice`` or
            ``credit_note``), ``payer_id``, ``payer_name``, ``date``, ``due_date``,
            ``reference``, ``currency``, ``amount``, ``amount_open``, ``state``,
            ``contract_ids``
        """
        with _faults(self.env):
            domain = Domain("move_type", "in", ("out_invoice", "out_refund")) & Domain(
                "state", "=", "posted"
            )
            domain &= self._dates("invoice_date", date_from, date_to)
            if payer_id:
                domain &= Domain(
                    "commercial_partner_id", "=", arguments.whole("payer_id", payer_id)
                )
            if reference := arguments.text("reference", reference):
                domain &= Domain("payment_reference", "=", reference)
            if state := arguments.choice("state", state, tuple(_INVOICE_STATES)):
                domain &= Domain("payment_state", "in", _INVOICE_STATES[state])
        return [
            self._invoice_row(invoice)
            for invoice in self._page("account.move", domain, after_id, limit)
        ]

    @api.model
    def list_payments(
        self,
        payer_id: int = 0,
        date_from: str = "",
        date_to: str = "",
        state: str = "",
        reference: str = "",
        file_id: int = 0,
        after_id: int = 0,
        limit: int = 100,
    ) -> list[dict]:
        """Payments as the bank reported them, in the order of their ids.

        :param state: a state of ``bank.payment`` (``matched``, ``partial``, ``unmatched`` …)
            or empty for all
        :return: rows of ``payment_id``, ``file_id``, ``record``, ``date``, ``currency``,
            ``amount``, ``amount_unplaced``, ``reference``, ``payer_id``, ``payer_name``,
            ``state``, ``invoice_ids``
        """
        with _faults(self.env):
            domain = self._dates("bank_date", date_from, date_to)
            states = dict(self.env["bank.payment"]._fields["state"].selection)
            if state := arguments.choice("state", state, tuple(states)):
                domain &= Domain("state", "=", state)
            if reference := arguments.text("reference", reference):
                domain &= Domain("reference", "=", reference)
            if payer_id:
                domain &= Domain("partner_id", "=", arguments.whole("payer_id", payer_id))
            if file_id:
                domain &= Domain("file_id", "=", arguments.whole("file_id", file_id))
        return [
            self._payment_row(payment)
            for payment in self._page("bank.payment", domain, after_id, limit)
        ]

    # ------------------------------------------------------------------ bank files

    @api.model
    def upload_bank_file(self, name: str, content: str) -> dict:
        """Store a bank file; ``content`` is its bytes in base64 (XML-RPC: or binary).

        It is read and booked by the scheduled action a moment later: ask
        :meth:`bank_file_outcome` with the ``file_id`` until its ``done`` is true.

        :return: the row of :meth:`bank_file_outcome`
        """
        with _faults(self.env):
            name = arguments.text("name", name, required=True)
            content = arguments.content("content", content)
        self.env["bank.file"]._check_may_process()
        file = self.env["bank.file"]._receive(name, content)
        return self.bank_file_outcome(file.id)

    @api.model
    def bank_file_outcome(self, file_id: int) -> dict:
        """What became of a bank file.

        :return: ``file_id``, ``name``, ``state`` (``received``, ``accepted``, ``booked``,
            ``needs_review``, ``refused``), ``done``, ``format``, ``sha256``,
            ``duplicate_of`` (the first file's id or 0), ``payments``, ``payments_sum``,
            ``deposits``, ``deposits_sum``, ``mandates``, ``skipped`` (payments that were
            known already), ``held`` (a person must decide whether to book them), ``unplaced``,
            ``unplaced_sum``, ``issues`` (rows of ``record``,
            ``severity``, ``field``, ``expected``, ``found``, ``action``)
        """
        with _faults(self.env):
            file = self._row("bank.file", "file_id", file_id)
        return {
            "file_id": file.id,
            "name": file.name,
            "state": file.state,
            "done": file.state in ("booked", "needs_review", "refused"),
            "format": file.format or "",
            "sha256": file.sha256 or "",
            "duplicate_of": file.duplicate_of_id.id or 0,
            "payments": file.payment_count,
            "payments_sum": _amount(file.payments_sum),
            "deposits": file.deposit_count,
            "deposits_sum": _amount(file.deposits_sum),
            "mandates": file.mandate_count,
            "skipped": file.known_count,
            "held": file.held_count,
            "unplaced": file.to_place_count,
            "unplaced_sum": _amount(file.to_place_sum),
            "issues": [
                {
                    "record": issue.record,
                    "severity": issue.severity,
                    "field": issue.field or "",
                    "expected": issue.expected or "",
                    "found": issue.found or "",
                    "action": issue.action or "",
                }
                for issue in file.issue_ids
            ],
        }

    # ------------------------------------------------------------------ rows

    def _member_row(self, member):
        return {
            "member_id": member.id,
            "member_number": member.mbn_member_number or "",
            "external_id": member.mbn_external_id or "",
        }

    def _contract_row(self, contract):
        return {
            "contract_id": contract.id,
            "number": contract.name,
            "member_id": contract.member_id.id,
            "member_number": contract.member_number or "",
            "payer_id": contract.payer_id.id,
            "plan": contract.plan_id.code or "",
            "date_start": _day(contract.date_start),
            "date_end": _day(contract.date_end),
            "decision": contract.state,
            "status": contract.member_status or "",
            "status_reason": contract.status_reason or "",
            "paid_until": _day(contract.paid_until),
            "external_id": contract.external_id or "",
        }

    def _invoice_row(self, invoice):
        return {
            "invoice_id": invoice.id,
            "number": invoice.name,
            "kind": "invoice" if invoice.move_type == "out_invoice" else "credit_note",
            "payer_id": invoice.commercial_partner_id.id,
            "payer_name": invoice.commercial_partner_id.name or "",
            "date": _day(invoice.invoice_date),
            "due_date": _day(invoice.invoice_date_due),
            "reference": invoice.payment_reference or "",
            "currency": invoice.currency_id.name,
            "amount": _amount(invoice.amount_total),
            "amount_open": _amount(invoice.amount_residual),
            "state": next(
                (
                    name
                    for name, states in _INVOICE_STATES.items()
                    if invoice.payment_state in states
                ),
                "open",
            ),
            "contract_ids": invoice.mbn_contract_ids.ids,
        }

    def _payment_row(self, payment):
        return {
            "payment_id": payment.id,
            "file_id": payment.file_id.id,
            "record": payment.record,
            "date": _day(payment.bank_date),
            "currency": payment.currency_id.name,
            "amount": _amount(payment.amount),
            "amount_unplaced": _amount(payment.amount_open),
            "reference": payment.reference or "",
            "payer_id": payment.partner_id.id or 0,
            "payer_name": payment.payer_name or "",
            "state": payment.state,
            "invoice_ids": payment.allocation_ids.filtered(
                lambda allocation: not allocation.undone_move_id
            ).invoice_id.ids,
        }

    # ------------------------------------------------------------------ look-ups

    def _page(self, model, domain, after_id, limit):
        with _faults(self.env):
            after_id = arguments.whole("after_id", after_id)
            limit = arguments.whole("limit", limit, required=True, least=1, most=_MOST_ROWS)
        domain &= Domain("id", ">", after_id)
        return self.env[model].search(domain, order="id", limit=limit)

    def _dates(self, field, date_from, date_to):
        domain = Domain.TRUE
        if first := arguments.day("date_from", date_from):
            domain &= Domain(field, ">=", first)
        if last := arguments.day("date_to", date_to):
            domain &= Domain(field, "<=", last)
        return domain

    def _row(self, model, argument, row_id):
        row_id = arguments.whole(argument, row_id, required=True, least=1)
        row = self.env[model].search([("id", "=", row_id)])
        if not row:
            raise ArgumentError(argument, self.env._("the id of a record you may see"))
        return row

    def _plan(self, code):
        plan = self.env["membership.plan"].search(
            [("code", "=", code), ("company_id", "parent_of", self.env.company.id)], limit=2
        )
        if len(plan) != 1:
            raise ArgumentError("plan", self.env._("the code of one plan of your company"))
        return plan

    def _country(self, code):
        countries = self.env["res.country"]
        if not code:
            return countries
        # The database cuts a longer code to two letters before it compares.
        country = countries.search([("code", "=", code.upper())]) if len(code) == 2 else countries
        if not country:
            raise ArgumentError("country", self.env._("an ISO country code of two letters"))
        return country

    def _refuse_known(self, model, field, value):
        if value and (row := self.env[model].sudo().search([(field, "=", value)], limit=1)):
            raise UserError(
                self.env._(
                    "%(field)s %(value)s is taken by the record with id %(id)s.",
                    field=field.removeprefix("mbn_"),
                    value=value,
                    id=row.id,
                )
            )

    def _check_front_desk(self):
        self.env["membership.contract"].check_access("create")


@contextmanager
def _faults(env):
    """Turns a wrong argument into the fault that the other program gets."""
    try:
        yield
    except ArgumentError as fault:
        raise UserError(
            env._(
                "Argument %(field)s: expected %(expected)s.",
                field=fault.field,
                expected=fault.expected,
            )
        ) from None


def _amount(value) -> str:
    return f"{value:.2f}"


def _day(value) -> str:
    return value.isoformat() if value else ""
