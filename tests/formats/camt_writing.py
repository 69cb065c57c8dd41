"""Writes camt messages for tests, with ElementTree and without any code of the product."""

from xml.etree import ElementTree

BODY = {"054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"), "053": ("BkToCstmrStmt", "Stmt")}
ACCOUNT = "99991042764"


def build(parent, tree):
    """Children from ``(name, content)`` pairs; content is a text, pairs, or text and currency."""
    for name, content in tree:
        child = ElementTree.SubElement(parent, name)
        if isinstance(content, str):
            child.text = content
        elif isinstance(content, tuple):
            child.text, child.attrib["Ccy"] = content
        else:
            build(child, content)


def transaction(amount="100.00", mark=None, reference=None, currency="SEK", **more):
    """The tree of a TxDtls of version 08; ``more`` are whole parts of it by name."""
    parts = {}
    if mark:
        parts["Refs"] = [("AcctSvcrRef", mark)]
    if amount is not None:
        parts["Amt"] = (amount, currency)
        parts["CdtDbtInd"] = more.pop("sign", "CRDT")
    if reference is not None:
        parts["RmtInf"] = [("Strd", [("CdtrRefInf", [("Ref", reference)])])]
    parts |= more
    order = "Refs Amt CdtDbtInd AmtDtls BkTxCd Chrgs RltdPties RmtInf RltdDts RtrInf AddtlTxInf"
    return ("TxDtls", [(name, parts[name]) for name in order.split() if name in parts])


def entry(*transactions, amount="100.00", reference="E1", currency="SEK", **more):
    """The tree of an entry; fields given as None are left out, ``details`` stand for them all."""
    parts = {
        "Amt": (amount, currency),
        "CdtDbtInd": "CRDT",
        "Sts": [("Cd", "BOOK")],
        "BookgDt": [("Dt", "2026-11-02")],
        "AcctSvcrRef": reference,
        "BkTxCd": [("Prtry", [("Cd", "230")])],
        "NtryDtls": list(transactions),
    } | more
    if not parts["NtryDtls"]:
        del parts["NtryDtls"]
    order = (
        "NtryRef Amt CdtDbtInd RvslInd Sts BookgDt ValDt AcctSvcrRef BkTxCd Chrgs NtryDtls "
        "AddtlNtryInf"
    )
    return ("Ntry", [(name, parts[name]) for name in order.split() if parts.get(name) is not None])


def message(*entries, kind="054", version="08", account=ACCOUNT, head=(), reports=None):
    """The bytes of a message with one report of ``entries``, or with these ``reports``."""
    name, report = BODY[kind]
    root = ElementTree.Element(
        "Document", {"xmlns": f"urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"}
    )
    if reports is None:
        reports = [[*report_head("R1", account), *head, *entries]]
    tree = [
        ("GrpHdr", [("MsgId", "M1"), ("CreDtTm", "2026-11-02T18:00:00")]),
        *((report, content) for content in reports),
    ]
    build(root, [(name, tree)])
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def report_head(number, account):
    return [("Id", number), ("Acct", [("Id", [("Othr", [("Id", account)])])])]
