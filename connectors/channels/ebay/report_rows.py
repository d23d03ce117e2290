"""The rows of a transaction report: its header, and each row under uniform names."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from connectors.channels.ebay import locales
from connectors.documents.countries import country_codes
from connectors.documents.delimited import text_rows
from connectors.documents.manifest import Dialect
from connectors.documents.tables import records
from connectors.lake.engine import quoted

DATES = (
    "%b %d, %Y", "%d %b %Y", "%d %b, %Y", "%d-%b-%Y", "%d-%b-%y", "%B %d, %Y", "%d %B %Y",
    "%Y-%m-%d",
)  # fmt: skip
_FIRST = ("Transaction creation date", "Transaction date")
_FIRST_GERMAN = "datum der transaktionserstellung"
_DELIMITERS = (",", ";", "\t")
_ITEM = ("Item subtotal", "Shipping and handling", "Seller collected tax")
_TAX, _GROSS = "eBay collected tax", "Gross transaction amount"
_TEXTS = {
    "order_id": "Order number",
    "payout_currency": "Payout currency",
    "payout_id": "Payout ID",
    "item_id": "Item ID",
    "transaction_id": "Transaction ID",
    "title": "Item title",
    "sku": "Custom label",
    "quantity": "Quantity",
    "transaction_currency": "Transaction currency",
    "exchange_rate": "Exchange rate",
    "description": "Description",
    "ship_to_region": "Ship to province/region/state",
}
_COUNTRY = "Ship to country"
_OPTIONAL = {"Transaction ID", "Item title", "Custom label", "Quantity", "Exchange rate",
             "Ship to province/region/state"}  # fmt: skip
REQUIRED = (
    "Type", *(column for column in _TEXTS.values() if column not in _OPTIONAL),
    "Net amount", *_ITEM[:2], _TAX, _GROSS,
)  # fmt: skip
_NO_FEES = {"", "Payout date", "Payout method", "Payout status", "Seller specified VAT rate",
            "Net amount", "Type", *_FIRST, *_TEXTS.values(), *_ITEM, _TAX, _GROSS}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """The place of the header: the rows above it, its columns in English, what parts them."""

    above: int
    columns: tuple[str, ...]
    delimiter: str


def header(head: str) -> Header | None:
    """Return the header among the first lines of a file; its columns may stand in any order."""
    for delimiter in _DELIMITERS:
        for above, cells in enumerate(records(head, delimiter)):
            columns = locales.columns(cells)
            if set(_FIRST) & set(columns) and {"Net amount", "Payout ID"} <= set(columns):
                german = _FIRST_GERMAN in map(locales.plain, cells)
                # English reports have commas: what has not was saved by another program.
                return Header(above, columns, delimiter) if german or delimiter == "," else None
    return None


def language(head: str) -> str | None:
    """Return the language of a report that cannot be read, by its first lines."""
    listed = (locales.language(row) for d in _DELIMITERS for row in records(head, d))
    return next((name for name in listed if name is not None), None)


def stated_days(head: str, name: str) -> tuple[date, date] | None:
    """Return the first and last day that were asked for.

    The lines above the header name them, else the file's own name does,
    `Transaction_report_20260501_20260531.csv`.
    """
    days: dict[str, date | None] = {}
    top = header(head)
    for cells in islice(records(head, top.delimiter), top.above) if top else ():
        words, _, value = " ".join(cell.strip() for cell in cells).partition(" date")
        days.setdefault(words.casefold().split(" ")[-1], _day(value))
    first, last = days.get("start"), days.get("end")
    # The digits may not go on: order numbers in a renamed file look alike.
    named = re.search(r"_(20\d{6})_(20\d{6})(?!\d)", name)
    if named is not None and not (first and last):
        with suppress(ValueError):
            first, last = (date.fromisoformat(day) for day in named.groups())
    return (first, last) if first and last and first <= last else None


def _day(text: str) -> date | None:
    written = re.search(r"[A-Z][a-z]+ \d+, \d{4}|\d+[ -][A-Z][a-z]+,?[ -]\d+|\d{4}-\d\d-\d\d", text)
    if written is None:
        return None
    # British reports write Sept, which strptime doesn't know.
    plain = written[0].replace("Sept ", "Sep ")
    for form in DATES:
        with suppress(ValueError):
            return datetime.strptime(f"{plain} +0000", f"{form} %z").date()
    return None


def _fees(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns between eBay's tax and the gross, and others that are called a fee."""
    first, last = columns.index(_TAX), columns.index(_GROSS)
    return tuple(
        column
        for place, column in enumerate(columns)
        if column not in _NO_FEES
        and (first < place < last or re.search(r"(?i)\bfee\b|gebühr|donation", column))
    )


