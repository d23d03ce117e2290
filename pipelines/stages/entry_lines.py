"""The view `transactions` that entries are made of: each line with the entry it belongs to.

An entry is a day's, or a settlement's: then one for each month that the settlement has lines in, so
that every line is booked in its own month. A month's share that is paid out later is carried
forward. Every line is in one entry, whatever modes follow each other.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from connectors.lake.engine import quoted
from mappings.journal.config import MappingConfig
from pipelines.stages.cost_tables import load_costs, load_no_costs
from pipelines.stages.journal_tables import write_journal
from pipelines.stages.mapping import mappings_in_effect
from pipelines.stages.partitions import scan, scan_lines
from pipelines.stages.store import Store
from pipelines.stages.tax_consignments import tax_sources

_BY_DAY = """
CREATE OR REPLACE TEMP VIEW transactions AS
SELECT
    *, business_date AS entry_date,
    concat_ws(':', 'je', connection, business_date, currency) AS entry_id, false AS is_carried
FROM ({lines})
"""
_BY_SETTLEMENT = """
CREATE OR REPLACE TEMP VIEW transactions AS
SELECT l.*, p.entry_date, p.entry_id, p.is_carried
FROM settled AS l
JOIN parts AS p
    ON p.settlement_id = l.settlement_id
    AND p.currency = l.currency
    AND p.month = date_trunc('month', l.business_date)
WHERE p.entry_date IN (SELECT unnest($days::DATE[]))
"""
# The days of settlements apart, as each has a rate of exchange of its own.
_BY_DAY_OF_SETTLEMENT = """
CREATE OR REPLACE TEMP VIEW transactions AS
SELECT
    l.*, l.business_date AS entry_date, concat(p.entry_id, '@', l.business_date) AS entry_id,
    false AS is_carried
FROM settled AS l
JOIN parts AS p
    ON p.settlement_id = l.settlement_id
    AND p.currency = l.currency
    AND p.month = date_trunc('month', l.business_date)
WHERE p.settlement_id IN ({settlements})
"""
# What a settlement brings forward into its last month; no other entry brings anything.
_CARRIED = """
CREATE OR REPLACE TEMP TABLE carried AS
SELECT connection, entry_date, currency, entry_id, settlement_id, brought AS amount
FROM parts
WHERE NOT is_carried AND brought <> 0 AND entry_date IN (SELECT unnest($days::DATE[]))
"""
_NOTHING_CARRIED = """
CREATE OR REPLACE TEMP TABLE carried (
    connection VARCHAR, entry_date DATE, currency VARCHAR, entry_id VARCHAR, settlement_id VARCHAR,
    amount DECIMAL(19,4)
)
"""
# Half a settlement is never an entry: what came of its lines is what its document states.
_SETTLED = """
CREATE OR REPLACE TEMP TABLE settled AS
WITH touched AS (
    SELECT DISTINCT settlement_id FROM ({touched}) WHERE settlement_id IS NOT NULL
),

complete AS (
    SELECT s.settlement_id
    FROM ({settlements}) AS s
    JOIN ({lines}) AS l USING (settlement_id)
    WHERE s.closed AND settlement_id IN (FROM touched)
    GROUP BY s.settlement_id, s.raw_total
    HAVING sum(l.amount) FILTER (l.payout_id IS NULL) = s.raw_total
)

SELECT *
FROM ({lines})
WHERE settlement_id IN (FROM complete) AND business_date IN (SELECT unnest($days::DATE[]))
"""
# What a settlement is booked on moves with its lines, so every day of it may have its entry.
_SAME_SETTLEMENTS = """
SELECT DISTINCT business_date
FROM ({lines})
WHERE business_date IN (SELECT unnest($days::DATE[])) AND settlement_id IN (
    SELECT settlement_id FROM ({touched})
)
"""
# Settlements that some days have lines of, and that have no entry yet.
_UNFINISHED = """
SELECT
    l.settlement_id, l.currency,
    min(l.business_date) FILTER (l.business_date IN (SELECT unnest($days::DATE[]))),
    max(l.business_date) FILTER (l.business_date IN (SELECT unnest($days::DATE[]))),
    coalesce(bool_or(s.closed), false)
FROM ({lines}) AS l
LEFT JOIN ({settlements}) AS s USING (settlement_id)
WHERE l.settlement_id IN (
    SELECT settlement_id FROM ({lines}) WHERE business_date IN (SELECT unnest($days::DATE[]))
)
GROUP BY l.settlement_id, l.currency
HAVING NOT coalesce(bool_or(s.closed), false)
    OR coalesce(sum(l.amount) FILTER (l.payout_id IS NULL) <> any_value(s.raw_total), true)
