"""Normalising orders and payments: what a channel's records mean, one file a table and day.

Records are read as they were stored, by the channel's SQL; a channel's words for the state of an
order become one small set, by a table that an owner can read. A day is written from all of its
records, so writing it again gives the same bytes.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import date

import duckdb
import orjson

from connectors.accounts.setup import Setup
from connectors.channels import channel
from connectors.channels.streams import Stream
from connectors.database.registry import Connection
from connectors.errors import DaybookError, summary
from connectors.lake.engine import quoted
from mappings.channels.order_macros import order_macros
from mappings.channels.order_statuses import order_statuses
from mappings.channels.queries import sql
from mappings.columns import Table
from mappings.order_tables import ORDER_LINES, ORDERS, PAYMENTS, PRODUCTS, UNDATED, raw_table
from pipelines.checks import STATUS_KNOWN
from pipelines.stages.partitions import scan, write_days
from pipelines.stages.record_files import cut_off_days
from pipelines.stages.results import CheckResult, DayResult
from pipelines.stages.workspace import Workspace

NAMES = (ORDERS.name, ORDER_LINES.name, PAYMENTS.name)
# What a record of a file holds: the columns that the channel's SQL states, made on arrival.
STATED = orjson.loads(
    """{"order_id": "VARCHAR", "order_number": "VARCHAR", "marketplace": "VARCHAR",
    "platform_status": "VARCHAR", "updated_at": "TIMESTAMPTZ", "paid_at": "TIMESTAMPTZ",
    "currency": "VARCHAR", "total": "DECIMAL(19,4)", "shipping": "DECIMAL(19,4)",
    "tax": "DECIMAL(19,4)", "discount": "DECIMAL(19,4)", "refunded": "DECIMAL(19,4)",
    "ship_to": "VARCHAR", "fulfilment": "VARCHAR", "source": "VARCHAR", "sub_source": "VARCHAR",
    "is_test": "BOOLEAN",
    "lines": [{"line_id": "VARCHAR", "sku": "VARCHAR", "listing_id": "VARCHAR",
        "title": "VARCHAR", "quantity": "DECIMAL(19,4)", "amount": "DECIMAL(19,4)",
        "discount": "DECIMAL(19,4)", "tax": "DECIMAL(19,4)"}],
    "payments": [{"payment_id": "VARCHAR", "kind": "VARCHAR", "status": "VARCHAR",
        "platform_status": "VARCHAR", "method": "VARCHAR", "paid_at": "TIMESTAMPTZ",
        "amount": "DECIMAL(19,4)"}]}"""
)


def days_to_normalise(workspace: Workspace, slug: str) -> list[date]:
    """Return the days whose records changed, and those of which a table's file was cut off."""
    days = set(workspace.registry.record_imports.waiting_days(slug))
    return sorted(days.union(*(workspace.lake.cut_off(name, slug) for name in NAMES)))


def normalise_records(
    workspace: Workspace,
    connection: Connection,
    days: Sequence[date],
    selected: Collection[str] = NAMES,
) -> Iterator[DayResult]:
    """Write the `selected` ones of orders, their lines and payments of some days.

    Yields what became of each day. Days without a record lose what they had; one whose records
    were cut off fails alone, and keeps it.
    """
    damaged = cut_off_days(workspace, connection.slug, days)
    for day, reason in damaged.items():
        yield DayResult(ORDERS.name, day, failure=reason)
    days = [day for day in days if day not in damaged]
    try:
        with workspace.scratch("orders") as scratch, workspace.engine() as con:
            _prepare(workspace, connection, days, con)
            queries = {t: query for t, query in _queries(connection) if t.name in selected}
            for table, query in queries.items():
                write_days(con, workspace.lake, table, connection.slug, days, query, scratch)
            yield from _results(con, connection, days, [table.name for table in queries])
    except (duckdb.Error, DaybookError, OSError) as error:
        for day in days:
            yield DayResult(ORDERS.name, day, failure=summary(error))


