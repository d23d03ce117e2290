"""The schedule of imports of records: how often each account is asked, and which are due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.accounts.setup import Setup
from connectors.channels import channel
from connectors.channels.history import can_sync
from connectors.database.registry import Connection
from connectors.database.registry.record_imports import RecordImport
from pipelines.stages.record_import import changes_since, chosen_streams
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
    imported: dict[str, dict[str, RecordImport]] = {}
    for each in workspace.registry.record_imports.list():
        imported.setdefault(each.connection, {})[each.stream] = each
    due = []
    for connection in workspace.registry.connections.list():
        setup = Setup.model_validate(connection.setup)
        if not setup.imports.streams or setup.step != "done" or not can_sync(connection):
            continue
        before = imported.get(connection.slug, {})
        at = min(
            (
                _due_at(before.get(stream.name), interval(connection))
                for stream in chosen_streams(connection)
                if changes_since(workspace, connection, stream, before.get(stream.name), now)
            ),
            default=None,
        )
        if at is not None and at <= now:
            due.append(DueImport(connection, at))
    yield from sorted(due, key=lambda each: each.at)


def _due_at(before: RecordImport | None, every: timedelta) -> datetime:
    """Return when a stream is due; what a webhook told of is due now, as what was never read."""
    return _NEVER if before is None or before.asked_at is not None else before.through + every
