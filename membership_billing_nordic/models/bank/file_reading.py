"""The two passes over a bank file: the verdict first, the rows afterwards."""

from collections import Counter
from functools import cached_property

from odoo.addons.base.models.res_bank import sanitize_account_number
from odoo.exceptions import UserError

from ...formats.messages import (
    ERROR,
    REFUSAL,
    WARNING,
    BankNotice,
    Deposit,
    FileReceipt,
    FormatIssue,
    MandateEvent,
    PaymentFailed,
    PaymentReceived,
    PaymentReversed,
    RequestEvent,
)
from ...formats.references import normalise
from ...formats.tally import Tally
from .bank_notice import NEEDS_A_LOOK
from .payment_lookup import payers_of_mandates

_MAX_ISSUES = 500
_OF_AN_ACCOUNT = (
    Deposit,
    PaymentReceived,
    PaymentReversed,
    PaymentFailed,
    MandateEvent,
    RequestEvent,
)
_PAYMENTS = (PaymentReceived, PaymentReversed)
_PLAIN_PAYMENT_FIELDS = (
    "record",
    "key",
    "deposit_key",
    "bank_date",
    "order_date",
    "reference",
    "bank_code",
    "method",
    "is_information",
    "payer_number",
    "payer_name",
    "payer_street",
    "payer_zip",
    "payer_city",
    "payer_country",
    "payer_account",
    "payer_organisation",
    "text",
    "bank_reference",
    "form_number",
    "card_issuer",
)
_MANDATE_ANSWER_FIELDS = ("record", "reference", "payer_number", "bank_code", "meaning")
# Answers to our requests as messages on mandates.
_ANSWERS = {
    "accepted": "answer_accepted",
    "rejected": "answer_rejected",
    "withdrawn": "cancelled",
    "moved": "unchanged",
    "unchanged": "unchanged",
}
_PLAIN_NOTICE_FIELDS = (
    "record",
    "kind",
    "payer_number",
    "mandate_number",
    "bank_code",
    "meaning",
)
_PLAIN_MANDATE_FIELDS = (
    "record",
    "event",
    "reference",
    "payer_number",
    "payer_name",
    "payer_account",
    "mandate_number",
    "effective_date",
    "end_date",
    "bank_code",
    "meaning",
)


class Assignments:
    """Which of our agreements the accounts and agreement numbers of a file belong to."""

    def __init__(self, file):
        self.file = file
        self.env = file.env
        self._found = {}

    def agreement(self, message):
        """The agreement of a message, ready to book; empty when there is none."""
        return self._find(message)[0]

    def problem(self, message):
        """What keeps the assignment of a message from being used; empty when nothing does."""
        return self._find(message)[1]

    def _find(self, message):
        key = (message.account, message.agreement_number, message_is_money(message))
        if key not in self._found:
            self._found[key] = self._look_up(*key)
        return self._found[key]

    def _look_up(self, account, number, is_money):
        agreements = self.env["bank.agreement"]
        found = agreements._find(self.file.company_id, account, number)
        problem = ""
        if not found:
            problem = self.env._("no agreement has this account or number")
        elif is_money and not found.payments_in:
            problem = self.env._("agreement %(name)s takes no payments", name=found.name)
        else:
            try:
                found._check_ready()
            except UserError as error:
                problem = str(error)
        return (agreements if problem else found), problem, found

    def told_of(self, notice):
        """The agreement that a notice is about, ready or not; empty when it names none of ours."""
        return self._find(notice)[2]

    def ours(self):
        """All agreements of ours that the file speaks of, ready or not."""
        found = self.env["bank.agreement"]
        return found.union(*(entry[2] for entry in self._found.values()))


def message_is_money(message):
    return isinstance(message, (Deposit, *_PAYMENTS))


def is_of_mandate(message):
    answers = isinstance(message, RequestEvent) and message.is_of_mandate
    return answers or isinstance(message, MandateEvent)


def signed_amount(message):
    """The amount of a payment as we store it: below zero when money goes back."""
    return float(-message.amount if isinstance(message, PaymentReversed) else message.amount)


