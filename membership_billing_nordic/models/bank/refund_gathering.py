"""Approved refunds that wait for a file: which of them go, and what is left out."""

import logging

_logger = logging.getLogger(__name__)


class RefundGathering:
    """Looks through refunds; each way of paying back says what they are in its file.

    :param encoder: writes the file; ``faults(message)`` tells what does not fit its format
    """

    def __init__(self, env, encoder):
        self.env = env
        self.encoder = encoder
        self.refunds = env["bank.refund"]
        self.messages = {}
        self.left_out = {}

    def _message(self, refund):
        """What ``refund`` is in the file."""
        raise NotImplementedError

    def _problem(self, refund):
        """Why ``refund`` must not be paid now; empty when it may be."""
        return refund._problem()

    def _take(self, waiting):
        """Look through ``waiting`` refunds; nothing is sent or stored yet."""
        waiting = waiting.try_lock_for_update(allow_referencing=True)
        waiting.invalidate_recordset()
        for refund in waiting.filtered(lambda row: row.state == "approved"):
            if problem := self._look_at(refund):
                self.left_out[refund] = problem
                self.messages.pop(refund, None)
        self.refunds = waiting.filtered(lambda refund: refund in self.messages)

    def _look_at(self, refund):
        """Why ``refund`` cannot go now; empty when it can."""
        # Whoever uses the money meanwhile waits until the file is made.
        credits = refund.line_ids.move_line_id
        if credits.try_lock_for_update() != credits:
            return self.env._("Somebody is working on the account of the payer.")
        credits.invalidate_recordset(["amount_residual_currency", "parent_state"])
        if problem := self._problem(refund):
            return problem
        try:
            message = self.messages[refund] = self._message(refund)
            faults = self.encoder.faults(message)
        except Exception as error:
            # The others go; the text of the error may hold personal data.
            _logger.error("bank.refund %s: %s", refund.id, type(error).__name__)
            return self.env._("The program failed on it.")
        return "; ".join(str(fault) for fault in faults)

    def tell_left_out(self):
        """Say on the desk what was left out, each thing once."""
        fresh = {row: text for row, text in self.left_out.items() if row.left_out != text}
        for refund, text in fresh.items():
            refund.left_out = text
        self.env["billing.exception"]._open_all(
            {
                refund: self.env._(
                    "Refund %(refund)s of %(payer)s cannot be sent. %(why)s",
                    refund=refund.reference,
                    payer=refund.partner_id.name,
                    why=text,
                )
                for refund, text in fresh.items()
            },
            "refund_left_out",
            self.env._("Correct it, and the next file takes it; or cancel the refund."),
        )
