"""A case of an export of orders: the file, and the rows that it becomes."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Case:
    """An export and its rows; `totals` are the sums that the import tells, `secrets` its names."""

    name: str
    channel: str
    file: str
    content: bytes
    orders: list[Row]
    lines: list[Row]
    payments: list[Row]
    totals: Sequence[str]
    secrets: Sequence[str] = ("Marked Buyer", "marked@example.com", "1 Marked Street")
    time_zone: str = "Europe/London"


def table(
    columns: Sequence[str], rows: Sequence[Mapping[str, str]], *, delimiter: str = ","
) -> str:
    """Rows under a header; a column that a row does not name is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
