from datetime import timedelta
from urllib.parse import quote

from odoo import SUPERUSER_ID, api, fields, models
from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import UserError
from odoo.tools import hash_sign, verify_hash_signed

from .payee_accounts import PayeeAccount

_KNOW = (
    "membership_billing_nordic.group_billing_user,membership_billing_nordic.group_billing_auditor"
)
_SCOPE = "bank.refund.account"
_MOST_TRIES = 10
# Payments that come from the payer's own account: not over a counter, by card or in cash.
_FROM_ACCOUNTS = ("giro", "standing_order", "remittance", "terminal_giro", "direct_debit", "other")
_HOW_LONG_KNOWN = timedelta(days=2 * 365)
# What the bank says of the account itself: it is not paid to again.
_ACCOUNT_FAULTS = ("AC", "MD07", "BE06")


class BankRefund(models.Model):
    """The account a refund goes to: known, entered in the office, or asked for by a link.

    It is untrusted until the refund is approved, and frozen from then on.
    """

    _inherit = "bank.refund"

    account_kind = fields.Selection(
        [("iban", "IBAN"), ("bban", "National account")],
        string="Kind of Account",
        readonly=True,
        copy=False,
    )
    account_number = fields.Char(
        string="To Account", readonly=True, copy=False, groups=_KNOW, help="Where the money goes."
    )
    account_source = fields.Selection(
        [
            ("payment", "The bank's record of a payment"),
            ("known", "Approved before"),
            ("office", "Entered in the office"),
            ("link", "Entered by the payer, by the link"),
        ],
        string="Account Known From",
        readonly=True,
        copy=False,
        tracking=True,
        help="Whoever approves the refund looks at it: the money goes there.",
    )
    account_payment_id = fields.Many2one(
        "bank.payment",
        string="Came With",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The payment whose account it is.",
    )
    partner_bank_id = fields.Many2one(
        "res.partner.bank", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    link_serial = fields.Integer(readonly=True, copy=False, groups="base.group_system")
    link_tries = fields.Integer(readonly=True, copy=False, groups="base.group_system")
    link_until = fields.Datetime(
        string="Link Works Until", readonly=True, copy=False, help="Then another one is sent."
    )
    link_email = fields.Char(string="Asked By E-Mail", readonly=True, copy=False)

    # ------------------------------------------------------------------ what is known

    @api.model
    def _known_account(self, agreement, partner, credits):
        """Where the money came from, or what was approved before; None when nothing is known.

        :param credits: the credits (``account.move.line``) that are paid back
        """
        bad = self._refused_accounts(partner)
        payments = self._payments_of(credits)
        found = self._account_of(agreement, payments, bad)
        if not found:
            for bank in partner.bank_ids.filtered("allow_out_payment"):
                kind, number = agreement._read_payee_account(bank.acc_number)
                if kind and number not in bad:
                    return PayeeAccount(kind, number, "known")
            found = self._account_of(agreement, self._last_payment(agreement, partner), bad)
        return found

    @api.model
    def _refused_accounts(self, partner):
        """Accounts that the bank did not pay to, or that sent the money back."""
        refused = self.search(
            [("partner_id", "=", partner.id), ("state", "in", ("refused", "returned"))]
        )
        return {
            refund.account_number
            for refund in refused
            if refund.state == "returned" or refund._is_of_account(refund.bank_code)
        }

    @api.model
    def _is_of_account(self, code):
        return bool(code) and code.startswith(_ACCOUNT_FAULTS)

    @api.model
    def _payments_of(self, credits):
        """The payments that these credits came with."""
        allocations = self.env["bank.payment.allocation"].search(
            [("entry_line_id", "in", credits.ids)]
        )
        return allocations.payment_id

    @api.model
    def _last_payment(self, agreement, partner):
        since = agreement.company_id._billing_today() - _HOW_LONG_KNOWN
        return self.env["bank.payment"].search(
            [
                ("company_id", "=", agreement.company_id.id),
                ("partner_id", "=", partner.id),
                ("payer_account", "not in", (False, "")),
                ("amount", ">", 0),
                ("bank_date", ">=", since),
            ],
            order="bank_date desc, id desc",
            limit=1,
        )

    @api.model
    def _account_of(self, agreement, payments, bad):
        """The one account that all of ``payments`` came from; None when there is none."""
        if not agreement.transfer_to_known or not payments:
            return None
        accounts = set(payments.mapped("payer_account"))
        if len(accounts) != 1 or not set(payments.mapped("method")) <= set(_FROM_ACCOUNTS):
            return None
        kind, number = agreement._read_payee_account(accounts.pop())
        if not kind or number in bad:
            return None
        return PayeeAccount(kind, number, "payment", payments[:1])

    # ------------------------------------------------------------------ beginning

    def _begin(self, account):
        if self.route != "transfer":
            return super()._begin(account)
        if problem := self._address_problem():
            raise UserError(problem)
        account = account or self._known_account(
            self.agreement_id, self.partner_id, self.line_ids.move_line_id
        )
        if account:
            self._take_account(account)
            return super()._begin(account)
        return self._ask_for_account()

    def _take_account(self, account):
        """Note where the money goes. It is not trusted by that."""
        self.ensure_one()
        kind = self.agreement_id._payee_account_kinds()[account.kind]
        banks = self.env["res.partner.bank"].sudo()
        bank = banks._mbn_of_payer(self.partner_id, kind.show(account.number))
        self.write(
            {
                "account_kind": account.kind,
                "account_number": account.number,
                "account_source": account.source,
                "account_payment_id": account.payment.id if account.payment else False,
                "partner_bank_id": bank.id,
            }
        )

    # ------------------------------------------------------------------ asking

    def _ask_for_account(self):
        """Ask the payer by e-mail, with a link that works for this refund and once."""
        self.ensure_one()
        if not self.partner_id.email:
            raise UserError(
                self.env._(
                    "No account of %(payer)s is known, and no e-mail address to ask for it. Enter "
                    "the account.",
                    payer=self.partner_id.name,
                )
            )
        refund = self.sudo()
        days = timedelta(days=refund.agreement_id.transfer_link_days)
        refund.write(
            {
                "state": "asked",
                "link_serial": refund.link_serial + 1,
                "link_tries": 0,
                "link_until": fields.Datetime.now() + days,
                "link_email": refund.partner_id.email,
            }
        )
        refund._leave_desk(("refund_asked",))
        template = self.env.ref("membership_billing_nordic.mail_template_refund_account")
        template.sudo().send_mail(refund.id, email_layout_xmlid="mail.mail_notification_light")

    def action_ask_again(self):
        """Send another link; the former one works no more."""
        self._check_may_propose()
        self.check_access("read")
        for refund in self._locked(("asked",)):
            refund._ask_for_account()

    def _account_link(self):
        """The address of the page where the payer enters the account."""
        self.ensure_one()
        refund = self.sudo()
        token = hash_sign(
            refund.env, _SCOPE, [refund.id, refund.link_serial], expiration=refund.link_until
        )
        return f"{refund.get_base_url()}/refund/account/{quote(token)}"

    @api.model
    def _of_link(self, token):
        """The refund whose account this link asks for; empty when it is none of ours, or late."""
        refunds = self.sudo()
        try:
            values = verify_hash_signed(refunds.env, _SCOPE, token or "")
        except (ValueError, IndexError):
            values = None
        if not (isinstance(values, list) and len(values) == 2):
            return refunds.browse()
        refund = refunds.browse(values[0]).exists()
        return refund if refund and refund.link_serial == values[1] else refunds.browse()

    def _enter_account(self, kind, text):
        """What the payer has entered on the page.

        :return: what is wrong with it; empty when it was taken
        """
        refund = self._locked(("asked",))
        kinds = refund.agreement_id._payee_account_kinds()
        if kind not in kinds:
            return self.env._("Choose what kind of account it is.")
        try:
            number = kinds[kind].read(text)
        except ValueError:
            refund.link_tries += 1
            if refund.link_tries >= _MOST_TRIES:
                refund.link_serial += 1
                refund._put_asked(self.env._("The payer entered no valid account."))
            return self.env._("This is no valid account number: look for a slip of the keys.")
        refund._take_account(PayeeAccount(kind, number, "link"))
        refund.state = "proposed"
        refund._leave_desk(("refund_asked",))
        refund._put_to_approve()
        return ""

    def _put_asked(self, why):
        self.env["billing.exception"]._open_all(
            {
                refund: self.env._(
                    "Refund %(refund)s waits for the account of %(payer)s. %(why)s",
                    refund=refund.reference,
                    payer=refund.partner_id.name,
                    why=why,
                )
                for refund in self
            },
            "refund_asked",
            self.env._("Send the link again; or cancel it, and propose it with the account."),
        )

    @api.model
    def _tell_unanswered(self):
        """Payers who have not entered their account in time: a person asks them."""
        late = self.search([("state", "=", "asked"), ("link_until", "<", fields.Datetime.now())])
        late._put_asked(self.env._("The link has expired."))

    # ------------------------------------------------------------------ approving

    def action_approve(self):
        """Let these refunds be paid; the accounts they go to are trusted from then on."""
        result = super().action_approve()
        for refund in self.sudo().filtered(lambda row: row.route == "transfer"):
            # Who approves a refund need not have the right to trust accounts by themselves.
            refund.partner_bank_id.with_user(SUPERUSER_ID).allow_out_payment = True
        return result

    def _problem(self):
        problem = super()._problem()
        if problem or self.route != "transfer":
            return problem
        bank = self.partner_bank_id
        if not self.account_number or not bank:
            return self.env._("No account is known for refund %(refund)s.", refund=self.reference)
        same = sanitize_account_number(bank.acc_number) == self.account_number
        if not (bank.active and same and bank.partner_id == self.partner_id):
            return self.env._(
                "The account of refund %(refund)s is closed, or was changed since. Cancel it, and "
                "propose it again.",
                refund=self.reference,
            )
        return self._address_problem()

    def _address_problem(self):
        """Why the payer's address does not do; empty when it does."""
        payer = self.partner_id
        if not self.agreement_id.transfer_needs_address or (payer.city and payer.country_id):
            return ""
        return self.env._(
            "The bank needs the address of %(payer)s: enter at least town and country.",
            payer=payer.name,
        )

    def _trust_problem(self):
        """Was the account distrusted after the approval? Empty when it was not."""
        if self.partner_bank_id.allow_out_payment:
            return ""
        return self.env._("Somebody has marked the account as not to be trusted.")

    # ------------------------------------------------------------------ what the bank says

    def _refuse(self, code="", meaning=""):
        result = super()._refuse(code, meaning)
        if self._is_of_account(code):
            self._distrust_account()
        return result

    def _note_returned(self, payment):
        result = super()._note_returned(payment)
        self._distrust_account()
        return result

    def _distrust_account(self):
        self.partner_bank_id.with_user(SUPERUSER_ID).allow_out_payment = False
