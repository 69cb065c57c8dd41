"""A collection agency for one creditor: takes cases and corrections, answers, and sends money.

Speaks the neutral exchange: a file is JSON Lines with a head, records of one kind and an end that
counts them. Amounts are text with two decimals; in here they are hundredths.
"""

import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from .bank_file import BankFile

FORMAT, VERSION = "mbn.collection", 1
_PARTS = ("principal", "fee", "interest", "compensation")
_OPEN = {
    "principal": "principal_open",
    "fee": "fee_open",
    "interest": "interest_to_date",
    "compensation": "compensation_open",
}


class RefusedError(ValueError):
    """The file is none an agency could work with."""


@dataclass(slots=True, kw_only=True)
class Case:
    """A debtor's case as the agency keeps it; ``owed`` in hundredths, by part."""

    number: str
    reference: str
    debtor: str
    currency: str
    pay_to: str
    owed: dict[str, int]
    told: list[str] = field(default_factory=list)
    closed: str = ""

    @property
    def total(self) -> int:
        return sum(self.owed.values())


class Agency:
    """Answers a day after it hears something. What its debtors pay comes less its share.

    ``share`` is what it keeps, in per cent; what debtors pay it for its own work is not told.
    ``transfers`` is the money it has sent: (day, reference, hundredths, debtor).
    """

    def __init__(self, name: str, share: int = 0):
        self.name, self.share = name, share
        self.cases: dict[str, Case] = {}
        self.transfers: list[tuple[date, str, int, str]] = []
        self._answers: list[dict] = []
        self._seen: set[str] = set()
        self._messages = self._files = 0

    # ------------------------------------------------------------------ what comes in

    def take(self, content: bytes, day: date) -> None:
        """Read a file of new cases or of corrections.

        :raises RefusedError: it is none, or not whole
        """
        head, *records, end = _lines(content)
        if (head.get("format"), head.get("version")) != (FORMAT, VERSION):
            raise RefusedError("another format")
        if end != {"type": "end", "records": len(records)}:
            raise RefusedError("cut off")
        for record in records:
            if record["message_id"] not in self._seen:
                self._seen.add(record["message_id"])
                {"case": self._take_case, "correction": self._correct}[record["type"]](record, day)
        self._tell(
            {
                "type": "receipt",
                "our_file_id": head["file_id"],
                "state": "received",
                "record_count": len(records),
                "date": day.isoformat(),
            }
        )

    def _take_case(self, record, day):
        claims = record.get("claims", [])
        owed = {
            part: sum(_hundredths(claim.get(name)) for claim in claims)
            for part, name in _OPEN.items()
        }
        if not owed["principal"] or not record.get("name"):
            raise RefusedError(f"{record['our_case_ref']}: nobody owes anything")
        case = Case(
            number=f"{len(self.cases) + 1:06d}",
            reference=record["our_case_ref"],
            debtor=record["name"],
            currency=record["currency"],
            pay_to=record.get("payment_reference", ""),
            owed=owed,
        )
        self.cases[case.reference] = case
        self._answer(case, "accepted", day)

    def _correct(self, record, day):
        case = self.cases[record["our_case_ref"]]
        case.told.append(record["kind"])
        if record["kind"] in ("payment", "credit"):
            for part in _PARTS:
                case.owed[part] -= _hundredths(record.get(part))
            if case.owed["principal"] <= 0 and not case.closed:
                self._close(case, "paid" if record["kind"] == "payment" else "withdrawn", day)
        elif record["kind"] == "recall":
            case.closed = "withdrawn"

    def told(self) -> dict[str, list[str]]:
        """The corrections it heard of, by debtor."""
        return {case.debtor: case.told for case in self.cases.values() if case.told}

    # ------------------------------------------------------------------ what it does

    def collect(self, debtor: str, day: date) -> None:
        """The debtor pays the agency all that is owed; the rest after its share is sent on."""
        for case in self.cases.values():
            if case.debtor == debtor and not case.closed:
                kept = case.total * self.share // 100
                self.transfers.append((day, case.pay_to, case.total - kept, case.debtor))
                self._answer(
                    case,
                    "payment",
                    day,
                    principal=_text(case.owed["principal"]),
                    fees=_text(case.owed["fee"] + case.owed["compensation"]),
                    interest=_text(case.owed["interest"]),
                    costs=_text(kept),
                    net_paid=_text(case.total - kept),
                )
                case.owed = dict.fromkeys(_PARTS, 0)
                self._close(case, "paid", day)

    def _close(self, case, code, day):
        case.closed = code
        self._answer(case, "closed", day, code=code)

    def _answer(self, case, kind, day, **values):
        self._tell(
            {
                "type": "answer",
                "our_case_ref": case.reference,
                "agency_case_no": case.number,
                "kind": kind,
                "date": day.isoformat(),
            }
            | values
        )

    def _tell(self, record):
        self._messages += 1
        self._answers.append(record | {"message_id": f"A{self._messages:06d}"})

    # ------------------------------------------------------------------ what goes out

    def deliver(self, day: date) -> list[BankFile]:
        """The file of receipts and answers of a day; none when there is nothing to tell."""
        answers, self._answers = self._answers, []
        if not answers:
            return []
        self._files += 1
        name = f"answers-{self._files:05d}.jsonl"
        head = {"type": "file", "format": FORMAT, "version": VERSION, "file_id": name}
        rows = [head, *answers, {"type": "end", "records": len(answers)}]
        content = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows).encode()
        return [BankFile(name, day, "answers", content, answers)]


def _lines(content):
    try:
        rows = [json.loads(line) for line in content.decode().splitlines() if line]
    except ValueError as error:
        raise RefusedError("no JSON Lines") from error
    if len(rows) < 3:
        raise RefusedError("empty")
    return rows


def _hundredths(text):
    return int(Decimal(text or 0) * 100)


def _text(hundredths):
    return f"{Decimal(hundredths) / 100:.2f}"
