"""What an owner decides about a mapping: kept as a version, and the days it bears on asked for."""

from dataclasses import dataclass

from connectors.database.registry import Connection
from connectors.errors import BadInput
from mappings.journal.config import MappingConfig
from mappings.model import UNCLASSIFIED
from mappings.taxonomy import Category, categories
from pipelines.stages.importing import days_of
from pipelines.stages.mapping import config_of
from pipelines.stages.provisional import booked_documents
from pipelines.stages.words import words_of
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Saved:
    """A mapping that is in force: its version, and how many days were asked for again."""

    version: int
    days: int


def save_mapping(
    workspace: Workspace,
    config: MappingConfig,
    connection: str | None,
    actor: str,
    after: int | None = None,
) -> Saved:
    """Save a mapping of a connection, or of the house, and ask for the days of all it may change.

    `BadInput` for an unknown connection, and when `after` is not the newest version any more.
    """
    registry = workspace.registry
    saved = registry.mappings.save(
        config.model_dump(mode="json"),
        config.digest,
        connection=connection,
        actor=actor,
        after=after,
    )
    asked = 0
    for known in registry.connections.list():
        if connection not in {None, known.slug}:
            continue
        days = sorted({d for m in booked_documents(workspace, known) for d in days_of(m)})
        if days:
            registry.inbox.request_days(known.slug, days, "mapping changed", actor)
            asked += len(days)
    return Saved(saved.version, asked)


def choices() -> dict[str, Category]:
    """The categories that a word can be placed in."""
    return {name: found for name, found in categories().items() if name != UNCLASSIFIED}


def place(
    workspace: Workspace, connection: Connection, source_type: str, category: str, actor: str
) -> Saved:
    """Place one word of a connection in its own mapping, which begins as a copy of the house's.

    `BadInput` for a word that none of its documents has, and for a category that is none.
    """
    if category not in choices():
        raise BadInput(f"there is no category {category!r}; `daybook mappings show` lists them")
    if source_type not in words_of(workspace, connection):
        raise BadInput(f"no document of {connection.slug} has the word {source_type!r}")
    before = workspace.registry.mappings.get(connection.slug)
    config = config_of(before)
    words = dict(config.source_types.get(connection.channel, {}))
    words.pop(source_type, None)
    # Where two differ in capitals only, the last one counts.
    words[source_type] = category
    changed = {"source_types": {**config.source_types, connection.channel: words}}
    own = before is not None and before.connection is not None
    return save_mapping(
        workspace,
        MappingConfig.model_validate(config.model_dump() | changed),
        connection.slug,
        actor,
        after=before.version if own and before else 0,
    )
