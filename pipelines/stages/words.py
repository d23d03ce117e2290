"""The channels' own words for money: which are new, what they came to, and which entries they hold.

A channel invents words without telling. A known one that is new to a store is worth a look; one
that no rule places holds the entries of its days.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connectors.documents import Manifest
from connectors.registry import Connection
from mappings.channels import classify
from mappings.model import UNCLASSIFIED
from pipelines.stages.journals import BOOKS
from pipelines.stages.mapping import mapping_of
from pipelines.stages.workspace import Workspace


@dataclass(slots=True)
class Word:
    """One source type of one connection: when it first came, how often, and what it summed to.

    `totals` are by currency, over the documents in force. `held` are the entries that wait for it.
    """

    connection: str
    channel: str
    source_type: str
    category: str
    first_seen: datetime
    lines: int = 0
    totals: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    held: list[str] = field(default_factory=list)


def new_words(
    workspace: Workspace, connections: Sequence[Connection], since: datetime
) -> list[Word]:
    """Words that no document fetched before `since` had, and all that no rule places.

    Those of a connection that is itself new are listed only where no rule places them.
    """
    return [word for c in connections for word in _words(workspace, c, since)]


def _words(workspace: Workspace, connection: Connection, since: datetime) -> Iterable[Word]:
    lake = workspace.lake
    kept = [m for m in lake.manifests(connection.slug) if not m.provisional]
    stored = sorted(kept, key=lambda m: m.fetched_at)
    if not stored:
        return []
    first: dict[str, datetime] = {}
    for manifest in stored:
        for word in manifest.source_types:
            first.setdefault(word.name, manifest.fetched_at)
    is_new = stored[0].fetched_at >= since
    own = mapping_of(workspace.registry, connection.slug).source_types.get(connection.channel)
    placed = {c.source_type: c.category for c in classify(connection.channel, first, own)}
    wanted = {
        name: Word(connection.slug, connection.channel, name, placed[name], seen)
        for name, seen in first.items()
        if placed[name] == UNCLASSIFIED or (seen >= since and not is_new)
    }
    _count(wanted, lake.current(connection.slug))
    _hold(workspace, connection, wanted)
    return sorted(wanted.values(), key=lambda w: (w.category != UNCLASSIFIED, w.source_type))


def _count(wanted: dict[str, Word], manifests: Sequence[Manifest]) -> None:
    for manifest in manifests:
        for said in manifest.source_types:
            if said.name in wanted:
                wanted[said.name].lines += said.lines
                wanted[said.name].totals[manifest.currency] += said.amount


def _hold(workspace: Workspace, connection: Connection, wanted: dict[str, Word]) -> None:
    for entry in workspace.registry.publications(BOOKS, [connection.slug], states=["held"]):
        for name, word in wanted.items():
            if word.category == UNCLASSIFIED and name in (entry.message or ""):
                word.held.append(entry.entry_id)
