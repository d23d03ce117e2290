"""The channels' own words for money: which are new, what they came to, and which entries they hold.

A channel invents words without telling. A known one that is new to a store is worth a look; one
that no rule places holds the entries of its days.
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
from mappings.channels import classify, met_by
from mappings.journal.config import MappingConfig
from mappings.model import UNCLASSIFIED
from pipelines.stages.journals import BOOKS
from pipelines.stages.mapping import config_of, mapping_of
from pipelines.stages.partitions import scan
from pipelines.stages.provisional import booked_documents, is_booked
from pipelines.stages.workspace import Workspace

# As `entries.sql` writes why an entry is held.
_HELD_BY = re.compile("no rule for (.*): name its category under source_types", re.DOTALL)


@dataclass(slots=True)
class Word:
    """One source type of one connection: when it first came, how often, and what it summed to.

    `lines` and `totals`, which are by currency, are over the documents in force. `first_day` and
    `last_day` are the business days between which it stands, None before any is done. `held` are
    the entries that wait for it. The category is `assumed` where only its family has a rule.
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
    def placed(self) -> bool:
        """Whether a rule of its own or the owner says where it belongs."""
        return self.category != UNCLASSIFIED and not self.assumed


def a_week_ago() -> date:
    """Since when a word is new, unless somebody asks otherwise."""
    return datetime.now(UTC).date() - timedelta(days=7)


def new_words(workspace: Workspace, connections: Sequence[Connection], since: date) -> list[Word]:
    """Words that no document fetched before `since` had, and all that no rule of their own places.

    Those of a connection that is itself new are listed only where no rule places them. What holds
    entries comes first, then what has no place, then what is assumed.
    """
    midnight = datetime.combine(since, time(), UTC)
    found = [word for c in connections for word in _words(workspace, c, midnight)]
    return sorted(found, key=_urgency)


def _urgency(word: Word) -> tuple[object, ...]:
    return not word.held, word.placed, word.assumed, word.connection.slug, word.source_type


def words_of(workspace: Workspace, connection: Connection) -> dict[str, datetime]:
    """Every word of a connection's documents but withdrawn ones, and when it first came."""
    listed, ahead = workspace.lake.manifests(connection.slug), is_booked(connection)
    kept = [m for m in listed if m.withdrawn is None and (ahead or not m.provisional)]
    first: dict[str, datetime] = {}
    for manifest in sorted(kept, key=lambda m: m.fetched_at):
        for word in manifest.source_types:
            first.setdefault(word.name, manifest.fetched_at)
    return first


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
    """Return each rule of a mapping with the source types of these connections that it meets."""
    uses = []
    for channel, own in config.source_types.items():
        stored = sorted(
            {
                name
                for connection in connections
                if connection.channel == channel
                for name in words_of(workspace, connection)
            }
        )
        met = met_by(own, stored)
        uses += [RuleUse(channel, rule, own[rule], tuple(met[rule])) for rule in own]
    return uses


def unplaced_words(
    registry: Registry, connections: Iterable[Connection], held: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """The words that hold entries and have no place yet, of connections that words hold.

    `held` is why entries are held, by connection. A word that was placed since holds its entries
    until their days are done again; a connection with none but such has an empty list.
    """
    saved = registry.mappings.latest() if held else {}
    found = {}
    for connection in connections:
        said = [_HELD_BY.match(why) for why in held.get(connection.slug, ())]
        names = sorted({name for why in said if why for name in why[1].split("; ")})
        if not names:
            continue
        try:
            config = config_of(saved.get(connection.slug) or saved.get(None))
            own = config.source_types.get(connection.channel)
        except ConfigError:
            own = None
        placed = classify(connection.channel, names, own)
        found[connection.slug] = [c.source_type for c in placed if c.category == UNCLASSIFIED]
    return found


def _words(workspace: Workspace, connection: Connection, since: datetime) -> Iterable[Word]:
    first = words_of(workspace, connection)
    if not first:
        return []
    is_new = min(first.values()) >= since
    own = mapping_of(workspace.registry, connection.slug).source_types.get(connection.channel)
    placed = {c.source_type: c for c in classify(connection.channel, first, own)}
    words = {
        name: Word(connection, name, placed[name].category, seen, assumed=placed[name].assumed)
        for name, seen in first.items()
    }
    wanted = {
        name: word
        for name, word in words.items()
        if not word.placed or (word.first_seen >= since and not is_new)
    }
    if wanted:
        current = booked_documents(workspace, connection)
        _count(wanted, current)
        _look_up(workspace, connection, wanted, current)
    return wanted.values()


def _count(wanted: dict[str, Word], manifests: Sequence[Manifest]) -> None:
    for manifest in manifests:
        for said in manifest.source_types:
            if said.name in wanted:
                wanted[said.name].lines += said.lines
                wanted[said.name].totals[manifest.currency] += said.amount


def _look_up(
    workspace: Workspace,
    connection: Connection,
    wanted: dict[str, Word],
    manifests: Sequence[Manifest],
) -> None:
    """The days that words stand on, and the held entries of those where they have no category."""
    days = {
        day
        for manifest in manifests
        if any(said.name in wanted for said in manifest.source_types)
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
            [list(wanted)],
        ).fetchall()
    for name, first, last, entries in rows:
        word = wanted[name]
        word.first_day, word.last_day = first, last
        word.held = [held[entry] for entry in entries or () if entry in held]
