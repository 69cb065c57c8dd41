"""The messages in which models and bank formats talk.

Every message is immutable and carries ``record``, the 1-based number of its first
record in the file, so that the raw bytes can be found again. Amounts are ``Decimal``
in the currency's major unit with two decimals, dates are ``datetime.date``; an empty
string, ``None`` or an empty tuple means "the bank did not say".
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

WARNING = "warning"
ERROR = "error"
REFUSAL = "refusal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    record: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transmission(Message):
    """Who sent the file to whom, under which number. At most one per file."""

    sender: str = ""
    recipient: str = ""
    number: str = ""
    created_on: date | None = None
    is_test: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit(Message):
    """One sum the bank put on (or, negative, took from) the creditor's account.

    ``deposit_key`` is unique for the account over all files the bank will ever send;
    the payments it consists of carry the same key. ``amount`` is what the account
    moved by, ``charges`` what the bank kept back (gross = amount + charges).
    """

    deposit_key: str
    account: str
    agreement_number: str = ""
    bank_date: date
    amount: Decimal
    charges: Decimal = Decimal(0)
    currency: str
    count: int
    bank_reference: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceAmount:
    """One of several references that a single payment settles; amount None if not told.

    ``is_deduction``: a credit note that the payer deducted; its amount is negative.
    """

    reference: str
    amount: Decimal | None = None
    is_deduction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _PaymentMessage(Message):
    key: str
    deposit_key: str = ""
    account: str
    agreement_number: str = ""
    amount: Decimal
    currency: str
    bank_date: date
    order_date: date | None = None
    reference: str = ""
    references: tuple[ReferenceAmount, ...] = ()
    bank_code: str = ""
    method: str = "other"
    is_information: bool = False
    payer_number: str = ""
    payer_name: str = ""
    payer_street: str = ""
    payer_zip: str = ""
    payer_city: str = ""
    payer_country: str = ""
    payer_account: str = ""
    payer_organisation: str = ""
    text: str = ""
    bank_reference: str = ""
    form_number: str = ""
    card_issuer: str = ""
    mandate_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReceived(_PaymentMessage):
    """One payment of one payer. Negative where the payer deducted a credit note.

    ``key`` is unique per agreement and the same whenever the bank delivers this payment
    again. ``method`` is one of :data:`METHODS`. With ``is_information`` the bank only
    tells of the payment: its money reaches the account by another way and must not be
    booked from this message.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentReversed(_PaymentMessage):
    """Money that goes back to the payer; ``amount`` is positive, it counts negative."""

    reason: str = ""


