"""What the codes of Autogiro reports mean, in words and for us."""

REGISTERED, CANCELLED, REJECTED, UNCHANGED = "registered", "cancelled", "rejected", "unchanged"

# Status of an executed or stopped payment; blank is "executed" in the old layout alone.
EXECUTED, WAITS = "0", "9"
STOPPED = {
    "1": "no cover",
    "2": "account closed or without Autogiro",
    "9": "no cover, tried again if that is agreed",
}

REFUNDS = {
    "01": "no mandate was given",
    "02": "the mandate was withdrawn",
    "03": "the amount was not in the mandate and more than the payer could expect",
}

# Mandate advice: what happened, and how it went.
MANDATE_INFORMATION = {
    "03": "cancellation by the payee",
    "04": "new mandate by the payee",
    "05": "change of payer number",
    "10": "cancelled, the payee's bankgiro is closed",
    "42": "the bank's answer to the enquiry",
    "43": "removed, the bank did not answer the enquiry",
    "44": "cancelled, the payer's bankgiro is closed",
    "46": "cancellation by the payer or the payer's bank",
    "93": "cancellation by the payer",
}
MANDATE_COMMENTS = {
    "": "",
    "01": "cancelled by the bank",
    "02": "cancelled by the payer or the payer's bank",
    "03": "type of account not allowed",
    "04": "mandate not in the register",
    "05": "wrong account or person",
    "06": "cancelled by Bankgirot",
    "07": "no answer from the bank",
    "09": "payer's bankgiro not known",
    "10": "already in the register or being enquired",
    "11": "stopped by the payer",
    "12": "stop lifted",
    "20": "wrong person or organisation number, or no agreement for mandates of bankgiro numbers",
    "21": "wrong payer number",
    "23": "wrong account number",
    "24": "maximum amount not allowed",
    "29": "payee's bankgiro wrong",
    "30": "payee's bankgiro not registered any more",
    "32": "accepted",
    "33": "cancelled",
    "98": "cancelled, the payer's bankgiro is closed",
}
_ENDS = ("01", "02", "06", "11", "33", "98")
_ACCEPTS = ("12", "32")
# A mandate that is in the register already is what it was, whatever we asked for.
_KEEPS = ("10",)


def mandate_event(information: str, comment: str) -> str:
    """What an advice means for a mandate; empty when one of the codes is not known."""
    if information not in MANDATE_INFORMATION or comment not in MANDATE_COMMENTS:
        return ""
    if comment in _ACCEPTS:
        return REGISTERED
    if comment in _ENDS or information in ("10", "44", "46", "93"):
        return CANCELLED
    if information == "03":
        # What is not in the register has ended, of the rest our cancellation was refused.
        return CANCELLED if comment == "04" else UNCHANGED
    if comment in _KEEPS or information == "05":
        return UNCHANGED
    return REJECTED


REJECTIONS = {
    "01": "no mandate",
    "02": "account not approved or closed",
    "03": "mandate stopped",
    "04": "payer's bankgiro wrong",
    "05": "payee's bankgiro wrong",
    "06": "wrong period code",
    "07": "wrong number of recurrences",
    "08": "amount not numeric",
    "09": "payouts not allowed by the agreement",
    "10": "bankgiro not known",
    "12": "wrong payment date",
    "13": "payment date has passed",
    "15": "payee's bankgiro is not that of the opening record",
    "24": "above the agreed maximum amount",
}

# Cancellations and changes.
CHANGES = {
    "03": "cancelled with its mandate",
    "11": "cancelled by the payer or the payer's bank",
    "21": "the payee's agreement ended",
    "22": "cancelled",
    "23": "all of the payer cancelled",
    "24": "all of the payer and date cancelled",
    "25": "one cancelled",
    "26": "all of the payee moved",
    "27": "all of a date moved",
    "28": "those of a payer and date moved",
    "29": "one moved",
}
CHANGE_COMMENTS = {
    "01": "wrong payment date",
    "02": "wrong payer number",
    "04": "wrong debit code",
    "05": "wrong amount",
    "06": "wrong new date",
    "10": "payee's bankgiro wrong",
    "11": "payee's bankgiro missing",
    "12": "cancelled",
    "13": "order not found",
    "14": "date changed",
    "15": "not changed, it recurs",
    "18": "date changed",
}
CHANGE_EVENTS = {"12": "withdrawn", "14": "moved", "18": "moved"}

REQUEST_TYPES = {"0": "new", "1": "first reminder", "2": "second reminder"}
REGISTER_STATES = {"1": "approved", "2": "being enquired"}
REGISTER_ORIGINS = {"1": "by the payee", "2": "by the payer in the internet bank"}
