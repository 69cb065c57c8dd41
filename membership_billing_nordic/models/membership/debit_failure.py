"""What failed debits mean to memberships: the plan's policy, the payer's channels."""

from odoo import fields, models

SEEN_BY = (
    "membership_billing_nordic.group_billing_user,membership_billing_nordic.group_billing_auditor"
)


class MembershipPlan(models.Model):
    _inherit = "membership.plan"

    failure_policy_id = fields.Many2one(
        "direct.debit.failure.policy",
        string="When a Debit Fails",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        groups=SEEN_BY,
        help="What the payer is told and what else follows when a debit fails. Empty: the policy "
        "of the company.",
    )


class DirectDebitFailurePolicy(models.Model):
    _inherit = "direct.debit.failure.policy"
    _check_company_domain = models.check_company_domain_parent_of


class DirectDebitFailureStep(models.Model):
    _inherit = "direct.debit.failure.step"

    membership = fields.Selection(
        [
            ("suspend", "Suspended until it is paid"),
            ("lapse", "Ends, and what is open is credited"),
        ],
        help="What becomes of the memberships that the invoice is for. Suspended: as soon as what "
        "is paid for is over, without days of grace; by itself active again once it is paid. Ends: "
        "with the last day before the time that is not paid. Empty: nothing, the days of grace of "
        "the plan hold.",
    )


class DirectDebitFailure(models.Model):
    _inherit = "direct.debit.failure"

    channel = fields.Selection(selection_add=[("sms", "by SMS"), ("letter", "by Letter")])
    contract_ids = fields.Many2many(
        "membership.contract",
        "direct_debit_failure_contract_rel",
        "failure_id",
        "contract_id",
        string="Held Memberships",
        readonly=True,
        help="Memberships that are suspended until this is paid.",
    )

    # ------------------------------------------------------------------ whose it is

    def _charges(self):
        return self.order_id.line_ids.invoice_id.sudo().mbn_charge_ids

    def _contracts(self):
        """The memberships that were to be paid for, or that a refused mandate was to pay."""
        self.ensure_one()
        if self.order_id:
            return self._charges().contract_id
        contracts = self.env["membership.contract"].search(
            [
                ("payer_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("state", "in", ("confirmed", "paused")),
            ]
        )
        return contracts.filtered(lambda row: row._paying_agreement() == self.agreement_id)

    def _policy(self):
        policies = self._contracts().plan_id.failure_policy_id
        return policies.filtered("active")[:1] or super()._policy()

    # ------------------------------------------------------------------ what becomes of them

    def _act(self):
        result = super()._act()
        if self.order_id and self.step_id.membership == "suspend":
            self.contract_ids = self._contracts().filtered(lambda row: row.state != "ended")
        elif self.order_id and self.step_id.membership == "lapse":
            self._lapse()
        return result

    def _lapse(self):
        """End the memberships before the time that is not paid; what cannot is on the desk."""
        desk = self.env["billing.exception"]
        unpaid = self._charges().filtered(lambda charge: charge.state == "invoiced")
        note = self.env._(
            "The direct debit failed: %(invoices)s",
            invoices=", ".join(unpaid.invoice_id.mapped("name")),
        )
        for contract, problem in unpaid._lapse(note).items():
            desk._open(
                contract,
                "membership_lapse_stuck",
                problem,
                self.env._("End the membership or undo the payment, and credit the rest."),
            )

    def _handle(self):
        result = super()._handle()
        self._contracts()._refresh_status()
        return result

    # ------------------------------------------------------------------ how they are told

    def _channels(self):
        """The payer's own channels; one who wants no invoices sent is told of this all the same."""
        steps = self.env["billing.delivery.step"]
        return self.partner_id._mbn_delivery_channels(self.company_id) or list(
            steps._channels(self.company_id)
        )

    def _address(self, channel):
        if channel == "letter" and not self.invoice_ids:
            return ""
        return self.partner_id._mbn_delivery_address(channel)

    def _senders(self):
        return super()._senders() | {"sms": self._send_sms, "letter": self._send_letter}

    def _send_email(self):
        message = super()._send_email()
        self._log_delivery("email", message_id=message.id)
        return message

    def _send_sms(self):
        delivery = self._log_delivery("sms", code=self.env["billing.delivery"]._new_code())
        template = self.env.ref("membership_billing_nordic.sms_template_debit_failure").sudo()
        body = template._render_field("body", self.ids, compute_lang=True)[self.id]
        message = self._thread()._message_sms(
            body, partner_ids=self.partner_id.ids, put_in_queue=True
        )
        delivery.message_id = message
        return message

    def _send_letter(self):
        """Who is reached by letter only gets the invoice once more, which tells how to pay it."""
        self.env["account.move.send"]._mbn_queue_letters(self.invoice_ids)

    def _log_delivery(self, channel, **vals):
        """Let the first invoice know; empty without one."""
        deliveries = self.env["billing.delivery"].sudo()
        if not self.invoice_ids:
            return deliveries
        return deliveries._note(self.invoice_ids[:1], channel, document="debit", **vals)

    def _compute_short_url(self):
        result = super()._compute_short_url()
        for failure in self.filtered("invoice_ids"):
            failure.short_url = failure.invoice_ids[:1].mbn_short_url
        return result

    def _send_by(self, channel, address):
        result = super()._send_by(channel, address)
        self._log(self._contracts())
        return result


class BillingDelivery(models.Model):
    _inherit = "billing.delivery"

    document = fields.Selection(
        selection_add=[("debit", "Failed debit")], ondelete={"debit": "cascade"}
    )
