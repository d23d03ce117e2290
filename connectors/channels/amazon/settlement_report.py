"""Amazon settlement reports on disk: which one it is, what it declares, how its rows are read.

Format facts come from real exports: a tab-separated file without quoting, a header line, a
summary row with the period, deposit date, total and currency, then rows that leave these blank.
V2 has one amount a row; V1 has up to nine, and 33 columns instead of 36 when nothing was promoted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import duckdb

from connectors.channels.base import LineQuery, payout_variables
from connectors.documents import dialects
from connectors.documents.control_totals import (
    ControlTotals,
    business_day,
    from_microseconds,
    take_control_totals,
)
from connectors.documents.delimited import text_rows
from connectors.documents.macros import define, set_variables
from connectors.documents.manifest import Coverage, Dialect, Manifest, Statement
from connectors.documents.row_totals import rows_without_line
from connectors.documents.source_file import DecodedFile
from connectors.documents.tables import MAX_LINE, check_rows, load
from connectors.errors import BadInput, TotalsMismatch
from mappings.channels.queries import sql

_COMMON = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "marketplace-name",
    "fulfillment-id", "posted-date", "order-item-code", "sku", "quantity-purchased",
)  # fmt: skip
V2_COLUMNS = ("amount-type", "amount-description", "amount")
V1_COLUMNS = (
    "price-type", "price-amount", "item-related-fee-type", "item-related-fee-amount",
    "misc-fee-amount", "other-fee-amount", "other-fee-reason-description", "other-amount",
    "shipment-fee-type", "shipment-fee-amount", "order-fee-type", "order-fee-amount",
    "direct-payment-type", "direct-payment-amount",
)  # fmt: skip
# Present in most files; a settlement without promotions lacks them.
_OPTIONAL = (
    "posted-date-time", "promotion-id", "promotion-type", "promotion-amount",
)  # fmt: skip
# Day first before month first, where every date of the file allows both.
_DATE_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
)
_AMOUNTS = {c for c in (*_COMMON, *V2_COLUMNS, *V1_COLUMNS, *_OPTIONAL) if c.endswith("amount")}
# Amazon carries a negative balance into the next settlement.
PAYOUTS = payout_variables(
    "carried_forward",
    key="",
    negative=("settlement / carried forward", "Carried forward"),
)
_INSTANTS = ["settlement-start-date", "settlement-end-date", "deposit-date"]


def _columns(header: str) -> tuple[str, ...]:
    # Spreadsheet programs put quotes around names.
    return tuple(name.strip().strip('"').lower() for name in header.rstrip("\r\n").split("\t"))


@dataclass(frozen=True)
class SettlementReport:
    """The flat file of one settlement in one of its versions.

    `columns` are those that only this version has, `lines` names the query of its lines. Where
    units stand in rows of their own, an item's line takes them (`has_unit_rows`).
    """

    name: str
    columns: tuple[str, ...]
    lines: str
    has_unit_rows: bool
    coverage: Coverage = Coverage.SETTLEMENT

    def identify(self, head: str) -> bool:
        """Return whether the first line is a settlement report's, of this version."""
        columns = set(_columns(head.partition("\n")[0]))
        is_v2 = bool(columns & set(V2_COLUMNS))
        return {"settlement-id", "total-amount"} <= columns and is_v2 == (
            self.columns == V2_COLUMNS
        )

    def inspect(self, con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Manifest:
        """Return the manifest of a report whose lines make its declared total."""
        columns = _columns(file.header)
        self._check_columns(file.name, columns)
        _load(con, file, columns)
        settlement_id = _one(con, file, "settlement-id", "settlement id", "settlements")
        currency = _one(con, file, "currency", "currency", "currencies")
        # Two summary rows are two reports pasted together.
        _one(con, file, "total-amount", "total", "declared totals")
        dialect, statement, totals = _verify(con, file, columns, sql("amazon", self.lines))
        statement = statement.model_copy(
            update={
                "settlement_id": settlement_id,
                "currency": currency,
                "marketplace": totals.marketplace,
                "lines": totals.lines,
                "total": totals.total,
            }
        )
        totals = replace(totals, rows_without_amount=self._rows_without_amount(con))
        return totals.with_payouts([statement]).manifest(
            file,
            channel="amazon",
            format=self,
            statement=settlement_id,
            currency=currency,
            declared=statement.declared,
            dialect=dialect,
            period=(statement.period_start, statement.period_end),
            settlements=(statement,),
        )

    def query(self, manifest: Manifest, _documents: Sequence[Manifest]) -> LineQuery:
        """Return the query of a stored report, which is one settlement."""
        return LineQuery(
            rows=partial(_relation, manifest.dialect.columns),
            lines_sql=sql("amazon", self.lines),
            variables={
                "settlement_id": manifest.statement,
                "period_end": manifest.period_end,
                **PAYOUTS,
            },
        )

    def _check_columns(self, name: str, columns: Sequence[str]) -> None:
        missing = [c for c in (*_COMMON, *self.columns) if c not in columns]
        if missing:
            raise BadInput(
                f"{name}: column {missing[0]!r} is missing; download the settlement report again, "
                "as a flat file, and do not edit it"
            )
        doubled = [c for c in columns if c and columns.count(c) > 1]
        if doubled:
            raise BadInput(f"{name}: column {doubled[0]!r} occurs twice; download the report again")

    def _rows_without_amount(self, con: duckdb.DuckDBPyConnection) -> int:
        """Return the number of rows that become no line and belong to none."""
        units = 'AND "quantity-purchased" IS NULL' if self.has_unit_rows else ""
        return rows_without_line(con, f'"total-amount" IS NULL {units}')


def _relation(columns: Sequence[str], text: Path) -> str:
    """Return SQL for every row as text with its number, absent optional columns as null."""
    absent = "".join(f', NULL::VARCHAR AS "{c}"' for c in _OPTIONAL if c not in columns)
    rows = text_rows(text, columns, delimiter="\t", quoting=False, longest=MAX_LINE)
    return f"SELECT row_number() OVER ()::INTEGER AS row, *{absent} FROM {rows}"


def _load(con: duckdb.DuckDBPyConnection, file: DecodedFile, columns: Sequence[str]) -> None:
    rows = check_rows(file, len(columns), "download it again", delimiter="\t", quoting=False)
    load(
        con,
        file,
        _relation(columns, file.text),
        f"does not have the header's {len(columns)} fields",
        "download it again",
        rows,
    )
    counts = con.execute('SELECT count(*), count("total-amount") FROM document_rows').fetchone()
    total, summaries = counts or (0, 0)
    if not total:
        raise BadInput(f"{file.name}: the report has a header and no rows; download it again")
    if not summaries:
        raise BadInput(
            f"{file.name}: no row states total-amount: this is not a whole settlement report"
        )


def _one(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, column: str, what: str, plural: str
) -> str:
    rows = con.execute(
        f'SELECT DISTINCT trim("{column}") FROM document_rows '
        f"WHERE nullif(trim(\"{column}\"), '') IS NOT NULL ORDER BY 1"
    ).fetchall()
    if len(rows) == 1:
        return str(rows[0][0])
    if not rows:
        raise BadInput(f"{file.name}: no row states a {what}; download the report again")
    names = ", ".join(str(name) for (name,) in rows)
    raise BadInput(
        f"{file.name}: holds {len(rows)} {plural} ({names}); import each settlement's own report"
    )


def _verify(
    con: duckdb.DuckDBPyConnection, file: DecodedFile, columns: Sequence[str], lines: str
) -> tuple[Dialect, Statement, ControlTotals]:
    """Decide the dialect by reading every value, and verify it by the declared total."""
    amounts = [c for c in columns if c in _AMOUNTS]
    posted = "posted-date-time" if "posted-date-time" in columns else "posted-date"
    instants = [*_INSTANTS, posted]
    dialect = Dialect(
        encoding=file.encoding,
        columns=tuple(columns),
        decimal_mark=".",
        date_format=dialects.date_format(con, file.name, instants, _DATE_FORMATS),
        zones=dialects.zones(con, file.name, instants),
    )
    mismatch: TotalsMismatch | None = None
    # Amounts such as 1,234 fit both marks: the declared total decides.
    for mark in dialects.decimal_marks(con, file.name, amounts):
        dialect = dialect.model_copy(update={"decimal_mark": mark})
        define(con, dialect)
        statement = _summary(con, file)
        set_variables(con, period_end=statement.period_end)
        totals = take_control_totals(con, file, lines)
        if totals.total == statement.declared:
            return dialect, statement, totals
        mismatch = mismatch or _mismatch(file, statement, totals)
    raise mismatch or AssertionError("a file has at least one decimal mark")


def _mismatch(file: DecodedFile, statement: Statement, totals: ControlTotals) -> TotalsMismatch:
    declared, total = f"{statement.declared:f}", f"{totals.total:f}"
    return TotalsMismatch(
        f"{file.name}: its lines sum to {total} but it declares {declared}: it is cut off or "
        "was edited; download it again",
        declared=declared,
        computed=total,
    )


def _summary(con: duckdb.DuckDBPyConnection, file: DecodedFile) -> Statement:
    """Return the settlement as the summary row states it; its lines are filled in by the caller."""
    instants = [f'epoch_us(midnight("{column}"))' for column in _INSTANTS]
    row = con.execute(
        f'SELECT row, money("total-amount"), {", ".join(instants)} '
        'FROM document_rows WHERE "total-amount" IS NOT NULL ORDER BY row LIMIT 1'
    ).fetchone()
    assert row is not None
    if row[2] is None or row[3] is None:
        raise BadInput(f"{file.name}: row {row[0]} states no settlement period; download again")
    if row[2] > row[3]:
        raise BadInput(
            f"{file.name}: row {row[0]}: the period ends before it starts; download it again"
        )
    # A settlement of nothing has no deposit date; it closes with its period.
    closing = from_microseconds(row[4] if row[4] is not None else row[3])
    return Statement(
        settlement_id="",
        currency="",
        period_start=from_microseconds(row[2]),
        period_end=from_microseconds(row[3]),
        declared=row[1],
        lines=0,
        total=Decimal(0),
        deposit_at=closing,
        deposit_day=business_day(closing, file.time_zone),
        payout=row[1],
        row=row[0],
    )
