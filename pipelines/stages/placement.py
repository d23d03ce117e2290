"""The view `placed`: each line with the override that fits it, and its values of dimensions.

The kinds of line that occur are compared with the conditions, and not the lines: a year of a store
has some hundred.
"""

from collections.abc import Iterator, Sequence

import duckdb

from connectors.database.registry import Connection
from mappings.journal.config import MappingConfig, through
from mappings.journal.dimensions import MARKETPLACE, dimension_key
from mappings.journal.overrides import When

# One row for each way that an override or an assignment can fit; null fits every line. Overrides
# have no dimension.
_CONDITIONS = """
CREATE OR REPLACE TEMP TABLE conditions (
    number INTEGER, dimension VARCHAR, value VARCHAR, category VARCHAR, marketplaces VARCHAR[],
    countries VARCHAR[], fulfilment VARCHAR[], skus VARCHAR[], gateways VARCHAR[]
)
"""
_FITTING = f"""
CREATE OR REPLACE TEMP TABLE fitting AS
WITH kinds AS (
    SELECT DISTINCT
        t.category, t.marketplace, t.ship_to, t.fulfilment, t.sku, g.component AS gateway
    FROM transactions AS t
    LEFT JOIN gateways AS g USING (source_type)
),

first_of_each AS (
    SELECT
        k.*, c.dimension, min(c.number) AS number, arg_min(c.value, c.number) AS template
    FROM kinds AS k
    JOIN conditions AS c USING (category)
    WHERE
        (c.marketplaces IS NULL OR list_contains(c.marketplaces, lower(k.marketplace)))
        AND (c.countries IS NULL OR list_contains(c.countries, k.ship_to))
        AND (c.fulfilment IS NULL OR list_contains(c.fulfilment, lower(k.fulfilment)))
        AND (c.gateways IS NULL OR list_contains(c.gateways, lower(k.gateway)))
        AND (c.skus IS NULL OR len(list_filter(c.skus, lambda p: k.sku = p OR (
            ends_with(p, '*') AND starts_with(k.sku, p[:-2])))) > 0)
        AND (k.marketplace IS NOT NULL OR c.value IS NULL OR NOT contains(c.value, '{MARKETPLACE}'))
    GROUP BY ALL
),

named AS (
    SELECT
        * EXCLUDE (template),
        replace(template, '{MARKETPLACE}', coalesce(marketplace, '')) AS value
    FROM first_of_each
)

SELECT
    * EXCLUDE (dimension, number, value),
    min(number) FILTER (dimension IS NULL) AS override,
    -- Text, as it is grouped and hashed: pairs in the order of their dimensions.
    CASE WHEN count(dimension) > 0 THEN
        to_json(list([dimension, value] ORDER BY dimension) FILTER (dimension IS NOT NULL))::VARCHAR
    END AS tracking
FROM named
GROUP BY ALL
"""
_PLACED = """
CREATE OR REPLACE TEMP VIEW placed AS
SELECT t.*, f.override, f.tracking
FROM transactions AS t
LEFT JOIN gateways AS g USING (source_type)
LEFT JOIN fitting AS f
    ON f.category = t.category
    AND f.marketplace IS NOT DISTINCT FROM t.marketplace
    AND f.ship_to IS NOT DISTINCT FROM t.ship_to
    AND f.fulfilment IS NOT DISTINCT FROM t.fulfilment
    AND f.sku IS NOT DISTINCT FROM t.sku
    AND f.gateway IS NOT DISTINCT FROM g.component
"""
_UNPLACED = """
CREATE OR REPLACE TEMP VIEW placed AS
SELECT *, CAST(NULL AS INTEGER) AS override, CAST(NULL AS VARCHAR) AS tracking FROM transactions
"""


def load_placement(
    con: duckdb.DuckDBPyConnection, connection: Connection, mapping: MappingConfig
) -> None:
    """Make `overrides` and `placed` of the view `transactions` and `gateways`."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE overrides (number INTEGER, account VARCHAR, tax_code VARCHAR)"
    )
    rows = list(_conditions(connection, mapping))
    # Most mappings have none, and cost nothing then.
    if not rows:
        con.execute(_UNPLACED)
        return
    if mapping.overrides:
        con.executemany(
            "INSERT INTO overrides VALUES ($1, $2, $3)",
            [
                [number, mapping.named(override.account, connection.slug), override.tax_code]
                for number, override in enumerate(mapping.overrides)
            ],
        )
    con.execute(_CONDITIONS)
    con.executemany("INSERT INTO conditions VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", rows)
    con.execute(_FITTING)
    con.execute(_PLACED)


def _conditions(connection: Connection, mapping: MappingConfig) -> Iterator[list[object]]:
    for number, override in enumerate(mapping.overrides):
        tests = _tests(override.when)
        yield from ([number, None, None, name, *tests] for name in override.when.names)
    spellings: dict[str, str] = {}
    for number, assignment in enumerate(mapping.tracking):
        # Two spellings are one dimension: a line has one value of it.
        key = dimension_key(assignment.dimension)
        dimension = spellings.setdefault(key, assignment.dimension)
        value = mapping.tracked(assignment.value, connection.slug, connection.channel)
        tests = _tests(assignment.when or When())
        for name in assignment.categories_of(mapping.roles):
            yield [number, dimension, value, name, *tests]


def _tests(when: When) -> list[object]:
    return [
        _or_any([text.lower() for text in when.marketplaces]),
        _or_any(when.countries),
        _or_any([text.lower() for text in when.fulfilment]),
        _or_any(when.skus),
        _or_any([through(text).lower() for text in when.gateways]),
    ]


def _or_any(texts: Sequence[str]) -> list[str] | None:
    return list(texts) or None
