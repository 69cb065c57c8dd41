"""The bank of a club: it takes payment files, reports what it paid, and takes payments back."""

from tests.bank_simulator.iso_bank import IsoBank, document


class DeskBank(IsoBank):
    """Answers through files that it hands out on the next morning."""

    def __init__(self, account):
        super().__init__(account)
        self.account = account
        self.returns = 0

    def take_back(self, reference, amount, currency, day):
        """camt.054: an earlier payment with this reference was taken back by its payer's bank."""
        self.returns += 1
        number = f"BACK{self.returns}"
        remittance = ("Strd", [("CdtrRefInf", [("Ref", reference.replace(" ", ""))])])
        transaction = [
            ("Refs", [("AcctSvcrRef", f"{number}T")]),
            ("Amt", (f"{amount:.2f}", currency)),
            ("CdtDbtInd", "DBIT"),
            ("RmtInf", [remittance]),
        ]
        code = ("Domn", [("Cd", "PMNT"), ("Fmly", [("Cd", "RCDT"), ("SubFmlyCd", "DMCT")])])
        entry = [
            ("Amt", (f"{amount:.2f}", currency)),
            ("CdtDbtInd", "DBIT"),
            ("RvslInd", "true"),
            ("Sts", [("Cd", "BOOK")]),
            ("BookgDt", [("Dt", day.isoformat())]),
            ("ValDt", [("Dt", day.isoformat())]),
            ("AcctSvcrRef", number),
            ("BkTxCd", [code]),
            ("NtryDtls", [("TxDtls", transaction)]),
        ]
        account = ("Acct", [("Id", [("Othr", [("Id", self.account)])])])
        made = ("CreDtTm", f"{day.isoformat()}T06:00:00")
        report = ("Ntfctn", [("Id", number), made, account, ("Ntry", entry)])
        tree = [("GrpHdr", [("MsgId", number), made]), report]
        return document("camt.054", "08", [("BkToCstmrDbtCdtNtfctn", tree)])
