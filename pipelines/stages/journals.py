"""A day's transactions to one balanced entry a currency, and the plan to publish it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.resources import files

import duckdb

from connectors.database.registry import Connection, PlannedEntry
from connectors.lake.windows import Window
from mappings.channels import classify
from mappings.journal.config import MappingConfig, through
from mappings.model import GATEWAY, JournalEntry, JournalLine
from mappings.money import coin
from mappings.tables import JOURNAL_LINES
from pipelines.stages.partitions import scan, write_days
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

BOOKS = "books"


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """One entry as built: its identity, whether it balances, why it is held."""

    entry_id: str
    business_date: date
    currency: str
    content_hash: str
    held_reason: str | None
    balance: Decimal
    lines: int
    facilitator_tax: Decimal


@dataclass(slots=True)
class Built:
    """A window's outcome: entries by day (a day without lines has none), and failed days."""

    days: dict[date, list[EntryFacts]] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)


def build_journals(store: Store, days: Sequence[date]) -> Built:
    """Write the `journal_lines` partitions of `days` from their `transactions` partitions.

    An entry that does not balance fails its day, which then keeps the file it had.
    """
    lake = store.lake
    present = lake.days("transactions", store.slug)
    built = Built(days={day: [] for day in days if day in present})
    built.failed = {day: "the day is not normalised yet" for day in days if day not in present}
    if not built.days:
        return built
    with store.workspace.scratch("journals") as scratch, store.workspace.engine() as con:
        source = scan(lake.partitions("transactions", store.slug, built.days))
        con.execute(f"CREATE TEMP VIEW transactions AS SELECT * FROM {source}")
        _load_accounts(con, store.connection, store.mapping)
        _load_gateways(con, store.connection)
        statement = files("mappings.journal").joinpath("entries.sql").read_text()
        con.execute(f"CREATE TEMP TABLE journal AS {statement}")
        for facts in _facts(con):
            built.days[facts.business_date].append(facts)
            if facts.balance:
                built.failed[facts.business_date] = (
                    f"entry {facts.entry_id} is off balance by {facts.balance:f}"
                )
        # A failed day keeps its file, so that what is posted keeps the journal it came from.
        good = sorted(set(built.days) - set(built.failed))
        query = "SELECT * FROM journal ORDER BY business_date, entry_id, line"
        write_days(con, lake, JOURNAL_LINES, store.slug, good, query, scratch)
    return built


def _load_accounts(
    con: duckdb.DuckDBPyConnection, connection: Connection, mapping: MappingConfig
) -> None:
    con.execute("CREATE TEMP TABLE accounts (category VARCHAR, account VARCHAR, tax_code VARCHAR)")
    lines = mapping.account_lines(connection.slug)
    con.execute(
        "INSERT INTO accounts SELECT unnest($1), unnest($2), unnest($3)",
        [
            [a.category for a in lines],
            [a.account for a in lines],
            [a.tax_code for a in lines],
        ],
    )
    # SQL must round like `mappings.money`, which alone knows minor units.
    con.execute("CREATE TEMP TABLE minor_units (currency VARCHAR, coin DECIMAL(9,4))")
    for (currency,) in con.execute("SELECT DISTINCT currency FROM transactions").fetchall():
        con.execute("INSERT INTO minor_units VALUES ($1, $2)", [currency, coin(currency)])


def _load_gateways(con: duckdb.DuckDBPyConnection, connection: Connection) -> None:
    rows = con.execute(
        "SELECT DISTINCT source_type FROM transactions WHERE category = $1", [GATEWAY]
    ).fetchall()
    classified = classify(connection.channel, (source_type for (source_type,) in rows))
    con.execute("CREATE TEMP TABLE gateways (source_type VARCHAR, component VARCHAR)")
    con.execute(
        "INSERT INTO gateways SELECT unnest($1), unnest($2)",
        [[c.source_type for c in classified], [through(c.gateway) for c in classified]],
    )


def _facts(con: duckdb.DuckDBPyConnection) -> list[EntryFacts]:
    rows = con.execute(
        "SELECT entry_id, any_value(business_date), any_value(currency), any_value(content_hash), "
        "any_value(held_reason), sum(amount)::DECIMAL(38,4), count(*), "
        "coalesce(sum(amount) FILTER (category LIKE 'tax.facilitator%'), 0)::DECIMAL(38,4) "
        "FROM journal GROUP BY entry_id ORDER BY entry_id"
    ).fetchall()
    return [EntryFacts(*row) for row in rows]


def plan(workspace: Workspace, connection: Connection, window: Window, built: Built) -> None:
    """Plan in the outbox what the books should hold for the days that were built."""
    rows = [
        PlannedEntry(
            connection.slug, f.business_date, f.currency, f.entry_id, f.content_hash, f.held_reason
        )
        for day, entries in built.days.items()
        if day not in built.failed
        for f in entries
    ]
    workspace.registry.publications.plan(BOOKS, rows)
    withdraw(workspace, connection, window, built)


def withdraw(workspace: Workspace, connection: Connection, window: Window, built: Built) -> None:
    """Drop the plans of entries that are no longer there; what is posted is voided on publish."""
    current = {(f.business_date, f.currency) for entries in built.days.values() for f in entries}
    listed = workspace.registry.publications.list(
        BOOKS, [connection.slug], window.start, window.end
    )
    gone = [
        (p.business_date, p.currency)
        for p in listed
        if p.business_date in built.days
        # A failed day's entries are unknown, so nothing posted is voided for it.
        and p.business_date not in built.failed
        and (p.business_date, p.currency) not in current
        and p.state != "voided"
    ]
    if gone:
        workspace.registry.publications.withdraw(BOOKS, connection.slug, gone)


def read_entries(
    workspace: Workspace, connection: str, days: Iterable[date], revisions: dict[str, int]
) -> list[JournalEntry]:
    """Read the entries of `days` as records, with the revision each is published under."""
    partitions = workspace.lake.partitions("journal_lines", connection, days)
    if not partitions:
        return []
    with workspace.engine() as con:
        rows = con.execute(
            "SELECT entry_id, business_date, currency, content_hash, part, account, category, "
            f"amount, transactions, tax_code, settlement_id FROM {scan(partitions)} "
            "ORDER BY business_date, entry_id, line"
        ).fetchall()
    lines: dict[tuple[str, date, str, str], list[JournalLine]] = defaultdict(list)
    for row in rows:
        lines[row[:4]].append(JournalLine(*row[4:]))
    return [
        JournalEntry(
            entry_id=entry_id,
            connection=connection,
            business_date=day,
            currency=currency,
            content_hash=content_hash,
            revision=revisions.get(entry_id, 1),
            lines=tuple(postings),
        )
        for (entry_id, day, currency, content_hash), postings in lines.items()
    ]
