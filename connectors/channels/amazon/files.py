"""Amazon settlement reports on disk: which one it is, what it declares, how its rows are read.

Format facts are read off real exports: a tab-separated file without quoting, a header line, a
summary row with the period, deposit date, total and currency, then rows that leave these blank.
V2 has one amount a row; V1 has up to nine, and 33 columns instead of 36 when nothing was promoted.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb

from connectors.channels.base import Reading, Upload, macros
from connectors.documents import dialects
from connectors.documents.control_totals import Profile, business_day, from_microseconds, profile
from connectors.documents.manifest import Dialect, Manifest, Statement
from connectors.documents.tables import check_rows, load
from connectors.errors import BadInput, Unproven
from connectors.lake.engine import quoted
from mappings.channels import sql

_COMMON = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date",
    "total-amount", "currency", "transaction-type", "order-id", "marketplace-name",
    "fulfillment-id", "posted-date", "order-item-code", "sku", "quantity-purchased",
)  # fmt: skip
_V2 = ("amount-type", "amount-description", "amount")
_V1 = (
    "price-type", "price-amount", "item-related-fee-type", "item-related-fee-amount",
    "misc-fee-amount", "other-fee-amount", "other-fee-reason-description", "other-amount",
    "shipment-fee-type", "shipment-fee-amount", "order-fee-type", "order-fee-amount",
    "direct-payment-type", "direct-payment-amount",
)  # fmt: skip
# Present in most files; a settlement without promotions lacks them (samples.md, section 1).
_OPTIONAL = (
    "posted-date-time", "promotion-id", "promotion-type", "promotion-amount",
)  # fmt: skip
_DATE_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
)
_AMOUNTS = {c for c in (*_COMMON, *_V2, *_V1, *_OPTIONAL) if c.endswith("amount")}
_INSTANTS = ["settlement-start-date", "settlement-end-date", "deposit-date"]

V1 = "amazon.settlement.v1"
V2 = "amazon.settlement.v2"


def _columns(header: str) -> tuple[str, ...]:
    return tuple(name.strip().strip('"').lower() for name in header.rstrip("\r\n").split("\t"))


def recognises(opening: str) -> bool:
    """Whether the first line is a settlement report's."""
    return {"settlement-id", "total-amount"} <= set(_columns(opening.partition("\n")[0]))


def _format(name: str, columns: Sequence[str]) -> str:
    """V1 or V2 by its columns; `BadInput` names what is missing."""
    kind, own = (V2, _V2) if set(_V2) & set(columns) else (V1, _V1)
    missing = [c for c in (*_COMMON, *own) if c not in columns]
    if missing:
        raise BadInput(
            f"{name}: column {missing[0]!r} is missing; download the settlement report again, "
            "as a flat file, and do not edit it"
        )
    doubled = [c for c in columns if c and columns.count(c) > 1]
    if doubled:
        raise BadInput(f"{name}: column {doubled[0]!r} stands twice; download the report again")
    return kind


def _relation(columns: Sequence[str], text: Path, compression: str = "none") -> str:
    """Every row of the file as text with its number, absent optional columns as null."""
    typed = ", ".join(f"{quoted(c or f'column{i}')}: 'VARCHAR'" for i, c in enumerate(columns))
    absent = "".join(f', NULL::VARCHAR AS "{c}"' for c in _OPTIONAL if c not in columns)
    return (
        f"SELECT row_number() OVER ()::INTEGER AS row, *{absent} FROM read_csv("
        f"{quoted(str(text))}, columns={{{typed}}}, auto_detect=false, delim='\\t', quote='', "
        f"escape='', header=true, nullstr='', compression={quoted(compression)}, "
        "max_line_size=1048576)"
    )


def rows(manifest: Manifest, text: Path) -> str:
    """SQL for the rows of a stored document, `text` being UTF-8, plain or `.zst`."""
    compression = "zstd" if text.suffix == ".zst" else "none"
    return _relation(manifest.dialect.columns, text, compression)


def _lines(kind: str) -> str:
    return sql("amazon", "lines_v2" if kind == V2 else "lines_v1")


def reading(manifest: Manifest, _documents: Sequence[Manifest]) -> Reading:
    """One report is one settlement; no other document bears on it."""
    return Reading(
        lines_sql=_lines(manifest.format),
        variables={
            "settlement_id": manifest.statement,
            "period_end": manifest.period_end,
        },
    )


def inspect(con: duckdb.DuckDBPyConnection, upload: Upload) -> Manifest:
    """Read a report whole: its declared total, its lines, and the proof that they agree."""
    columns = _columns(upload.header)
    kind = _format(upload.name, columns)
    _load(con, upload, columns)
    settlement_id = _one(con, upload, "settlement-id", "settlement id", "settlements")
    currency = _one(con, upload, "currency", "currency", "currencies")
    _one(con, upload, "total-amount", "total", "declared totals")
    dialect, statement, found = _prove(con, upload, columns, kind)
    statement = statement.model_copy(
        update={
            "settlement_id": settlement_id,
            "currency": currency,
            "marketplace": found.marketplace,
            "lines": found.lines,
            "total": found.total,
        }
    )
    found = replace(found, rows_without_amount=_rows_without_amount(con, kind))
    return found.with_payouts([statement]).manifest(
        upload,
        channel="amazon",
        format=kind,
        statement=settlement_id,
        currency=currency,
        declared=statement.declared,
        dialect=dialect,
        period=(statement.period_start, statement.period_end),
        settlements=(statement,),
    )


