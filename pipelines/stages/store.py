"""A store as the stages see it, read once a window: its connection, documents and settlements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from connectors.channels import channel
from connectors.database.registry import Connection
from connectors.documents.manifest import Manifest, Statement
from connectors.lake.lake import Lake
from mappings.journal.config import MappingConfig
from pipelines.stages.mapping import mapping_of, mappings_in_effect
from pipelines.stages.provisional import booked_documents, is_booked, provisional_days
from pipelines.stages.workspace import Workspace


@dataclass(frozen=True)
class Store:
    """One connection with the documents that are booked, oldest first.

    `override` is a mapping to compute under in place of the saved one.
    """

    workspace: Workspace
    connection: Connection
    documents: Sequence[Manifest]
    override: MappingConfig | None = None

    @classmethod
    def read(
        cls, workspace: Workspace, connection: Connection, override: MappingConfig | None = None
    ) -> "Store":
        """Read what is booked now; `ConfigError` where a manifest of the lake is damaged."""
        return cls(workspace, connection, booked_documents(workspace, connection), override)

    @property
    def slug(self) -> str:
        """Return the connection's slug."""
        return self.connection.slug

    @property
    def lake(self) -> Lake:
        """Return the lake of the home."""
        return self.workspace.lake

    @cached_property
    def order_documents(self) -> list[Manifest]:
        """Return the documents that describe orders, oldest first."""
        return self.lake.order_documents(self.slug)

    @cached_property
    def settlements(self) -> list[Statement]:
        """Return every settlement, completed over the documents, oldest first."""
        return linked_settlements(self.connection, self.documents)

    @cached_property
    def provisional_days(self) -> frozenset[date]:
        """Return the days that only provisional figures cover."""
        return frozenset(provisional_days(self.workspace, self.connection))

    @cached_property
    def days_booked_ahead(self) -> frozenset[date]:
        """Return those of them that are booked, because the connection's owner chose to."""
        return self.provisional_days if is_booked(self.connection) else frozenset()

    @cached_property
    def mapping(self) -> MappingConfig:
        """Return the newest mapping; `ConfigError` where this release cannot read it."""
        return self.override or mapping_of(self.workspace.registry, self.slug)

    def mappings(self, days: Sequence[date]) -> list[tuple[MappingConfig, list[date]]]:
        """Return the mappings in effect over some days, each with its own of them."""
        if self.override is not None:
            return [(self.override, list(days))]
        return mappings_in_effect(self.workspace.registry, self.slug, days)


def linked_settlements(connection: Connection, documents: Sequence[Manifest]) -> list[Statement]:
    """Return every settlement of a connection, completed over its documents, oldest first."""
    # A connected store of a channel whose documents nothing reads yet has none.
    return channel(connection.channel).link_settlements(documents) if documents else []
