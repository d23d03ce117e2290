"""The CSV files of accounting programs (`templates.yaml`): one row a posting, by columns."""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any, Final

import yaml

from connectors.accounting.target import line_text
from mappings.journal.dimensions import dimension_key
from mappings.model import JournalEntry, JournalLine
from mappings.money import coin

# A spreadsheet takes these as the beginning of a formula.
_FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r")
_TRACKING, _DIMENSION = "tracking", "dimension "
_SIDES: Final = {"debit": "D", "credit": "C"}


@dataclass(frozen=True, slots=True)
class Template:
    """One program's file: its title, how it writes days and sides, and its columns in order."""

    title: str
    date: str
    columns: Mapping[str, str]
    sides: Mapping[str, str] = field(default_factory=lambda: _SIDES)

    def render(self, entry: JournalEntry, store: str, name: str) -> bytes:
        """Return an entry as the program imports it; `name` is how the entry is called there."""
        text = StringIO()
        # RFC 4180 ends lines so, whatever system writes them.
        rows = csv.writer(text, lineterminator="\r\n")
        rows.writerow(self.columns)
        for line in entry.lines:
            cells = (self._cell(what, line, entry, store, name) for what in self.columns.values())
            rows.writerow(cells)
        return text.getvalue().encode()

    @property
    def takes_tax(self) -> bool:
        """Return whether the program is told how much of an amount is tax."""
        return not _TAXES.keys().isdisjoint(self.columns.values())

    @property
    def dimensions(self) -> list[str] | None:
        """Return the dimensions that have a column of their own; None where one holds any."""
        if _TRACKING in self.columns.values():
            return None
        return [what[len(_DIMENSION) :] for what in self.columns.values() if _is_dimension(what)]

    def _cell(
        self, what: str, line: JournalLine, entry: JournalEntry, store: str, name: str
    ) -> str:
        if what.startswith("="):
            return what[1:]
        if what == "date":
            return _day(entry.business_date, self.date)
        if what == "side":
            return self.sides["debit" if line.amount >= 0 else "credit"]
        if what in _AMOUNTS:
            return _AMOUNTS[what](line.amount.quantize(coin(entry.currency)))
        if what in _TAXES:
            tax = (line.tax_amount or Decimal(0)).quantize(coin(entry.currency))
            return _TAXES[what](line.amount.quantize(coin(entry.currency)), tax)
        texts: dict[str, str | None] = {
            "entry": name,
            "store": store,
            "account": line.account,
            "description": f"{store}: {line_text(line, entry.language)}",
            "category": line.category,
            "settlement": line.settlement_id,
            "currency": entry.currency,
            "tax_code": line.tax_code,
            _TRACKING: "; ".join(f"{name}: {value}" for name, value in line.tracking),
        }
        text = _value(line, what[len(_DIMENSION) :]) if _is_dimension(what) else texts[what]
        return _as_text(text or "")


def _is_dimension(what: str) -> bool:
    return what.startswith(_DIMENSION)


def _value(line: JournalLine, dimension: str) -> str:
    values = (v for name, v in line.tracking if dimension_key(name) == dimension)
    # A number that programs read as none.
    return next(values, "0")


@cache
def templates() -> Mapping[str, Template]:
    """Return every template by name."""
    text = files(__package__).joinpath("templates.yaml").read_text()
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {name: Template(**entry) for name, entry in loaded.items()}


def _day(day: date, form: str) -> str:
    return day.strftime(form)


def _as_text(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    # Texts alone: an amount keeps its minus sign, and is a number anyway.
    return f"'{text}" if text.startswith(_FORMULAS) else text


def _debit(amount: Decimal) -> str:
    return f"{amount:f}" if amount >= 0 else ""


def _credit(amount: Decimal) -> str:
    return f"{-amount:f}" if amount < 0 else ""


def _or_zero(side: Callable[[Decimal], str]) -> Callable[[Decimal], str]:
    return lambda amount: side(amount) or f"{amount * 0:f}"


_AMOUNTS: Final[Mapping[str, Callable[[Decimal], str]]] = {
    "amount": lambda amount: f"{amount:f}",
    "size": lambda amount: f"{abs(amount):f}",
    "debit": _debit,
    "credit": _credit,
    "debit_0": _or_zero(_debit),
    "credit_0": _or_zero(_credit),
}

# Of an amount and the tax it contains.
_TAXES: Final[Mapping[str, Callable[[Decimal, Decimal], str]]] = {
    "tax": lambda _amount, tax: f"{tax:f}" if tax else "",
    "tax_size": lambda _amount, tax: f"{abs(tax):f}",
    "net_size": lambda amount, tax: f"{abs(amount - tax):f}",
}