ORDER BY ALL
"""
# Orders whose money another provider took, or a till: the channel never pays them out.
_ELSEWHERE = """
SELECT *, settlement_id NOT IN (SELECT settlement_id FROM ({settlements}) WHERE closed)
    AND sum(amount) OVER of_order = 0
    AND bool_or(category IN (
        'gateway.external', 'cash.on_delivery', 'pos.cash', 'giftcard.redeemed', 'storecredit.used'
    )) OVER of_order AS is_elsewhere
FROM ({lines})
WINDOW of_order AS (PARTITION BY settlement_id, currency, order_id, business_date)
"""
_NO_SETTLEMENTS = """
SELECT NULL::VARCHAR AS settlement_id, NULL::BOOLEAN AS closed, NULL::DECIMAL(19,4) AS raw_total
WHERE false
"""
_PARTS = """
CREATE OR REPLACE TEMP TABLE parts AS
WITH months AS (
    SELECT
        connection, settlement_id, currency, date_trunc('month', business_date) AS month,
        max(business_date) AS entry_date, sum(amount) AS amount
    FROM settled
    GROUP BY ALL
)

SELECT
    * EXCLUDE (amount),
    concat_ws(':', 'je', connection, entry_date, currency, 'settlement-' || settlement_id)
        AS entry_id,
    lead(month) OVER by_month IS NOT NULL AS is_carried,
    (sum(amount) OVER by_month - amount)::DECIMAL(19,4) AS brought
