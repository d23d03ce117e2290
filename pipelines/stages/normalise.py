"""Documents to canonical transactions: one file a day, every line conserved.

Each document is read once, by one thread; the settings limit the number of threads. That keeps the
rows in file order, which is their identity, and bounds memory. A day of a single document is that
document's slice; other days are merged.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from connectors.documents.manifest import DayTotals, Manifest
from connectors.errors import DaybookError, summary
from connectors.lake.windows import Window
from mappings.model import UNCLASSIFIED
from mappings.tables import BOOKED, TRANSACTIONS
from pipelines.stages.documents import SAME_ON_EVERY_LINE, canonical, prepare
from pipelines.stages.orders import describe, described_orders
from pipelines.stages.partitions import (
    cut_by_day,
    no_rows,
    read_parquet,
    scan,
    with_constants,
    write_parquet,
)
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

_Item = TypeVar("_Item")
_Made = TypeVar("_Made")


@dataclass(slots=True)
class DayFacts:
    """The counts and totals written for one day, and the checks it failed.

    `totals` are per currency over all lines but payouts. `assumed` lines stand in the category of
    their family of fees. `broken` are failed checks by name.
    """

    lines: int = 0
    payouts: int = 0
    units: int = 0
    unclassified: int = 0
    assumed: int = 0
    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    documents: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return the number of rows of the partition."""
        return self.lines + self.payouts


@dataclass(slots=True)
class Normalised:
    """A window's outcome, day by day.

    `days` have facts; those that are also in `failed` were not written, for the reason there. No
    document covers the days in `open`. Of these, `withdrawn` had a partition that no document
    supports any more; it is gone.
    """

    days: dict[date, DayFacts] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)
    open: list[date] = field(default_factory=list)
    withdrawn: list[date] = field(default_factory=list)

    @property
    def written(self) -> list[date]:
        """Return the days whose partition is new, oldest first."""
        return sorted(set(self.days) - set(self.failed))


@dataclass(frozen=True, slots=True)
class _Slice:
    """One document's lines of one day, staged."""

    manifest: Manifest
    day: date
    file: Path
    facts: DayFacts


def covered(manifests: Sequence[Manifest], window: Window) -> dict[date, list[Manifest]]:
    """Return the documents that cover or pay on each day of the window; days of none are open."""
    documents_by_day: dict[date, list[Manifest]] = {}
    for manifest in manifests:
        for day in window:
            if manifest.covers(day):
                documents_by_day.setdefault(day, []).append(manifest)
    return documents_by_day


def normalise(store: Store, window: Window, *, skip: Collection[date] = ()) -> Normalised:
    """Write the `transactions` partitions of a window from the documents that are booked.

    Days in `skip` are left as they are: something before this stage failed them.
    """
    documents_by_day = covered(store.documents, window)
    outcome = Normalised(open=[day for day in window if day not in documents_by_day])
    with store.workspace.scratch("normalise") as scratch:
        slices: dict[date, list[_Slice]] = defaultdict(list)
        for staged, errors in _stage_all(store, window, scratch):
            outcome.failed |= errors
            for piece in staged:
                slices[piece.day].append(piece)
        # A document that failed in `_stage_all` fails every day it covers: a partial day would look
        # complete.
        for day in sorted(set(documents_by_day) - set(outcome.failed) - set(skip)):
            facts = _merged_facts(slices[day], documents_by_day[day])
            if facts.broken:
                outcome.failed[day] = "; ".join(facts.broken.values())
            outcome.days[day] = facts
        _write(store, outcome.written, slices, scratch)
    outcome.withdrawn = _withdraw(store, outcome.open)
    return outcome


def _withdraw(store: Store, days: Sequence[date]) -> list[date]:
    """Drop partitions of days that a restated document no longer touches."""
    withdrawn = sorted(store.lake.days("transactions", store.slug) & set(days))
    for day in withdrawn:
        for table in BOOKED:
            store.lake.drop(table.name, store.slug, day)
    return withdrawn


