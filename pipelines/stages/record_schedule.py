"""The schedule of imports of records: how often each account is asked, and which are due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.accounts.setup import Setup
from connectors.channels import channel
from connectors.channels.history import can_sync
from connectors.database.registry import Connection
from pipelines.stages.record_import import choice_of, chosen_streams
from pipelines.stages.workspace import Workspace

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class DueImport:
    """An account to ask, and since when it is due."""

    connection: Connection
    at: datetime


def interval(connection: Connection) -> timedelta:
    """Return how often an account is asked for what changed."""
    chosen = Setup.model_validate(connection.setup).imports.poll_minutes
    return timedelta(minutes=chosen or channel(connection.channel).poll_minutes)


def due_connections(workspace: Workspace, now: datetime) -> Iterator[DueImport]:
    """Yield the accounts whose streams are due to be read, the longest overdue first."""
    instants: dict[str, dict[str, datetime]] = {}
    for each in workspace.registry.record_imports.list():
        # What a webhook told of is due now, whenever it was read last.
        last_read = each.through if each.asked_at is None else _NEVER
        instants.setdefault(each.connection, {})[each.stream] = last_read
    due = []
    for connection in workspace.registry.connections.list():
        if not connection.setup.get("imports", {}).get("streams") or not can_sync(connection):
            continue
        setup = Setup.model_validate(connection.setup)
        through = instants.get(connection.slug, {})
        streams = chosen_streams(connection)
        # A stream that was never read is due at once, and a past one only where it goes on.
        last = [
            through.get(stream.name, _NEVER)
            for stream in streams
            if choice_of(connection, stream).ongoing or stream.name not in through
        ]
        if setup.step == "done" and last and min(last) + interval(connection) <= now:
            due.append(DueImport(connection, min(last) + interval(connection)))
    yield from sorted(due, key=lambda each: each.at)
