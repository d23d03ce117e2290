"""Walmart's reconciliation reports as documents: which it is, and how its rows are read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from connectors.channels.base import Reading, Upload, macros
from connectors.channels.walmart.layouts import (
    AMOUNTS,
    DATES,
    JSON,
    ORDERS,
    STATED_LINES,
    V0,
    V1,
    V1_OPTIONAL,
    V1_REQUIRED,
    columns,
    is_trailer,
    kind,
    needed,
    relation,
    shape,
)
from connectors.channels.walmart.payments import (
    AGAIN,
    legacy_proven,
    legacy_stated,
    one,
    proven,
    stated,
)
from connectors.documents.control_totals import profile
from connectors.documents.dialects import date_format, decimal_marks
from connectors.documents.manifest import Dialect, Manifest
from connectors.documents.tables import check_columns, check_rows, load
from connectors.errors import BadInput
from mappings.channels import sql

_DATE_FORMATS = ("%m/%d/%y", "%m/%d/%Y", "%Y-%m-%d", "%y/%m/%d")
_SHORTENED = r"-?\d(\.\d+)?[eE]\+?\d+"
_SQL = {V1: "lines_v1", V0: "lines_v0"}


def recognises(opening: str) -> bool:
    """Whether these are the first lines of a report, of either layout, or of its JSON form."""
    return kind(opening) is not None


def rows(manifest: Manifest, text: Path) -> str:
    """SQL for the rows of a stored document, `text` being UTF-8, plain or `.zst`."""
    return relation(manifest.format, manifest.dialect.columns, text)


def reading(manifest: Manifest, _documents: Sequence[Manifest]) -> Reading:
    """One report is one settlement; what Walmart is owed at its end is carried forward."""
    return Reading(
        lines_sql=sql("walmart", _SQL[shape(manifest.format)]),
        variables={
            "settlement_id": manifest.statement,
            "period_end": manifest.period_end,
            "shortfall": "carried_forward",
        },
    )


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a report whole and prove it."""
    form = kind(upload.opening)
    assert form is not None
    names = V1_REQUIRED + V1_OPTIONAL if form == JSON else columns(upload.header)
    _check_columns(upload, form, names)
    _load(con, upload, form, names)
    dialect = _dialect(con, upload, form, names)
    for macro in macros(dialect):
        con.execute(macro)
    con.execute("SET VARIABLE time_zone = $1", [upload.time_zone])
    con.execute("SET VARIABLE period_end = NULL")
    payment = legacy_stated(con, upload) if form == V0 else stated(con, upload)
    con.execute("SET VARIABLE period_end = $1::TIMESTAMPTZ", [payment.period_end])
    found = profile(con, upload, sql("walmart", _SQL[shape(form)]))
    prove = legacy_proven if form == V0 else proven
    settlement = prove(con, upload, payment, found)
    found = replace(found, rows_without_amount=_rows_without_amount(con))
    manifest = found.with_payouts([settlement]).manifest(
        upload,
        channel="walmart",
        format=form,
        statement=settlement.settlement_id,
        currency=settlement.currency,
        declared=settlement.declared,
        dialect=dialect,
        period=(settlement.period_start, settlement.period_end),
        settlements=(settlement,),
    )
    # The line that counts the lines is none of them.
    rows = one(con, f'SELECT count(*) FROM document_rows WHERE "{STATED_LINES}" IS NULL')
    return manifest.model_copy(update={"rows": None if form == JSON else int(rows)})


def _check_columns(upload: Upload, form: str, names: Sequence[str]) -> None:
    required, _optional = needed(shape(form))
    check_columns(upload, names, required, AGAIN)


def _load(con: duckdb.DuckDBPyConnection, upload: Upload, form: str, names: Sequence[str]) -> None:
    rows = None
    if form != JSON:
        rows = check_rows(
            upload, len(names), "download it again", is_note=is_trailer, numbers=False
        )
    load(
        con,
        upload,
        relation(form, names, upload.text),
        "is not a row of a report",
        "download it again",
        rows,
    )
    if one(con, f'SELECT count(*) FROM document_rows WHERE "{STATED_LINES}" IS NULL') == 0:
        raise BadInput(f"{upload.name}: the report has a header and no rows; download it again")
    for column in ORDERS[shape(form)]:
        short = con.execute(
            f'SELECT row, "{column}" FROM document_rows '
            f"WHERE regexp_full_match(\"{column}\", '{_SHORTENED}') ORDER BY row LIMIT 1"
        ).fetchone()
        if short is not None:
            raise BadInput(
                f"{upload.name}: row {short[0]}: {column} is {short[1]}: a spreadsheet program has "
                "shortened the order numbers; import the file as it was downloaded"
            )


def _dialect(
    con: duckdb.DuckDBPyConnection, upload: Upload, form: str, names: Sequence[str]
) -> Dialect:
    amounts = list(AMOUNTS[shape(form)])
    if "." not in decimal_marks(con, upload.name, amounts):
        raise BadInput(f"{upload.name}: its amounts have decimal commas; {AGAIN}")
    return Dialect(
        encoding=upload.encoding,
        columns=tuple(names),
        decimal_mark=".",
        date_format=date_format(con, upload.name, list(DATES[shape(form)]), _DATE_FORMATS),
    )


def _rows_without_amount(con: duckdb.DuckDBPyConnection) -> int:
    """Rows that become no line: neither the summary nor the line that counts is among them."""
    return int(
        one(
            con,
            "SELECT count(*) FROM document_rows AS r ANTI JOIN profiled AS p ON p.row = r.row "
            f'WHERE r."{STATED_LINES}" IS NULL '
            "AND coalesce(r.\"Transaction Type\", '') NOT ILIKE 'paymentsummary'",
        )
    )
