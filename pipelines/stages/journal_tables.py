"""The tables that `entries.sql` reads beside transactions: accounts, overrides, coins, gateways."""

from collections.abc import Sequence
from importlib.resources import files

import duckdb

from connectors.database.registry import Connection
from mappings.channels import classify
from mappings.journal.config import MappingConfig, through
from mappings.journal.overrides import Override
from mappings.model import GATEWAY
from mappings.money import coin
from pipelines.stages.tax_tables import load_shares, load_tax

# One row for each way that an override can fit; null fits every line.
_CONDITIONS = """
CREATE OR REPLACE TEMP TABLE conditions (
    number INTEGER, category VARCHAR, marketplaces VARCHAR[], countries VARCHAR[],
    fulfilment VARCHAR[], skus VARCHAR[], gateways VARCHAR[]
)
"""
_PLACED = """
CREATE OR REPLACE TEMP VIEW placed AS
WITH named AS (
    SELECT t.*, g.component AS gateway
    FROM transactions AS t
    LEFT JOIN gateways AS g USING (source_type)
),

kinds AS (
    SELECT DISTINCT category, marketplace, ship_to, fulfilment, sku, gateway FROM named
),

fitting AS (
    SELECT k.*, min(c.number) AS override
    FROM kinds AS k
    JOIN conditions AS c USING (category)
    WHERE
        (c.marketplaces IS NULL OR list_contains(c.marketplaces, lower(k.marketplace)))
        AND (c.countries IS NULL OR list_contains(c.countries, k.ship_to))
        AND (c.fulfilment IS NULL OR list_contains(c.fulfilment, lower(k.fulfilment)))
        AND (c.gateways IS NULL OR list_contains(c.gateways, lower(k.gateway)))
        AND (c.skus IS NULL OR len(list_filter(c.skus, lambda p: k.sku = p OR (
            ends_with(p, '*') AND starts_with(k.sku, p[:-2])))) > 0)
    GROUP BY ALL
)

SELECT n.* EXCLUDE (gateway), f.override
FROM named AS n
LEFT JOIN fitting AS f
    ON f.category = n.category
    AND f.marketplace IS NOT DISTINCT FROM n.marketplace
    AND f.ship_to IS NOT DISTINCT FROM n.ship_to
    AND f.fulfilment IS NOT DISTINCT FROM n.fulfilment
    AND f.sku IS NOT DISTINCT FROM n.sku
    AND f.gateway IS NOT DISTINCT FROM n.gateway
"""


def write_journal(
    con: duckdb.DuckDBPyConnection, connection: Connection, mapping: MappingConfig
) -> None:
    """Make the table `journal` of the view `transactions`, under one mapping."""
    load_mapping(con, connection, mapping)
    _load_coins(con)
    con.execute(f"CREATE OR REPLACE TEMP TABLE lines AS {_sql('lines')}")
    load_shares(con)
    con.execute(f"CREATE OR REPLACE TEMP TABLE journal AS {_sql('entries')}")


def _sql(name: str) -> str:
    return files("mappings.journal").joinpath(f"{name}.sql").read_text()


def load_mapping(
    con: duckdb.DuckDBPyConnection, connection: Connection, mapping: MappingConfig
) -> None:
    """Make `accounts`, `gateways`, `overrides` and `taxed` of the view `transactions`."""
    _load_accounts(con, connection, mapping)
    _load_gateways(con, connection)
    _load_overrides(con, connection, mapping)
    load_tax(con, connection, mapping)


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


def _load_overrides(
    con: duckdb.DuckDBPyConnection, connection: Connection, mapping: MappingConfig
) -> None:
    """Say which override fits which line; most mappings have none, and cost nothing then."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE overrides (number INTEGER, account VARCHAR, tax_code VARCHAR)"
    )
    if not mapping.overrides:
        con.execute(
            "CREATE OR REPLACE TEMP VIEW placed AS "
            "SELECT *, CAST(NULL AS INTEGER) AS override FROM transactions"
        )
        return
    con.executemany(
        "INSERT INTO overrides VALUES ($1, $2, $3)",
        [
            [number, mapping.named(override.account, connection.slug), override.tax_code]
            for number, override in enumerate(mapping.overrides)
        ],
    )
    con.execute(_CONDITIONS)
    con.executemany(
        "INSERT INTO conditions VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [row for n, override in enumerate(mapping.overrides) for row in _conditions(n, override)],
    )
    con.execute(_PLACED)


def _conditions(number: int, override: Override) -> list[list[object]]:
    when = override.when
    tests: list[object] = [
        _or_any([text.lower() for text in when.marketplaces]),
        _or_any(when.countries),
        _or_any([text.lower() for text in when.fulfilment]),
        _or_any(when.skus),
        _or_any([through(text).lower() for text in when.gateways]),
    ]
    return [[number, category, *tests] for category in when.names]


def _or_any(texts: Sequence[str]) -> list[str] | None:
    return list(texts) or None
