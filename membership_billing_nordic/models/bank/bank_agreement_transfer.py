from datetime import timedelta

from odoo import fields, models

from ...formats.iso20022 import pain_001
from ...formats.messages import BBAN, IBAN, AccountTransfer, TransferAssignment
from .payee_accounts import AccountKind, iban


class BankAgreement(models.Model):
    """Payers are paid back by credit transfers from the account of the agreement."""

    _inherit = "bank.agreement"

    transfer_out = fields.Boolean(
        string="Pays Back by Bank Transfer",
        tracking=True,
        help="Your bank takes payment files (pain.001) for this account. Refunds that cannot go "
        "through a mandate are then paid to the payer's account.",
    )
    transfer_connection_id = fields.Many2one(
        "bank.connection",
        string="Payment Files Through",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        help="The connection with the bank that payment files go through. Empty: the connection "
        "of the agreement.",
    )
    transfer_version = fields.Selection(
        [("03", "pain.001.001.03"), ("09", "pain.001.001.09")],
        string="Version of Payment Files",
        required=True,
        default="09",
        tracking=True,
        help="Which version your bank takes; newer agreements have 09.",
    )
    transfer_bic = fields.Char(
        string="BIC of Own Bank",
        tracking=True,
        help="Some banks ask for it in payment files. Empty: that of the own account, if known.",
    )
    transfer_charges = fields.Selection(
        [
            ("SLEV", "As the service level says"),
            ("SHAR", "Each its own bank's"),
            ("DEBT", "You bear all"),
        ],
        string="Charges of Transfers",
        default="SHAR",
        tracking=True,
        help="Who bears what the banks charge. Empty: nothing is said of it.",
    )
    transfer_service = fields.Char(
        string="Service Level",
        default="NURG",
        tracking=True,
        help="The code for the speed of the transfers that your bank asks for: NURG is the usual "
        "one, SEPA that of euro transfers. Empty: nothing is said of it.",
    )
    transfer_batch_booking = fields.Boolean(
        string="One Entry for a File",
        tracking=True,
        help="The account statement has one entry for all transfers of a file and day. Without it "
        "there is an entry for each.",
    )
    transfer_needs_address = fields.Boolean(
        string="Payee's Address Needed",
        default=True,
        tracking=True,
        help="A refund waits until the payer has a town and a country. Untick it when your bank "
        "takes domestic transfers without an address.",
    )
    transfer_to_known = fields.Boolean(
        string="Pay to the Account Money Came From",
        default=True,
        tracking=True,
        help="Where the bank reports the account a payment came from, it is proposed for the "
        "refund. Without it the payer is asked, unless an approved account is known.",
    )
    transfer_link_days = fields.Integer(
        string="Days to Answer",
        default=14,
        tracking=True,
        help="For so many days a payer can enter the account with the link of the e-mail.",
    )

    _transfer_link_days_positive = models.Constraint(
        "CHECK(transfer_link_days > 0)", "Payers need a day at least to answer."
    )

    def _refund_routes(self, partner):
        routes = super()._refund_routes(partner)
        return [*routes, "transfer"] if self.transfer_out else routes

    # ------------------------------------------------------------------ accounts

    def _payee_account_kinds(self):
        """``{kind: AccountKind}``: what accounts payers may give. Countries add theirs first."""
        return {
            "iban": AccountKind(
                self.env._("IBAN"),
                self.env._("Two letters, two digits, then the account"),
                iban,
                IBAN,
            )
        }

    def _read_payee_account(self, text):
        """(kind, number) of an account that is written in one way only; (False, "") else."""
        found = []
        for kind, account in self._payee_account_kinds().items():
            try:
                found.append((kind, account.read(text)))
            except ValueError:
                continue
        return found[0] if len(found) == 1 else (False, "")

    def _own_account(self):
        """(number, ``AccountScheme``) of the own account in payment files."""
        self.ensure_one()
        kind, number = self._read_payee_account(self.partner_bank_id.acc_number)
        if kind:
            return number, self._payee_account_kinds()[kind].scheme
        return self.account_number or "", BBAN

    # ------------------------------------------------------------------ orders

    def _transfer_connection(self):
        self.ensure_one()
        return self.transfer_connection_id or self.connection_id

    def _transfer_encoder(self):
        """What writes payment files (``formats.registry.Encoder``)."""
        return pain_001.ENCODERS[self.transfer_version]

    def _transfer_day(self):
        """The next banking day: on it transfers of today are executed."""
        connections = self.connection_id | self._transfer_connection()
        day = self.company_id._billing_today() + timedelta(days=1)
        while not all(connection._is_bank_open(day) for connection in connections):
            day += timedelta(days=1)
        return day

    def _refund_transfer(self, refund, day):
        """The message that asks the bank to pay ``refund`` (``bank.refund``) on ``day``."""
        self.ensure_one()
        payer = refund.partner_id
        kinds = self._payee_account_kinds()
        return AccountTransfer(
            key=refund._file_key(),
            account=self._own_account()[0],
            agreement_number=self.number or "",
            reference=refund.reference,
            payer_name=payer.name or "",
            payer_street=payer.street or "",
            payer_zip=payer.zip or "",
            payer_city=payer.city or "",
            payer_country=payer.country_id.code or self.company_id.country_id.code or "",
            payer_account=refund.account_number or "",
            payer_account_scheme=kinds[refund.account_kind].scheme,
            payer_bank=refund.partner_bank_id.bank_id.bic or "",
            amount=refund._exact_amount(),
            currency=refund.currency_id.name,
            due_date=day,
            text=f"{refund.reference} {self.company_id.name}",
        )

    def _transfer_assignment(self, requests, batch):
        """All transfers of a file: they leave one account."""
        self.ensure_one()
        company = self.company_id
        number, scheme = self._own_account()
        return TransferAssignment(
            number=1,
            account=number,
            agreement_number=self.number or "",
            requests=tuple(requests),
            batch=batch,
            account_scheme=scheme,
            holder_name=company.name or "",
            holder_identity=company.company_registry or "",
            holder_country=company.country_id.code or "",
            holder_bank=self.transfer_bic or self.partner_bank_id.bank_id.bic or "",
            charges=self.transfer_charges or "",
            service=self.transfer_service or "",
            is_batch_booked=self.transfer_batch_booking,
        )
