"""A small bank for orders of credit transfers: reads pain.001 strictly, answers and pays.

It shares no code with the product: the element names and their order are written down here
again, the sums are added up again, and what it once paid it never pays a second time.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from io import BytesIO
from xml.etree import ElementTree

_URN = "urn:iso:std:iso:20022:tech:xsd:"
_BIC = {"03": "BIC", "09": "BICFI"}
_HEADER = ["MsgId", "CreDtTm", "NbOfTxs", "CtrlSum", "InitgPty"]
_BATCH = [
    "PmtInfId",
    "PmtMtd",
    "BtchBookg",
    "NbOfTxs",
    "CtrlSum",
    "PmtTpInf",
    "ReqdExctnDt",
    "Dbtr",
    "DbtrAcct",
    "DbtrAgt",
    "ChrgBr",
]
_OPTIONAL = {"PmtTpInf", "ChrgBr", "CdtrAgt", "RmtInf"}
_TRANSFER = ["PmtId", "Amt", "CdtrAgt", "Cdtr", "CdtrAcct", "RmtInf"]
_ALLOWED = set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ åäöæøéüÅÄÖÆØÉÜ"
)


class RefusedOrderError(Exception):
    """The bank does not take the order."""


@dataclass
class Transfer:
    """One credit transfer as the bank has understood it."""

    end_to_end: str
    amount: Decimal
    currency: str
    name: str
    account: str
    scheme: str
    clearing: tuple[str, str]
    text: str
    batch: str
    day: date
    status: str = "ACCP"
    reason: str = ""


@dataclass
class Order:
    """One message."""

    number: str
    version: str
    own_account: str = ""
    is_batch_booked: bool = False
    transfers: list[Transfer] = field(default_factory=list)


def _need(condition, what):
    if not condition:
        raise RefusedOrderError(what)


class _Node:
    """An element whose children are taken one after the other, each named in its turn."""

    def __init__(self, element, prefix):
        self.element, self.prefix = element, prefix

    def children(self):
        return [child.tag.removeprefix(self.prefix) for child in self.element]

    def all(self, name):
        return [_Node(child, self.prefix) for child in self.element.findall(self.prefix + name)]

    def get(self, *path):
        node = self
        for name in path:
            found = node.all(name)
            _need(len(found) == 1, f"{name} once")
            node = found[0]
        return node

    def has(self, *path):
        return self.element.find("/".join(self.prefix + name for name in path)) is not None

    def text(self, *path):
        text = self.get(*path).element.text or ""
        _need(text and text == text.strip(), f"{path} without a text")
        _need(set(text) <= _ALLOWED, f"{path}: characters")
        return text


def _in_order(node, names, repeated=""):
    found = [name for name in node.children() if name != repeated]
    _need(found == [name for name in names if name in found], f"order of {found}")
    _need(set(names) - _OPTIONAL <= set(found), f"missing in {found}")


class IsoBank:
    """Takes orders from ``accounts``; ``rejects`` maps payees' accounts to reasons."""

    def __init__(self, *accounts, rejects=None):
        self.accounts = set(accounts)
        self.rejects = rejects or {}
        self.orders = {}
        self.paid = {}
        self._serial = 0

    # ------------------------------------------------------------------ reading

    def take(self, content):
        """Read an order as a bank does, or refuse it.

        :return: ``Order``
        """
        root = ElementTree.parse(BytesIO(content)).getroot()  # noqa: S314 - of the product
        uri, _, name = root.tag[1:].partition("}")
        version = uri.removeprefix(f"{_URN}pain.001.001.")
        _need(name == "Document" and version in _BIC, "namespace")
        message = _Node(root, f"{{{uri}}}").get("CstmrCdtTrfInitn")
        _need(message.children()[0] == "GrpHdr", "the header first")
        _need(set(message.children()[1:]) == {"PmtInf"}, "then the batches")
        header = message.get("GrpHdr")
        _in_order(header, _HEADER)
        order = Order(header.text("MsgId"), version)
        _need(len(order.number) <= 35 and order.number not in self.orders, "DU01 message")
        header.text("InitgPty", "Nm")
        for batch in message.all("PmtInf"):
            self._batch(order, batch)
        self._sums(header, order.transfers)
        marks = [transfer.end_to_end for transfer in order.transfers]
        _need(len(set(marks)) == len(marks), "DU04 within the message")
        _need(not set(marks) & self._known_marks(), "DU04 paid before")
        self.orders[order.number] = order
        return order

    def _known_marks(self):
        return {
            transfer.end_to_end
            for order in self.orders.values()
            for transfer in order.transfers
            if transfer.status != "RJCT"
        }

    def _sums(self, node, transfers):
        _need(node.text("NbOfTxs") == str(len(transfers)), "number of transfers")
        total = sum(transfer.amount for transfer in transfers)
        _need(node.text("CtrlSum") == f"{total:.2f}", "control sum")

    def _batch(self, order, batch):
        _in_order(batch, _BATCH, repeated="CdtTrfTxInf")
        name = batch.text("PmtInfId")
        _need(len(name) <= 35, "length of the batch's name")
        _need(name not in {transfer.batch for transfer in order.transfers}, "batch twice")
        _need(batch.text("PmtMtd") == "TRF", "method")
        order.is_batch_booked = batch.text("BtchBookg") == "true"
        path = ("ReqdExctnDt",) if order.version == "03" else ("ReqdExctnDt", "Dt")
        day = date.fromisoformat(batch.text(*path))
        _need(day.weekday() < 5, "a banking day")
        order.own_account, _scheme = self._account(batch.get("DbtrAcct"))
        _need(order.own_account in self.accounts, "AC02 not an account of yours")
        batch.text("Dbtr", "Nm")
        agent = batch.get("DbtrAgt", "FinInstnId")
        _need(agent.has(_BIC[order.version]) or agent.text("Othr", "Id") == "NOTPROVIDED", "bank")
        own = [self._transfer(node, name, day) for node in batch.all("CdtTrfTxInf")]
        _need(own, "transfers")
        self._sums(batch, own)
        order.transfers += own

    def _account(self, node):
        if node.has("Id", "IBAN"):
            return node.text("Id", "IBAN"), "IBAN"
        other = node.get("Id", "Othr")
        scheme = other.get("SchmeNm")
        kind = "Cd" if scheme.has("Cd") else "Prtry"
        return other.text("Id"), scheme.text(kind)

    def _transfer(self, node, batch, day):
        _in_order(node, _TRANSFER)
        amount = node.get("Amt", "InstdAmt").element
        _need(len(amount.text.rpartition(".")[2]) == 2, "two decimals")
        clearing = ("", "")
        if node.has("CdtrAgt", "FinInstnId", "ClrSysMmbId"):
            member = node.get("CdtrAgt", "FinInstnId", "ClrSysMmbId")
            clearing = (member.text("ClrSysId", "Cd"), member.text("MmbId"))
        account, scheme = self._account(node.get("CdtrAcct"))
        transfer = Transfer(
            end_to_end=node.text("PmtId", "EndToEndId"),
            amount=Decimal(amount.text),
            currency=amount.attrib["Ccy"],
            name=node.text("Cdtr", "Nm"),
            account=account,
            scheme=scheme,
            clearing=clearing,
            text=node.text("RmtInf", "Ustrd") if node.has("RmtInf") else "",
            batch=batch,
            day=day,
        )
        _need(transfer.amount > 0 and len(transfer.end_to_end) <= 35, "amount or mark")
        if account in self.rejects:
            transfer.status, transfer.reason = "RJCT", self.rejects[account]
        return transfer

    # ------------------------------------------------------------------ answering

    def status(self, order, group=None, settled=False, version="10"):
        """pain.002: what became of ``order``; ``group`` rejects the whole of it with a reason."""
        rejected = [each for each in order.transfers if each.status == "RJCT"]
        good = "ACSC" if settled else "ACCP"
        head = [("OrgnlMsgId", order.number), ("OrgnlMsgNmId", f"pain.001.001.{order.version}")]
        if group:
            head += [("GrpSts", "RJCT"), ("StsRsnInf", _reason(group))]
            return self._document("pain.002", version, "CstmrPmtStsRpt", head, ())
        whole = len(rejected) == len(order.transfers)
        head.append(("GrpSts", "RJCT" if whole else "PART" if rejected else good))
        batches = {}
        for transfer in order.transfers:
            batches.setdefault(transfer.batch, []).append(transfer)
        details = []
        for name, own in batches.items():
            tree = [("OrgnlPmtInfId", name)]
            for transfer in own:
                status = "RJCT" if transfer.status == "RJCT" else good
                content = [("OrgnlEndToEndId", transfer.end_to_end), ("TxSts", status)]
                if transfer.reason:
                    content.append(("StsRsnInf", _reason(transfer.reason)))
                tree.append(("TxInfAndSts", content))
            details.append(("OrgnlPmtInfAndSts", tree))
        return self._document("pain.002", version, "CstmrPmtStsRpt", head, details)

    def _document(self, kind, version, body, head, details):
        self._serial += 1
        header = [("MsgId", f"S{self._serial}"), ("CreDtTm", "2026-11-20T08:00:00")]
        tree = [("GrpHdr", header), ("OrgnlGrpInfAndSts", head), *details]
        return document(kind, version, [(body, tree)])

    # ------------------------------------------------------------------ paying

    def pay(self, order, day, kind="054", version="08", batch_only=False):
        """camt.054 or camt.053 of the debits of ``order``, an entry for each or one for all."""
        good = [each for each in order.transfers if each.status != "RJCT"]
        for transfer in good:
            _need(transfer.end_to_end not in self.paid, "paid before")
            self.paid[transfer.end_to_end] = transfer.amount
        return self.report(order, good, day, kind, version, batch_only)

    def report(self, order, transfers, day, kind="054", version="08", batch_only=False):
        """The report alone, of these transfers, however often it is asked for."""
        groups = [transfers] if order.is_batch_booked else [[each] for each in transfers]
        entries = [_entry(order, own, day, batch_only) for own in groups if own]
        return self._camt(order, entries, kind, version)

    def give_back(self, order, transfer, day, kind="054", version="08"):
        """camt: a transfer came back from the payee's bank."""
        tree = _transaction(order, transfer, "CRDT")
        tree.append(("RtrInf", [("Rsn", [("Cd", "AC04")])]))
        mark = f"BACK{transfer.end_to_end}"
        entry = _entry_of(transfer.amount, transfer.currency, "CRDT", day, mark, [("TxDtls", tree)])
        return self._camt(order, [entry], kind, version)

    def _camt(self, order, entries, kind, version):
        self._serial += 1
        body, report = {
            "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
            "053": ("BkToCstmrStmt", "Stmt"),
        }[kind]
        account = [("Othr", [("Id", order.own_account)])]
        tree = [
            ("GrpHdr", [("MsgId", f"C{self._serial}"), ("CreDtTm", "2026-11-20T18:00:00")]),
            (report, [("Id", f"R{self._serial}"), ("Acct", [("Id", account)]), *entries]),
        ]
        return document(f"camt.{kind}", version, [(body, tree)])


