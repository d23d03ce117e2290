"""Amazon's VAT Transactions Report: where the goods of each order came from and went.

Format facts come from programs that read sellers' files (no file that may be redistributed was
found): a line of some ninety column names in capitals, then one row an item of a sale, a refund or
a movement of stock; with commas from Seller Central, with tabs from the API
(GET_VAT_TRANSACTION_DATA). `TRANSACTION_EVENT_ID` is the order's number, `ACTIVITY_PERIOD` a month
such as 2026-MAR. `BUYER_VAT_NUMBER` is empty for a consumer. Its amounts are not booked:
settlements state the same money.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb

from connectors.channels.base import LineQuery
from connectors.documents.delimited import text_rows
from connectors.documents.manifest import Coverage, Dialect, Manifest
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import (
    MAX_LINE,
    check_columns,
    check_rows,
    check_whole,
    load,
    records,
)
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, midnight
from mappings.channels.queries import sql

_NAMED = ("activity_period", "transaction_event_id", "sale_arrival_country")
_REQUIRED = (
    *_NAMED,
    *("transaction_type", "seller_sku", "sale_depart_country", "transaction_currency_code"),
)
_OPTIONAL = (*("tax_collection_responsibility", "buyer_vat_number_country", "buyer_vat_number"),)
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_AGAIN = "download the report again, unedited"
# A report of many countries has as many currencies; which one it is filed under decides nothing.
_CURRENCY = "EUR"


class VatTransactionsReport:
    """The report of one month, or of several."""

    name = "vat_transactions"
    coverage = Coverage.ORDERS

    def identify(self, head: str) -> bool:
        """Return whether the first line has the report's columns."""
        return set(_NAMED) <= set(_columns(head)[1])

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a report that was read whole."""
        delimiter, columns = _columns(file.head)
        check_columns(file, columns, _REQUIRED, _AGAIN)
        dialect = Dialect(
            encoding=file.encoding,
            columns=columns,
            decimal_mark=".",
            date_format="%d-%m-%Y",
            delimiter=delimiter,
        )
        count = check_rows(file, len(columns), _AGAIN, delimiter=delimiter)
        broken = "is not a row of a VAT transactions report"
        load(con, file, _relation(dialect, file.text), broken, _AGAIN, count)
        check_whole(con, file, "activity_period IS NULL OR transaction_type IS NULL", _AGAIN)
        months = con.execute("SELECT DISTINCT activity_period FROM document_rows").fetchall()
        if not months:
            raise BadInput(f"{file.name}: the report has a header and no rows; download it again")
        days = sorted(_month(file, str(text)) for (text,) in months)
        return _manifest(file, dialect, days, count)

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored report, whose `lines_sql` describes orders."""
        return LineQuery(
            rows=partial(_relation, manifest.dialect),
            lines_sql=sql("amazon", "orders_vat"),
            variables={},
        )


def _columns(head: str) -> tuple[str, tuple[str, ...]]:
    """Return the delimiter of the first line, and its names in small letters."""
    line = head.partition("\n")[0]
    delimiter = "\t" if "\t" in line else ","
    names = next(records(line, delimiter), [])
    return delimiter, tuple(name.strip().lower() for name in names)


def _relation(dialect: Dialect, text: Path) -> str:
    names = dialect.columns
    cells = [f"c{i}" for i in range(len(names))]
    place = dict(zip(names, cells, strict=True))
    fields = [
        f"nullif(trim({place[name]}), '') AS {name}"
        if name in place
        else f"NULL::VARCHAR AS {name}"
        for name in (*_REQUIRED, *_OPTIONAL)
    ]
    rows = text_rows(text, cells, delimiter=dialect.delimiter, longest=MAX_LINE)
    return f"SELECT row_number() OVER ()::INTEGER AS row, {', '.join(fields)} FROM {rows}"


def _month(file: DecodedFile, text: str) -> date:
    """Return the first day of a month such as 2026-MAR."""
    year, _, month = text.upper().partition("-")
    if not (year.isdigit() and len(year) == 4 and month in _MONTHS):
        raise BadInput(f"{file.name}: {text!r} is no month of a report; {_AGAIN}")
    return date(int(year), _MONTHS.index(month) + 1, 1)


def _manifest(file: DecodedFile, dialect: Dialect, months: list[date], rows: int) -> Manifest:
    first, last = months[0], (months[-1].replace(day=28) + 4 * ONE_DAY).replace(day=1) - ONE_DAY
    span = f"{first:%Y-%m}" if len(months) == 1 else f"{first:%Y-%m}..{last:%Y-%m}"
    return Manifest(
        document=file.document,
        connection=file.connection,
        channel="amazon",
        format=FORMAT.name,
        coverage=FORMAT.coverage,
        name=file.name,
        fetched_at=datetime.now(UTC),
        statement=f"vat transactions {span}",
        currency=_CURRENCY,
        marketplace=None,
        period_start=midnight(first, file.time_zone),
        period_end=midnight(last, file.time_zone, after=1),
        first_day=first,
        last_day=last,
        lines=0,
        rows=rows,
        rows_without_amount=0,
        total=Decimal(0),
        declared=None,
        dialect=dialect,
        source_types=(),
        days={},
        settlements=(),
        # Without days to compare, two reports of one month are the same by their bytes alone.
        tag=file.document,
    )


FORMAT = VatTransactionsReport()
