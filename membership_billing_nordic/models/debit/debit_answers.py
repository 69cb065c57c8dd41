"""What the bank says of single debits, and which debits it means."""

from collections import defaultdict

from odoo.fields import Domain

from ...formats.messages import WARNING, PaymentFailed, RequestEvent
from ...formats.references import normalise

# The states an answer can be about, the most likely first.
ANSWERED = ("sent", "waiting", "withdrawn", "failed", "collected", "reversed")


class OrderFinder:
    """Finds the orders of one or more agreements that references and payer numbers mean."""

    def __init__(self, env, agreements, values, payer_numbers=()):
        self.by_reference = defaultdict(list)
        self.by_payer = defaultdict(list)
        values, payer_numbers = set(values) - {""}, set(payer_numbers) - {""}
        if not values and not payer_numbers:
            return
        found = env["direct.debit.order"].search(
            Domain("agreement_id", "in", agreements.ids)
            & Domain("file_id", "!=", False)
            & Domain("state", "in", ANSWERED)
            & Domain("is_form", "=", False)
            & (
                Domain("reference_value", "in", list(values))
                | Domain("mandate_id.payer_number", "in", list(payer_numbers))
            )
        )
        for order in found:
            self.by_reference[order.agreement_id, order.reference_value].append(order)
            number = normalise(order.mandate_id.payer_number)
            self.by_payer[order.agreement_id, number].append(order)

    def find(self, agreement, value, payer_number="", day=None):
        """The order that is meant: the likeliest state first, then the nearest due date."""
        orders = self.by_reference.get((agreement, value)) or []
        if not orders and payer_number:
            orders = self.by_payer.get((agreement, payer_number)) or []
            orders = [order for order in orders if order.due_date == day]
        return min(
            orders,
            key=lambda order: (
                bool(day) and order.due_date > day,
                ANSWERED.index(order.state),
                abs((order.due_date - day).days) if day else 0,
                -order.id,
            ),
            default=None,
        )


class AnswerReader:
    """Stores answers of a file from the bank, a chunk at a time."""

    def __init__(self, file, assignments):
        self.file = file
        self.env = file.env
        self.assignments = assignments

    def store(self, messages):
        """Note each message on its order; one that means no order of ours is an issue."""
        meant = [
            (agreement, message)
            for message in messages
            if (agreement := self.assignments.agreement(message))
        ]
        meant = self._answer_refunds(meant)
        known = self._known(message for _agreement, message in meant)
        agreements = self.env["bank.agreement"].union(*(agreement for agreement, _one in meant))
        numbers = self._payer_numbers(meant)
        finder = OrderFinder(
            self.env,
            agreements,
            {normalise(message.reference) for _agreement, message in meant},
            numbers.values(),
        )
        for agreement, message in meant:
            if message.record in known:
                continue
            order = finder.find(
                agreement,
                normalise(message.reference),
                numbers.get((agreement, normalise(message.payer_number)), ""),
                message.due_date,
            )
            if order:
                self._apply(order, message)
            else:
                self._note_unknown(message)

    def _answer_refunds(self, meant):
        """Note answers to requests to pay money back; returns the others."""
        agreements = self.env["bank.agreement"].union(*(agreement for agreement, _one in meant))
        values = {normalise(message.reference) for _agreement, message in meant}
        refunds = self.env["bank.refund"]._by_reference(agreements, values)
        others = []
        for agreement, message in meant:
            refund = refunds.get((agreement, normalise(message.reference)))
            if refund and isinstance(message, RequestEvent):
                meaning = agreement._bank_meaning(message.meaning)
                refund._answered(message.event, message.bank_code, meaning)
            else:
                others.append((agreement, message))
        return others

    def _payer_numbers(self, meant):
        """``{(agreement, number in the file): number of that payer now}``.

        The bank may still go by one that the payer had before.
        """
        found = {}
        for agreement in {agreement for agreement, _message in meant}:
            named = {normalise(one.payer_number) for of, one in meant if of == agreement} - {""}
            payers = agreement._payers_by_number(named)
            partners = self.env["res.partner"].union(*payers.values())
            current = agreement._known_payer_numbers(partners)
            for number in named:
                payer = payers.get(number)
                found[agreement, number] = current.get(payer.id, number) if payer else number
        return found

    def _known(self, messages):
        events = self.env["direct.debit.order.event"].search(
            [("file_id", "=", self.file.id), ("record", "in", [one.record for one in messages])]
        )
        return set(events.mapped("record"))

    def _apply(self, order, message):
        answer = {
            "file": self.file,
            "record": message.record,
            "code": message.bank_code,
            "meaning": order.agreement_id._bank_meaning(message.meaning),
        }
        if isinstance(message, PaymentFailed):
            order._bank_failed(message.will_retry, **answer)
        else:
            getattr(order, f"_bank_{message.event}")(**answer)

    def _note_unknown(self, message):
        self.file._add_issue(
            WARNING,
            message.record,
            "reference",
            expected=self.env._("a debit that was sent to the bank"),
            found=self.env._("none with this reference and date"),
            action=self.env._("Nothing was changed. Ask the bank what it means."),
        )
        self.file.warning_count += 1
