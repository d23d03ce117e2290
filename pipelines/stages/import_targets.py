"""Connections that files are imported into: there already, or made with the first file."""

from dataclasses import dataclass

from connectors.channels.base import Channel
from connectors.database.registry import Connection
from connectors.errors import BadInput
from pipelines.stages.workspace import Workspace

ACTOR = "command line"
# A sync holds the same lock while it stores; it may parse several documents meanwhile.
LOCK_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Target:
    """The connection to import into; it is made when the first file has been accepted."""

    slug: str
    name: str
    time_zone: str
    exists: bool


def open_connection(
    workspace: Workspace, source: Channel, slug: str, *, timezone: str | None, name: str | None
) -> Target:
    """Return the connection of a slug, or the new one; `BadInput` when options contradict it."""
    try:
        existing = workspace.registry.connections.get(slug)
    except BadInput:
        workspace.registry.connections.check(slug, timezone or source.default_time_zone)
        return Target(slug, name or slug, timezone or source.default_time_zone, exists=False)
    if existing.channel != source.name:
        raise BadInput(f"connection {slug} is one of {existing.channel}, not of {source.name}")
    # A day cut in another zone would hold other transactions: entries already posted would change.
    if timezone is not None and timezone != existing.timezone:
        raise BadInput(
            f"connection {slug} keeps its days in {existing.timezone}; "
            f"use another slug for {timezone}"
        )
    if name is not None and name != existing.name:
        raise BadInput(f"connection {slug} is named {existing.name!r}: leave --name out")
    return Target(slug, existing.name, existing.timezone, exists=True)


def connection_of(workspace: Workspace, source: Channel, target: Target) -> Connection:
    """Return the connection of a target; it is made where there is none yet."""
    connections = workspace.registry.connections
    if connections.find(target.slug) is None:
        connections.add(
            target.slug,
            channel=source.name,
            name=target.name,
            timezone=target.time_zone,
            kind="file",
            actor=ACTOR,
        )
    return connections.get(target.slug)
