"""The view `taxed`: lines under a mapping with their treatment, country and rate of tax.

The kinds of line that occur are joined to the rules, and not the lines: a year of a store has some
hundred.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

import duckdb

from connectors.accounts.setup import Setup
from connectors.database.registry import Connection
from mappings.journal.config import MappingConfig
from mappings.journal.tax.profile import TaxProfile
from mappings.journal.tax.rules import (
    groups,
    line_kinds,
    rates,
    regions,
    rows,
    rules,
    thresholds,
)
from pipelines.stages.tax_consignments import TaxSources, load_facts

# A store without a profile has the same columns, and nothing in them.
_UNTAXED = """
CREATE OR REPLACE TEMP VIEW taxed AS
SELECT
    *, CAST(NULL AS VARCHAR) AS tax_treatment, CAST(NULL AS VARCHAR) AS tax_country,
    CAST(NULL AS DECIMAL(7,4)) AS tax_rate, CAST(NULL AS VARCHAR) AS tax_remitted_by,
    CAST(NULL AS VARCHAR) AS tax_method, CAST(NULL AS VARCHAR) AS tax_posts,
    CAST(NULL AS VARCHAR) AS treatment_code, CAST(NULL AS VARCHAR) AS tax_problem,
    CAST(NULL AS VARCHAR) AS tax_region
FROM placed
"""
_TAXED = """
CREATE OR REPLACE TEMP VIEW taxed AS
SELECT
    f.* EXCLUDE (
        tax_line, tax_market, tax_from, tax_to, tax_region, tax_buyer, tax_class, tax_collected,
        tax_worth
    ),
    d.treatment AS tax_treatment, d.country AS tax_country, d.region AS tax_region,
    d.rate AS tax_rate,
    d.remitted_by AS tax_remitted_by, d.method AS tax_method, d.posts AS tax_posts,
    c.code AS treatment_code, d.problem AS tax_problem
FROM tax_facts AS f
JOIN tax_decisions AS d
    ON d.business_date = f.business_date
    AND d.tax_line = f.tax_line
    AND d.tax_market IS NOT DISTINCT FROM f.tax_market
    AND d.tax_from IS NOT DISTINCT FROM f.tax_from
    AND d.tax_to IS NOT DISTINCT FROM f.tax_to
    AND d.tax_region IS NOT DISTINCT FROM f.tax_region
    AND d.tax_buyer IS NOT DISTINCT FROM f.tax_buyer
    AND d.tax_class = f.tax_class
    AND d.tax_collected = f.tax_collected
    AND d.tax_worth IS NOT DISTINCT FROM f.tax_worth
LEFT JOIN treatment_codes AS c
    ON c.treatment = d.treatment
    AND c.country IS NOT DISTINCT FROM d.country
    AND c.region IS NOT DISTINCT FROM d.region
    AND c.rate IS NOT DISTINCT FROM d.rate
"""
_UNSHARED = """
SELECT
    * EXCLUDE (is_tax), CAST(NULL AS DECIMAL(19,4)) AS tax, CAST(0 AS DECIMAL(19,4)) AS folded
FROM lines
"""
_CLASSES = """
CREATE OR REPLACE TEMP TABLE tax_classes AS
SELECT s.sku, arg_min(i.class, i.number) AS class
FROM (SELECT DISTINCT sku FROM transactions WHERE sku IS NOT NULL) AS s
JOIN tax_items AS i
    ON s.sku = i.sku OR (ends_with(i.sku, '*') AND starts_with(s.sku, i.sku[:-2]))
GROUP BY s.sku
"""
_CODES = """
CREATE OR REPLACE TEMP TABLE treatment_codes AS
SELECT d.treatment, d.country, d.region, d.rate, arg_min(c.code, c.number) AS code
FROM (
    SELECT DISTINCT treatment, country, region, rate FROM tax_decisions
    UNION SELECT 'outside', NULL, NULL, NULL
) AS d
JOIN tax_code_rules AS c
    ON (d.treatment = c.treatment
        OR (ends_with(c.treatment, '*') AND starts_with(d.treatment, c.treatment[:-2])))
    AND (c.country IS NULL OR c.country = d.country)
    AND (c.region IS NULL OR c.region = d.region)
    AND (c.rate IS NULL OR c.rate = d.rate)
