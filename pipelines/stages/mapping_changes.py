"""Changes to mappings: saved as a version, and the days that they may change requested."""

from dataclasses import dataclass
from datetime import date

from connectors.database.registry import Connection
from connectors.database.registry.findings import MAPPING
from connectors.errors import BadInput
from mappings.journal.config import MappingConfig
from mappings.model import BOOKS, UNCLASSIFIED
from mappings.taxonomy import Category, categories
from pipelines.stages.mapping import config_of
from pipelines.stages.source_types import source_types_of
from pipelines.stages.targets import request_days
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class SavedMapping:
    """A mapping as it was saved: its version, and how many days were requested again."""

    version: int
    days: int


def save_mapping(
    workspace: Workspace,
    config: MappingConfig,
    connection: str | None,
    actor: str,
    after: int | None = None,
    *,
    target: str = BOOKS,
    effective_from: date | None = None,
    reason: str | None = None,
) -> SavedMapping:
    """Save a mapping of a connection, or the default one, and request all days it may change.

    It is for one target: the books, or an accounting organisation by its slug. Its accounts hold
    for business days from `effective_from` on, for every day where that is None; its source types
    hold for every day, as a line has one category whenever it is looked at.
    `BadInput` for an unknown connection, for a chart that is not the target's, and when `after` is
    not the newest version any more.
    """
    check_chart(config, target)
    registry = workspace.registry
    before = config_of(registry.mappings.get(connection, target), target)
    saved = registry.mappings.save(
        config.model_dump(mode="json"),
        config.digest,
        connection=connection,
        actor=actor,
        target=target,
        after=after,
        effective_from=effective_from,
        reason=reason,
    )
    if connection is not None and target != BOOKS:
        # What was found was about the mapping of before; the next daily look is about this one.
        registry.findings.set(connection, MAPPING, [])
    renamed = before.source_types != config.source_types
    requested = 0
    # The default mapping may decide for every connection, so it asks for the days of all.
    for affected in registry.connections.list():
        if connection not in {None, affected.slug}:
            continue
        since = None if renamed else effective_from
        requested += request_days(workspace, affected, since, "mapping changed", actor)
    return SavedMapping(saved.version, requested)


def check_chart(config: MappingConfig, target: str) -> None:
    """Raise `BadInput` where a mapping is not of the chart of its target."""
    chart = "books" if target == BOOKS else "organisation"
    if config.chart != chart:
        raise BadInput(
            f"the mapping's chart is {config.chart!r}: for the target {target} write "
            f"`chart: {chart}`"
        )


def assignable_categories() -> dict[str, Category]:
    """Return the categories that a source type can be mapped to, by name."""
    return {name: category for name, category in categories().items() if name != UNCLASSIFIED}


def assign_category(
    workspace: Workspace, connection: Connection, source_type: str, category: str, actor: str
) -> SavedMapping:
    """Map one source type in a connection's own mapping, which begins as a copy of the default.

    `BadInput` for a source type that none of its documents has, and for an unknown category.
    """
    if category not in assignable_categories():
        raise BadInput(f"there is no category {category!r}; `daybook mappings show` lists them")
    if source_type not in source_types_of(workspace, connection):
        raise BadInput(f"no document of {connection.slug} has the source type {source_type!r}")
    before = workspace.registry.mappings.get(connection.slug)
    config = config_of(before)
    rules = dict(config.source_types.get(connection.channel, {}))
    rules.pop(source_type, None)
    # Where two differ in capitals only, the last one counts.
    rules[source_type] = category
    changed = {"source_types": {**config.source_types, connection.channel: rules}}
    own = before is not None and before.connection is not None
    return save_mapping(
        workspace,
        MappingConfig.model_validate(config.model_dump() | changed),
        connection.slug,
        actor,
        # 0 is none: it is refused where somebody gave the store its own mapping meanwhile.
        after=before.version if own and before else 0,
        effective_from=before.effective_from if before else None,
        reason=f"{source_type} is {category}",
    )