FROM months
WINDOW by_month AS (PARTITION BY settlement_id, currency ORDER BY month)
"""


def load_by_day(con: duckdb.DuckDBPyConnection, lines: str) -> None:
    """Make `transactions` of a relation of lines, for entries by day.

    And `carried` and the tables of costs, with nothing in them.
    """
    con.execute(_BY_DAY.format(lines=lines))
    con.execute(_NOTHING_CARRIED)
    load_no_costs(con)


def days_booked_with(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    target: str,
    days: Sequence[date],
    proposed: MappingConfig | None = None,
) -> set[date]:
    """Return days and those that the settlements booked with them may have entries of.

    `proposed` is a mapping in the place of the saved ones.
    """
    lake = store.lake
    computed = sorted(lake.days("transactions", store.slug))
    by_settlement = [
        day
        for mapping, its_days in _effective(store, target, computed, proposed)
        if mapping.mode == "settlement"
        for day in its_days
    ]
    touched = [day for day in computed if day in set(days)]
    if not by_settlement or not touched:
        return set(days)
    query = _SAME_SETTLEMENTS.format(
        lines=f"FROM {scan(lake.partitions('transactions', store.slug, by_settlement))}",
        touched=f"FROM {scan(lake.partitions('transactions', store.slug, touched))}",
    )
    rows = con.execute(query, {"days": by_settlement}).fetchall()
    return {*days, *(day for (day,) in rows)}


def _effective(
    store: Store, target: str, days: Sequence[date], proposed: MappingConfig | None
) -> list[tuple[MappingConfig, list[date]]]:
    if proposed is not None:
        return [(proposed, list(days))]
    return mappings_in_effect(store.workspace.registry, store.slug, days, target)


def write_journals(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    target: str,
    days: Sequence[date],
    *,
    since: date = date.min,
    proposed: MappingConfig | None = None,
) -> Iterator[MappingConfig]:
    """Make the table `journal` of a target's entries that days have lines in, mapping by mapping.

    Each is to be read before the next one is asked for. `since` is the first day that the target
    gets, `proposed` a mapping in the place of the saved ones. A settlement that is not whole yet
    has no entry.
    """
    lake = store.lake
    computed = sorted(day for day in lake.days("transactions", store.slug) if day >= since)
    effective = _effective(store, target, computed, proposed)
    chosen = set(days)
    sources = tax_sources(store.workspace, store.slug)
    for mapping, its_days in effective:
        present = [day for day in its_days if day in chosen]
        if not present:
            continue
        lines = f"FROM {scan_lines(lake.partitions('transactions', store.slug, present))}"
        # What no settlement pays out is booked by its day.
        by_day = paid_elsewhere(store, lines) if mapping.mode == "settlement" else lines
        load_by_day(con, by_day)
        load_costs(con, store, mapping, lines, present)
        write_journal(con, store.connection, mapping, sources)
        yield mapping
    by_settlement = [(m, its_days) for m, its_days in effective if m.mode == "settlement"]
    touched = [day for day in computed if day in chosen]
    if by_settlement and touched:
        yield from _settlement_journals(con, store, by_settlement, touched)


def _settlements(store: Store) -> str:
    files = store.lake.partitions(
        "settlements", store.slug, store.lake.days("settlements", store.slug)
    )
    return f"FROM {scan(files)}" if files else _NO_SETTLEMENTS


def paid_elsewhere(store: Store, lines: str, *, instead: bool = True) -> str:
    """Return a relation of the lines that no settlement ever pays out, or of the others."""
    marked = _ELSEWHERE.format(lines=lines, settlements=_settlements(store))
    condition = "is_elsewhere" if instead else "NOT is_elsewhere"
    return f"SELECT * EXCLUDE (is_elsewhere) FROM ({marked}) WHERE {condition}"


@dataclass(frozen=True, slots=True)
class UnfinishedSettlement:
    """A settlement without an entry yet, and the first and last of its lines on some days.

    `is_closed` says that it is paid out, so lines of its days are what is to come.
    """

    settlement_id: str
    currency: str
    first_day: date
    last_day: date
    is_closed: bool


def unfinished_settlements(
    con: duckdb.DuckDBPyConnection, store: Store, target: str, days: Sequence[date], since: date
) -> list[UnfinishedSettlement]:
    """Return the settlements of days that are booked by settlement, and are not whole yet.

    Those of `write_journals` and these are all that the days have lines of.
    """
    lake = store.lake
    every_day = lake.days("transactions", store.slug)
    computed = sorted(day for day in every_day if day in set(days) and day >= since)
    effective = mappings_in_effect(store.workspace.registry, store.slug, computed, target)
    touched = [day for m, its_days in effective if m.mode == "settlement" for day in its_days]
    if not touched:
        return []
    lines = f"FROM {scan(lake.partitions('transactions', store.slug, every_day))}"
    query = _UNFINISHED.format(
        lines=paid_elsewhere(store, lines, instead=False),
        settlements=_settlements(store),
    )
    return [UnfinishedSettlement(*row) for row in con.execute(query, {"days": touched}).fetchall()]


def _settlement_journals(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    by_settlement: Sequence[tuple[MappingConfig, list[date]]],
    touched: Sequence[date],
) -> Iterator[MappingConfig]:
    lake = store.lake
    every_day = lake.days("transactions", store.slug)
    query = _SETTLED.format(
        touched=f"FROM {scan(lake.partitions('transactions', store.slug, touched))}",
        settlements=_settlements(store),
        lines=f"FROM {scan_lines(lake.partitions('transactions', store.slug, every_day))}",
    )
    con.execute(query, {"days": [day for _, days in by_settlement for day in days]})
    con.execute(_PARTS)
    dates = {day for (day,) in con.execute("SELECT DISTINCT entry_date FROM parts").fetchall()}
    sources = tax_sources(store.workspace, store.slug)
    # An entry has the mapping of the day it is dated.
    for mapping, days in by_settlement:
        dated = sorted(dates.intersection(days))
        if dated:
            # A view cannot have parameters.
            listed = ", ".join(f"DATE '{day}'" for day in dated)
            con.execute(_BY_SETTLEMENT.replace("SELECT unnest($days::DATE[])", listed))
            con.execute(_CARRIED, {"days": dated})
            # Goods are booked by the day they were sold on, whatever pays for them.
            load_no_costs(con)
            write_journal(con, store.connection, mapping, sources)
            yield mapping


def write_settlement_days(
    con: duckdb.DuckDBPyConnection,
    store: Store,
    mapping: MappingConfig,
    settlements: Collection[str],
) -> None:
    """Make the table `day_journal` of the days of settlements, while `journal` has entries of them.

    The entries in it are called as those of the settlement, with `@` and their day. All of a day is
    owed on clearing, also where the settlement's entry carries it forward.
    """
    names = ", ".join(map(quoted, sorted(settlements)))
    con.execute(_BY_DAY_OF_SETTLEMENT.format(settlements=names))
    con.execute(_NOTHING_CARRIED)
    load_no_costs(con)
    sources = tax_sources(store.workspace, store.slug)
    write_journal(con, store.connection, mapping, sources, "day_journal")
