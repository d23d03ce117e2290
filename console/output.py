"""Output of commands: results on standard output, everything else on standard error."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rich.cells import cell_len
from rich.console import Console

from connectors.home.redaction import redacted

_NUMBER = re.compile(r"[-+]?[\d,]+(\.\d+)?")


class _Plain(Console):
    """A printer of data: `Assets:Bank:Main` is an account and no emoji, `[x]` no markup."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """Raise, so that a reader that left (`| head`) is met in one place, not in every print."""
        raise BrokenPipeError


stdout = _Plain()
stderr = _Plain(stderr=True)


class Align(StrEnum):
    """Alignment of a column's cells."""

    LEFT = "left"
    RIGHT = "right"


def print_error(text: str) -> None:
    """Print one line about what is wrong, on standard error."""
    stderr.print(f"error: {redacted(' '.join(text.split()))}", style="red")


def print_status(text: str = "") -> None:
    """Print a line that is no part of the result, on standard error."""
    stderr.print(text)


def print_result(text: str = "") -> None:
    """Print a line of the result, on standard output."""
    stdout.print(text)


def print_json(document: Mapping[str, Any]) -> None:
    """Print the result as one stable document: amounts and dates as strings."""
    # Not through Rich: a document for programs has no width and no colours.
    print(json.dumps(document, default=_plain, indent=1, ensure_ascii=False))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def print_table(
    title: str, columns: Sequence[tuple[str, Align]], rows: Iterable[Sequence[object]]
) -> None:
    """Print a table of the result; money stands to the right.

    It is as wide as it must be: a figure that a narrow terminal cuts off is worse than a line
    that it wraps.
    """
    lines = [[name for name, _ in columns], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    if title:
        print_result(title)
    for line in lines:
        placed = (
            " " * (width - cell_len(text)) + text
            if align is Align.RIGHT
            else text + " " * (width - cell_len(text))
            for text, width, (_, align) in zip(line, widths, columns, strict=True)
        )
        print_result("  ".join(placed).rstrip())


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def numeric(cells: Iterable[object]) -> bool:
    """Return whether a column holds nothing but numbers, and so stands to the right."""
    texts = [str(cell) for cell in cells if cell is not None]
    return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)


def money(amount: Decimal | None, digits: int = 2) -> str:
    """Return an amount as people read it: thousands apart, the currency's own digits."""
    if amount is None:
        return "-"
    # An amount finer than the minor unit is shown in full: it is what holds its entry.
    return f"{amount:,.{digits}f}" if amount == round(amount, digits) else f"{amount:,f}"