def _prepare(
    workspace: Workspace,
    connection: Connection,
    days: Sequence[date],
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Make the tables `stated`, `paid_apart` and `listings` of the days' records."""
    for macro in order_macros():
        con.execute(macro)
    con.execute("CREATE OR REPLACE TEMP TABLE listings (listing_id VARCHAR, sku VARCHAR)")
    listings = workspace.lake.partition(PRODUCTS.name, connection.slug, UNDATED)
    if listings.exists():
        con.execute(f"INSERT INTO listings SELECT listing_id, sku FROM {scan([listings])}")
    con.execute("CREATE OR REPLACE TEMP TABLE statuses (platform_status VARCHAR, status VARCHAR)")
    statuses = order_statuses(connection.channel)
    con.execute(
        "INSERT INTO statuses SELECT unnest(?), unnest(?)", [[*statuses], [*statuses.values()]]
    )
    for name, table in (("orders", "stated"), ("payments", "paid_apart")):
        stream = channel(connection.channel).stream("orders" if name == "orders" else "payments")
        raw = raw_table(name)
        files = workspace.lake.partitions(raw.name, connection.slug, days)
        con.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {_rows(raw, files)}")
        query = (
            _EMPTY_PAYMENTS
            if stream is None and name == "payments"
            else _stated(connection.channel, name, stream)
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")


def _rows(raw: Table, files: Sequence[object]) -> str:
    source = scan(files, by_name=True) if files else None  # type: ignore[arg-type]
    empty = ", ".join(f"CAST(NULL AS {c.type}) AS {c.name}" for c in raw.columns)
    return f"FROM {raw.read_sql(source)}" if source else f"SELECT {empty} LIMIT 0"


def _stated(channel_name: str, name: str, stream: Stream | None) -> str:
    """Return SQL for what the records state, those of the platform and those of files."""
    selects = [_FROM_FILES.format(structure=_text(STATED))] if name == "orders" else []
    if stream is not None:
        selects.append(
            _FROM_RECORDS.format(structure=_text(stream.stored), sql=sql(channel_name, name))
        )
    together = " UNION ALL BY NAME ".join(f"({select})" for select in selects)
    return (_WITH_RECORD if name == "orders" else _PAID_APART).format(together=together)


def _text(structure: object) -> str:
    return quoted(orjson.dumps(structure).decode())


def _queries(connection: Connection) -> Iterator[tuple[Table, str]]:
    """Yield the tables that the connection's owner chose, each with the query of its rows."""
    constants = f"{quoted(connection.slug)} AS connection, {quoted(connection.channel)} AS channel"
    imports = Setup.model_validate(connection.setup).imports
    # Who imports files of orders chose them by that.
    is_file = connection.kind == "file"
    if is_file or imports.stream("orders").is_on:
        yield ORDERS, _ORDERS.format(constants=constants)
        yield ORDER_LINES, _LINES.format(constants=constants)
    if is_file or imports.stream("payments").is_on:
        zone = quoted(connection.timezone)
        yield PAYMENTS, _PAYMENTS.format(constants=constants, zone=zone)


def _results(
    con: duckdb.DuckDBPyConnection,
    connection: Connection,
    days: Sequence[date],
    written: Sequence[str],
) -> Iterator[DayResult]:
    """Yield the day's counts at each asset, and whether every word for a state is known."""
    counts = {
        day: (orders, lines, paid, unknown)
        for day, orders, lines, paid, unknown in con.execute(_COUNTS).fetchall()
    }
    for day in days:
        orders, lines, paid, unknown = counts.get(day, (0, 0, 0, None))
        problem = unknown and (
            f"{channel(connection.channel).title} states orders as {unknown}, which Daybook does "
            "not know: their status is empty until it does"
        )
        rows = {ORDERS.name: orders, ORDER_LINES.name: lines, PAYMENTS.name: paid}
        for name in written:
            checks = (CheckResult(STATUS_KNOWN, problem),) if name == ORDERS.name else ()
            yield DayResult(name, day, {"dagster/row_count": rows[name]}, checks)


_FROM_RECORDS = """
WITH records AS (
    SELECT record_key, unnest(from_json(record, {structure})) FROM raw WHERE source = 'api'
)
SELECT * FROM (
{sql}
)
"""
_FROM_FILES = """
SELECT record_key, unnest(from_json(record, {structure})) FROM raw WHERE source <> 'api'
"""
_PAID_APART = """
SELECT stated.*, raw.business_date FROM ({together}) AS stated JOIN raw USING (record_key)
"""
_WITH_RECORD = """
SELECT
    stated.* REPLACE (
        CAST(lines AS STRUCT(
            line_id VARCHAR, sku VARCHAR, listing_id VARCHAR, title VARCHAR,
            quantity DECIMAL(19,4), amount DECIMAL(19,4), discount DECIMAL(19,4),
            tax DECIMAL(19,4)
        )[]) AS lines,
        CAST(payments AS STRUCT(
            payment_id VARCHAR, kind VARCHAR, status VARCHAR, platform_status VARCHAR,
            method VARCHAR, paid_at TIMESTAMPTZ, amount DECIMAL(19,4)
        )[]) AS payments
    ),
    raw.created_at, raw.business_date, raw.customer_key, raw.is_guest,
    raw.source AS imported_from
FROM ({together}) AS stated JOIN raw USING (record_key)
"""
_EMPTY_PAYMENTS = """
SELECT
    NULL::VARCHAR AS payment_id, NULL::VARCHAR AS order_id, NULL::VARCHAR AS kind,
    NULL::VARCHAR AS status, NULL::VARCHAR AS platform_status, NULL::VARCHAR AS method,
    NULL::TIMESTAMPTZ AS paid_at, NULL::VARCHAR AS currency, NULL::DECIMAL(19,4) AS amount,
    NULL::DATE AS business_date
LIMIT 0
"""
# Few platforms have a word for an order of which a part went back: the money says so.
_ORDERS = """
SELECT
    {constants}, stated.* EXCLUDE (lines, payments, refunded),
    created_at AS placed_at,
    CASE
        WHEN statuses.status = 'cancelled' THEN 'cancelled'
        WHEN stated.refunded > 0 AND stated.refunded >= total THEN 'refunded'
        WHEN stated.refunded > 0 THEN 'partially_refunded'
        ELSE statuses.status
    END AS status,
    coalesce(len(stated.lines), 0) AS lines,
    coalesce(stated.refunded, 0) AS refunded
FROM stated
LEFT JOIN statuses USING (platform_status)
ORDER BY business_date, created_at, order_id
"""
_LINES = """
SELECT {constants}, line.* REPLACE (coalesce(line.sku, listings.sku) AS sku)
FROM (
    SELECT order_id, business_date, currency, created_at, unnest(lines, max_depth := 2)
    FROM stated
) AS line
LEFT JOIN listings USING (listing_id)
ORDER BY business_date, created_at, order_id, line_id
"""
_PAYMENTS = """
SELECT
    {constants}, *, CAST(timezone({zone}, paid_at) AS DATE) AS business_date
FROM (
    SELECT order_id, business_date AS record_date, currency, unnest(payments, max_depth := 2)
    FROM stated
    UNION ALL BY NAME
    SELECT
        order_id, business_date AS record_date, currency, payment_id, kind, status,
        platform_status, method, paid_at, amount
    FROM paid_apart
)
ORDER BY record_date, paid_at, payment_id
"""
_COUNTS = """
SELECT
    business_date, count(*), sum(coalesce(len(lines), 0))::BIGINT,
    sum(coalesce(len(payments), 0))::BIGINT
        + (SELECT count(*) FROM paid_apart WHERE paid_apart.business_date = stated.business_date),
    string_agg(DISTINCT platform_status, ', ' ORDER BY platform_status)
        FILTER (platform_status NOT IN (SELECT platform_status FROM statuses))
FROM stated GROUP BY business_date
"""