def _rows_without_amount(con: duckdb.DuckDBPyConnection, kind: str) -> int:
    """Rows that become no line; V1's rows of units are none of them, an item's line takes them."""
    units = "" if kind == V2 else 'AND "quantity-purchased" IS NULL'
    row = con.execute(
        'SELECT count(*) FROM document_rows WHERE "total-amount" IS NULL '
        f"{units} AND row NOT IN (SELECT row FROM profiled)"
    ).fetchone()
    return row[0] if row else 0


def _load(con: duckdb.DuckDBPyConnection, upload: Upload, columns: Sequence[str]) -> None:
    rows = check_rows(upload, len(columns), "download it again", delimiter="\t", quoting=False)
    load(
        con,
        upload,
        _relation(columns, upload.text),
        f"does not have the header's {len(columns)} fields",
        "download it again",
        rows,
    )
    counts = con.execute('SELECT count(*), count("total-amount") FROM document_rows').fetchone()
    total, summaries = counts or (0, 0)
    if not total:
        raise BadInput(f"{upload.name}: the report has a header and no rows; download it again")
    if not summaries:
        raise BadInput(
            f"{upload.name}: no row states total-amount: this is not a whole settlement report"
        )


def _one(
    con: duckdb.DuckDBPyConnection, upload: Upload, column: str, what: str, plural: str
) -> str:
    found = con.execute(
        f'SELECT DISTINCT trim("{column}") FROM document_rows '
        f"WHERE nullif(trim(\"{column}\"), '') IS NOT NULL ORDER BY 1"
    ).fetchall()
    if len(found) == 1:
        return str(found[0][0])
    if not found:
        raise BadInput(f"{upload.name}: no row states a {what}; download the report again")
    names = ", ".join(str(name) for (name,) in found)
    raise BadInput(
        f"{upload.name}: holds {len(found)} {plural} ({names}); import each settlement's own report"
    )


def _prove(
    con: duckdb.DuckDBPyConnection, upload: Upload, columns: Sequence[str], kind: str
) -> tuple[Dialect, Statement, Profile]:
    """Decide the dialect by reading every value, and prove it by the declared total."""
    amounts = [c for c in columns if c in _AMOUNTS]
    posted = "posted-date-time" if "posted-date-time" in columns else "posted-date"
    instants = [*_INSTANTS, posted]
    dialect = Dialect(
        encoding=upload.encoding,
        columns=tuple(columns),
        decimal_mark=".",
        date_format=dialects.date_format(con, upload.name, instants, _DATE_FORMATS),
        zones=dialects.zones(con, upload.name, instants),
    )
    unproven: Unproven | None = None
    for mark in dialects.decimal_marks(con, upload.name, amounts):
        dialect = dialect.model_copy(update={"decimal_mark": mark})
        for macro in macros(dialect):
            con.execute(macro)
        statement = _summary(con, upload)
        con.execute("SET VARIABLE period_end = $1::TIMESTAMPTZ", [statement.period_end])
        found = profile(con, upload, _lines(kind))
        if found.total == statement.declared:
            return dialect, statement, found
        unproven = unproven or _unproven(upload, statement, found)
    raise unproven or AssertionError("a file has at least one decimal mark")


def _unproven(upload: Upload, statement: Statement, found: Profile) -> Unproven:
    declared, total = f"{statement.declared:f}", f"{found.total:f}"
    return Unproven(
        f"{upload.name}: its lines sum to {total} but it declares {declared}: it is cut off or "
        "was edited; download it again",
        declared=declared,
        found=total,
    )


def _summary(con: duckdb.DuckDBPyConnection, upload: Upload) -> Statement:
    """The settlement as the summary row states it; its lines are filled in by the caller."""
    instants = [f'epoch_us(midnight("{column}"))' for column in _INSTANTS]
    row = con.execute(
        f'SELECT row, money("total-amount"), {", ".join(instants)} '
        'FROM document_rows WHERE "total-amount" IS NOT NULL ORDER BY row LIMIT 1'
    ).fetchone()
    assert row is not None
    if row[2] is None or row[3] is None:
        raise BadInput(f"{upload.name}: row {row[0]} states no settlement period; download again")
    if row[2] > row[3]:
        raise BadInput(
            f"{upload.name}: row {row[0]}: the period ends before it starts; download it again"
        )
    closing = from_microseconds(row[4] if row[4] is not None else row[3])
    return Statement(
        settlement_id="",
        marketplace=None,
        currency="",
        period_start=from_microseconds(row[2]),
        period_end=from_microseconds(row[3]),
        declared=row[1],
        lines=0,
        total=Decimal(0),
        deposit_at=closing,
        deposit_day=business_day(closing, upload.time_zone),
        payout=row[1],
        row=row[0],
    )