GROUP BY ALL
"""


def load_tax(
    con: duckdb.DuckDBPyConnection,
    connection: Connection,
    mapping: MappingConfig,
    sources: TaxSources | None,
) -> None:
    """Make `taxed` of `placed`, and `tax_mode` (one row): how tax is posted under the mapping.

    `sources` are what the store holds beside these lines.
    """
    profile = Setup.model_validate(connection.setup).tax
    _table(
        con,
        "tax_mode",
        {"posts": "VARCHAR", "is_profiled": "BOOLEAN"},
        [[mapping.tax, profile is not None]],
    )
    if profile is None:
        # Codes of lines that no rule decides would tax them twice, or not at all.
        _table(con, "treatment_codes", _CODE_COLUMNS, [])
        columns = dict.fromkeys(("entry_id", "problems"), "VARCHAR") | {"asks_profile": "BOOLEAN"}
        _table(con, "tax_problems", columns, [])
        con.execute(_UNTAXED)
        return
    _load_profile(con, connection, profile)
    _load_rules(con, profile)
    _load_places(con)
    _load_codes(con, mapping)
    con.execute(_CLASSES)
    con.execute(f"CREATE OR REPLACE TEMP TABLE tax_collected AS {_sql('collected')}")
    con.execute(f"CREATE OR REPLACE TEMP VIEW tax_places AS {_sql('facts')}")
    load_facts(con, mapping, sources)
    con.execute(f"CREATE OR REPLACE TEMP TABLE tax_decisions AS {_sql('decisions')}")
    con.execute(_CODES)
    con.execute(_TAXED)
    con.execute(f"CREATE OR REPLACE TEMP TABLE tax_problems AS {_sql('problems')}")


def load_shares(con: duckdb.DuckDBPyConnection) -> None:
    """Make `shared` of `lines`: each with its share of tax; none has one without a profile."""
    (is_profiled,) = con.execute("SELECT is_profiled FROM tax_mode").fetchall()[0]
    # Most stores have no profile, and dividing nothing would take longer than their entries.
    query = _sql("shares") if is_profiled else _UNSHARED
    con.execute(f"CREATE OR REPLACE TEMP TABLE shared AS {query}")


_SPAN = {"first": "DATE", "last": "DATE"}
_CODE_COLUMNS = {
    "treatment": "VARCHAR",
    "country": "VARCHAR",
    "region": "VARCHAR",
    "rate": "DECIMAL(7,4)",
    "code": "VARCHAR",
}


def _load_profile(
    con: duckdb.DuckDBPyConnection, connection: Connection, profile: TaxProfile
) -> None:
    channel = next(row for row in rows("channels") if row["channel"] == connection.channel)
    anywhere = {stock.country for stock in profile.stock if stock.fulfilment is None}
    # A shop's own address is where it ships from, unless its owner says where stock lies.
    if not profile.stock and channel["ships_from"] == "account":
        anywhere = (
            {str(connection.account["country"])} if connection.account.get("country") else set()
        )
    facts: dict[str, tuple[str, object]] = {
        "country": ("VARCHAR", profile.country),
        "market": ("VARCHAR", profile.market or profile.country),
        # Two countries of stock tell nothing of a line that does not say how it was shipped.
        "stock": ("VARCHAR", next(iter(anywhere)) if len(anywhere) == 1 else None),
        "channel": ("VARCHAR", channel["channel"]),
        "sells": ("VARCHAR", channel["sells"]),
        "fees": ("VARCHAR", profile.fees or "unset"),
        "advertising": ("VARCHAR", profile.advertising or profile.fees or "unset"),
        "is_inclusive": ("BOOLEAN", profile.prices_include_tax),
        "is_domestic": ("BOOLEAN", profile.assume_domestic),
    }
    types = {name: kind for name, (kind, _) in facts.items()}
    _table(con, "tax_profile", types, [[value for _, value in facts.values()]])
    _table(
        con,
        "tax_registrations",
        dict.fromkeys(("country", "region", "scheme"), "VARCHAR") | _SPAN,
        [[r.country, r.region, r.scheme, r.first, r.last] for r in profile.registrations],
    )
    by_fulfilment = [[s.country, s.fulfilment.lower()] for s in profile.stock if s.fulfilment]
    _table(con, "tax_stock", {"country": "VARCHAR", "fulfilment": "VARCHAR"}, by_fulfilment)
    items = [[number, item.sku, item.item_class] for number, item in enumerate(profile.items)]
    _table(con, "tax_items", {"number": "INTEGER", "sku": "VARCHAR", "class": "VARCHAR"}, items)
    marketplaces = [
        [row["marketplace"], row["country"]]
        for row in rows("marketplaces")
        if row["channel"] == connection.channel
    ]
    _table(con, "tax_marketplaces", {"marketplace": "VARCHAR", "country": "VARCHAR"}, marketplaces)


def _load_rules(con: duckdb.DuckDBPyConnection, profile: TaxProfile) -> None:
    texts = ("treatment", "country", "rate", "tax", "remitted_by")
    _table(
        con,
        "tax_rules",
        {"number": "INTEGER", "conditions": "INTEGER", "asks_worth": "BOOLEAN"}
        | _SPAN
        | dict.fromkeys(texts, "VARCHAR"),
        [
            [r.number, len(r.needs), r.asks_worth, r.first, r.last]
            + [getattr(r, name) for name in texts]
            for r in rules()
        ],
    )
    _table(
        con,
        "tax_needs",
        {"rule": "INTEGER", "condition": "INTEGER", "tag": "VARCHAR"},
        [
            [rule.number, number, tag]
            for rule in rules()
            for number, tags in enumerate(rule.needs)
            for tag in tags
        ],
    )
    bars = [[rule.number, tag] for rule in rules() for tag in rule.bars]
    _table(con, "tax_bars", {"rule": "INTEGER", "tag": "VARCHAR"}, bars)
    _table(con, "tax_lines", dict.fromkeys(("category", "line"), "VARCHAR"), line_kinds().items())
    grouped = [[name, country] for name, listed in groups().items() for country in listed]
    _table(con, "tax_groups", {"name": "VARCHAR", "country": "VARCHAR"}, grouped)
    own = [[r.country, r.region, r.item_class, r.first, True, r.rate] for r in profile.rates]
    shipped = [[r.country, r.region, r.item_class, r.first, False, r.rate] for r in rates()]
    types = dict.fromkeys(("country", "region", "class"), "VARCHAR")
    types |= {"first": "DATE", "is_own": "BOOLEAN", "rate": "DECIMAL(7,4)"}
    _table(con, "tax_rates", types, [*shipped, *own])


def _load_places(con: duckdb.DuckDBPyConnection) -> None:
    _table(
        con,
        "tax_regions",
        dict.fromkeys(("country", "region", "tax", "spelling"), "VARCHAR"),
        [
            [region.country, region.code, region.tax, spelling]
            for region in regions()
            for spelling in region.spellings
        ],
    )
    _table(
        con,
        "tax_facilitators",
        {"country": "VARCHAR", "region": "VARCHAR"} | _SPAN,
        [
            [row["country"], row["region"], row["from"], row["to"] or None]
            for row in rows("facilitators")
        ],
    )
    _table(
        con,
        "tax_thresholds",
        dict.fromkeys(("area", "country", "currency"), "VARCHAR")
        | {"amount": "DECIMAL(9,2)"}
        | _SPAN,
        [[t.area, t.country, t.currency, t.amount, t.first, t.last] for t in thresholds()],
    )


def _load_codes(con: duckdb.DuckDBPyConnection, mapping: MappingConfig) -> None:
    _table(
        con,
        "tax_code_rules",
        {"number": "INTEGER"} | _CODE_COLUMNS,
        [
            [number, each.treatment, each.country, each.region, each.rate, each.code]
            for number, each in enumerate(mapping.treatments)
        ],
    )


def _sql(name: str) -> str:
    return files("mappings.journal.tax").joinpath(f"{name}.sql").read_text()


def _table(
    con: duckdb.DuckDBPyConnection,
    name: str,
    types: Mapping[str, str],
    values: Iterable[Sequence[object]],
) -> None:
    """Make a small table of rows, in one statement."""
    columns = ", ".join(f"unnest(?::{kind}[]) AS {column}" for column, kind in types.items())
    by_row = [list(row) for row in values]
    by_column = [[row[place] for row in by_row] for place in range(len(types))]
    con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT {columns}", by_column)