METHODS = (
    "giro",
    "standing_order",
    "remittance",
    "terminal_giro",
    "counter",
    "direct_debit",
    "telephone",
    "cash",
    "card",
    "other",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFailed(Message):
    """A collection that did not bring money: the bank's code, our meaning, what next."""

    account: str = ""
    agreement_number: str = ""
    reference: str = ""
    payer_number: str = ""
    mandate_number: str = ""
    amount: Decimal
    currency: str
    due_date: date
    bank_code: str = ""
    meaning: str = ""
    will_retry: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateEvent(Message):
    """What the bank says of a mandate.

    ``event``: ``registered`` (new or changed), ``cancelled``, ``listed`` (row of a full
    list), ``requested`` (by the payer, for us to answer), ``rejected`` or ``unchanged`` (a
    request of ours was refused, the mandate is what it was). ``payer_identity`` is a person or
    organisation number. ``effective_date`` is the mandate's first day, or its last when it
    ends; ``end_date`` a last day that is known beforehand.
    """

    event: str
    account: str = ""
    agreement_number: str = ""
    reference: str = ""
    payer_number: str = ""
    payer_account: str = ""
    payer_identity: str = ""
    payer_name: str = ""
    payer_street: str = ""
    payer_zip: str = ""
    payer_city: str = ""
    payer_country: str = ""
    written_notice: bool | None = None
    mandate_number: str = ""
    effective_date: date | None = None
    end_date: date | None = None
    bank_code: str = ""
    meaning: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankNotice(Message):
    """Something the bank tells people: nothing follows from it by itself, least of all money.

    ``kind``: ``information``, ``remark`` or ``error``. ``text`` is the record as far as a
    person can read it; it may hold personal numbers.
    """

    kind: str
    account: str = ""
    agreement_number: str = ""
    payer_number: str = ""
    mandate_number: str = ""
    bank_code: str = ""
    meaning: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEvent(Message):
    """The bank's answer to one record of ours.

    ``event``: ``accepted``, ``rejected``, ``withdrawn``, ``moved`` (to ``new_due_date``) or
    ``unchanged`` (it refused to withdraw or move the record, which stands as it was). Of a
    debit it has the due date. Without one it is about the request or cancellation of a
    mandate: accepted is that the mandate is registered, or has ended.
    """

    event: str
    account: str = ""
    agreement_number: str = ""
    reference: str = ""
    payer_number: str = ""
    amount: Decimal | None = None
    currency: str = ""
    due_date: date | None = None
    new_due_date: date | None = None
    bank_code: str = ""
    meaning: str = ""

    @property
    def is_of_mandate(self) -> bool:
        return self.due_date is None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReceipt(Message):
    """The bank's answer to a whole file of ours: ``accepted`` or ``rejected``."""

    event: str
    transmission_number: str
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStatus(Message):
    """What the bank says of credit transfers of ours, one of them or a whole batch.

    ``event``: ``accepted``, ``pending``, ``settled`` (the money has left) or ``rejected``. It is
    about the transfer with ``reference``, or without one about all of ``batch``;
    ``transmission_number`` is that of the file they were in. ``status`` is the bank's own
    word, ``bank_code`` its reason.
    """

    event: str
    transmission_number: str = ""
    batch: str = ""
    reference: str = ""
    status: str = ""
    bank_code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMade(Message):
    """Money that left our account by an order of ours: ``amount`` is above zero.

    ``reference`` is our own mark of the transfer, ``batch`` of what it was ordered with. Other
    programs order payments from the same account, too. Where the bank tells of a batch as a
    whole, ``reference`` is empty and ``amount`` the sum.
    """

    key: str
    account: str
    agreement_number: str = ""
    amount: Decimal
    currency: str
    bank_date: date
    reference: str = ""
    batch: str = ""
    bank_code: str = ""
    bank_reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTotal(Message):
    """A total the file declares beside the one that was counted.

    ``scope`` is the part of the file (``file``, ``assignment 2``), ``quantity`` is
    ``transactions``, ``records`` or ``amount``.
    """

    scope: str
    quantity: str
    declared: Decimal
    counted: Decimal

    @property
    def agrees(self) -> bool:
        return self.declared == self.counted


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatIssue(Message):
    """One thing wrong in a file.

    ``severity``: ``warning`` (read and used all the same), ``error`` (this record is not
    used) or ``refusal`` (nothing of the file may be used). ``found`` never holds an
    account or personal number.
    """

    severity: str
    field: str
    expected: str
    found: str = ""
    action: str = ""


# ------------------------------------------------------------------ what we send


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """One request to the bank. ``key`` is ours: by it the sender is told what became of it.

    ``record`` is that of its first record where a file of ours was read back.
    """

    record: int = 0
    key: str
    account: str
    agreement_number: str = ""
    reference: str = ""
    payer_number: str = ""
    payer_name: str = ""


INTERVALS = ("month", "quarter", "half_year", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class _PaymentOrder(OutgoingMessage):
    """``is_immediate``: as soon as the bank can, ``due_date`` is when that will be.

    ``interval`` is empty or one of :data:`INTERVALS`: the bank repeats it ``times`` times, or
    until it is withdrawn; ``at_month_end`` on the last day of the month.
    """

    amount: Decimal
    currency: str
    due_date: date
    is_immediate: bool = False
    interval: str = ""
    at_month_end: bool = False
    times: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRequest(_PaymentOrder):
    """Collect ``amount`` (above zero) from the payer on ``due_date``.

    ``is_notified_by_bank``: the payer's bank tells the payer beforehand, with ``lines`` as
    what the debit is for. ``statement_text`` stands on the payer's account statement.

    Where the bank sends payment forms to payers without a mandate, ``is_form`` asks for one,
    ``form_reference`` is what the payer pays it with, ``form_lines`` stand on it instead of
    ``lines``, and by ``payer_identity`` it can be delivered digitally.
    """

    mandate_number: str = ""
    payer_account: str = ""
    payer_street: str = ""
    payer_zip: str = ""
    payer_city: str = ""
    payer_country: str = ""
    is_notified_by_bank: bool = False
    statement_text: str = ""
    lines: tuple[str, ...] = ()
    is_form: bool = False
    form_reference: str = ""
    form_lines: tuple[str, ...] = ()
    payer_identity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionWithdrawal(OutgoingMessage):
    """Take back a request that was sent: same account, reference, amount and date as it had."""

    amount: Decimal
    currency: str
    due_date: date
    mandate_number: str = ""
    is_notified_by_bank: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer(_PaymentOrder):
    """Pay ``amount`` (above zero) to the payer of a mandate on ``due_date``.

    ``lines`` tell the payer what it is for, where the payer's bank shows that.
    """

    mandate_number: str = ""
    payer_street: str = ""
    payer_zip: str = ""
    payer_city: str = ""
    payer_country: str = ""
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountScheme:
    """What kind of number an account is, as credit transfers say it.

    ``code`` is one of the codes of ISO 20022, ``proprietary`` one of a bank's or a country's own;
    an account with neither is an IBAN. ``clearing_system`` and ``member`` name the bank
    where the number alone does not.
    """

    code: str = ""
    proprietary: str = ""
    clearing_system: str = ""
    member: str = ""

    @property
    def is_iban(self) -> bool:
        return not (self.code or self.proprietary)


IBAN = AccountScheme()
BBAN = AccountScheme(code="BBAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTransfer(_PaymentOrder):
    """Pay ``amount`` (above zero) to ``payer_account`` on ``due_date``.

    ``reference`` comes back in every answer of the bank, and is unique for ever.
    ``payer_bank`` is its BIC. ``text`` stands on the payee's account statement.
    """

    payer_account: str
    payer_account_scheme: AccountScheme = IBAN
    payer_bank: str = ""
    payer_street: str = ""
    payer_zip: str = ""
    payer_city: str = ""
    payer_country: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionChange(OutgoingMessage):
    """Move to ``new_date``, or without one withdraw, all orders at the bank that fit.

    What is empty fits every order: payer number, due date, amount. ``is_credit`` tells, where
    an amount is given, which way the money was to go.
    """

    due_date: date | None = None
    amount: Decimal | None = None
    currency: str = ""
    is_credit: bool = False
    new_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateRequest(OutgoingMessage):
    """Ask the bank to register a mandate on the payer's account."""

    payer_account: str = ""
    payer_identity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateCancellation(OutgoingMessage):
    """Tell the bank that a mandate has ended."""

    mandate_number: str = ""
    effective_date: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateChange(OutgoingMessage):
    """Give the payer of a mandate another number."""

    mandate_number: str = ""
    new_payer_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateAnswer(OutgoingMessage):
    """Accept or turn down the mandate that a payer requested through the bank."""

    is_accepted: bool


class FormatError(ValueError):
    """A message that does not fit the format. It names the field and its limit.

    ``key`` is that of the message, empty when the frame of the file is wrong. ``found``
    never holds an account or personal number.
    """

    def __init__(self, key: str, field: str, expected: str, found: str = ""):
        text = f"{field}: expected {expected}"
        super().__init__(f"{text}, found {found}" if found else text)
        self.key = key
        self.field = field
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """The requests of one agreement in a file, under a running number if the format has one."""

    number: int
    account: str
    agreement_number: str = ""
    requests: tuple[OutgoingMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferAssignment(Assignment):
    """Credit transfers (:class:`AccountTransfer`) from one account: who pays, and how.

    ``batch`` names them in the bank's answers, with a number behind it where there are several
    days of payment. ``holder_identity`` is the organisation number. ``charges``
    says who bears what the banks take: ``SLEV``, ``SHAR`` or ``DEBT``, or nothing; ``service`` is
    a code of the service level. With ``is_batch_booked`` the account statement has one
    entry for all, without it one for each.
    """

    batch: str
    account_scheme: AccountScheme = IBAN
    holder_name: str
    holder_identity: str = ""
    holder_country: str = ""
    holder_bank: str = ""
    charges: str = ""
    service: str = ""
    is_batch_booked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFile:
    """What an encoder wrote: the bytes, their totals, and the record each request begins at.

    ``records`` has the ``key`` of every request. ``count`` and ``amount`` are those of all
    requests, withdrawals included in ``count`` but not in ``amount``.
    """

    content: bytes
    records: dict[str, int]
    totals: tuple[ControlTotal, ...]
    count: int
    amount: Decimal