class FileVerdict:
    """First pass: validates and counts. Reads the database only for the agreements."""

    def __init__(self, file, decoder):
        self.file = file
        self.env = file.env
        self.decoder = decoder
        self.tally = Tally()
        self.assignments = Assignments(file)
        self.first_of = {}
        self.currencies = set()
        self.issues = []
        self.severities = Counter()
        self.notices = Counter()
        self.messages = 0

    def read(self, messages):
        """Take in all messages of the file. Memory does not grow with it."""
        add = self.tally.add
        for message in messages:
            add(message)
            self.messages += 1
            if isinstance(message, _OF_AN_ACCOUNT):
                is_money = message_is_money(message)
                key = (message.account, message.agreement_number, is_money)
                self.first_of.setdefault(key, message)
                if is_money:
                    self.currencies.add(message.currency)
            elif isinstance(message, FormatIssue):
                self._note(message)
            elif isinstance(message, BankNotice):
                self.notices[message.kind] += 1

    def _note(self, issue):
        if self.severities.total() < _MAX_ISSUES:
            self._add(
                issue.severity, issue.record, issue.field, issue.expected, issue.found, issue.action
            )
        else:
            self.severities[issue.severity] += 1

    def write(self):
        """Set the file's counts, totals, issues and its state: accepted or refused."""
        refused = not self._judge()
        tally = self.tally
        transmission = tally.transmission
        values = {
            "state": "refused" if refused else "accepted",
            "format": self.decoder.FORMAT if self.decoder else False,
            "format_label": self.decoder.LABEL if self.decoder else False,
            "connection_id": self.assignments.ours()[:1].connection_id.id,
            "currency_id": self._currency.id,
            "payment_count": tally.payments,
            "payments_sum": float(tally.payments_sum),
            "deposit_count": tally.deposits,
            "deposits_sum": float(tally.deposits_sum),
            "mandate_count": tally.mandates,
            "request_count": tally.requests,
            "notice_count": self.notices.total(),
            "warning_count": self._count(WARNING),
            "error_count": self._count(ERROR) + self._count(REFUSAL),
        }
        if transmission:
            values |= {
                "transmission_number": transmission.number,
                "sender": transmission.sender,
                "recipient": transmission.recipient,
                "created_on": transmission.created_on,
            }
        self.file.write(values)
        self._write_lists()

    def _count(self, severity):
        """How many issues of this severity there are, and notices that are as serious."""
        kinds = [kind for kind, as_serious in NEEDS_A_LOOK.items() if as_serious == severity]
        return self.severities[severity] + sum(self.notices[kind] for kind in kinds)

    def _write_lists(self):
        owner = {"file_id": self.file.id, "company_id": self.file.company_id.id}
        if left_out := self.severities.total() - len(self.issues):
            self._add(WARNING, found=self.env._("%(count)s more issues", count=left_out))
        self.env["bank.file.issue"].create([owner | issue for issue in self.issues])
        self.env["bank.file.total"].create(
            [
                owner
                | {
                    "scope": total.scope,
                    "quantity": total.quantity,
                    "declared": float(total.declared),
                    "counted": float(total.counted),
                    "agrees": total.agrees,
                }
                for total in self.tally.control_totals
            ]
        )

    def _judge(self):
        """May the file be used? Notes why not, and which parts of it may not."""
        refuse = self.env._("Nothing of the file is used.")
        if not self.decoder:
            self._add(
                REFUSAL,
                expected=self.env._("a file in one of the formats that are installed"),
                found=self.env._("something no format knows"),
                action=refuse,
            )
            return False
        if self.tally.refused:
            return False
        if not self.messages:
            self._add(REFUSAL, found=self.env._("a file without any message"), action=refuse)
            return False
        self._note_unusable_assignments()
        ours = self.assignments.ours()
        if self.first_of and not ours:
            self._add(
                REFUSAL,
                expected=self.env._("accounts or agreement numbers of this company"),
                found=self.env._("none of them"),
                action=refuse,
            )
            return False
        if self._is_test and not all(ours.mapped("connection_id.is_test")):
            self._add(
                REFUSAL,
                expected=self.env._("a file with real payments"),
                found=self.env._("a test file for a connection that is not a test"),
                action=refuse,
            )
            return False
        return True

    def _note_unusable_assignments(self):
        for (account, number, _money), message in self.first_of.items():
            if problem := self.assignments.problem(message):
                self._add(
                    ERROR,
                    record=message.record,
                    field="account" if account else "agreement_number",
                    expected=self.env._(
                        "an agreement that is set up: %(problem)s", problem=problem
                    ),
                    found=self.env._(
                        "account ending in %(end)s, agreement %(number)s",
                        end=account[-4:] or "-",
                        number=number or "-",
                    ),
                    action=self.env._(
                        "Nothing of this account is booked. Set it up, then process again."
                    ),
                )

    def _add(self, severity, record=0, field="", expected="", found="", action=""):
        self.severities[severity] += 1
        self.issues.append(
            {
                "severity": severity,
                "record": record,
                "field": field,
                "expected": expected,
                "found": found,
                "action": action,
            }
        )

    @property
    def _is_test(self):
        return bool(self.tally.transmission and self.tally.transmission.is_test)

    @property
    def _currency(self):
        names = self.currencies if len(self.currencies) == 1 else ()
        return (
            self.env["res.currency"]
            .with_context(active_test=False)
            .search([("name", "in", list(names))], limit=1)
        )


