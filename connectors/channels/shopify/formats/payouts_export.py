"""Shopify's export of payouts on disk: its rows and their verification.

Format facts are read off real exports: a row a payout, of 10 columns and later of 13, decimal
points, dates without a time; fees, refunds and what is reserved are negative. On every row the
parts make the Total. Nothing says when things were sold, nor the payout's number: its day stands
for both, as in an export of transactions without `Payout ID`.
UNCONFIRMED: which payouts left that were not paid (`mappings/channels/shopify/lines_payouts.sql`),
and that the money of one that was canceled comes back as a Retried Amount, as that of a failed one.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import duckdb

from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.shopify.exports import (
    AGAIN,
    APART,
    columns,
    load_rows,
    relation,
    settlement,
)
from connectors.documents.control_totals import take_control_totals
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import rows_without_line, verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_columns, check_once, one_currency
from connectors.errors import BadInput
from connectors.lake.windows import midnight
from mappings.channels.queries import sql

_LINES = "lines_payouts"
_OPTIONAL = ("Marketplace Sales Tax", "Advances", "Bank Reference")
_PARTS = (
    "Charges", "Refunds", "Adjustments", "Marketplace Sales Tax", "Advances", "Reserved Funds",
    "Fees", "Retried Amount",
)  # fmt: skip
_NEEDED = ("Payout Date", "Status", "Total", "Currency")
_REQUIRED = (*_NEEDED, *(part for part in _PARTS if part not in _OPTIONAL))
# Spreadsheets add midnight to a date.
_FORMS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S")


class PayoutsExport:
    """The export of payouts, with the sums of whole payouts."""

    name = "payouts_export"
    coverage = Coverage.PAYOUT_SUMMARY

    def identify(self, head: str) -> bool:
        """Return whether the first line names an export's columns."""
        return {"Payout Date", "Charges", "Retried Amount", "Total"} <= set(columns(head))

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of an export that was read whole and verified row by row."""
        names = columns(file.header)
        check_columns(file, names, _REQUIRED, AGAIN)
        load_rows(con, file, names, _OPTIONAL, _NEEDED)
        # Two exports pasted together would count a payout twice.
        reference = "nullif(nullif(trim(\"Bank Reference\"), ''), '--')"
        check_once(con, file, "Bank Reference", [reference], AGAIN)
        stated = one_currency(con, file, '"Currency"', APART.format("payouts"))
        dialect = Dialect(
            encoding=file.encoding,
            columns=names,
            decimal_mark=decimal_marks(con, file.name, [*_PARTS, "Total"])[0],
            date_format=date_format(con, file.name, ["Payout Date"], _FORMS),
        )
        define(con, dialect, currency=stated, time_zone=file.time_zone)
        totals = take_control_totals(con, file, sql("shopify", _LINES))
        _verify_rows(con, file)
        if not totals.days:
            raise BadInput(f"{file.name}: no payout of it has an amount; choose days with payouts")
        totals = replace(totals, rows_without_amount=rows_without_line(con))
        settlements = _settlements(con, file, stated)
        first, last = min(totals.days), max(totals.days)
        return totals.with_payouts(settlements).manifest(
            file,
            channel="shopify",
            format=self,
            statement=f"payouts:{_months(first, last)}-{stated}",
            currency=stated,
            declared=totals.total,
            dialect=dialect,
            period=(midnight(first, file.time_zone), midnight(last, file.time_zone, after=1)),
            settlements=settlements,
        )

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored export; a negative payout was taken from the bank."""
        return LineQuery(
            rows=partial(relation, manifest.dialect.columns, _OPTIONAL),
            lines_sql=sql("shopify", _LINES),
            variables={"period_end": manifest.period_end, **payout_variables()},
        )


def _verify_rows(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    """Raise `TotalsMismatch` for a row whose parts do not make its Total."""
    verify_rows(
        con,
        file,
        'SELECT row, coalesce(sum(amount), 0)::DECIMAL(19,4) AS computed, money("Total") AS '
        "declared FROM document_rows LEFT JOIN counted_lines USING (row) "
        "GROUP BY ALL HAVING computed <> declared ORDER BY row LIMIT 1",
        f"row {{row}}: its parts make {{computed}} but Total is {{declared}}; {AGAIN}",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, stated: str
) -> tuple[Statement, ...]:
    """Return the payouts, oldest first.

    Of two of a day, which stay together, none has left while one has not.
    """
    rows = con.execute(
        "SELECT settlement_id, count(*)::INTEGER, sum(amount)::DECIMAL(19,4), payout_day, "
        "bool_and(has_left), max(row) FROM counted_lines GROUP BY ALL ORDER BY payout_day"
    ).fetchall()
    return tuple(
        settlement(
            file,
            *(stated, name, lines, total),
            period=(midnight(day, file.time_zone), midnight(day, file.time_zone, after=1)),
            paid_on=day if has_left else None,
            row=row,
            declared=total,
        )
        for name, lines, total, day, has_left, row in rows
    )


def _months(first: date, last: date) -> str:
    return "..".join(sorted({f"{first:%Y-%m}", f"{last:%Y-%m}"}))


FORMAT = PayoutsExport()
