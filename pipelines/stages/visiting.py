"""Visits to connected accounts: what a channel has of a window, kept like a file that was imported.

What is kept is proven first, each document by what the channel declares in it. A visit that breaks
off keeps what it has; the window counts as visited only when the channel's last page was reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors import intake
from connectors.channels import CHANNELS, channel
from connectors.channels.base import Channel
from connectors.channels.visits import Visit
from connectors.connecting import Accounts
from connectors.documents import Manifest, Member
from connectors.http import Gate, Limit
from connectors.platforms import platform
from connectors.registry import Connection
from connectors.registry.turns import SharedGate
from connectors.setup import Setup
from connectors.windows import Window
from pipelines.stages.importing import (
    LOCK_SECONDS,
    bookable,
    outstanding,
    readings,
    touched_days,
)
from pipelines.stages.workspace import Workspace

# Where a platform has no limit of its own, a connection begins a year before it was made.
HISTORY = timedelta(days=365)


def can_visit(connection: Connection) -> bool:
    """Whether there is an account that answers, and a channel that can read it."""
    return (
        connection.kind == "api"
        and connection.state == "active"
        and connection.channel in CHANNELS
        and channel(connection.channel).read is not None
    )


def first_day(workspace: Workspace, connection: Connection) -> date:
    """The first business day of a connection: what its owner chose, or what the platform has."""
    made = connection.created_at.date()
    chosen = Setup.model_validate(connection.setup).imports.history_from
    reach = platform(connection.channel).earliest(made)
    return max(chosen or reach or made - HISTORY, workspace.settings.first_day)


def today_of(connection: Connection, now: datetime | None = None) -> date:
    """The business day of a connection that is not over yet."""
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(connection.timezone)).date()


def whole_days(workspace: Workspace, connection: Connection, now: datetime | None = None) -> Window:
    """Every business day of a connection that is over."""
    today = today_of(connection, now)
    start = first_day(workspace, connection)
    return Window(start, max(start, today))


@dataclass
class Visited:
    """What a visit brought: documents that are new, and the days that they touch."""

    documents: list[Manifest] = field(default_factory=list)
    days: set[date] = field(default_factory=set)


def visit(
    workspace: Workspace, connection: Connection, window: Window, now: datetime | None = None
) -> Visited:
    """Fetch what the channel has of a window and is not held.

    Raises the errors of the platform's calls, `NeedsReconnection`, and `Unproven` for a document
    that does not add up; what came before it is kept.
    """
    now = now or datetime.now(UTC)
    whole = whole_days(workspace, connection, now)
    wanted = Window(max(window.start, whole.start), min(window.end, whole.end))
    found = Visited()
    if wanted.start >= wanted.end:
        return found
    source = channel(connection.channel)
    if source.read is None:
        return found
    accounts = Accounts(workspace.settings, workspace.registry)
    with accounts.reaching(connection.slug):
        going = _visit(workspace, accounts, connection, wanted, whole.start, now)
        with (
            workspace.registry.lock(f"import {connection.slug}", LOCK_SECONDS),
            intake.examining(workspace.settings) as table,
        ):
            kept = _Kept(workspace, source, connection, table)
            for member in source.read(going):
                kept.take(member)
            found = Visited(kept.new, kept.touched())
    return found


def _visit(
    workspace: Workspace,
    accounts: Accounts,
    connection: Connection,
    window: Window,
    since: date,
    now: datetime,
) -> Visit:
    def gates(limits: Mapping[str, Limit]) -> Gate:
        application = accounts.application_id(connection.slug)
        key = f"{connection.channel}:{application}:{connection.account_id}"
        return SharedGate(workspace.registry, key, limits)

    return Visit(
        access=accounts.access(connection.slug),
        sign=platform(connection.channel).sign,
        account_id=connection.account_id or "",
        account=connection.account,
        time_zone=connection.timezone,
        window=window,
        since=since,
        now=now,
        held=workspace.lake.current(connection.slug),
        gates=gates,
    )


class _Kept:
    """The documents of one visit on their way into the lake; the connection's lock is held."""

    def __init__(
        self,
        workspace: Workspace,
        source: Channel,
        connection: Connection,
        table: intake.Examination,
    ) -> None:
        self._workspace, self._source, self._connection = workspace, source, connection
        self._table = table
        self._before = readings(source, workspace.lake.current(connection.slug))
        self._stored = workspace.lake.manifests(connection.slug)
        self.new: list[Manifest] = []

    def take(self, member: Member) -> None:
        """Prove and keep a document, if it says something new."""
        manifest = self._table.examine(
            self._source,
            member,
            connection=self._connection.slug,
            time_zone=self._connection.timezone,
        )
        bookable(self._workspace, manifest)
        kept = intake.keep(self._workspace.lake, member.content, manifest, self._stored)
        if kept.new:
            self._stored.append(kept.manifest)
            self.new.append(kept.manifest)

    def touched(self) -> set[date]:
        """The days that must be done again for what was kept."""
        if not self.new:
            return set()
        current = self._workspace.lake.current(self._connection.slug)
        days: set[date] = set()
        for manifest in self.new:
            touched = touched_days(self._source, manifest, self._before, current, self._stored)
            days.update(touched)
        return days


def due_days(
    workspace: Workspace, connection: Connection, now: datetime | None = None
) -> list[date]:
    """Days to do: what documents wait for, and whole days of an account that nothing covers yet."""
    waiting = outstanding(workspace, connection)
    if not can_visit(connection):
        return waiting
    states = workspace.registry.day_states(connection.slug)
    done = {s.day for s in states if s.state in {"done", "empty"}}
    unseen = {day for day in whole_days(workspace, connection, now) if day not in done}
    over = {day for day in waiting if day < today_of(connection, now)}
    return sorted(unseen | over)