class RowWriter:
    """Second pass: stores the messages of an accepted file, a chunk at a time.

    Whatever is stored already, by this file or another, is left alone, so that a file can
    be read again and again.
    """

    def __init__(self, file):
        self.file = file
        self.env = file.env
        self.assignments = Assignments(file)

    @cached_property
    def _currency_ids(self):
        currencies = self.env["res.currency"].with_context(active_test=False).search([])
        return {currency.name: currency.id for currency in currencies}

    def write(self, messages):
        """Store one chunk of messages."""
        self._write_deposits([m for m in messages if isinstance(m, Deposit)])
        self._write_payments([m for m in messages if isinstance(m, _PAYMENTS)])
        self._write_mandate_events([m for m in messages if is_of_mandate(m)])
        self._write_notices([m for m in messages if isinstance(m, BankNotice)])
        # What is said of a transfer goes before what is said of its file: it has the reason.
        self.file._store_statuses(messages)
        for message in messages:
            if isinstance(message, FileReceipt):
                self.file._apply_receipt(message)
        self.file._store_answers(messages, self.assignments)

    # ------------------------------------------------------------------ deposits

    def _write_deposits(self, messages):
        wanted = self._by_key(messages, "deposit_key")
        known = self._stored("bank.deposit", "deposit_key", wanted)
        self.env["bank.deposit"].create(
            [
                self._deposit_vals(agreement, message)
                for (agreement, key), message in wanted.items()
                if (agreement.id, key) not in known
            ]
        )

    def _deposit_vals(self, agreement, message):
        return self._owner(agreement) | {
            "record": message.record,
            "deposit_key": message.deposit_key,
            "bank_date": message.bank_date,
            "amount": float(message.amount),
            "charges": float(message.charges),
            "count": message.count,
            "bank_reference": message.bank_reference,
        }

    # ------------------------------------------------------------------ payments

    def _write_payments(self, messages):
        wanted = self._by_key(messages, "key")
        known = self._stored("bank.payment", "key", wanted)
        values = []
        for (agreement, key), message in wanted.items():
            if row := known.get((agreement.id, key)):
                self._skip(row, message)
            else:
                values.append(self._payment_vals(agreement, message))
        self.env["bank.payment"].create(values)

    def _payment_vals(self, agreement, message):
        is_reversal = isinstance(message, PaymentReversed)
        amount = signed_amount(message)
        values = {name: getattr(message, name) for name in _PLAIN_PAYMENT_FIELDS}
        reference = message.reference or next((r.reference for r in message.references), "")
        return (
            values
            | self._owner(agreement)
            | {
                "amount": amount,
                # Given here, not computed: no other use of the payment can exist yet.
                "amount_open": 0.0 if message.is_information else amount,
                "payer_account_key": sanitize_account_number(message.payer_account),
                "reference": reference,
                "reference_value": normalise(reference),
                "is_reversal": is_reversal,
                "reason": agreement._bank_meaning(message.reason) if is_reversal else "",
                "reference_list": [
                    [item.reference, None if item.amount is None else str(item.amount)]
                    for item in message.references
                ],
                "state": "information" if message.is_information else "new",
            }
        )

    def _skip(self, row, message):
        """A payment with this key is stored: count it, and say so when it is not the same."""
        same = (
            row.currency_id.compare_amounts(row.amount, signed_amount(message)) == 0
            and row.reference_value == normalise(message.reference or row.reference)
            and row.bank_date == message.bank_date
        )
        if not same:
            self._add_issue(
                message,
                ERROR,
                self.env._("the payment that file %(name)s gave this key", name=row.file_id.name),
                self.env._("another amount, reference or date"),
                self.env._("Not booked. Ask the bank which of the two is right."),
            )
        elif row.file_id != self.file:
            self.file.known_count += 1
        elif row.record != message.record:
            self._add_double_key_issue(message, row.record)

    def _add_double_key_issue(self, message, record):
        self._add_issue(
            message,
            WARNING,
            self.env._("a key that occurs once in the file"),
            self.env._("the key of record %(record)s", record=record),
            self.env._("Taken as the same payment: booked once."),
        )

    def _add_issue(self, message, severity, expected, found, action):
        self.file._add_issue(
            severity, message.record, "key", expected=expected, found=found, action=action
        )
        counter = "error_count" if severity == ERROR else "warning_count"
        self.file[counter] += 1

    # ------------------------------------------------------------------ mandates

    def _write_mandate_events(self, messages):
        events = self.env["bank.mandate.event"]
        stored = events.search(
            [
                ("file_id", "=", self.file.id),
                ("record", "in", [message.record for message in messages]),
            ]
        )
        stored = set(stored.mapped("record"))
        by_agreement = {}
        for message in messages:
            agreement = self.assignments.agreement(message)
            if agreement and message.record not in stored:
                by_agreement.setdefault(agreement, []).append(message)
        for agreement, owned in by_agreement.items():
            payers = self._payers_of_mandates(agreement, owned)
            events.create([self._mandate_vals(agreement, message, payers) for message in owned])

    def _mandate_vals(self, agreement, message, payers):
        if isinstance(message, RequestEvent):
            values = {name: getattr(message, name) for name in _MANDATE_ANSWER_FIELDS}
            values["event"] = _ANSWERS[message.event]
        else:
            notice = {None: False, True: "yes", False: "no"}[message.written_notice]
            values = {name: getattr(message, name) for name in _PLAIN_MANDATE_FIELDS}
            values["written_notice"] = notice
        payer = self.env["res.partner"].browse(payers.get(message.record))
        payer = payer.with_prefetch(payers.values())
        return (
            values
            | agreement._mandate_remarks(message, payer)
            | {
                "meaning": agreement._bank_meaning(message.meaning),
                "file_id": self.file.id,
                "company_id": agreement.company_id.id,
                "agreement_id": agreement.id,
                "reference_value": normalise(message.reference),
                "partner_id": payer.id,
            }
        )

    def _payers_of_mandates(self, agreement, messages):
        """``{record: partner id}`` of the messages whose payer is known."""
        facts = {
            message.record: (getattr(message, "reference", ""), message.payer_number)
            for message in messages
        }
        payers = payers_of_mandates(agreement, facts.values())
        numbers = {message.record: getattr(message, "mandate_number", "") for message in messages}
        by_mandate = agreement._payers_by_mandate(set(numbers.values()) - {""})
        found = {
            record: payers.get(fact) or by_mandate.get(numbers[record])
            for record, fact in facts.items()
        }
        return {record: payer.id for record, payer in found.items() if payer}

    # ------------------------------------------------------------------ notices

    def _write_notices(self, messages):
        notices = self.env["bank.notice"]
        owner = {"file_id": self.file.id, "company_id": self.file.company_id.id}
        stored = notices.search(
            [
                ("file_id", "=", self.file.id),
                ("record", "in", [message.record for message in messages]),
            ]
        )
        stored = set(stored.mapped("record"))
        by_agreement = {}
        for message in messages:
            if message.record not in stored:
                agreement = self.assignments.told_of(message)
                by_agreement.setdefault(agreement, []).append(message)
        for agreement, told in by_agreement.items():
            payers = self._payers_of_mandates(agreement, told) if agreement else {}
            self.file.connection_id = self.file.connection_id or agreement.connection_id
            notices.create(
                [owner | self._notice_vals(agreement, message, payers) for message in told]
            )

    def _notice_vals(self, agreement, message, payers):
        values = {name: getattr(message, name) for name in _PLAIN_NOTICE_FIELDS}
        if agreement:
            values |= {
                "company_id": agreement.company_id.id,
                "meaning": agreement._bank_meaning(message.meaning),
            }
        return values | {
            "agreement_id": agreement.id,
            "partner_id": payers.get(message.record),
        }

    # ------------------------------------------------------------------ common

    def _by_key(self, messages, key_field):
        """``{(agreement, key): message}`` of the messages that may be booked."""
        wanted = {}
        for message in messages:
            agreement = self.assignments.agreement(message)
            if not agreement:
                continue
            if self._currency_ids.get(message.currency) != agreement.currency_id.id:
                self._add_currency_issue(agreement, message)
                continue
            key = (agreement, getattr(message, key_field))
            if key in wanted:
                self._add_double_key_issue(message, wanted[key].record)
                continue
            wanted[key] = message
        return wanted

    def _add_currency_issue(self, agreement, message):
        self._add_issue(
            message,
            ERROR,
            self.env._(
                "currency %(currency)s of agreement %(name)s",
                currency=agreement.currency_id.name,
                name=agreement.name,
            ),
            message.currency,
            self.env._("Not booked: make an agreement for this currency, then process again."),
        )

    def _stored(self, model, key_field, wanted):
        """``{(agreement id, key): row}`` of what is stored already, in one query."""
        if not wanted:
            return {}
        rows = self.env[model].search(
            [
                ("agreement_id", "in", list({agreement.id for agreement, _key in wanted})),
                (key_field, "in", [key for _agreement, key in wanted]),
            ]
        )
        return {(row.agreement_id.id, row[key_field]): row for row in rows}

    def _owner(self, agreement):
        return {
            "file_id": self.file.id,
            "agreement_id": agreement.id,
            "company_id": agreement.company_id.id,
            "currency_id": agreement.currency_id.id,
        }
