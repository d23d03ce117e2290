"""A CSV file of an owner's with a header, read whole or refused with the row and the cure."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from connectors.documents.encodings import decode
from connectors.errors import BadInput

_DELIMITERS: Final = ("\t", ";", ",")
LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a file, its cells by header in lower case."""

    file: str
    number: int
    cells: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a cell; empty where there is no such column."""
        return self.cells.get(name, "")

    def required(self, name: str) -> str:
        """Return a cell that must say something; `BadInput` where it does not."""
        value = self.text(name)
        if not value or len(value) > LONGEST_TEXT:
            raise self.problem(f"has no {name}" if not value else f"has too long a {name}")
        return value

    def day(self, name: str) -> date:
        """Return a day written like 2026-03-31; `BadInput` for another one."""
        value = self.required(name)
        try:
            return date.fromisoformat(value[:10])
        except ValueError as error:
            raise self.problem(f"{value!r} is no day: write 2026-03-31") from error

    def amount(self, name: str, most: Decimal) -> Decimal:
        """Return an amount of at least 0 with a decimal point; `BadInput` for another one."""
        value = self.required(name)
        try:
            amount = Decimal(value)
        except InvalidOperation as error:
            raise self.problem(f"{value!r} is no amount: write 1234.50") from error
        if not amount.is_finite() or not 0 <= amount <= most:
            raise self.problem(f"{value} is no {name} between 0 and {most}")
        if amount != amount.quantize(Decimal("0.0001")):
            raise self.problem(f"{value} has more than four decimals")
        return amount

    def units(self, name: str) -> int:
        """Return a number of units of at least 1; `BadInput` for another one."""
        value = self.required(name)
        if not value.isascii() or not value.isdigit() or not 0 < int(value[:10]) <= 1_000_000:
            raise self.problem(f"{value!r} is no number of units")
        return int(value)

    def problem(self, text: str) -> BadInput:
        """Return what is wrong with the row, with where it is."""
        return BadInput(f"{self.file}: row {self.number}: {text}")


def read_rows(name: str, content: bytes, needed: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of a file; `BadInput` for one that is cut off or lacks a needed column."""
    text, _ = decode(name, content)
    lines = text.splitlines()
    head = lines[0] if lines else ""
    delimiter = max(_DELIMITERS, key=head.count)
    rows = csv.reader(lines, delimiter=delimiter)
    header = [cell.strip().lower() for cell in next(rows, [])]
    lacking = [column for column in needed if column not in header]
    if lacking:
        raise BadInput(
            f"{name}: has no column {lacking[0]!r}: its header needs {', '.join(needed)}"
        )
    for number, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise BadInput(f"{name}: row {number} has {len(row)} columns of {len(header)}")
        cells = dict(zip(header, (cell.strip() for cell in row), strict=True))
        yield Row(name, number, cells)
