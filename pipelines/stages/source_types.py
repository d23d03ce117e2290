"""The source types of connections: the new ones, their totals, and the entries they hold.

A channel invents source types without notice. One that is new to a store is worth a look, even if
a rule maps it; one that no rule maps holds the entries of its days.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from connectors.database.registry import Connection, Publication, Registry
from connectors.documents.manifest import Manifest
from connectors.errors import ConfigError
from mappings.channels import classify, matched_by
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS, UNCLASSIFIED
from pipelines.stages.mapping import config_of, mapping_of
from pipelines.stages.partitions import scan
from pipelines.stages.provisional import booked_documents, is_booked
from pipelines.stages.workspace import Workspace

# As `entries.sql` writes why an entry is held.
_HELD_BY = re.compile("no rule for (.*): name its category under source_types", re.DOTALL)


@dataclass(slots=True)
class SourceTypeUsage:
    """One source type of one connection: when it first came, how often, and what it summed to.

    `lines` and `totals`, which are by currency, are over the effective documents. `first_day` and
    `last_day` are the first and last business day it stands on, None before any is computed.
    `held` are the entries that wait for it. The category is `assumed` where only its family of
    fees has a rule.
    """

    connection: Connection
    source_type: str
    category: str
    first_seen: datetime
    lines: int = 0
    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    first_day: date | None = None
    last_day: date | None = None
    held: list[Publication] = field(default_factory=list)
    assumed: bool = False

    @property
    def is_mapped(self) -> bool:
        """Return whether a rule of its own, shipped or the owner's, decides its category."""
        return self.category != UNCLASSIFIED and not self.assumed


def a_week_ago() -> date:
    """Return the day since which a source type counts as new by default."""
    return datetime.now(UTC).date() - timedelta(days=7)


def new_source_types(
    workspace: Workspace, connections: Sequence[Connection], since: date
) -> list[SourceTypeUsage]:
    """List source types that no document fetched before `since` has, and all without own rules.

    Those of a connection that is itself new are listed only where no rule maps them. First come
    those that hold entries, then the unmapped ones, then the assumed ones.
    """
    midnight = datetime.combine(since, time(), UTC)
    usages = [usage for c in connections for usage in _usages(workspace, c, midnight)]
    return sorted(usages, key=_urgency)


def _urgency(usage: SourceTypeUsage) -> tuple[object, ...]:
    return (
        not usage.held,
        usage.is_mapped,
        usage.assumed,
        usage.connection.slug,
        usage.source_type,
    )


def source_types_of(workspace: Workspace, connection: Connection) -> dict[str, datetime]:
    """Return every source type of documents not withdrawn, and when it was first fetched."""
    books_provisional = is_booked(connection)
    manifests = [
        m
        for m in workspace.lake.manifests(connection.slug)
        if m.withdrawn is None and (books_provisional or not m.provisional)
    ]
    first_seen: dict[str, datetime] = {}
    # The first document decides when a source type was first seen.
    for manifest in sorted(manifests, key=lambda m: m.fetched_at):
        for source_type in manifest.source_types:
            first_seen.setdefault(source_type.name, manifest.fetched_at)
    return first_seen


@dataclass(frozen=True, slots=True)
class RuleUse:
    """One rule of an owner's mapping, and the stored source types that it decides on."""

    channel: str
    rule: str
    category: str
    source_types: tuple[str, ...]


def rule_uses(
    workspace: Workspace, connections: Sequence[Connection], config: MappingConfig
) -> list[RuleUse]:
    """Return each rule of a mapping with the source types of these connections that it matches."""
    uses = []
    for channel, own in config.source_types.items():
        stored = sorted(
            {
                name
                for connection in connections
                if connection.channel == channel
                for name in source_types_of(workspace, connection)
            }
        )
        matched = matched_by(own, stored)
        uses += [RuleUse(channel, rule, own[rule], tuple(matched[rule])) for rule in own]
    return uses


def unmapped_source_types(
    registry: Registry, connections: Iterable[Connection], held: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the source types that hold entries and are still unmapped, by connection.

    `held` are the reasons of held entries, by connection. A source type that was mapped since
    holds its entries until their days are computed again; a connection with none but such has an
    empty list, and one that no source type holds is left out.
    """
    saved = registry.mappings.latest() if held else {}
    unmapped = {}
    for connection in connections:
        matches = [_HELD_BY.match(reason) for reason in held.get(connection.slug, ())]
        names = sorted({name for match in matches if match for name in match[1].split("; ")})
        if not names:
            continue
        # Cards must show even if the saved mapping can't be read: the shipped rules apply.
        try:
            config = config_of(saved.get(connection.slug) or saved.get(None))
            own = config.source_types.get(connection.channel)
        except ConfigError:
            own = None
        unmapped[connection.slug] = [
            classified.source_type
            for classified in classify(connection.channel, names, own)
            if classified.category == UNCLASSIFIED
        ]
    return unmapped


def _usages(
    workspace: Workspace, connection: Connection, since: datetime
) -> Iterable[SourceTypeUsage]:
    first_seen = source_types_of(workspace, connection)
    if not first_seen:
        return []
    # In a store's first week every source type is new, and listing all would hide unmapped ones.
    is_new = min(first_seen.values()) >= since
    own = mapping_of(workspace.registry, connection.slug).source_types.get(connection.channel)
    listed = {}
    for classified in classify(connection.channel, first_seen, own):
        name = classified.source_type
        usage = SourceTypeUsage(
            connection,
            name,
            classified.category,
            first_seen[name],
            assumed=classified.assumed,
        )
        if not usage.is_mapped or (usage.first_seen >= since and not is_new):
            listed[name] = usage
    if listed:
        manifests = booked_documents(workspace, connection)
        _add_totals(listed, manifests)
        _add_days(workspace, connection, listed, manifests)
    return listed.values()


def _add_totals(usages: dict[str, SourceTypeUsage], manifests: Sequence[Manifest]) -> None:
    for manifest in manifests:
        for source_type in manifest.source_types:
            if source_type.name in usages:
                usage = usages[source_type.name]
                usage.lines += source_type.lines
                usage.totals[manifest.currency] += source_type.amount


def _add_days(
    workspace: Workspace,
    connection: Connection,
    usages: dict[str, SourceTypeUsage],
    manifests: Sequence[Manifest],
) -> None:
    """Add the days that source types stand on, and the held entries of the unmapped ones."""
    days = {
        day
        for manifest in manifests
        if any(source_type.name in usages for source_type in manifest.source_types)
        for day in manifest.days
    }
    partitions = workspace.lake.partitions("transactions", connection.slug, days)
    if not partitions:
        return
    held = {
        entry.entry_id: entry
        for entry in workspace.registry.publications.list(BOOKS, [connection.slug], states=["held"])
    }
    with workspace.engine() as con:
        rows = con.execute(
            "SELECT source_type, min(business_date), max(business_date), "
            "list_sort(list(DISTINCT concat_ws(':', 'je', connection, business_date, currency)) "
            f"FILTER (category = '{UNCLASSIFIED}')) "
            f"FROM {scan(partitions)} WHERE list_contains($1, source_type) GROUP BY ALL",
            [list(usages)],
        ).fetchall()
    for name, first, last, entry_ids in rows:
        usage = usages[name]
        usage.first_day, usage.last_day = first, last
        usage.held = [held[entry_id] for entry_id in entry_ids or () if entry_id in held]