_Staged = tuple[list[_Slice], dict[date, str]]


def _stage_all(store: Store, window: Window, scratch: Path) -> Iterator[_Staged]:
    """Stage every document that touches the window; one that fails fails its days alone."""
    touched = [m for m in store.documents if any(m.covers(day) for day in window)]
    # Read once for all documents: they are as long as a month's orders.
    orders = described_orders(store.workspace, store.order_documents) if touched else None

    def stage(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> _Staged:
        try:
            return _stage(store, manifest, window, con, scratch, orders), {}
        except (duckdb.Error, pa.ArrowException, DaybookError, OSError) as error:
            reason = f"document {manifest.document[:12]} ({manifest.name}): {summary(error)}"
            return [], {day: reason for day in window if manifest.covers(day)}

    # Threads per document, because DuckDB's own threads would reorder rows.
    return _side_by_side(store.workspace, stage, touched)


def _side_by_side(
    workspace: Workspace,
    work: Callable[[duckdb.DuckDBPyConnection, _Item], _Made],
    items: Sequence[_Item],
) -> Iterator[_Made]:
    """Do `work` on every item, each thread with a connection of its own that needs no other."""
    workers = max(1, min(workspace.settings.threads, len(items)))
    own = threading.local()

    def do(item: _Item) -> _Made:
        # A DuckDB connection must not be used by several threads at once.
        if not hasattr(own, "con"):
            own.con = workspace.serial_engine()
        return work(own.con, item)

    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(do, items)


def _stage(
    store: Store,
    manifest: Manifest,
    window: Window,
    con: duckdb.DuckDBPyConnection,
    scratch: Path,
    orders: pa.Table | None,
) -> list[_Slice]:
    """Run the channel's SQL over one document and stage its lines, one file a day."""
    lines = prepare(
        store.workspace, store.connection, manifest, store.documents, store.mapping, con, scratch
    )
    folder = scratch / manifest.document
    rows = canonical(con, manifest.channel, lines)
    if orders is not None:
        rows = describe(con, rows, orders)
    same = {name: getattr(manifest, name) for name in SAME_ON_EVERY_LINE}
    days = {day for day in window if manifest.covers(day)}
    files = cut_by_day(with_constants(rows, TRANSACTIONS, same), TRANSACTIONS, folder, days)
    facts_by_day = _facts(con, files.values())
    # Channels' ids repeat in real files; an ambiguous key would lose a line.
    _check_keys(con, rows, facts_by_day)
    slices = []
    for day in sorted(set(facts_by_day) | {d for d in manifest.days if d in window}):
        facts = facts_by_day.get(day, DayFacts())
        _check_conserved(facts, manifest, day)
        # A settlement of nothing closes on a day that it has no line on.
        if day in facts_by_day or facts.broken:
            slices.append(_Slice(manifest, day, files.get(day, folder), facts))
    return slices


def _check_conserved(facts: DayFacts, manifest: Manifest, day: date) -> None:
    """Check lines, units, sum and payouts of a day against the counts taken at arrival."""
    raw = manifest.days.get(day, DayTotals(lines=0, amount=Decimal(0)))
    total = facts.totals[manifest.currency]
    expected = (raw.lines, raw.units, raw.payouts, raw.amount)
    if expected != (facts.lines, facts.units, facts.payouts, total):
        facts.broken["lines_are_conserved"] = (
            f"document {manifest.document[:12]} has {raw.lines} lines of {raw.amount:f} "
            f"{manifest.currency} and {raw.payouts} payouts on {day}, "
            f"normalised are {facts.lines} of {total:f} and {facts.payouts}"
        )


def _facts(con: duckdb.DuckDBPyConnection, files: Collection[Path]) -> dict[date, DayFacts]:
    """Read row counts and control totals of the staged files back from disk."""
    if not files:
        return {}
    facts_by_day: dict[date, DayFacts] = {}
    for day, currency, lines, payouts, units, unknown, assumed, total in con.execute(
        "SELECT business_date, currency, count(*) FILTER (payout_id IS NULL), count(payout_id), "
        "coalesce(sum(quantity), 0)::BIGINT, "
        f"count(*) FILTER (category = '{UNCLASSIFIED}'), "
        "count(*) FILTER (source_type IN (SELECT source_type FROM categories WHERE assumed)), "
        "coalesce(sum(amount) FILTER (payout_id IS NULL), 0) "
        f"FROM {scan(files)} GROUP BY ALL ORDER BY ALL"
    ).fetchall():
        facts = facts_by_day.setdefault(day, DayFacts())
        facts.lines += lines
        facts.payouts += payouts
        facts.units += units
        facts.unclassified += unknown
        facts.assumed += assumed
        facts.totals[currency] += total
    return facts_by_day


def _check_keys(
    con: duckdb.DuckDBPyConnection, rows: pa.Table, facts_by_day: Mapping[date, DayFacts]
) -> None:
    """Check that no two lines of a day have one key."""
    con.register("staged", rows)
    for day, lines, keys in con.execute(
        "SELECT business_date, count(*) AS lines, count(DISTINCT transaction_id) AS keys "
        "FROM staged GROUP BY 1 HAVING lines <> keys"
    ).fetchall():
        if day in facts_by_day:
            broken = facts_by_day[day].broken
            broken["transaction_keys_are_unique"] = f"{lines} rows have {keys} keys"
    con.unregister("staged")


def _merged_facts(slices: Sequence[_Slice], manifests: Sequence[Manifest]) -> DayFacts:
    """Return the day's facts over its documents, each checked against its manifest."""
    facts = DayFacts(documents=[m.document for m in manifests])
    for piece in slices:
        facts.lines += piece.facts.lines
        facts.payouts += piece.facts.payouts
        facts.units += piece.facts.units
        facts.unclassified += piece.facts.unclassified
        facts.assumed += piece.facts.assumed
        facts.broken |= piece.facts.broken
        for currency, total in piece.facts.totals.items():
            facts.totals[currency] += total
    # Two documents of one day may hold the same line: each is right alone, together they are not.
    if len(slices) > 1 and not facts.broken:
        _check_keys_together(slices, facts)
    return facts


def _check_keys_together(slices: Sequence[_Slice], facts: DayFacts) -> None:
    """Check that no line of a day stands in two of its documents."""
    # It takes 0.07 s to import.
    import pyarrow.compute as pc

    keys = pa.concat_arrays(
        [
            chunk
            for piece in slices
            for chunk in read_parquet(piece.file, ["transaction_id"])["transaction_id"].chunks
        ]
    )
    distinct = pc.count_distinct(keys).as_py()
    if distinct != len(keys):
        facts.broken["transaction_keys_are_unique"] = (
            f"{len(keys)} rows of {len(slices)} documents have {distinct} keys: run the day again"
        )


def _write(
    store: Store,
    days: Sequence[date],
    slices: Mapping[date, Sequence[_Slice]],
    scratch: Path,
) -> None:
    """Put every day's file in place: moved, joined from several documents, or empty."""

    def whole(con: duckdb.DuckDBPyConnection, day: date) -> tuple[Path, Path]:
        target = store.lake.partition("transactions", store.slug, day)
        pieces = sorted(slices[day], key=lambda s: (s.manifest.period_start, s.manifest.document))
        # Moving a file costs nothing; most days are of one document.
        if len(pieces) == 1:
            return pieces[0].file, target
        joined = scratch / f"{day}.parquet"
        parts = [read_parquet(piece.file) for piece in pieces] or [no_rows(con, TRANSACTIONS)]
        write_parquet(pa.concat_tables(parts), joined)
        return joined, target

    store.lake.adopt(_side_by_side(store.workspace, whole, days))
