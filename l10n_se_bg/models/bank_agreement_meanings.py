from odoo import models

from .bank_connection import SCHEME

_BETWEEN = ": "


class BankAgreement(models.Model):
    """What the codes of Bankgirot mean, in the words of the reader."""

    _inherit = "bank.agreement"

    def _bank_meaning(self, text):
        if self.scheme != SCHEME or not text:
            return super()._bank_meaning(text)
        meanings = self._se_meanings()
        known = [self._se_known(meanings, part) for part in text.split(_BETWEEN)]
        if text in meanings or not all(known):
            return meanings.get(text) or super()._bank_meaning(text)
        # What happened and how it went may be said in the same words.
        return _BETWEEN.join(dict.fromkeys(known))

    def _se_known(self, meanings, part):
        """The meaning of one part; codes of refunds stand before it."""
        code, _blank, rest = part.partition(" ")
        if code.isdigit() and rest in meanings:
            return f"{meanings[rest]} ({code})"
        return meanings.get(part, "")

    def _se_meanings(self):
        return (
            self._se_payments()
            | self._se_mandate_information()
            | self._se_mandate_comments()
            | self._se_registers()
            | self._se_rejections()
            | self._se_changes()
            | self._se_change_comments()
        )

    def _se_payments(self):
        return {
            "no cover": self.env._("No cover"),
            "account closed or without Autogiro": self.env._(
                "Account closed, or not open to Autogiro"
            ),
            "no cover, tried again if that is agreed": self.env._(
                "No cover, the bank tries again if that is agreed"
            ),
            "no mandate was given": self.env._("The payer gave no mandate"),
            "the mandate was withdrawn": self.env._("The payer had withdrawn the mandate"),
            "the amount was not in the mandate and more than the payer could expect": self.env._(
                "The amount was not in the mandate and more than the payer could expect"
            ),
            "paid out as ordered": self.env._("Paid out as ordered"),
            "kept until it is due": self.env._("Kept by Bankgirot until it is due"),
        }

    def _se_mandate_information(self):
        return {
            "cancellation by the payee": self.env._("Your cancellation"),
            "new mandate by the payee": self.env._("Your new mandate"),
            "change of payer number": self.env._("Your change of payer number"),
            "cancelled, the payee's bankgiro is closed": self.env._(
                "Ended, your bankgiro number is closed"
            ),
            "the bank's answer to the enquiry": self.env._("The bank's answer"),
            "removed, the bank did not answer the enquiry": self.env._(
                "Removed, the bank did not answer"
            ),
            "cancelled, the payer's bankgiro is closed": self.env._(
                "Ended, the payer's bankgiro number is closed"
            ),
            "cancellation by the payer or the payer's bank": self.env._(
                "Ended by the payer or the payer's bank"
            ),
            "cancellation by the payer": self.env._("Ended by the payer"),
        }

    def _se_mandate_comments(self):
        return {
            "accepted": self.env._("accepted"),
            "cancelled": self.env._("ended"),
            "cancelled by the bank": self.env._("ended by the bank"),
            "cancelled by the payer or the payer's bank": self.env._(
                "Ended by the payer or the payer's bank"
            ),
            "cancelled by Bankgirot": self.env._("ended by Bankgirot"),
            "type of account not allowed": self.env._("this type of account cannot be debited"),
            "mandate not in the register": self.env._("Bankgirot has no such mandate"),
            "wrong account or person": self.env._("account and person do not belong together"),
            "no answer from the bank": self.env._("no answer from the payer's bank"),
            "payer's bankgiro not known": self.env._("the payer's bankgiro number is not known"),
            "already in the register or being enquired": self.env._(
                "Bankgirot has the mandate already, or is asking the bank"
            ),
            "stopped by the payer": self.env._("stopped by the payer"),
            "stop lifted": self.env._("the payer's stop is lifted"),
            "wrong person or organisation number, or no agreement for mandates of bankgiro "
            "numbers": self.env._(
                "wrong person or organisation number, or your agreement has no mandates of "
                "bankgiro numbers"
            ),
            "wrong payer number": self.env._("wrong payer number"),
            "wrong account number": self.env._("wrong account number"),
            "maximum amount not allowed": self.env._("a maximum amount is not allowed"),
            "payee's bankgiro wrong": self.env._("your bankgiro number is wrong"),
            "payee's bankgiro not registered any more": self.env._(
                "your bankgiro number is not registered any more"
            ),
        }

    def _se_registers(self):
        return {
            "new": self.env._("Asked for in the internet bank"),
            "first reminder": self.env._("First reminder: the payer waits for your answer"),
            "second reminder": self.env._("Second reminder: the payer waits for your answer"),
            "approved": self.env._("Approved"),
            "approved by the payee": self.env._("Approved, given to you"),
            "approved by the payer in the internet bank": self.env._(
                "Approved, given in the internet bank"
            ),
            "being enquired": self.env._("The bank is being asked"),
            "being enquired by the payee": self.env._("The bank is being asked, given to you"),
            "being enquired by the payer in the internet bank": self.env._(
                "The bank is being asked, given in the internet bank"
            ),
        }

    def _se_rejections(self):
        return {
            "no mandate": self.env._("Bankgirot has no mandate of this payer"),
            "account not approved or closed": self.env._("Account not approved, or closed"),
            "mandate stopped": self.env._("The mandate is stopped"),
            "payer's bankgiro wrong": self.env._("The payer's bankgiro number is wrong"),
            "wrong period code": self.env._("Wrong code of the period"),
            "wrong number of recurrences": self.env._("Wrong number of recurrences"),
            "amount not numeric": self.env._("The amount is no number"),
            "payouts not allowed by the agreement": self.env._(
                "Your agreement allows no payouts by Autogiro"
            ),
            "bankgiro not known": self.env._("Bankgirot does not know the bankgiro number"),
            "wrong payment date": self.env._("Wrong payment date"),
            "payment date has passed": self.env._("The payment date has passed"),
            "payee's bankgiro is not that of the opening record": self.env._(
                "Your bankgiro number differs within the file"
            ),
            "above the agreed maximum amount": self.env._("Above the agreed maximum amount"),
        }

    def _se_changes(self):
        return {
            "cancelled with its mandate": self.env._("Cancelled with its mandate"),
            "the payee's agreement ended": self.env._("Your agreement ended"),
            "all of the payer cancelled": self.env._("Cancellation of all of the payer"),
            "all of the payer and date cancelled": self.env._(
                "Cancellation of all of the payer and day"
            ),
            "one cancelled": self.env._("Cancellation"),
            "all of the payee moved": self.env._("New date for all of yours"),
            "all of a date moved": self.env._("New date for all of a day"),
            "those of a payer and date moved": self.env._("New date for those of a payer and day"),
            "one moved": self.env._("New date"),
        }

    def _se_change_comments(self):
        return {
            "wrong debit code": self.env._("wrong code of the debit"),
            "wrong amount": self.env._("wrong amount"),
            "wrong new date": self.env._("wrong new date"),
            "payee's bankgiro missing": self.env._("your bankgiro number is missing"),
            "order not found": self.env._("Bankgirot has no such debit"),
            "date changed": self.env._("date changed"),
            "not changed, it recurs": self.env._("not changed, as it recurs"),
        }
