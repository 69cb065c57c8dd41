"""Which elements of camt.053 and camt.054 are read, versions 02 to 14 alike.

Source: the message definitions of ISO 20022. Where versions differ, both forms stand side
by side: a party's name is in ``Dbtr/Nm``, in later versions in ``Dbtr/Pty/Nm``; an entry's
status is a text, later a choice of a code and a text of the bank's own.
"""

from .elements import Amount, Choice, Groups, Texts

_CODE = {
    "Domn": {
        "Cd": "code_domain",
        "Fmly": {"Cd": "code_family", "SubFmlyCd": "code_sub_family"},
    },
    "Prtry": {"Cd": "code_proprietary"},
}

_CHARGE = {
    "TtlChrgsAndTaxAmt": Amount("total"),
    "Amt": Amount("amount"),
    "CdtDbtInd": "indicator",
    "Rcrd": Groups("records", {"Amt": Amount("amount"), "CdtDbtInd": "indicator"}),
}


def _account(name: str) -> dict:
    return {"Id": {"IBAN": name, "Othr": {"Id": name, "SchmeNm": Choice(f"{name}_scheme")}}}


def _party(name: str) -> dict:
    party = {
        "Nm": f"{name}_name",
        "PstlAdr": {
            "StrtNm": f"{name}_street",
            "BldgNb": f"{name}_building",
            "PstCd": f"{name}_zip",
            "TwnNm": f"{name}_city",
            "Ctry": f"{name}_country",
            "AdrLine": Texts(f"{name}_lines"),
        },
        "Id": {"OrgId": {"Othr": Groups(f"{name}_ids", {"Id": "id", "SchmeNm": Choice("scheme")})}},
    }
    return {**party, "Pty": party}


GROUP_HEADER = {
    "MsgId": "number",
    "CreDtTm": "created",
    "MsgRcpt": {
        "Nm": "recipient_name",
        "Id": {"OrgId": {"Othr": Groups("recipient_ids", {"Id": "id"})}},
    },
}

_NUMBER_AND_SUM = {"NbOfNtries": "count", "Sum": "sum"}

REPORT = {
    "Id": "number",
    "NtfctnPgntn": {"LastPgInd": "is_last_page"},
    "StmtPgntn": {"LastPgInd": "is_last_page"},
    "Acct": {**_account("account"), "Ccy": "currency"},
    "Bal": Groups(
        "balances",
        {
            "Tp": {"CdOrPrtry": {"Cd": "kind"}},
            "Amt": Amount("amount"),
            "CdtDbtInd": "indicator",
        },
    ),
    "TxsSummry": {
        "TtlNtries": Groups("entries", _NUMBER_AND_SUM),
        "TtlCdtNtries": Groups("credits", _NUMBER_AND_SUM),
        "TtlDbtNtries": Groups("debits", _NUMBER_AND_SUM),
    },
    "Ntry": None,
}

ENTRY = {
    "NtryRef": "entry_reference",
    "Amt": Amount("amount"),
    "CdtDbtInd": "indicator",
    "RvslInd": "is_reversal",
    "Sts": Choice("status"),
    "BookgDt": Choice("booked"),
    "ValDt": Choice("valued"),
    "AcctSvcrRef": "bank_reference",
    "BkTxCd": _CODE,
    "Chrgs": Groups("charges", _CHARGE),
    "NtryDtls": None,
    "AddtlNtryInf": "additional",
}

DETAILS = {
    "Btch": {
        "PmtInfId": "batch",
        "NbOfTxs": "count",
        "TtlAmt": Amount("total"),
        "CdtDbtInd": "indicator",
    },
    "TxDtls": None,
}

_STRUCTURED = {
    "RfrdDocInf": Groups("documents", {"Nb": "number"}),
    "RfrdDocAmt": {"CdtNoteAmt": Amount("credit_note"), "RmtdAmt": Amount("remitted")},
    "CdtrRefInf": {"Ref": "reference"},
    "AddtlRmtInf": Texts("additional"),
}

TRANSACTION = {
    "Refs": {
        "AcctSvcrRef": "bank_reference",
        "PmtInfId": "batch",
        "InstrId": "instruction",
        "EndToEndId": "end_to_end",
        "UETR": "unique_reference",
        "TxId": "transaction",
        "MndtId": "mandate",
        "ClrSysRef": "clearing_reference",
    },
    "Amt": Amount("amount"),
    "CdtDbtInd": "indicator",
    "AmtDtls": {
        "InstdAmt": {"Amt": Amount("instructed")},
        "TxAmt": {"Amt": Amount("transferred")},
        "CntrValAmt": {"Amt": Amount("counter_value")},
    },
    "BkTxCd": _CODE,
    "Chrgs": Groups("charges", _CHARGE),
    "RltdPties": {
        "Dbtr": _party("payer"),
        "DbtrAcct": _account("payer_account"),
        "UltmtDbtr": {"Nm": "ultimate_name", "Pty": {"Nm": "ultimate_name"}},
        "Cdtr": _party("creditor"),
        "CdtrAcct": _account("creditor_account"),
    },
    "RmtInf": {"Ustrd": Texts("lines"), "Strd": Groups("structured", _STRUCTURED)},
    "RltdDts": {"AccptncDtTm": "accepted", "TxDtTm": "transacted"},
    "RtrInf": Groups(
        "returns",
        {"Rsn": Choice("reason"), "AddtlInf": Texts("additional")},
    ),
    "AddtlTxInf": "additional",
}
