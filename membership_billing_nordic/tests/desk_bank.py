"""The bank of the desk: what comes in as camt.054, and all that it was ever asked to pay."""

from .iso_bank import IsoBank, document


class DeskBank(IsoBank):
    """Reads every order strictly, and takes no mark a second time, not even of a refused one."""

    def __init__(self, *accounts):
        super().__init__(*accounts)
        self.marks, self.to_answer = set(), []

    def take(self, content):
        order = super().take(content)
        marks = {transfer.end_to_end for transfer in order.transfers}
        if known := marks & self.marks:
            raise AssertionError(f"marks for the second time: {known}")
        self.marks |= marks
        self.to_answer.append(order)
        return order


def incoming(account, currency, payments, day):
    """camt.054 of these payments as one entry; each is ``(amount, reference, key)``."""
    total = sum(amount for amount, _reference, _key in payments)
    details = [
        (
            "TxDtls",
            [
                ("Refs", [("AcctSvcrRef", key)]),
                ("Amt", (f"{amount:.2f}", currency)),
                ("CdtDbtInd", "CRDT"),
                ("RmtInf", [("Strd", [("CdtrRefInf", [("Ref", reference)])])]),
            ],
        )
        for amount, reference, key in payments
    ]
    code = ("Domn", [("Cd", "PMNT"), ("Fmly", [("Cd", "RCDT"), ("SubFmlyCd", "VCOM")])])
    entry = [
        ("Amt", (f"{total:.2f}", currency)),
        ("CdtDbtInd", "CRDT"),
        ("Sts", [("Cd", "BOOK")]),
        ("BookgDt", [("Dt", day.isoformat())]),
        ("ValDt", [("Dt", day.isoformat())]),
        ("AcctSvcrRef", f"IN{payments[0][2]}"),
        ("BkTxCd", [code]),
        ("NtryDtls", details),
    ]
    number = f"N{payments[0][2]}"
    own = [("Id", [("Othr", [("Id", account)])])]
    head = [("MsgId", number), ("CreDtTm", f"{day.isoformat()}T18:00:00")]
    report = [("Id", number), ("Acct", own), ("Ntry", entry)]
    tree = [("GrpHdr", head), ("Ntfctn", report)]
    return document("camt.054", "08", [("BkToCstmrDbtCdtNtfctn", tree)])
