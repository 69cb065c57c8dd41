import re
from dataclasses import replace

from odoo import api, fields, models
from odoo.addons.membership_billing_nordic.formats.references import normalise
from odoo.fields import Domain

from ..formats.address import address_lines, wrong_address
from .bank_connection import SCHEME

# What came back of a slip: its own reference, of which nine characters return.
_SLIP = re.compile(r"S([0-9]{8})")


class BankAgreement(models.Model):
    """Payment slips of the total solution: sent in section 0117, answered in section 0215."""

    _inherit = "bank.agreement"

    l10n_dk_slips = fields.Boolean(
        string="Send Payment Slips",
        tracking=True,
        help="Payers without a mandate get a payment slip for each invoice. Betalingsservice sends "
        "it as soon as it has the file, at a fee, and needs their names and addresses. An invoice "
        "whose tick “Collect by Direct Debit” is cleared gets none.",
    )

    def _sends_forms(self):
        if self.scheme != SCHEME:
            return super()._sends_forms()
        return self.l10n_dk_kind == "total" and self.l10n_dk_slips

    @api.depends("l10n_dk_kind", "l10n_dk_slips")
    def _compute_sends_forms(self):
        return super()._compute_sends_forms()

    # ------------------------------------------------------------------ what is sent

    def _collection_request(self, order):
        request = super()._collection_request(order)
        if self.scheme != SCHEME or not order.is_form:
            return request
        return replace(request, reference=order._dk_slip_reference())

    def _request_problem(self, order, request):
        lacks_address = (
            self.scheme == SCHEME
            and self.l10n_dk_kind == "total"
            and any(wrong_address(request, address_lines(request)))
        )
        if not lacks_address:
            return super()._request_problem(order, request)
        return self.env._(
            "The address of %(payer)s is not complete: Betalingsservice needs a street and a "
            "Danish postcode; abroad street, postcode, town and country, five lines with the name "
            "at most.",
            payer=order.partner_id.name,
        )

    # ------------------------------------------------------------------ what comes back

    def _debited_claims(self, payments):
        found = super()._debited_claims(payments)
        if self.scheme != SCHEME:
            return found
        return self._claims_of_slips(payments.filtered(lambda one: one.amount > 0)) | found

    def _claims_of_slips(self, payments):
        """The claims of the slips that these payments are for, by reference or payment ID.

        One that comes with the number of another payer is not believed.
        """
        numbers = {one: match[1] for one in payments if (match := _match(one))}
        payment_ids = {normalise(one.form_number) for one in payments} - {""}
        if not numbers and not payment_ids:
            return {}
        orders = self.env["direct.debit.order"].search(
            Domain("agreement_id", "=", self.id)
            & Domain("is_form", "=", True)
            & Domain("file_id", "!=", False)
            & (
                Domain("id", "in", [int(number) for number in numbers.values()])
                | Domain("reference_value", "in", list(payment_ids))
            )
        )
        by_id = {order.id: order for order in orders}
        by_payment_id = {order.reference_value: order for order in orders.sorted("id")}
        found = {}
        for payment in payments:
            order = by_id.get(int(numbers.get(payment, 0)))
            order = order or by_payment_id.get(normalise(payment.form_number))
            if order and order._dk_is_payer(payment):
                found[payment] = order.line_ids.move_line_id
        return found


class DirectDebitOrder(models.Model):
    _inherit = "direct.debit.order"

    def _dk_slip_reference(self):
        """What a slip brings back: unique in the nine characters that return."""
        self.ensure_one()
        return f"S{self.id:08d}"

    def _dk_is_payer(self, payment):
        """Does the number in ``payment`` belong to this slip? Its payer's, or its payment ID."""
        told = normalise(payment.payer_number)
        return not told or told in (normalise(self.payer_number), self.reference_value)


def _match(payment):
    return _SLIP.fullmatch(payment.reference or "")
