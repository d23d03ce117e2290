"""The tables `costed` and `cost_problems`: what the stock that days moved cost."""

from collections.abc import Sequence
from datetime import date
from importlib.resources import files

import duckdb

from mappings.journal.config import MappingConfig
from mappings.money import coin
from pipelines.stages.store import Store

_NONE = """
CREATE OR REPLACE TEMP TABLE costed (
    entry_id VARCHAR, connection VARCHAR, entry_date DATE, currency VARCHAR, location VARCHAR,
    kind VARCHAR, amount DECIMAL(19,4)
);
CREATE OR REPLACE TEMP TABLE cost_problems (entry_id VARCHAR, problems VARCHAR);
CREATE OR REPLACE TEMP TABLE stock_locations (location VARCHAR, account VARCHAR);
"""
_TABLES = """
CREATE OR REPLACE TEMP TABLE unit_costs (
    sku VARCHAR, location VARCHAR, since DATE, cost DECIMAL(19,4), currency VARCHAR
);
CREATE OR REPLACE TEMP TABLE stock_movements (
    reference VARCHAR, day DATE, sku VARCHAR, location VARCHAR, units INTEGER, kind VARCHAR
);
"""


def load_no_costs(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables, and nothing in them."""
    con.execute(_NONE)


def load_costs(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    mapping: MappingConfig,
    lines: str,
    days: Sequence[date],
) -> None:
    """Make the tables of a relation of lines, which is all that some days have.

    There is nothing in them where the mapping books no cost.
    """
    load_no_costs(con)
    if not mapping.cost_of_goods:
        return
    stock = store.workspace.registry.stock
    con.execute(_TABLES)
    _insert(
        con,
        "unit_costs",
        [[c.sku, c.location, c.since, c.cost, c.currency] for c in stock.costs(store.slug)],
    )
    _insert(
        con,
        "stock_movements",
        [
            [m.reference, m.day, m.sku, m.location, m.units, m.kind]
            for m in stock.movements(store.slug, days)
        ],
    )
    _insert(
        con,
        "stock_locations",
        [[name, mapping.named(account, store.slug)] for name, account in mapping.locations.items()],
    )
    con.execute(f"CREATE OR REPLACE TEMP VIEW stock_lines AS {lines}")
    _load_coins(con)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE costed AS {_sql('costs')}", {"connection": store.slug}
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE cost_problems AS {_sql('cost_problems')}")


def _load_coins(con: duckdb.DuckDBPyConnection) -> None:
    query = "SELECT currency FROM stock_lines UNION SELECT currency FROM unit_costs"
    con.execute("CREATE OR REPLACE TEMP TABLE minor_units (currency VARCHAR, coin DECIMAL(9,4))")
    rows = [[currency, coin(currency)] for (currency,) in con.execute(query).fetchall()]
    _insert(con, "minor_units", rows)


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[object]]) -> None:
    if not rows:
        return
    by_column = [list(column) for column in zip(*rows, strict=True)]
    columns = ", ".join("unnest(?)" for _ in by_column)
    con.execute(f"INSERT INTO {table} SELECT {columns}", by_column)


def _sql(name: str) -> str:
    return files("mappings.journal").joinpath(f"{name}.sql").read_text()
