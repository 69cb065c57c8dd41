import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_datetime

from .payment_transaction import FRESH

_logger = logging.getLogger(__name__)

# What payers left, or gave up for another attempt, is asked about for so long: its money may come.
_LEFT = timedelta(days=2)
# An answer that does not come is waited for a quarter of the time it took so far.
_SHORTEST, _LONGEST = timedelta(minutes=10), timedelta(hours=6)
# What is not clear by then is put on the desk.
_PATIENCE = timedelta(days=1)


def _ask_mollie(transaction):
    return transaction._send_api_request("GET", f"/payments/{transaction.provider_reference}")


def _ask_stripe(transaction):
    intent = transaction._send_api_request(
        "GET",
        f"payment_intents/{transaction.provider_reference}",
        data={"expand[]": "payment_method"},
    )
    return {"payment_intent": intent, "payment_method": intent.get("payment_method")}


# Providers of the core that answer when they are asked about one payment.
QUESTIONS = {"mollie": _ask_mollie, "stripe": _ask_stripe}


class PaymentTransaction(models.Model):
    """Payments whose provider says nothing more: it is asked, and then a person is."""

    _inherit = "payment.transaction"

    mbn_asked_on = fields.Datetime(
        string="Provider Asked On",
        readonly=True,
        copy=False,
        help="When the provider was last asked what became of this payment.",
    )

    # ------------------------------------------------------------------ hook of a provider

    def _mbn_can_be_asked(self):
        """Does the provider say, when it is asked, what became of this payment?"""
        self.ensure_one()
        return self.provider_code in QUESTIONS and bool(self.provider_reference)

    def _mbn_ask(self):
        """What the provider says of this payment, in the form that ``_process`` takes.

        :raises ValidationError: no answer; the state is as unknown as before
        """
        self.ensure_one()
        return QUESTIONS[self.provider_code](self)

    # ------------------------------------------------------------------ asking

    @api.model
    def _cron_mbn_ask(self):
        """Ask about payments their providers say nothing of; what stays unclear is for the desk."""
        waiting = self._mbn_to_ask()
        left = len(waiting)
        self.env["ir.cron"]._commit_progress(remaining=left)
        for transaction in waiting:
            transaction._mbn_hear_safely()
            left -= 1
            if not self.env["ir.cron"]._commit_progress(1, remaining=left):
                return
        self._mbn_report_unclear()

    @api.model
    def _mbn_to_ask(self):
        """Payments of guarded invoices whose provider is to be asked now."""
        now = fields.Datetime.now()
        left = Domain("state", "in", ("draft", "cancel")) & Domain(
            "last_state_change", ">", now - _LEFT
        )
        found = self.sudo().search(
            Domain("provider_id.state", "!=", "disabled")
            & Domain("mbn_attempt_ids", "!=", False)
            & (left | Domain("state", "=", "pending"))
        )
        return found.filtered(lambda one: one._mbn_can_be_asked() and one._mbn_is_due(now))

    def _mbn_is_due(self, now):
        since = now - self.last_state_change
        if self.state != "pending" and since < FRESH:
            return False  # the payer is at the provider's page
        last = self.mbn_asked_on or self.last_state_change
        return now - last >= min(max(since / 4, _SHORTEST), _LONGEST)

    def _mbn_hear_safely(self):
        """Ask and take in the answer; what goes wrong with one does not keep the others back."""
        self.mbn_asked_on = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                self._mbn_hear()
        except Exception as error:
            # The text of the error may hold what the provider said of the payer.
            _logger.warning("payment.transaction %s: %s", self.id, type(error).__name__)
            return False
        return True

    def _mbn_hear(self):
        self._process(self.provider_code, self._mbn_ask())
        if self.state == "done":
            self.env.ref("payment.cron_post_process_payment_tx").sudo()._trigger()

    # ------------------------------------------------------------------ unclear ones

    @api.model
    def _mbn_report_unclear(self):
        """Put on the desk what is neither paid nor given up for a day, or paid and not booked."""
        desk = self.env["billing.exception"]
        late = self.sudo().search(
            Domain("last_state_change", "<", fields.Datetime.now() - _PATIENCE)
            & Domain("mbn_attempt_ids", "!=", False)
            & (
                Domain("state", "in", ("pending", "authorized"))
                | (Domain("state", "=", "done") & Domain("is_post_processed", "=", False))
            )
        )
        known = set(desk._open_rows(late, "payment_unclear").mapped("res_id"))
        for one in late.filtered(lambda row: row.id not in known):
            if not desk._settled_since(one, "payment_unclear", one.last_state_change):
                one._mbn_put_on_desk(one.state)

    def _mbn_put_on_desk(self, what):
        """Put payments on the desk.

        :param what: state they stay in, or ``wrong``: the provider names another amount
        """
        for one in self.sudo():
            # The desk is not the payer's, whose language this may be.
            transaction = one.with_context(lang=one.company_id.partner_id.lang)
            name, step = transaction._mbn_unclear_texts()[what]
            self.env["billing.exception"]._open(transaction, "payment_unclear", name, step)

    def _mbn_unclear_texts(self):
        """``{what: (what is wrong, what to do)}`` of this payment for the desk."""
        facts = {
            "reference": self.reference,
            "provider": self.provider_id.name,
            "invoices": ", ".join(self._mbn_invoices().mapped("name")),
            "since": format_datetime(
                self.env,
                self.last_state_change,
                tz=self.company_id._billing_tz().key,
                dt_format="short",
            ),
        }
        look_up = self.env._(
            "Look payment %(reference)s up at the provider. While it is unclear, the invoice is "
            "neither collected nor paid in another way.",
            **facts,
        )
        return {
            "pending": (
                self.env._(
                    "%(provider)s has not said since %(since)s whether %(invoices)s is paid",
                    **facts,
                ),
                look_up,
            ),
            "authorized": (
                self.env._(
                    "The payment of %(invoices)s is authorised at %(provider)s since %(since)s, "
                    "and not captured",
                    **facts,
                ),
                self.env._("Open it and capture it, or void it, before the provider drops it."),
            ),
            "done": (
                self.env._(
                    "%(invoices)s was paid at %(provider)s on %(since)s, but it cannot be booked",
                    **facts,
                ),
                self.env._("Open the invoice and see what hinders it, such as a locked period."),
            ),
            "wrong": (
                self.env._(
                    "%(provider)s names another amount or currency than was asked for "
                    "%(invoices)s. Nothing was booked",
                    **facts,
                ),
                self.env._(
                    "Look payment %(reference)s up at the provider. Pay back what came, or book it "
                    "by hand.",
                    **facts,
                ),
            ),
        }

    def _mbn_clear_up(self):
        """Ask about these payments at a person's wish, or try again to book them."""
        for one in self.sudo():
            if one.state == "done":
                one._post_process()
            elif not one._mbn_can_be_asked():
                raise UserError(
                    one.env._(
                        "%(provider)s cannot be asked from here. Look payment %(reference)s up "
                        "there.",
                        provider=one.provider_id.name,
                        reference=one.reference,
                    )
                )
            elif not one._mbn_hear_safely():
                raise UserError(
                    one.env._("%(provider)s does not answer.", provider=one.provider_id.name)
                )
        return self._mbn_tell_states()

    def _mbn_tell_states(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": "\n".join(
                    f"{one.reference}: {labels[one.state]}" for one in self.sudo()
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _mbn_give_up(self):
        """A person knows that these bring no money: their invoices are collected again."""
        paid = self.sudo().filtered(lambda one: one.state == "done")
        if paid:
            raise UserError(
                self.env._(
                    "%(reference)s is paid. Book it, or refund it from the payment.",
                    reference=", ".join(paid.mapped("reference")),
                )
            )
        self.sudo()._set_canceled(state_message=self.env._("Not paid, says the provider."))
        self.env["billing.exception"]._close(self, "payment_unclear")
