"""A day's transactions to one balanced entry a currency, and the plan to publish it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import orjson

from connectors.database.registry import Connection, PlannedEntry
from connectors.lake.windows import ONE_DAY, Window
from mappings.journal.merged_lines import BY_ACCOUNT, by_account
from mappings.journal.narrations import ENGLISH
from mappings.model import BOOKS, JOURNAL, JournalEntry, JournalLine
from mappings.tables import JOURNAL_LINES
from pipelines.stages.entry_lines import days_booked_with, write_journals
from pipelines.stages.partitions import scan, write_days
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace


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

    Where settlements are booked, those of the other days that theirs may be booked on as well. An
    entry that does not balance fails its day, which then keeps the file it had.
    """
    lake = store.lake
    present = lake.days("transactions", store.slug)
    failed = {day: "the day is not normalised yet" for day in days if day not in present}
    chosen = [day for day in days if day in present]
    if not chosen:
        return Built(failed=failed)
    with store.workspace.scratch("journals") as scratch, store.workspace.engine() as con:
        booked = days_booked_with(con, store, BOOKS, chosen, store.override)
        built = Built({day: [] for day in sorted(booked)}, failed)
        written = write_journals(con, store, BOOKS, sorted(booked), proposed=store.override)
        for number, _ in enumerate(written):
            into = "INSERT INTO built" if number else "CREATE TEMP TABLE built AS"
            con.execute(f"{into} FROM journal")
        for facts in _facts(con):
            # A settlement may have entries of days that are not asked for.
            if facts.business_date not in built.days:
                continue
            built.days[facts.business_date].append(facts)
            if facts.balance:
                built.failed[facts.business_date] = (
                    f"entry {facts.entry_id} is off balance by {facts.balance:f}"
                )
        # A failed day keeps its file, so that what is posted keeps the journal it came from.
        good = [day for day in built.days if day not in built.failed]
        query = "SELECT * FROM built ORDER BY business_date, entry_id, line"
        write_days(con, lake, JOURNAL_LINES, store.slug, good, query, scratch)
    return built


def _facts(con: duckdb.DuckDBPyConnection) -> list[EntryFacts]:
    rows = con.execute(
        "SELECT entry_id, any_value(business_date), any_value(currency), any_value(content_hash), "
        "any_value(held_reason), sum(amount)::DECIMAL(38,4), count(*), "
        "coalesce(sum(amount) FILTER (category LIKE 'tax.facilitator%'), 0)::DECIMAL(38,4) "
        "FROM built GROUP BY entry_id ORDER BY entry_id"
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


def plan_books(workspace: Workspace, connection: Connection, days: Iterable[date]) -> None:
    """Plan anew for the books what the journals of some days hold."""
    partitions = workspace.lake.partitions("journal_lines", connection.slug, days)
    if not partitions:
        return
    with workspace.engine() as con:
        rows = con.execute(
            "SELECT DISTINCT business_date, currency, entry_id, content_hash, held_reason "
            f"FROM {scan(partitions)} ORDER BY ALL"
        ).fetchall()
    planned = [PlannedEntry(connection.slug, *row) for row in rows]
    workspace.registry.publications.plan(BOOKS, planned)


def withdraw(workspace: Workspace, connection: Connection, window: Window, built: Built) -> None:
    """Drop the plans of entries that are no longer there; what is posted is voided on publish."""
    current = {facts.entry_id for entries in built.days.values() for facts in entries}
    start, end = min([window.start, *built.days]), max(built.days, default=window.start)
    listed = workspace.registry.publications.list(
        BOOKS, [connection.slug], start, max(window.end, end + ONE_DAY)
    )
    gone = [
        p.entry_id
        for p in listed
        if p.business_date in built.days
        # A failed day's entries are unknown, so nothing posted is voided for it.
        and p.business_date not in built.failed
        and p.entry_id not in current
        and p.state != "voided"
    ]
    if gone:
        workspace.registry.publications.withdraw(BOOKS, connection.slug, gone)


def read_entries(
    workspace: Workspace,
    connection: str,
    days: Iterable[date],
    revisions: dict[str, int],
    *,
    as_posted: bool = False,
) -> list[JournalEntry]:
    """Read the entries of `days` as records, with the revision each is published under.

    Their lines are by category; `as_posted`, they are grouped as the mapping says.
    """
    partitions = workspace.lake.partitions("journal_lines", connection, days)
    if not partitions:
        return []
    with workspace.engine() as con:
        # The books keep no tracking and have journals alone, so there are no such columns.
        lines = JOURNAL_LINES.read_sql(scan(partitions, by_name=True))
        relation = (
            "(SELECT *, CAST(NULL AS VARCHAR) AS tracking, CAST(NULL AS VARCHAR) AS document, "
            f"CAST(NULL AS VARCHAR) AS payouts FROM {lines})"
        )
        return journal_entries(con, relation, connection, revisions, as_posted=as_posted)


def journal_entries(
    con: duckdb.DuckDBPyConnection,
    relation: str,
    connection: str,
    revisions: Mapping[str, int],
    *,
    as_posted: bool,
) -> list[JournalEntry]:
    """Return the entries that a relation of journal lines holds, oldest first."""
    rows = con.execute(
        "SELECT entry_id, business_date, currency, content_hash, grouping, language, "
        "document, payouts, part, account, category, amount, transactions, tax_code, "
        "settlement_id, tax_treatment, tax_country, tax_rate, tax_amount, tax_region, "
        f"tracking FROM {relation} "
        "ORDER BY business_date, entry_id, line"
    ).fetchall()
    lines: dict[tuple[Any, ...], list[JournalLine]] = defaultdict(list)
    for row in rows:
        pairs = tuple((name, value) for name, value in orjson.loads(row[-1] or "[]"))
        lines[row[:8]].append(JournalLine(*(*row[8:-1], pairs)))
    entries = []
    for (entry_id, day, currency, content_hash, grouping, *style), postings in lines.items():
        language, document, payouts = style
        entry = JournalEntry(
            entry_id=entry_id,
            connection=connection,
            business_date=day,
            currency=currency,
            content_hash=content_hash,
            revision=revisions.get(entry_id, 1),
            lines=tuple(postings),
            language=language or ENGLISH,
            document=document or JOURNAL,
            payouts=payouts or JOURNAL,
        )
        is_grouped = as_posted and grouping == BY_ACCOUNT
        entries.append(by_account(entry) if is_grouped else entry)
    return entries
