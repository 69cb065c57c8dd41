"""The issues decoders report: what keeps a whole file out, one record, or nothing."""

from .messages import ERROR, REFUSAL, WARNING, FormatIssue

FILE_REFUSED = "file refused"
NOT_USED = "record not used"
READ_ALL_THE_SAME = "read all the same"


class RefusedError(Exception):
    """Ends the reading of a file: nothing of it may be used."""

    def __init__(self, record: int, field: str, expected: str, found: str = ""):
        super().__init__(field)
        self.issue = refusal(record, field, expected, found)


def refusal(record: int, field: str, expected: str, found: str = "") -> FormatIssue:
    """An issue that keeps the whole file out."""
    return _issue(record, REFUSAL, field, expected, found, FILE_REFUSED)


def error(record: int, field: str, expected: str, found: str = "") -> FormatIssue:
    """An issue that keeps one record out."""
    return _issue(record, ERROR, field, expected, found, NOT_USED)


def warning(
    record: int, field: str, expected: str, found: str = "", action: str = READ_ALL_THE_SAME
) -> FormatIssue:
    """An issue that changes nothing but what ``action`` says."""
    return _issue(record, WARNING, field, expected, found, action)


def _issue(record, severity, field, expected, found, action) -> FormatIssue:
    return FormatIssue(
        record=record,
        severity=severity,
        field=field,
        expected=expected,
        found=found,
        action=action,
    )
