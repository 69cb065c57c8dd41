from datetime import date

from .common import SwedenCommon

DUE = date(2026, 9, 28)
PAYEE = "4711170009912346"
PERSON, ACCOUNT = "191212121212", "5000000001111116"
MADE = "20260902"


class AutogiroCommon(SwedenCommon):
    """A payer who is collected from by Autogiro, and what Bankgirot reports of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.bankgiro.write({"debit_out": True, "debit_notice_by": "bank"})
        cls.partner = cls._payer("Åsa Öberg")
        cls.number = cls.bankgiro._payer_numbers(cls.partner)[cls.partner.id]

    def _mandate(self, state="active", **values):
        mandate = self.env["direct.debit.mandate"].create(
            {"agreement_id": self.bankgiro.id, "partner_id": self.partner.id} | values
        )
        mandate.state = state
        return mandate

    def _asked(self, **values):
        account = self.env["res.partner.bank"].create(
            {"acc_number": "5000-1111116", "partner_id": self.partner.id}
        )
        asked = {"partner_bank_id": account.id, "l10n_se_identity": "19121212-1212"}
        return self._mandate("draft", **(asked | values))

    def _order(self, amount=300.5, due=DUE):
        invoice = self._invoice(
            self.partner,
            amount,
            invoice_date=date(2026, 9, 1),
            invoice_date_due=due,
            invoice_payment_term_id=False,
        )
        return invoice.mbn_order_line_ids.order_id

    def _make(self):
        """The file that is made now, sent, as lines."""
        file = self.connection.sudo()._make_debit_file(everything=True)
        with file._open_bytes() as stream:
            lines = stream.read().decode("latin-1").split("\r\n")[:-1]
        file._mark_sent()
        return [line.rstrip() for line in lines]

    def _advice(self, code, identity=PERSON, **options):
        return self._receive(
            f"01{'AUTOGIRO':<22}{MADE:<20}{'AG-MEDAVI':<20}{PAYEE}",
            f"730009912346{self.number:0>16}{ACCOUNT}{identity}{'':5}{code}{MADE}",
            f"09{MADE}9900{1:07d}",
            **options,
        )

    def _specification(self, status, order, day="20260928"):
        ore = round(order.amount * 100)
        paid = status == "0"
        return self._receive(
            f"01{'AUTOGIRO':<22}{day}060000000000BET. SPEC & STOPP TK{PAYEE}",
            f"15{ACCOUNT:0>35}{day}{41 * paid:05d}{ore * paid:018d}   {paid:08d}",
            f"82{day}0    {self.number:0>16}{ore:012d}0009912346{order.reference:<26}{status}",
            f"09{day}9900{paid:06d}{paid:012d}{0:06d}{0:012d}{0:06d}{0:012d}",
        )

    def _sign_up(self, number=None, message="0"):
        return self._receive(
            f"51{MADE}99000009912346{'AG-EMEDGIV':<20}",
            f"520009912346{number or self.number:0>16}{ACCOUNT}{PERSON}{'':5}{message}",
            "53MEDLEM SEDAN 2019",
            "54ÅSA ÖBERG",
            "55PROVGATAN 1",
            "5612345STORÅKER",
            f"59{MADE}9900{5:07d}",
        )

    def _wish(self):
        return self.env["direct.debit.mandate"].search([("wish", "!=", False)])

    def _on_desk(self):
        return self.env["billing.exception"].search(
            [("kind", "=", "mandate_wish"), ("state", "=", "open")]
        )
