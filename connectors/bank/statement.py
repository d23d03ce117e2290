"""Lines of a bank account, whatever file they came in."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class BankLine:
    """One line of an account; money that arrived is positive.

    `line_id` is the bank's own, or made of the line's content and its place among equal ones.
    """

    line_id: str
    booked_on: date
    amount: Decimal
    currency: str
    text: str


def identified(lines: Iterable[BankLine]) -> list[BankLine]:
    """Return lines that all have an id: equal ones are told apart by their order in the file.

    A file that overlaps with an earlier one gives the same lines the same ids.
    """
    seen: Counter[str] = Counter()
    complete: list[BankLine] = []
    for line in lines:
        if line.line_id:
            complete.append(line)
            continue
        facts = f"{line.booked_on}|{line.amount:f}|{line.currency}|{line.text}"
        seen[facts] += 1
        digest = hashlib.sha256(f"{facts}|{seen[facts]}".encode()).hexdigest()
        complete.append(replace(line, line_id=digest[:32]))
    return complete
