"""Normalising products and contacts: one file of a connection each, and what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import orjson

from connectors.accounts.setup import Imports, Setup
from connectors.channels import channel
from connectors.channels.streams import StreamName
from connectors.database.registry import Connection
from connectors.database.registry.findings import LISTINGS
from connectors.lake.engine import arrow_table, quoted
from mappings.channels.order_macros import order_macros
from mappings.channels.queries import sql
from mappings.columns import Table
from mappings.order_tables import CONTACTS, PRODUCTS, UNDATED, raw_table
from pipelines.stages.partitions import scan, write_parquet
from pipelines.stages.workspace import Workspace

# SKUs that a finding names; the others stand in the table.
_NAMED = 5


def normalise_listings(workspace: Workspace, connection: Connection) -> dict[str, int]:
    """Write the products and contacts that were chosen; return the rows of each table.

    Listings without a SKU, and SKUs of several listings, become findings of the connection.
    """
    imports = Setup.model_validate(connection.setup).imports
    has_accounts = channel(connection.channel).stream("contacts") is not None
    rows: dict[str, int] = {}
    with workspace.scratch("listings") as scratch, workspace.engine() as con:
        for macro in order_macros():
            con.execute(macro)
        if imports.stream("products").is_on:
            query = _records(workspace, connection, con, "products", "raw")
            if query is not None:
                con.execute(f"CREATE OR REPLACE TEMP TABLE listings AS {query}")
                rows[PRODUCTS.name] = _write(
                    workspace, connection, con, PRODUCTS, _PRODUCTS, scratch
                )
                findings = list(_findings(con))
                workspace.registry.findings.set(connection.slug, LISTINGS, findings)
        if imports.stream("contacts").is_on:
            _contacts(workspace, connection, con, imports)
            query = _CONTACTS.replace("{kind}", "guest" if has_accounts else "buyer")
            rows[CONTACTS.name] = _write(workspace, connection, con, CONTACTS, query, scratch)
    return rows


def _records(
    workspace: Workspace,
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    name: StreamName,
    table: str,
) -> str | None:
    """Make a table of a stream's records; return the channel's SQL over it, None without any."""
    stream = channel(connection.channel).stream(name)
    files = _files(workspace, connection, name)
    if stream is None or not files:
        return None
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS FROM {scan(files, by_name=True)}")
    structure = quoted(orjson.dumps(stream.stored).decode())
    return (
        f"WITH records AS (SELECT record_key, unnest(from_json(record, {structure})) FROM {table}) "
        f"SELECT * FROM (\n{sql(connection.channel, name)}\n)"
    )


def _files(workspace: Workspace, connection: Connection, name: StreamName) -> list[Path]:
    raw, lake = raw_table(name), workspace.lake
    return lake.partitions(raw.name, connection.slug, lake.days(raw.name, connection.slug))


def _write(
    workspace: Workspace,
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    table: Table,
    query: str,
    scratch: Path,
) -> int:
    constants = f"{quoted(connection.slug)} AS connection, {quoted(connection.channel)} AS channel"
    ordered = f"{query.format(constants=constants)} ORDER BY {table.key[-1]}"
    rows = arrow_table(con, f"SELECT {table.select_list()} FROM ({ordered})")
    staged = scratch / f"{table.name}.parquet"
    write_parquet(rows, staged)
    place = workspace.lake.partition(table.name, connection.slug, UNDATED)
    workspace.lake.adopt([(staged, place)])
    return int(rows.num_rows)


def _contacts(
    workspace: Workspace,
    connection: Connection,
    con: duckdb.DuckDBPyConnection,
    imports: Imports,
) -> None:
    """Make the tables `accounts` and `buyers`: the platform's customers, and who bought without."""
    query = _records(workspace, connection, con, "contacts", "raw")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE accounts (customer_key VARCHAR, role VARCHAR, "
        "country VARCHAR, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ)"
    )
    if query is not None:
        con.execute(
            f"INSERT INTO accounts BY NAME {_ACCOUNTS.format(query=query)}",
            [[*imports.customer_roles]],
        )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE buyers (customer_key VARCHAR, created_at TIMESTAMPTZ)"
    )
    files = _files(workspace, connection, "orders")
    if files:
        # Where a platform lists its customers, those that it does not list bought as guests.
        guests = "is_guest" if channel(connection.channel).stream("contacts") else "true"
        con.execute(
            f"INSERT INTO buyers SELECT customer_key, min(created_at) "
            f"FROM {scan(files, by_name=True)} "
            f"WHERE customer_key IS NOT NULL AND {guests} GROUP BY 1"
        )


def _findings(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yield what is wrong with a store's listings, in one line each."""
    row = con.execute("SELECT count(*) FROM listings WHERE sku IS NULL").fetchone()
    if row and row[0]:
        yield f"{row[0]} have no SKU, so that costs and sales of them cannot be matched"
    twice = con.execute(
        "SELECT sku FROM listings WHERE sku IS NOT NULL "
        "GROUP BY sku HAVING count(*) > 1 ORDER BY sku"
    ).fetchall()
    if twice:
        more = ", ..." if len(twice) > _NAMED else ""
        named = ", ".join(sku for (sku,) in twice[:_NAMED])
        yield f"{len(twice)} SKUs stand on several listings: {named}{more}"


_PRODUCTS = "SELECT {constants}, * FROM listings"
_ACCOUNTS = """
SELECT raw.customer_key, role, country, stated.created_at, updated_at
FROM ({query}) AS stated JOIN raw USING (record_key)
WHERE role IS NULL OR len($1) = 0 OR list_contains($1, role)
"""
# A guest is what the first order said, and is not updated by later ones.
_CONTACTS = """
SELECT {constants}, 'customer' AS kind, * FROM accounts
UNION ALL BY NAME
SELECT {constants}, '{kind}' AS kind, *, created_at AS updated_at
FROM buyers WHERE customer_key NOT IN (SELECT customer_key FROM accounts)
"""
