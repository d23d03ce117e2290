"""The layouts of Walmart's reconciliation reports, as SQL relations of one shape each.

Facts: Walmart's guide "Marketplace and WFS payment report overview" and its OpenAPI document of
reports; the columns are those of real files (32 in 2025, 43 in July 2026) and are known by name.
Line 2 of a file is no row but `Number of Lines in file N`. V1 has a row an amount; the legacy V0
has a row an order line, with up to twenty amounts.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.documents import api_documents
from connectors.documents.delimited import identifier, text_rows
from connectors.lake.engine import quoted


@dataclass(frozen=True, slots=True)
class ReportLayout:
    """The columns of a report, by name; older files lack the `optional` ones.

    `dates`, `orders` and `amounts` are those that hold a day, an order's number, an amount.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...]
    dates: tuple[str, ...]
    orders: tuple[str, ...]
    amounts: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return every column that is read."""
        return self.required + self.optional


_V1_REQUIRED = (
    "Period Start Date", "Period End Date", "Total Payable", "Currency", "Transaction Key",
    "Transaction Posted Timestamp", "Transaction Type", "Transaction Description",
    "Customer Order #", "Customer Order line #", "Purchase Order #", "Purchase Order line #",
    "Amount", "Amount Type", "Ship Qty", "Partner Item Id",
)  # fmt: skip
_V1_OPTIONAL = (
    "Transaction Reason Description", "Partner Item Name", "Ship to State", "Fulfillment Type",
)  # fmt: skip
_V0_AMOUNTS = (
    "Payable to Partner from Sale", "Commission from Sale", "Gross Sales Revenue",
    "Refunded Retail Sales", "Sales refund for Escalation", "Gross Shipping Revenue",
    "Gross Shipping Refunded", "Shipping refund for Escalation", "Gross Fee Revenue",
    "Gross Fee Refunded", "Fee refund for Escalation", "Gross Gift-Wrap Revenue",
    "Gross Gift-Wrap Refunded", "Gift wrap refund for Escalation", "Total NET Tax Collected",
    "Tax Withheld",
)  # fmt: skip
_V0_REQUIRED = (
    "Walmart.com Order #", "Walmart.com PO #", "Transaction Type", "Transaction Date Time",
    *_V0_AMOUNTS[:4],
)  # fmt: skip
_V0_OPTIONAL = (
    "Walmart.com P.O. Line #", "Shipped Qty", "Partner Item ID", "Partner Item name",
    "Ship to state", "Return Reason Description", "Adjustment Description", "Fulfillment Type",
    *_V0_AMOUNTS[4:],
)  # fmt: skip
V1 = ReportLayout(
    _V1_REQUIRED,
    _V1_OPTIONAL,
    dates=("Period Start Date", "Period End Date", "Transaction Posted Timestamp"),
    orders=("Customer Order #", "Purchase Order #"),
    amounts=("Amount", "Total Payable"),
)
V0 = ReportLayout(
    _V0_REQUIRED,
    _V0_OPTIONAL,
    dates=("Transaction Date Time",),
    orders=("Walmart.com Order #", "Walmart.com PO #"),
    amounts=_V0_AMOUNTS,
)
STATED_LINES = "Stated Lines"
_TRAILER = r"(?i)^\W*number of lines in file\s*(\d+)"


def columns(header: str) -> tuple[str, ...]:
    """Return the names of a header line."""
    return tuple(" ".join(name.split()) for name in next(csv.reader([header.rstrip("\r\n")]), []))


def is_trailer(cell: str) -> bool:
    """Return whether a row that begins with this cell counts the lines."""
    return re.match(_TRAILER, cell) is not None


def relation(layout: ReportLayout, rows: str) -> str:
    """Return SQL for every row of a report as text with its number.

    The row that states how many lines there are has nothing else.
    """
    stated = [f"{_plain(c, c in layout.dates)} AS {identifier(c)}" for c in layout.columns]
    first = identifier(layout.required[0])
    lines = f"regexp_extract({first}, {quoted(_TRAILER)}, 1)"
    return (
        f"SELECT row, {', '.join(stated)}, nullif({lines}, '') AS {identifier(STATED_LINES)} "
        f"FROM ({rows})"
    )


def _plain(column: str, is_date: bool) -> str:
    """Return a cell without the blanks and quotes around it; of a date, the day alone."""
    name = identifier(column)
    if is_date:
        # The line that counts the lines stands under the first date.
        name = f"CASE WHEN regexp_matches({name}, {quoted(_TRAILER)}) THEN NULL ELSE {name} END"
        return f"nullif(split_part({_bare(name)}, ' ', 1), '')"
    return f"nullif({_bare(name)}, '')"


def _bare(cell: str) -> str:
    # Few cells are quoted twice, and to look for two characters takes twice as long.
    return f"""CASE WHEN contains({cell}, '"') THEN trim({cell}, ' "') ELSE trim({cell}) END"""


def file_rows(layout: ReportLayout, names: Sequence[str], text: Path) -> str:
    """Return SQL for the rows of a file with these columns, plain or `.zst`."""
    absent = "".join(
        f", NULL::VARCHAR AS {identifier(c)}" for c in layout.columns if c not in names
    )
    rows = text_rows(text, names, ragged=True)
    return f"SELECT row_number() OVER ()::INTEGER AS row, *{absent} FROM {rows}"


def response_rows(text: Path) -> str:
    """Return SQL for the records of every page, with the stated number of lines."""
    listed = ", ".join(f"t->>{quoted(_path(c))} AS {identifier(c)}" for c in V1.columns)
    first = identifier(V1.required[0])
    return (
        f"WITH answers AS ({api_documents.relation(text)}), "
        "listed AS (SELECT unnest(json_extract(answer, '$.reportData[*]')) AS t FROM answers "
        "WHERE operation = 'reconFileJson') "
        f"SELECT 0 AS row, max(answer->>'$.description') AS {first} FROM answers "
        f"UNION ALL BY NAME SELECT row_number() OVER ()::INTEGER AS row, {listed} FROM listed"
    )


def _path(column: str) -> str:
    return f'$."{column}"'
