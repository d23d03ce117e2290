"""Shopify's export of payment transactions on disk: its rows and their verification.

Format facts are read off real exports: UTF-8, comma, decimal points, instants with an offset that
changes with summer time, a payout's date without a time. There are 16 to 20 columns: `Payout ID`,
`VAT` and the business entity's came later. Every row has Amount less Fee is Net. Nothing declares
what a payout comes to: it is what the rows of a payout sum to. Where no payout has a number, its
date stands for it.
UNCONFIRMED: rows of the payout itself, which are left out; payouts that failed, which stay open.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

import duckdb

from connectors.channels.api_formats import open_settlement
from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.shopify.exports import (
    AGAIN,
    APART,
    columns,
    load_rows,
    relation,
    settlement,
)
from connectors.documents.control_totals import (
    ControlTotals,
    from_microseconds,
    take_control_totals,
)
from connectors.documents.dialects import date_format, decimal_marks, zones
from connectors.documents.macros import define
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import rows_without_line, verify_rows
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_columns, one_currency
from connectors.errors import BadInput
from connectors.lake.windows import midnight
from mappings.channels.queries import sql

_LINES = "lines_transactions"
_REQUIRED = (
    "Transaction Date", "Type", "Order", "Payout Status", "Payout Date", "Amount", "Fee", "Net",
    "Currency",
)  # fmt: skip
_OPTIONAL = ("Payout ID", "Payment Method Name")
_MONEY = ("Amount", "Fee", "Net")
_FORMS = ("%Y-%m-%d %H:%M:%S",)
_NEEDED = ("Transaction Date", "Type", "Currency", *_MONEY)


class TransactionsExport:
    """The export of payment transactions."""

    name = "transactions_export"
    coverage = Coverage.DATE_RANGE

    def identify(self, head: str) -> bool:
        """Return whether the first line names an export's columns."""
        return {"Transaction Date", "Payout Status"} <= set(columns(head))

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of an export that was read whole and verified row by row."""
        names = columns(file.header)
        check_columns(file, names, _REQUIRED, AGAIN)
        load_rows(con, file, names, _OPTIONAL, _NEEDED)
        stated = one_currency(con, file, '"Currency"', APART.format("transactions"))
        dialect = Dialect(
            encoding=file.encoding,
            columns=names,
            decimal_mark=decimal_marks(con, file.name, list(_MONEY))[0],
            date_format=date_format(con, file.name, ["Transaction Date"], _FORMS),
            zones=zones(con, file.name, ["Transaction Date"]),
        )
        define(con, dialect, currency=stated)
        _verify_rows(con, file)
        totals = take_control_totals(con, file, sql("shopify", _LINES))
        if not totals.days:
            raise BadInput(f"{file.name}: the export has payouts and no transactions; {AGAIN}")
        totals = replace(totals, rows_without_amount=rows_without_line(con))
        settlements = _settlements(con, file, stated)
        return totals.with_payouts(settlements).manifest(
            file,
            channel="shopify",
            format=self,
            statement=_statement(totals, settlements, stated),
            currency=stated,
            declared=None,
            dialect=dialect,
            period=_period(totals, file.time_zone),
            settlements=settlements,
        )

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored export; a negative payout was taken from the bank."""
        return LineQuery(
            rows=partial(relation, manifest.dialect.columns, _OPTIONAL),
            lines_sql=sql("shopify", _LINES),
            variables={
                "settlement_id": open_settlement(manifest.currency),
                "period_end": manifest.period_end,
                **payout_variables(),
            },
        )


def _verify_rows(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
    """Raise `TotalsMismatch` for a row where Amount less Fee is not Net."""
    verify_rows(
        con,
        file,
        'SELECT row, money("Amount") - money("Fee") AS computed, money("Net") AS declared '
        "FROM document_rows WHERE computed <> declared ORDER BY row LIMIT 1",
        f"row {{row}}: Amount less Fee is {{computed}} but Net is {{declared}}; {AGAIN}",
    )


def _settlements(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, currency: str
) -> tuple[Statement, ...]:
    """Return the payouts that rows name, oldest first, and last what no payout has taken."""
    rows = con.execute(
        "SELECT settlement_id, count(*)::INTEGER, sum(amount)::DECIMAL(19,4), "
        "epoch_us(min(posted_at)), epoch_us(max(posted_at)), "
        "max(payout_day) FILTER (has_left), max(row) FROM counted_lines "
        "GROUP BY 1 ORDER BY max(payout_day) NULLS LAST, settlement_id"
    ).fetchall()
    statements = [
        settlement(
            file,
            *(currency, name, lines, total),
            period=(from_microseconds(first), from_microseconds(last + 1)),
            paid_on=paid_on,
            row=row,
        )
        for name, lines, total, first, last, paid_on, row in rows
    ]
    waiting = open_settlement(currency)
    return tuple(sorted(statements, key=lambda s: s.settlement_id == waiting))


def _statement(totals: ControlTotals, settlements: Sequence[Statement], currency: str) -> str:
    """Return the one payout that the file is about, else the month of most of its lines."""
    if len(settlements) == 1 and settlements[0].settlement_id != open_settlement(currency):
        return f"payout:{settlements[0].settlement_id}"
    months: dict[str, int] = {}
    for day, day_totals in totals.days.items():
        months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + day_totals.lines
    return f"{max(months, key=lambda m: (months[m], m))}-{currency}"


def _period(totals: ControlTotals, time_zone: str) -> tuple[datetime, datetime]:
    first, last = min(totals.days), max(totals.days)
    return midnight(first, time_zone), midnight(last, time_zone, after=1)


FORMAT = TransactionsExport()
