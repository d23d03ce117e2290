"""Walmart's reconciliation reports as documents: read whole, in one of their layouts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import duckdb

from connectors.channels.base import LineQuery, payout_variables
from connectors.channels.walmart.layouts import (
    STATED_LINES,
    ReportLayout,
    columns,
    file_rows,
    is_trailer,
    relation,
)
from connectors.channels.walmart.payments import AGAIN, first_value
from connectors.documents.control_totals import ControlTotals, take_control_totals
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.macros import define, set_variables
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import check_columns, check_rows, load
from connectors.errors import BadInput
from mappings.channels.queries import sql

_DATE_FORMATS = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%y/%m/%d")
_SHORTENED = r"-?\d(\.\d+)?[eE]\+?\d+"
_NOT_STATED = f'"{STATED_LINES}" IS NULL'


@dataclass(frozen=True)
class ReconciliationReport:
    """The report of one payment, which is one settlement, as a file of one layout.

    `signature` are the columns that tell the layout from others. `lines` names the query of its
    lines. `stated` reads the payment off the rows, `verified` proves it by their lines.
    """

    name: str
    layout: ReportLayout
    signature: frozenset[str]
    lines: str
    stated: Callable[[duckdb.DuckDBPyConnection, DecodedFile], Statement]
    verified: Callable[
        [duckdb.DuckDBPyConnection, DecodedFile, Statement, ControlTotals], Statement
    ]
    coverage: Coverage = Coverage.SETTLEMENT

    def identify(self, head: str) -> bool:
        """Return whether the first line is that of a report of this layout."""
        return self.signature <= set(columns(head.partition("\n")[0]))

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a report that was read whole and verified."""
        names = self.columns(file)
        check_columns(file, names, self.layout.required, AGAIN)
        self.load(con, file, names)
        self._check_content(con, file)
        dialect = self._dialect(con, file, names)
        define(con, dialect, time_zone=file.time_zone, period_end=None)
        payment = self.stated(con, file)
        set_variables(con, period_end=payment.period_end)
        totals = take_control_totals(con, file, sql("walmart", self.lines))
        settlement = self.verified(con, file, payment, totals)
        totals = replace(totals, rows_without_amount=_rows_without_amount(con))
        manifest = totals.with_payouts([settlement]).manifest(
            file,
            channel="walmart",
            format=self,
            statement=settlement.settlement_id,
            currency=settlement.currency,
            declared=settlement.declared,
            dialect=dialect,
            period=(settlement.period_start, settlement.period_end),
            settlements=(settlement,),
        )
        return manifest.model_copy(update={"rows": self.count_rows(con)})

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored report; a negative payout is carried forward."""
        return LineQuery(
            rows=partial(self.rows, manifest.dialect.columns),
            lines_sql=sql("walmart", self.lines),
            variables={
                "settlement_id": manifest.statement,
                "period_end": manifest.period_end,
                **payout_variables("carried_forward"),
            },
        )

    def columns(self, file: DecodedFile) -> tuple[str, ...]:
        """Return the columns of a document, in their order."""
        return columns(file.header)

    def rows(self, names: Sequence[str], text: Path) -> str:
        """Return SQL for the rows of a document with these columns."""
        return relation(self.layout, file_rows(self.layout, names, text))

    def load(self, con: duckdb.DuckDBPyConnection, file: DecodedFile, names: Sequence[str]) -> None:
        """Make `document_rows`; `BadInput` for a file that is cut off or damaged."""
        count = check_rows(file, len(names), "download it again", is_note=is_trailer, numbers=False)
        rows = self.rows(names, file.text)
        load(con, file, rows, "is not a row of a report", "download it again", count)

    def count_rows(self, con: duckdb.DuckDBPyConnection) -> int | None:
        """Return how many rows a file has; the line that counts the lines is none of them."""
        return int(first_value(con, f"SELECT count(*) FROM document_rows WHERE {_NOT_STATED}"))

    def _check_content(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> None:
        if first_value(con, f"SELECT count(*) FROM document_rows WHERE {_NOT_STATED}") == 0:
            raise BadInput(f"{file.name}: the report has a header and no rows; download it again")
        # Digits that were lost cannot be restored, and two orders would become one.
        for column in self.layout.orders:
            short = con.execute(
                f'SELECT row, "{column}" FROM document_rows '
                f"WHERE regexp_full_match(\"{column}\", '{_SHORTENED}') ORDER BY row LIMIT 1"
            ).fetchone()
            if short is not None:
                raise BadInput(
                    f"{file.name}: row {short[0]}: {column} is {short[1]}: a spreadsheet program "
                    "has shortened the order numbers; import the file as it was downloaded"
                )

    def _dialect(
        self, con: duckdb.DuckDBPyConnection, file: DecodedFile, names: Sequence[str]
    ) -> Dialect:
        # Walmart writes points in every market; a spreadsheet program makes commas of them.
        if "." not in decimal_marks(con, file.name, list(self.layout.amounts)):
            raise BadInput(f"{file.name}: its amounts have decimal commas; {AGAIN}")
        return Dialect(
            encoding=file.encoding,
            columns=tuple(names),
            decimal_mark=".",
            date_format=date_format(con, file.name, list(self.layout.dates), _DATE_FORMATS),
        )


def _rows_without_amount(con: duckdb.DuckDBPyConnection) -> int:
    """Return how many rows become no line; neither the summary nor the trailer is among them."""
    return int(
        first_value(
            con,
            "SELECT count(*) FROM document_rows AS r ANTI JOIN counted_lines AS p ON p.row = r.row "
            f'WHERE r."{STATED_LINES}" IS NULL '
            "AND coalesce(r.\"Transaction Type\", '') NOT ILIKE 'paymentsummary'",
        )
    )
