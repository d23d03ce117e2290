"""Imports of files into a connection: each stored once, and the days it touches requested."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from connectors.channels.base import Channel
from connectors.channels.history import first_day
from connectors.database.registry import Connection
from connectors.documents import ingest
from connectors.documents.archives import source_files
from connectors.documents.coverage import check_before_sync, check_covered_once
from connectors.documents.manifest import Manifest, Withdrawal
from connectors.documents.order_exports import OrderExport
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, Window
from mappings.channels import classify
from mappings.model import UNCLASSIFIED
from pipelines.stages.import_targets import (
    ACTOR,
    LOCK_SECONDS,
    Target,
    connection_of,
    open_connection,
)
from pipelines.stages.mapping import mapping_of
from pipelines.stages.order_imports import ImportedOrders, import_orders
from pipelines.stages.orders import days_of_orders
from pipelines.stages.provisional import booked_documents
from pipelines.stages.workspace import Workspace

__all__ = [
    "ACTOR", "LOCK_SECONDS", "Imported", "ImportedOrders", "Target", "bookable", "days_of",
    "held_elsewhere", "import_file", "open_connection", "outstanding", "query_variables",
    "touched_days",
]  # fmt: skip
# Platforms date payouts up to a month ahead.
DAYS_AHEAD = 31
# Ids that Daybook makes contain a dash, and those of a day are eight digits.
_OWN_ID = re.compile(r"(?!20\d{6}$)[0-9A-Za-z]{6,}")


@dataclass(frozen=True, slots=True)
class Imported:
    """The result of one file: its document, whether it is new, and its unmapped source types.

    `instead_of` is the name of the file that it replaces, `elsewhere` what another connection has
    of it, `withdrawal` how it was taken out before.
    """

    manifest: Manifest
    new: bool
    days: tuple[date, ...]
    unclassified: tuple[str, ...]
    instead_of: str | None = None
    elsewhere: str | None = None
    withdrawal: Withdrawal | None = None


def import_file(
    workspace: Workspace, source: Channel, target: Target, path: Path, *, again: bool = False
) -> Iterator[Imported | ImportedOrders]:
    """Import every file in `path`; `BadInput` for one that is refused, which leaves nothing.

    What another connection has is imported with `again` only.
    """
    for source_file in source_files(path):
        with ingest.open_parser(workspace.settings, ingest.MEMORY) as parser:
            manifest = parser.read(
                source, source_file, connection=target.slug, time_zone=target.time_zone
            )
            if isinstance(manifest, OrderExport):
                yield import_orders(workspace, source, target, parser.con, manifest, again=again)
                continue
        # Before the lock: refused files need not wait for a running sync.
        bookable(workspace, manifest, datetime.now(UTC).date())
        with workspace.registry.lock(f"import {target.slug}", LOCK_SECONDS):
            # Stores of one seller often share a folder of downloads: a file in both counts twice.
            elsewhere = held_elsewhere(workspace, source, target.slug, manifest)
            if elsewhere is not None and not again:
                raise BadInput(
                    f"{manifest.name}: {elsewhere}: import it there, or add --again if it belongs "
                    "to both"
                )
            imported = _store(workspace, source, target, source_file.content, manifest)
            yield replace(imported, elsewhere=elsewhere)


def bookable(workspace: Workspace, manifest: Manifest, today: date) -> None:
    """Raise `BadInput` for a document with days that the books do not have."""
    first = min([manifest.first_day, *manifest.days])
    last = max([manifest.last_day, *manifest.days])
    if first < workspace.settings.first_day:
        raise BadInput(
            f"{manifest.name}: has days from {first}, before {workspace.settings.first_day}; "
            "set DAYBOOK_FIRST_DAY to an earlier day"
        )
    # A day read month first: a wrong dialect shows as a date far ahead.
    if last > today + timedelta(days=DAYS_AHEAD):
        raise BadInput(f"{manifest.name}: has days up to {last}, which is in the future")


def held_elsewhere(
    workspace: Workspace, source: Channel, slug: str, manifest: Manifest
) -> str | None:
    """Return a sentence on another connection that has the document or one of its settlements."""
    ids = _own_ids(manifest)
    for connection in workspace.registry.connections.list():
        if connection.channel != source.name or connection.slug == slug:
            continue
        for other in workspace.lake.effective_documents(connection.slug):
            if other.document == manifest.document:
                return f"connection {connection.slug} has this very file, as {other.name}"
            shared = sorted(ids & _own_ids(other))
            if shared:
                return f"connection {connection.slug} has settlement {shared[0]}, in {other.name}"
    return None


def _own_ids(manifest: Manifest) -> set[str]:
    """Return the ids of its settlements that the channel gave, not those made of a day."""
    return {s.settlement_id for s in manifest.settlements if _OWN_ID.fullmatch(s.settlement_id)}


def _store(
    workspace: Workspace, source: Channel, target: Target, content: bytes, manifest: Manifest
) -> Imported:
    registry, lake = workspace.registry, workspace.lake
    connection = connection_of(workspace, source, target)
    previous = lake.effective_documents(target.slug)
    check_covered_once(manifest, previous, connection.timezone)
    if connection.kind == "api":
        check_before_sync(manifest, first_day(connection, workspace.settings.first_day))
    # Taken before storing: the new document may change how the others are read.
    before = query_variables(source, previous)
    stored = ingest.store(lake, content, manifest)
    current = lake.effective_documents(target.slug)
    manifests = lake.manifests(target.slug)
    if stored.manifest.describes_orders:
        replaced_too = [m for m in manifests if m.document == stored.supersedes]
        days = sorted(days_of_orders(workspace, target.slug, [stored.manifest, *replaced_too]))
    else:
        days = touched_days(source, stored.manifest, before, current, manifests)
    registry.inbox.record_document(
        target.slug,
        document=stored.manifest.document,
        days=days,
        detail={"file": stored.manifest.name, "statement": stored.manifest.statement},
        actor=ACTOR,
        again=stored.new,
    )
    mapping = mapping_of(registry, target.slug)
    classified = classify(
        source.name,
        (source_type.name for source_type in stored.manifest.source_types),
        mapping.source_types.get(source.name),
    )
    unmapped = tuple(c.source_type for c in classified if c.category == UNCLASSIFIED)
    replaced = next((m.name for m in previous if m.document == stored.supersedes), None)
    return Imported(
        stored.manifest,
        stored.new,
        tuple(days),
        unmapped,
        instead_of=replaced,
        withdrawal=stored.withdrawal,
    )


def query_variables(source: Channel, manifests: Sequence[Manifest]) -> Mapping[str, dict[str, Any]]:
    """Return the variables each document is queried with, given all effective documents."""
    return {m.document: source.query(m, manifests).variables for m in manifests}


def touched_days(
    source: Channel,
    manifest: Manifest,
    before: Mapping[str, dict[str, Any]],
    current: Sequence[Manifest],
    stored: Sequence[Manifest],
) -> list[date]:
    """Return the days to recompute, sorted.

    They are the document's own, those of the one it replaces, and those of documents whose query
    changed (a later deposit closes the end of an earlier month).
    """
    after = query_variables(source, current)
    changed = {d for d, variables in after.items() if before.get(d, variables) != variables}
    by_name = {m.document: m for m in stored}
    days = {day for name in changed for day in days_of(by_name[name])}
    replaced = by_name.get(manifest.supersedes or "")
    if replaced is None:
        return sorted(days | days_of(manifest))
    was, now = (
        _deciding(how.get(name, {}))
        for how, name in ((before, replaced.document), (after, manifest.document))
    )
    if was != now:
        return sorted(days | days_of(manifest) | days_of(replaced))
    return sorted(days | _unlike(manifest, replaced) | _named_otherwise(manifest, replaced))


def _deciding(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that decide how lines are read, without `period_end`.

    The document's days already say where it ends.
    """
    return {name: value for name, value in variables.items() if name != "period_end"}


