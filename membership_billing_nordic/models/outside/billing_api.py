from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from . import arguments
from .arguments import ArgumentError
from .faults import faults

MOST_ROWS = 1000
MOST_NOTICES = 500
_INVOICE_STATES = {
    "open": ("not_paid",),
    "partly_paid": ("partial",),
    "paid": ("paid", "in_payment"),
    "reversed": ("reversed",),
}
INVOICES = Domain("move_type", "in", ("out_invoice", "out_refund"))


class BillingApi(models.AbstractModel):
    """What other programs call, over XML-RPC or JSON-2. Stable: names and types stay.

    Arguments and results are plain: texts, whole numbers, booleans, lists and mappings.
    Amounts are texts with two decimals (``"450.00"``), dates are texts (``"2026-11-02"``),
    what is not known is an empty text or 0. The caller's own rights apply; what cannot be
    done is a fault with one sentence that names the argument.
    """

    _name = "billing.api"
    _description = "Membership Billing for Other Programs"

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
        self._check_internal()
        with faults(self.env):
            domain = INVOICES & Domain("state", "=", "posted")
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
        self._check_internal()
        with faults(self.env):
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
        with faults(self.env):
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
            known already), ``held`` (a person must decide whether to book them), ``reported``
            (another report of the bank books them, this one only tells of them), ``unplaced``,
            ``unplaced_sum``, ``issues`` (rows of ``record``,
            ``severity``, ``field``, ``expected``, ``found``, ``action``), ``notices`` (what the
            bank tells people, the first 500: rows of ``record``, ``kind``, ``payer_number``, ``bank_code``,
            ``meaning``)
        """
        with faults(self.env):
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
            "payments_sum": amount_text(file.payments_sum),
            "deposits": file.deposit_count,
            "deposits_sum": amount_text(file.deposits_sum),
            "mandates": file.mandate_count,
            "skipped": file.known_count,
            "held": file.held_count,
            "reported": file.reported_count,
            "unplaced": file.to_place_count,
            "unplaced_sum": amount_text(file.to_place_sum),
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
            "notices": [
                {
                    "record": notice.record,
                    "kind": notice.kind,
                    "payer_number": notice.payer_number or "",
                    "bank_code": notice.bank_code or "",
                    "meaning": notice.meaning or "",
                }
                for notice in file.notice_ids[:MOST_NOTICES]
            ],
        }

    # ------------------------------------------------------------------ rows

    def _invoice_row(self, invoice):
        return {
            "invoice_id": invoice.id,
            "number": invoice.name,
            "kind": "invoice" if invoice.move_type == "out_invoice" else "credit_note",
            "payer_id": invoice.commercial_partner_id.id,
            "payer_name": invoice.commercial_partner_id.name or "",
            "date": day_text(invoice.invoice_date),
            "due_date": day_text(invoice.invoice_date_due),
            "reference": invoice.payment_reference or "",
            "currency": invoice.currency_id.name,
            "amount": amount_text(invoice.amount_total),
            "amount_open": amount_text(invoice.amount_residual),
            "state": _invoice_state(invoice),
            "contract_ids": invoice.mbn_contract_ids.ids,
        }

    def _payment_row(self, payment):
        return {
            "payment_id": payment.id,
            "file_id": payment.file_id.id,
            "record": payment.record,
            "date": day_text(payment.bank_date),
            "currency": payment.currency_id.name,
            "amount": amount_text(payment.amount),
            # What was only reported is no money to place: another report brings it.
            "amount_unplaced": amount_text(
                0 if payment.state == "reported" else payment.amount_open
            ),
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
        with faults(self.env):
            after_id = arguments.whole("after_id", after_id)
            limit = arguments.whole("limit", limit, required=True, least=1, most=MOST_ROWS)
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

    def _refuse_known(self, model, field, value):
        domain = Domain(field, "=", value)
        if model == "membership.contract":
            domain &= Domain("company_id", "=", self.env.company.id)
        known = self.env[model].sudo().with_context(active_test=False)
        if value and (row := known.search(domain, limit=1)):
            raise UserError(
                self.env._(
                    "%(field)s %(value)s is taken by the record with id %(id)s.",
                    field=field.removeprefix("mbn_"),
                    value=value,
                    id=row.id,
                )
            )

    def _check_internal(self):
        """These methods are for programs of the house; members have the portal."""
        if not self.env.su and not self.env.user._is_internal():
            raise AccessError(self.env._("Your rights do not allow this."))


def _invoice_state(invoice):
    if invoice.state != "posted":
        return "cancelled" if invoice.state == "cancel" else "draft"
    return next(
        (name for name, states in _INVOICE_STATES.items() if invoice.payment_state in states),
        "open",
    )


def amount_text(value) -> str:
    return f"{value:.2f}"


def day_text(value) -> str:
    return value.isoformat() if value else ""
