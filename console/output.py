"""What commands print: facts on standard output, everything else on standard error."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from rich.console import Console
from rich.table import Table

# A pipe has no width; a table must not be folded into one of eighty columns.
_PIPE_WIDTH = 240

facts = Console(highlight=False, soft_wrap=True)
asides = Console(stderr=True, highlight=False, soft_wrap=True)
if not facts.is_terminal:
    facts = Console(highlight=False, soft_wrap=True, width=_PIPE_WIDTH)


class Align(StrEnum):
    """How a column's cells stand."""

    LEFT = "left"
    RIGHT = "right"


def complain(text: str) -> None:
    """One line about what is wrong."""
    asides.print(f"error: {text}", style="red", markup=False)


def say(text: str = "") -> None:
    """A line for a person that is not part of the answer."""
    asides.print(text, markup=False)


def show(text: str = "") -> None:
    """A line of the answer."""
    facts.print(text, markup=False)


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
    """A table of the answer; money stands to the right."""
    table = Table(title=title or None, title_justify="left", box=None, pad_edge=False)
    for name, align in columns:
        table.add_column(
            name, justify="right" if align is Align.RIGHT else "left", no_wrap=align is Align.RIGHT
        )
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    facts.print(table)


def money(amount: Decimal | None, digits: int = 2) -> str:
    """An amount as a person reads it: thousands apart, the currency's own digits."""
    if amount is None:
        return "-"
    return f"{amount:,.{digits}f}" if amount == round(amount, digits) else f"{amount:,f}"