def _named_otherwise(manifest: Manifest, replaced: Manifest) -> set[date]:
    """Return the days of settlements that only one of two documents has."""
    now, was = ({s.settlement_id: s for s in m.settlements} for m in (manifest, replaced))
    days: set[date] = set()
    for name in now.keys() ^ was.keys():
        period = now.get(name) or was[name]
        # By UTC, so that a business day more may be among them.
        first, last = period.period_start.date() - ONE_DAY, period.period_end.date() + ONE_DAY
        days |= {d for d in days_of(manifest) | days_of(replaced) if first <= d <= last}
    return days


def _unlike(manifest: Manifest, replaced: Manifest) -> set[date]:
    """Return the days on which a document differs from the one it replaces.

    Where days have no digests there is nothing to compare, and all of them count.
    """
    both = days_of(manifest) | days_of(replaced)
    digests = [t.digest for t in (*manifest.days.values(), *replaced.days.values()) if t.lines]
    if None in digests:
        return both
    return {
        day
        for day in both
        if manifest.days.get(day) != replaced.days.get(day)
        or manifest.covers(day) != replaced.covers(day)
    }


def days_of(manifest: Manifest) -> set[date]:
    """Return every day a document covers or pays on."""
    return set(Window(manifest.first_day, manifest.last_day + timedelta(days=1))) | set(
        manifest.days
    )


def outstanding(workspace: Workspace, connection: Connection) -> list[date]:
    """Return the days to compute: new, failed, requested, lost, or without a document now."""
    registry, lake = workspace.registry, workspace.lake
    covered = {day for m in lake.effective_documents(connection.slug) for day in days_of(m)}
    computed = {s.day for s in registry.days.list(connection.slug) if s.state in {"done", "empty"}}
    # The registry says what was written; only the lake shows what is still intact.
    for table in ("transactions", "settlements", "journal_lines"):
        computed &= lake.days(table, connection.slug) - lake.cut_off(table, connection.slug)
    requested = {
        day for e in registry.inbox.list() if e.connection == connection.slug for day in e.days
    }
    # Days of a withdrawal that was killed before it requested them.
    unsupported = lake.days("transactions", connection.slug) - {
        day for m in booked_documents(workspace, connection) for day in days_of(m)
    }
    return sorted((covered - computed) | requested | unsupported)