def _reason(code):
    return [("Rsn", [("Cd", code)]), ("AddtlInf", f"Reason {code}")]


def _transaction(order, transfer, sign):
    marks = [("PmtInfId", transfer.batch), ("EndToEndId", transfer.end_to_end)]
    return [
        ("Refs", marks),
        ("Amt", (f"{transfer.amount:.2f}", transfer.currency)),
        ("CdtDbtInd", sign),
        ("RmtInf", [("Ustrd", transfer.text or "-")]),
    ]


def _entry(order, own, day, batch_only):
    total = sum(each.amount for each in own)
    mark = f"OUT{own[0].end_to_end}" if len(own) == 1 else f"OUT{own[0].batch}"
    if batch_only:
        details = [("Btch", [("PmtInfId", own[0].batch), ("NbOfTxs", str(len(own)))])]
    else:
        details = [("TxDtls", _transaction(order, each, "DBIT")) for each in own]
    return _entry_of(total, own[0].currency, "DBIT", day, mark, details)


def _entry_of(amount, currency, sign, day, mark, details):
    code = ("Domn", [("Cd", "PMNT"), ("Fmly", [("Cd", "ICDT"), ("SubFmlyCd", "DMCT")])])
    return (
        "Ntry",
        [
            ("Amt", (f"{amount:.2f}", currency)),
            ("CdtDbtInd", sign),
            ("Sts", [("Cd", "BOOK")]),
            ("BookgDt", [("Dt", day.isoformat())]),
            ("ValDt", [("Dt", day.isoformat())]),
            ("AcctSvcrRef", mark[:35]),
            ("BkTxCd", [code]),
            ("NtryDtls", details),
        ],
    )


def _build(parent, tree):
    for name, content in tree:
        child = ElementTree.SubElement(parent, name)
        if isinstance(content, str):
            child.text = content
        elif isinstance(content, tuple):
            child.text, child.attrib["Ccy"] = content
        else:
            _build(child, content)


def document(kind, version, tree):
    """The bytes of a message from ``(name, content)`` pairs; content is a text or pairs."""
    root = ElementTree.Element("Document", {"xmlns": f"{_URN}{kind}.001.{version}"})
    _build(root, tree)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
