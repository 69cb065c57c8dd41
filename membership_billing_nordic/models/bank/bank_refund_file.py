from decimal import Decimal

from odoo import fields, models

# What the bank says of an order, as a state of ours; a rejection ends the refund.
_STATUSES = ("accepted", "pending", "settled")


class BankRefund(models.Model):
    """Refunds in files to the bank, and what the bank says of each of them."""

    _inherit = "bank.refund"

    batch = fields.Char(
        readonly=True, copy=False, help="What its file calls the payments of a day."
    )
    bank_status = fields.Selection(
        [
            ("accepted", "Accepted"),
            ("pending", "Being checked"),
            ("settled", "Executed"),
        ],
        string="The Bank Says",
        readonly=True,
        copy=False,
        help="What the bank has said of the transfer so far. It is booked as paid when the account "
        "statement or a notification reports that the money has left.",
    )

    def _file_key(self):
        """Its key among the requests of a file."""
        self.ensure_one()
        return f"refund-{self.id}"

    def _exact_amount(self):
        """The amount as ``Decimal`` with two decimals."""
        self.ensure_one()
        return Decimal(f"{self.amount:.2f}")

    def _come_back(self, text):
        """The bank did nothing of the file of these: a person approves them anew."""
        back = self.filtered(lambda refund: refund.state == "sent")
        back.write(
            {
                "state": "proposed",
                "file_id": False,
                "record": 0,
                "batch": False,
                "bank_status": False,
                "pay_date": False,
                "approved_by_id": False,
                "approved_on": False,
                "left_out": text,
            }
        )
        back._put_to_approve()

    def _take_status(self, event, code, text):
        """What the bank says of these transfers; only a rejection changes what stands."""
        if event == "rejected":
            for refund in self:
                refund._refuse(code, refund._code_meaning(code) or text)
        elif event in _STATUSES:
            waiting = self.filtered(lambda refund: refund.state == "sent")
            # A settled one is not pending again, whichever report comes last.
            waiting = waiting.filtered(lambda refund: refund.bank_status != "settled")
            waiting.write({"bank_status": event, "bank_code": code or False})

    def _put_silent(self):
        """The bank says nothing of these for long: a person asks."""
        self.env["billing.exception"]._open_all(
            {
                refund: self.env._(
                    "The bank has not said whether refund %(refund)s of %(payer)s is paid.",
                    refund=refund.reference,
                    payer=refund.partner_id.name,
                )
                for refund in self
            },
            "refund_silent",
            self.env._("Look for it on the account statement, or ask the bank."),
        )

    def _code_meaning(self, code):
        """What a reason of the external code list means; empty when it is none of the usual."""
        return self._code_meanings().get(code, "")

    def _code_meanings(self):
        closed = self.env._("The account is closed.")
        number = self.env._("There is no such account.")
        blocked = self.env._("The account is blocked.")
        takes_none = self.env._("The account takes no transfers.")
        double = self.env._("The bank has seen it before.")
        cover = self.env._("There is not enough money on your account.")
        name = self.env._("Name or address is missing or wrong.")
        bank = self.env._("The payee's bank is missing or wrong.")
        return {
            "AC01": number,
            "AC03": number,
            "AC04": closed,
            "AC05": closed,
            "AC06": blocked,
            "AC07": closed,
            "AC13": takes_none,
            "AG01": takes_none,
            "AG03": self.env._("The bank does not take this kind of transfer."),
            "AM02": self.env._("The amount is above what the bank pays."),
            "AM03": self.env._("The account is kept in another currency."),
            "AM04": cover,
            "AM05": double,
            "BE04": name,
            "BE05": self.env._("The bank does not know you as sender."),
            "BE06": self.env._("The payee is not known at this account."),
            "BE07": name,
            "CUST": self.env._("It was taken back at the bank."),
            "DT01": self.env._("The day of payment is wrong."),
            "DU03": double,
            "DU04": double,
            "MD07": self.env._("The payee has died."),
            "MS02": self.env._("The payee does not want it; no reason was given."),
            "MS03": self.env._("The bank gives no reason."),
            "RC01": bank,
            "RC04": bank,
            "RR02": name,
            "RR03": name,
            "TM01": self.env._("The file came too late for its day."),
        }
