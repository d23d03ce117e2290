"""Mappings carried to other stores, and to other homes as one document."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict

from connectors.database.registry import Connection
from connectors.errors import BadInput
from mappings.journal.config import MappingConfig
from mappings.journal.differences import Difference, differences
from mappings.model import BOOKS, CLEARING
from pipelines.stages.mapping import config_of, mapping_of
from pipelines.stages.mapping_changes import SavedMapping, check_chart, save_mapping
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True, slots=True)
class MappingCopy:
    """A mapping as another store would have it, and what that changes there."""

    store: str
    config: MappingConfig
    changes: tuple[Difference, ...]


class ExportedMapping(BaseModel):
    """One mapping of a home: the default of a target where `connection` is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    connection: str | None = None
    target: str = BOOKS
    effective_from: date | None = None
    reason: str | None = None
    mapping: MappingConfig


class MappingExport(BaseModel):
    """The newest mappings of a home, to be carried to another one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = 1
    mappings: tuple[ExportedMapping, ...]


def copies(
    workspace: Workspace, source: Connection, stores: Sequence[Connection], target: str
) -> list[MappingCopy]:
    """Return what a store's mapping for a target would be at others, and change there.

    The account of clearing stays each store's own where it has one: two stores on one clearing
    account would hide what either is owed.
    """
    config = mapping_of(workspace.registry, source.slug, target)
    return [_copy(workspace, config, store.slug, target) for store in stores]


def _copy(workspace: Workspace, config: MappingConfig, store: str, target: str) -> MappingCopy:
    before = mapping_of(workspace.registry, store, target)
    own = before.accounts.get(CLEARING)
    accounts = {**config.accounts, CLEARING: own} if own is not None else config.accounts
    copied = config.model_copy(update={"accounts": accounts})
    return MappingCopy(store, copied, tuple(differences(before, copied)))


def save_copies(
    workspace: Workspace, source: Connection, made: Sequence[MappingCopy], target: str, actor: str
) -> dict[str, SavedMapping]:
    """Save the copies that change something, and return how each was saved, by store."""
    reason = f"copied from {source.slug}"
    return {
        copy.store: save_mapping(
            workspace, copy.config, copy.store, actor, target=target, reason=reason
        )
        for copy in made
        if copy.changes
    }


def export_mappings(workspace: Workspace) -> MappingExport:
    """Return the newest mapping of every connection and target, and the default ones."""
    registry = workspace.registry
    targets = [BOOKS, *(c.slug for c in registry.connections.list())]
    exported = [
        ExportedMapping(
            connection=connection,
            target=target,
            effective_from=saved.effective_from,
            reason=saved.reason,
            mapping=config_of(saved, target),
        )
        for target in targets
        for connection, saved in sorted(
            registry.mappings.latest(target).items(), key=lambda each: each[0] or ""
        )
    ]
    return MappingExport(mappings=tuple(exported))


def import_mappings(
    workspace: Workspace, document: MappingExport, actor: str
) -> list[tuple[ExportedMapping, SavedMapping]]:
    """Save every mapping of an export; `BadInput` before the first where one fits nothing here."""
    registry = workspace.registry
    counts = Counter((each.connection, each.target) for each in document.mappings)
    for (connection, target), count in counts.items():
        # One version would be made for each, and which holds in the end would be chance.
        if count > 1:
            owner = connection or "every store"
            raise BadInput(f"the file has {count} mappings of {owner} at {target}: leave one")
    for each in document.mappings:
        check_chart(each.mapping, each.target)
        for slug in {each.connection, each.target} - {None, BOOKS}:
            registry.connections.get(str(slug))
    return [
        (
            each,
            save_mapping(
                workspace,
                each.mapping,
                each.connection,
                actor,
                target=each.target,
                effective_from=each.effective_from,
                reason=each.reason,
            ),
        )
        for each in document.mappings
    ]
