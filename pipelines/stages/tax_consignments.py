"""The view `tax_facts`: what rules of tax ask of each line, with what its consignment is worth.

An order from abroad up to a limit is taxed at its sale, and one above it at the border. What other
days hold is asked for where a line needs it: the sale behind a refund, a rate of exchange.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Final

import duckdb

from connectors.rates import ExchangeRate, Rates
from mappings.journal.config import MappingConfig
from pipelines.stages.partitions import scan
from pipelines.stages.workspace import Workspace

# Channels take goods back for weeks, and marketplaces grant refunds for months.
_REFUNDED_WITHIN: Final = timedelta(days=180)
_RATES_BEFORE: Final = timedelta(days=7)
_BANK: Final = "ecb"
_GOODS: Final = (
    "(category IN ('sales.principal', 'sales.gift_wrap') OR starts_with(category, 'discount.'))"
)
_FACTS: Final = """
CREATE OR REPLACE TEMP VIEW tax_facts AS
SELECT l.*, c.worth AS tax_worth
FROM tax_places AS l
LEFT JOIN tax_consignments AS c
    ON c.business_date = l.business_date
    AND c.order_id IS NOT DISTINCT FROM l.order_id
    AND c.currency = l.currency
    AND c.tax_to = l.tax_to
    AND c.is_stated = (l.tax_collected = 'seller')
    AND l.tax_line IN ('sold', 'tax')
"""
_NO_FACTS: Final = """
CREATE OR REPLACE TEMP VIEW tax_facts AS
SELECT *, CAST(NULL AS VARCHAR) AS tax_worth FROM tax_places
"""
_SALES: Final = f"""
CREATE OR REPLACE TEMP TABLE order_sales AS
SELECT order_id, business_date, sum(amount) AS amount
FROM tax_places
WHERE order_id IN (SELECT order_id FROM tax_imports) AND {_GOODS}
GROUP BY ALL
"""
_EARLIER: Final = f"""
INSERT INTO order_sales
SELECT order_id, business_date, sum(amount)
FROM {{lines}}
WHERE order_id IN (SELECT order_id FROM tax_imports) AND {_GOODS}
    AND business_date NOT IN (SELECT business_date FROM tax_places)
GROUP BY ALL
"""
_UNSOLD: Final = """
SELECT min(business_date), max(business_date)
FROM tax_imports AS i
WHERE NOT EXISTS (
    FROM order_sales AS s WHERE s.order_id = i.order_id AND s.business_date <= i.business_date
) AND order_id IS NOT NULL
"""
_RATES: Final = """
CREATE OR REPLACE TEMP TABLE consignment_rates (
    business_date DATE, currency VARCHAR, other VARCHAR, rate DECIMAL(28,12)
)
"""


@dataclass(frozen=True, slots=True)
class TaxSources:
    """The other lines of a store, and rates of exchange, for what lines at hand do not say.

    `lines_between` is a relation of the lines of a range of days, None where there are none;
    `rates` are a source's, of currencies and a range of days.
    """

    lines_between: Callable[[date, date], str | None]
    rates: Callable[[str, Collection[str], date, date], Sequence[ExchangeRate]]


def tax_sources(workspace: Workspace, slug: str) -> TaxSources:
    """Return the sources of a store: its computed days, and the rates that were imported."""

    def lines_between(first: date, last: date) -> str | None:
        lake = workspace.lake
        days = [day for day in lake.days("transactions", slug) if first <= day <= last]
        return scan(lake.partitions("transactions", slug, days)) if days else None

    def rates(
        source: str, currencies: Collection[str], first: date, last: date
    ) -> Sequence[ExchangeRate]:
        return workspace.registry.exchange_rates.list(source, currencies, first, last)

    return TaxSources(lines_between, rates)


def load_facts(
    con: duckdb.DuckDBPyConnection, mapping: MappingConfig, sources: TaxSources | None
) -> None:
    """Make `tax_facts` of `tax_places`; without sources, of what the lines say alone."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE tax_imports AS {_sql('imports')}")
    if not con.execute("FROM tax_imports LIMIT 1").fetchall():
        # Most stores import nothing, and their lines are not joined with it.
        con.execute(_NO_FACTS)
        return
    con.execute(_SALES)
    con.execute(_RATES)
    if sources is not None:
        _load_earlier_sales(con, sources)
        _load_rates(con, mapping, sources)
    con.execute(f"CREATE OR REPLACE TEMP TABLE tax_consignments AS {_sql('consignments')}")
    con.execute(_FACTS)


def _load_earlier_sales(con: duckdb.DuckDBPyConnection, sources: TaxSources) -> None:
    ((first, last),) = con.execute(_UNSOLD).fetchall()
    if first is None:
        return
    lines = sources.lines_between(first - _REFUNDED_WITHIN, last)
    if lines is not None:
        con.execute(_EARLIER.format(lines=lines))


def _load_rates(
    con: duckdb.DuckDBPyConnection, mapping: MappingConfig, sources: TaxSources
) -> None:
    source = mapping.currency.rates if mapping.currency else _BANK
    pairs = con.execute(
        "SELECT DISTINCT business_date, currency, limit_currency FROM tax_imports "
        "WHERE currency <> limit_currency"
    ).fetchall()
    if not pairs:
        return
    days = [day for day, _, _ in pairs]
    currencies = {currency for _, *two in pairs for currency in two}
    listed = sources.rates(source, currencies, min(days) - _RATES_BEFORE, max(days))
    by_limit = {to: Rates(listed, to) for to in {to for _, _, to in pairs}}
    near = [(day, one, to, by_limit[to].on(day, one)) for day, one, to in pairs]
    rows = [(*pair, rate.quantize(Decimal("1e-12"))) for *pair, rate in near if rate is not None]
    if rows:
        con.executemany("INSERT INTO consignment_rates VALUES (?, ?, ?, ?)", rows)


def _sql(name: str) -> str:
    return files("mappings.journal.tax").joinpath(f"{name}.sql").read_text()
