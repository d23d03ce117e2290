"""eBay's transaction report on disk: its rows and their verification.

Format facts come from a real report and from programs that read sellers' reports: UTF-8, comma,
up to eleven lines above the header, `--` for nothing, decimal points, dates without a time. The
columns between `eBay collected tax` and `Gross transaction amount` are fees, and vary. Gross and
fees make the net on every row. Rows of a payout sum to it; the row of type Payout, of a negative
net, says when it left. An order of several items is one row with its net and a row an item without.
UNCONFIRMED: British dates, the names of the dates above the header, payouts that came back.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial

import duckdb

from connectors.channels.api_formats import open_settlement
from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.ebay import report_rows
from connectors.documents.control_totals import ControlTotals, take_control_totals
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import rows_without_line, verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import (
    check_above,
    check_columns,
    check_once,
    check_rows,
    check_whole,
    load,
    one_currency,
)
from connectors.errors import BadInput
from connectors.lake.windows import midnight
from mappings.channels.queries import sql
from mappings.money import coin

_LINES = "lines_report"
_AGAIN = "download the report again, unedited"
# The rows of payouts; they close settlements and are no lines.
_PAYOUTS = "SELECT * FROM document_rows WHERE lower(type) = 'payout'"


class SellerHubReport:
    """The transaction report of Seller Hub."""

    name = "transaction_report"
    coverage = Coverage.DATE_RANGE

    def identify(self, head: str) -> bool:
        """Return whether the header of a transaction report is among the first lines."""
        return report_rows.header(head) is not None

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a report that was read whole and verified row by row."""
        header = _header(file)
        columns = header.columns
        dialect = Dialect(
            encoding=file.encoding,
            columns=columns,
            decimal_mark=".",
            date_format=report_rows.DATES[0],
            preamble=header.above,
            delimiter=header.delimiter,
        )
        _load(con, file, dialect)
        currency = _currency(con, file)
        _check_rates(con, file, currency)
        money = report_rows.money_columns(columns)
        dialect = dialect.model_copy(
            update={
                "decimal_mark": decimal_marks(con, file.name, list(money))[0],
                "date_format": date_format(
                    con, file.name, ["day", "payout_day"], report_rows.DATES
                ),
            }
        )
        define(con, dialect, currency=currency, coin=coin(currency), time_zone=file.time_zone)
        totals = take_control_totals(con, file, sql("ebay", _LINES))
        _verify(con, file)
        return self._manifest(con, file, dialect, currency, totals)

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored report; a negative payout is one that came back."""
        return LineQuery(
            rows=partial(report_rows.relation, manifest.dialect),
            lines_sql=sql("ebay", _LINES),
            variables={
                "coin": coin(manifest.currency),
                "settlement_id": open_settlement(manifest.currency),
                "period_end": manifest.period_end,
                **payout_variables(),
            },
        )

    def _manifest(
        self,
        con: duckdb.DuckDBPyConnection,
        file: DecodedFile,
        dialect: Dialect,
        currency: str,
        totals: ControlTotals,
    ) -> Manifest:
        first, last = _days(con, file)
        settlements = _settlements(con, file, currency)
        # Neither payouts, nor orders whose items are the lines.
        silent = "lower(type) <> 'payout' AND row NOT IN (SELECT unit FROM counted_lines)"
        totals = replace(totals, rows_without_amount=rows_without_line(con, silent))
        return totals.with_payouts(settlements).manifest(
            file,
            channel="ebay",
            format=self,
            statement=f"report:{first}..{last}:{currency}",
            currency=currency,
            declared=None,
            dialect=dialect,
            period=(midnight(first, file.time_zone), midnight(last, file.time_zone, after=1)),
            settlements=settlements,
        )


def _header(file: DecodedFile) -> report_rows.Header:
    header = report_rows.header(file.head)
    if header is None:
        raise BadInput(f"{file.name}: has no header of a transaction report; {_AGAIN}")
    check_above(file, header.above, len(header.columns), _AGAIN, header.delimiter)
    check_columns(file, header.columns, report_rows.REQUIRED, _AGAIN)
    return header


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile, dialect: Dialect) -> None:
    rows = check_rows(
        file, len(dialect.columns), _AGAIN, delimiter=dialect.delimiter, above=dialect.preamble
    )
    broken = f"does not have the header's {len(dialect.columns)} fields"
    load(con, file, report_rows.relation(dialect, file.text), broken, _AGAIN, rows)
    if con.execute("SELECT count(*) FROM document_rows").fetchone() == (0,):
        raise BadInput(f"{file.name}: the report has a header and no rows; choose days with sales")
    check_whole(con, file, "type IS NULL OR (net IS NOT NULL AND day IS NULL)", _AGAIN)
    nameless = con.execute(
        f"SELECT row FROM ({_PAYOUTS}) WHERE payout_id IS NULL OR net IS NULL ORDER BY row LIMIT 1"
    ).fetchone()
    if nameless is not None:
        raise BadInput(
            f"{file.name}: row {nameless[0]} is a payout without its Payout ID or Net amount; "
            f"{_AGAIN}"
        )
    # A payout has one row; a returned one has a second with its number and the other sign.
    check_once(
        con,
        file,
        "Payout ID",
        ["payout_id", "starts_with(net, '-')"],
        _AGAIN,
        where="lower(type) = 'payout'",
    )


def _currency(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> str:
    apart = "download the transactions of one payout currency at a time"
    return one_currency(con, file, "payout_currency", apart)


def _check_rates(con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str) -> None:
    # Without the rate, a difference of fees can't be distinguished from rounding.
    unrated = con.execute(
        "SELECT row FROM document_rows WHERE net IS NOT NULL AND lower(type) <> 'payout' "
        "AND transaction_currency <> $1 AND exchange_rate IS NULL ORDER BY row LIMIT 1",
        [currency],
    ).fetchone()
    if unrated is not None:
        raise BadInput(
            f"{file.name}: row {unrated[0]} is in another currency and has no Exchange rate; "
            f"{_AGAIN}"
        )


def _verify(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    """Raise for a row whose gross and fees, or whose items, do not make its net."""
    lost = con.execute(
        "SELECT row, order_id FROM counted_lines WHERE unit IS NULL ORDER BY row LIMIT 1"
    ).fetchone()
    if lost is not None:
        raise BadInput(
            f"{file.name}: row {lost[0]} is an item of order {lost[1]}, whose own row is not in "
            f"the file; {_AGAIN}"
        )
    verify_rows(
        con,
        file,
        "SELECT unit AS row, net AS declared, (net - left_over)::DECIMAL(19,4) AS computed, "
        "CASE WHEN items > 0 THEN concat('its ', items, ' items make') "
        "ELSE 'Gross transaction amount and fees make' END AS parts FROM counted_lines "
        "WHERE abs(left_over) > allowed ORDER BY unit LIMIT 1",
        f"row {{row}}: {{parts}} {{computed}} but Net amount is {{declared}}; {_AGAIN}",
    )


def _days(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> tuple[date, date]:
    """Return the first and last day that the report says it is about, else those of its rows."""
    row = con.execute("SELECT min(day(day)), max(day(day)) FROM document_rows").fetchone()
    assert row is not None
    stated = report_rows.stated_days(file.head, file.name)
    return (row[0], row[1]) if stated is None else (min(row[0], stated[0]), max(row[1], stated[1]))


def _settlements(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str
) -> tuple[Statement, ...]:
    """Return the file's part of each payout, oldest first, and last what has no payout yet.

    A payout that was returned in the same file counts as not paid.
    """
    parts = con.execute(
        "WITH events AS ("
        " SELECT settlement_id AS name, posted_on AS posted, amount, NULL AS paid,"
        " NULL AS paid_on, NULL AS row FROM counted_lines UNION ALL"
        " SELECT payout_id, day(day), NULL, -money(net) + coalesce(list_sum(list_transform("
        "fees, lambda f: money(f.text))), 0), day(coalesce(payout_day, day)), row"
        f" FROM ({_PAYOUTS})"
        ") SELECT name, min(posted), max(posted), count(amount)::INTEGER,"
        " coalesce(sum(amount), 0)::DECIMAL(19,4), nullif(sum(paid), 0)::DECIMAL(19,4) AS payout,"
        " CASE WHEN payout IS NOT NULL THEN max(paid_on) END, coalesce(max(row), 0)::INTEGER"
        " FROM events GROUP BY name ORDER BY name = $1, max(posted), name",
        [open_settlement(currency)],
    ).fetchall()
    return tuple(
        Statement(
            settlement_id=settlement_id,
            currency=currency,
            period_start=midnight(first, file.time_zone),
            period_end=midnight(last, file.time_zone, after=1),
            lines=lines,
            total=total,
            deposit_at=None if paid_on is None else midnight(paid_on, file.time_zone),
            deposit_day=paid_on,
            payout=payout,
            row=row,
        )
        for settlement_id, first, last, lines, total, payout, paid_on, row in parts
    )


FORMAT = SellerHubReport()
