"""The tables that `entries.sql` reads beside transactions: accounts, coins, gateways."""

from importlib.resources import files

import duckdb

from connectors.database.registry import Connection
from mappings.channels import classify
from mappings.journal.config import MappingConfig, through
from mappings.journal.merged_lines import BY_CATEGORY
from mappings.journal.narrations import ENGLISH
from mappings.model import GATEWAY, JOURNAL
from mappings.money import coin
from pipelines.stages.placement import load_placement
from pipelines.stages.tax_consignments import TaxSources
from pipelines.stages.tax_tables import load_shares, load_tax


def write_journal(
    con: duckdb.DuckDBPyConnection,
    connection: Connection,
    mapping: MappingConfig,
    sources: TaxSources | None = None,
    table: str = "journal",
) -> None:
    """Make a table of journal lines of the view `transactions`, under one mapping.

    `sources` are what the store holds beside these lines; some taxes depend on it.
    """
    load_mapping(con, connection, mapping, sources)
    _load_coins(con)
    _load_style(con, mapping)
    # Tables, not one query: each is read several times, and the lines of a year once.
    _make(con, "grouped", "grouped")
    _make(con, "lines", "lines")
    load_shares(con)
    _make(con, "postings", "postings")
    _make(con, table, "entries")


def _make(con: duckdb.DuckDBPyConnection, table: str, name: str) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {_sql(name)}")


def _sql(name: str) -> str:
    return files("mappings.journal").joinpath(f"{name}.sql").read_text()


def load_mapping(
    con: duckdb.DuckDBPyConnection,
    connection: Connection,
    mapping: MappingConfig,
    sources: TaxSources | None,
) -> None:
    """Make `accounts`, `gateways`, `overrides` and `taxed` of the view `transactions`."""
    _load_accounts(con, connection, mapping)
    _load_gateways(con, connection)
    load_placement(con, connection, mapping)
    load_tax(con, connection, mapping, sources)


def _load_accounts(
    con: duckdb.DuckDBPyConnection, connection: Connection, mapping: MappingConfig
) -> None:
    lines = mapping.account_lines(connection.slug)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE accounts AS SELECT unnest($1::VARCHAR[]) AS category, "
        "unnest($2::VARCHAR[]) AS account, unnest($3::VARCHAR[]) AS tax_code, "
        "unnest($4::VARCHAR[]) AS role",
        [
            [line.category for line in lines],
            [line.account for line in lines],
            [line.tax_code for line in lines],
            [line.role for line in lines],
        ],
    )


def _load_coins(con: duckdb.DuckDBPyConnection) -> None:
    """Load the smallest coins: SQL must round like `mappings.money`, which alone knows them."""
    con.execute("CREATE OR REPLACE TEMP TABLE minor_units (currency VARCHAR, coin DECIMAL(9,4))")
    query = "SELECT currency FROM transactions UNION SELECT currency FROM costed"
    for (currency,) in con.execute(query).fetchall():
        con.execute("INSERT INTO minor_units VALUES ($1, $2)", [currency, coin(currency)])


def _load_style(con: duckdb.DuckDBPyConnection, mapping: MappingConfig) -> None:
    """Load what else of a mapping changes an entry; null is the default, and leaves its hash."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE style AS "
        "SELECT nullif($1::VARCHAR, $2) AS grouping, nullif($3::VARCHAR, $4) AS language, "
        "nullif($5::VARCHAR, $6) AS document, nullif($7::VARCHAR, $6) AS payouts",
        [
            *(mapping.grouping, BY_CATEGORY, mapping.language, ENGLISH),
            *(mapping.entry_document, JOURNAL, mapping.payouts),
        ],
    )


def _load_gateways(con: duckdb.DuckDBPyConnection, connection: Connection) -> None:
    rows = con.execute(
        "SELECT DISTINCT source_type FROM transactions WHERE category = $1", [GATEWAY]
    ).fetchall()
    classified = classify(connection.channel, (source_type for (source_type,) in rows))
    con.execute("CREATE OR REPLACE TEMP TABLE gateways (source_type VARCHAR, component VARCHAR)")
    con.execute(
        "INSERT INTO gateways SELECT unnest($1), unnest($2)",
        [[c.source_type for c in classified], [through(c.gateway) for c in classified]],
    )