def money_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of `document_rows` that are amounts of the balance."""
    fees = (f"fee_{i}" for i in range(len(_fees(columns))))
    return ("net", "gross", *(f"item_{i}" for i in range(len(_ITEM))), *fees)


def relation(dialect: Dialect, text: Path) -> str:
    """Return SQL for every row as text with its number.

    Its amounts by name, and as lists of items and fees.
    """
    columns = dialect.columns
    first = next(c for c in _FIRST if c in columns)
    # Read by position: report columns may repeat, and DuckDB wants unique names.
    place = {name: f"c{i}" for i, name in enumerate(columns)}
    fees = _fees(columns)
    named = ("Net amount", _GROSS, *_ITEM, *fees)
    fields = [
        "row_number() OVER ()::INTEGER AS row",
        f"{_date(place[first])} AS day",
        f"{_date(place.get('Payout date'))} AS payout_day",
        f"{_type(place['Type'])} AS type",
        f"{_country(place.get(_COUNTRY))} AS ship_to",
        *(f"{_text(place.get(column))} AS {name}" for name, column in _TEXTS.items()),
        *(
            f"{_amount(place.get(column))} AS {name}"
            for name, column in zip(money_columns(columns), named, strict=True)
        ),
    ]
    rows = text_rows(
        text,
        [f"c{i}" for i in range(len(columns))],
        delimiter=dialect.delimiter,
        empty=("", "--"),
        preamble=dialect.preamble,
    )
    return (
        f"SELECT *, {_list(_ITEM, 'item')} AS items, {_list(fees, 'fee')} AS fees "
        f"FROM (SELECT {', '.join(fields)} FROM {rows})"
    )


def _list(labels: Sequence[str], name: str) -> str:
    listed = (f"{{label: {quoted(label)}, text: {name}_{i}}}" for i, label in enumerate(labels))
    return f"[{', '.join(listed)}]::STRUCT(label VARCHAR, text VARCHAR)[]"


def _text(column: str | None) -> str:
    return "NULL::VARCHAR" if column is None else f"nullif(nullif(trim({column}), '--'), '')"


def _type(column: str) -> str:
    words = ", ".join(f"{quoted(w)}: {quoted(name)}" for w, name in locales.TYPES.items())
    return f"coalesce(MAP {{{words}}}[lower({_text(column)})], {_text(column)})"


def _country(column: str | None) -> str:
    """Return SQL for the ISO 3166 code of a country that is written as one, or by its name."""
    name = _text(column)
    names = ", ".join(f"{quoted(word)}: {quoted(code)}" for word, code in country_codes().items())
    code = f"CASE WHEN regexp_full_match({name}, '[A-Z]{{2}}') THEN {name} END"
    return f"coalesce({code}, MAP {{{names}}}[lower({name})])"


def _amount(column: str | None) -> str:
    # German reports write the true minus sign.
    return f"replace({_text(column)}, '\u2212', '-')"


def _date(column: str | None) -> str:
    """Return SQL for a date with months of three English letters."""
    written = f"regexp_replace({_text(column)}, '\\bSept\\b', 'Sep')"
    for german, english in locales.MONTHS.items():
        written = f"replace({written}, '{german}', '{english}')"
    # German dates with month names have full stops to remove; numeric dates need theirs.
    return f"CASE WHEN {written} LIKE '% %' THEN replace({written}, '.', '') ELSE {written} END"
