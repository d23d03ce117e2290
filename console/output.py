"""What commands print: facts on standard output, everything else on standard error."""

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
    """What is printed is data: `Assets:Bank:Main` is an account and no emoji, `[x]` no markup."""

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, highlight=False, soft_wrap=True, markup=False, emoji=False)

    def on_broken_pipe(self) -> None:
        """A reader that has seen enough (`| head`) is met in one place, not in every print."""
        raise BrokenPipeError


facts = _Plain()
asides = _Plain(stderr=True)


class Align(StrEnum):
    """How a column's cells stand."""

    LEFT = "left"
    RIGHT = "right"


def complain(text: str) -> None:
    """One line about what is wrong."""
    asides.print(f"error: {redacted(' '.join(text.split()))}", style="red")


def say(text: str = "") -> None:
    """A line for a person that is not part of the answer."""
    asides.print(text)


def show(text: str = "") -> None:
    """A line of the answer."""
    facts.print(text)


def show_json(document: Mapping[str, Any]) -> None:
    """The answer as one stable document: amounts and dates as strings."""
    print(json.dumps(document, default=_plain, indent=1, ensure_ascii=False))


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def show_table(
    title: str, columns: Sequence[tuple[str, Align]], rows: Iterable[Sequence[object]]
) -> None:
    """A table of the answer; money stands to the right.

    It is as wide as it must be: a figure that a narrow terminal cuts off is worse than a line
    that it wraps.
    """
    lines = [[name for name, _ in columns], *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    if title:
        show(title)
    for line in lines:
        placed = (
            " " * (width - cell_len(text)) + text
            if align is Align.RIGHT
            else text + " " * (width - cell_len(text))
            for text, width, (_, align) in zip(line, widths, columns, strict=True)
        )
        show("  ".join(placed).rstrip())


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


def numeric(cells: Iterable[object]) -> bool:
    """Whether a column holds numbers and nothing else, and so stands to the right."""
    texts = [str(cell) for cell in cells if cell is not None]
    return bool(texts) and all(_NUMBER.fullmatch(text) for text in texts)


def money(amount: Decimal | None, digits: int = 2) -> str:
    """An amount as a person reads it: thousands apart, the currency's own digits."""
    if amount is None:
        return "-"
    return f"{amount:,.{digits}f}" if amount == round(amount, digits) else f"{amount:,f}"
