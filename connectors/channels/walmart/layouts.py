"""How Walmart lays its reconciliation reports out, as SQL relations with one shape a format.

Facts: Walmart's guide "Marketplace and WFS payment report overview" and its OpenAPI document of
reports; the columns are those of real files (32 in 2025, 43 in July 2026) and are known by name.
Line 2 of a file is no row but `Number of Lines in file N`. V1 has a row an amount; the legacy V0
has a row an order line, with up to twenty amounts.
"""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from connectors.documents import api_documents as answers
from connectors.lake.engine import quoted

V1, V0 = "walmart.report.v1", "walmart.report.v0"
JSON = "walmart.report.json"

V1_REQUIRED = (
    "Period Start Date", "Period End Date", "Total Payable", "Currency", "Transaction Key",
    "Transaction Posted Timestamp", "Transaction Type", "Transaction Description",
    "Customer Order #", "Customer Order line #", "Purchase Order #", "Purchase Order line #",
    "Amount", "Amount Type", "Ship Qty", "Partner Item Id",
)  # fmt: skip
V1_OPTIONAL = (
    "Transaction Reason Description", "Partner Item Name", "Ship to State", "Fulfillment Type",
)  # fmt: skip
V0_AMOUNTS = (
    "Payable to Partner from Sale", "Commission from Sale", "Gross Sales Revenue",
    "Refunded Retail Sales", "Sales refund for Escalation", "Gross Shipping Revenue",
    "Gross Shipping Refunded", "Shipping refund for Escalation", "Gross Fee Revenue",
    "Gross Fee Refunded", "Fee refund for Escalation", "Gross Gift-Wrap Revenue",
    "Gross Gift-Wrap Refunded", "Gift wrap refund for Escalation", "Total NET Tax Collected",
    "Tax Withheld",
)  # fmt: skip
V0_REQUIRED = (
    "Walmart.com Order #", "Walmart.com PO #", "Transaction Type", "Transaction Date Time",
    *V0_AMOUNTS[:4],
)  # fmt: skip
V0_OPTIONAL = (
    "Walmart.com P.O. Line #", "Shipped Qty", "Partner Item ID", "Partner Item name",
    "Ship to state", "Return Reason Description", "Adjustment Description", "Fulfillment Type",
    *V0_AMOUNTS[4:],
)  # fmt: skip
DATES = {
    V1: ("Period Start Date", "Period End Date", "Transaction Posted Timestamp"),
    V0: ("Transaction Date Time",),
}
ORDERS = {
    V1: ("Customer Order #", "Purchase Order #"),
    V0: ("Walmart.com Order #", "Walmart.com PO #"),
}
AMOUNTS = {V1: ("Amount", "Total Payable"), V0: V0_AMOUNTS}
STATED_LINES = "Stated Lines"
_TRAILER = r"(?i)^\W*number of lines in file\s*(\d+)"


def columns(header: str) -> tuple[str, ...]:
    """The names of a header line."""
    return tuple(" ".join(name.split()) for name in next(csv.reader([header.rstrip("\r\n")]), []))


def kind(opening: str) -> str | None:
    """Which format a file is of, by its first lines; None for any other file."""
    if answers.is_of("walmart", opening):
        return JSON
    names = set(columns(opening.partition("\n")[0]))
    if {"Total Payable", "Amount Type"} <= names:
        return V1
    return V0 if {"Payable to Partner from Sale", "Walmart.com PO #"} <= names else None


def is_trailer(cell: str) -> bool:
    """Return whether a row that begins with this cell counts the lines."""
    return re.match(_TRAILER, cell) is not None


def shape(form: str) -> str:
    """The format whose columns a document's rows have."""
    return V1 if form == JSON else form


def needed(form: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that a format must have, and those that older files lack."""
    return (V0_REQUIRED, V0_OPTIONAL) if form == V0 else (V1_REQUIRED, V1_OPTIONAL)


def relation(form: str, names: Sequence[str], text: Path) -> str:
    """SQL for every row of a document as text with its number, `text` being plain or `.zst`.

    The row that states how many lines there are has nothing else.
    """
    rows = _answers(text) if form == JSON else _file(form, names, text)
    required, optional = needed(shape(form))
    dates = DATES[shape(form)]
    stated = [f"{_plain(c, c in dates)} AS {_named(c)}" for c in (*required, *optional)]
    first = _named(required[0])
    lines = f"regexp_extract({first}, {quoted(_TRAILER)}, 1)"
    return (
        f"SELECT row, {', '.join(stated)}, nullif({lines}, '') AS {_named(STATED_LINES)} "
        f"FROM ({rows})"
    )


def _plain(column: str, is_date: bool) -> str:
    """A cell without the blanks and quotes around it; of a date, the day alone."""
    name = _named(column)
    if is_date:
        # The line that counts the lines stands under the first date.
        name = f"CASE WHEN regexp_matches({name}, {quoted(_TRAILER)}) THEN NULL ELSE {name} END"
        return f"nullif(split_part({_bare(name)}, ' ', 1), '')"
    return f"nullif({_bare(name)}, '')"


def _bare(cell: str) -> str:
    # Few cells are quoted twice, and to look for two characters takes twice as long.
    return f"""CASE WHEN contains({cell}, '"') THEN trim({cell}, ' "') ELSE trim({cell}) END"""


def _file(form: str, names: Sequence[str], text: Path) -> str:
    required, optional = needed(form)
    # A sheet's empty columns have no name, and no two may have the same.
    typed = ", ".join(f"{quoted(c or f'column{i}')}: 'VARCHAR'" for i, c in enumerate(names))
    absent = "".join(
        f", NULL::VARCHAR AS {_named(c)}" for c in (*required, *optional) if c not in names
    )
    compression = "zstd" if text.suffix == ".zst" else "none"
    return (
        f"SELECT row_number() OVER ()::INTEGER AS row, *{absent} FROM read_csv("
        f"{quoted(str(text))}, columns={{{typed}}}, auto_detect=false, delim=',', quote='\"', "
        f"escape='\"', header=true, nullstr='', null_padding=true, parallel=false, "
        f"compression={quoted(compression)})"
    )


def _answers(text: Path) -> str:
    """The records of every page; how many lines there are is said beside them."""
    listed = ", ".join(f"t->>{quoted(_path(c))} AS {_named(c)}" for c in V1_REQUIRED + V1_OPTIONAL)
    first = _named(V1_REQUIRED[0])
    return (
        f"WITH answers AS ({answers.relation(text)}), "
        "listed AS (SELECT unnest(json_extract(answer, '$.reportData[*]')) AS t FROM answers "
        "WHERE operation = 'reconFileJson') "
        f"SELECT 0 AS row, max(answer->>'$.description') AS {first} FROM answers "
        f"UNION ALL BY NAME SELECT row_number() OVER ()::INTEGER AS row, {listed} FROM listed"
    )


def _path(column: str) -> str:
    return f'$."{column}"'


def _named(column: str) -> str:
    """A column name as SQL writes it."""
    return f'"{column}"'
