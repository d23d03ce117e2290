"""Visits to connected accounts: what a channel has of a window, kept like a file that was imported.

What is kept is proven first, each document by what the channel declares in it. A visit that breaks
off keeps what it has; the window counts as visited only when the channel's last page was reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Event

from connectors.accounts.accounts import Accounts
from connectors.accounts.platforms import platform_named
from connectors.channels import channel
from connectors.channels.base import Channel
from connectors.channels.history import can_visit, today_of, whole_days
from connectors.channels.visits import Visit, told
from connectors.database.registry import Connection
from connectors.database.registry.rate_limits import SharedRateLimiter
from connectors.documents import ingest
from connectors.documents.manifest import Manifest, Member
from connectors.errors import BadInput
from connectors.http import Limit, RateLimiter
from connectors.http.shape import each_readable
from connectors.lake.windows import Window
from pipelines.stages.ahead import StoppableRateLimiter, ahead
from pipelines.stages.importing import (
    LOCK_SECONDS,
    bookable,
    outstanding,
    readings,
    touched_days,
)
from pipelines.stages.provisional import is_booked
from pipelines.stages.workspace import Workspace

BROKEN_OFF = "a visit was broken off"


@dataclass
class Visited:
    """What a visit brought: documents that are new, and the days that they touch.

    `refused` says of documents that did not add up what is wrong with each.
    """

    documents: list[Manifest] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def visit(
    workspace: Workspace,
    connection: Connection,
    window: Window,
    now: datetime | None = None,
    reach: timedelta = timedelta(0),
    *,
    again: bool = False,
) -> Visited:
    """Fetch what the channel has of a window, and since, and is not held.

    A visit reaches to the last whole day, and back to where the one before it ended and by `reach`
    before today: what came to light late is found, and the days it touches are named. With `again`
    what decides the days of the window is read again, whatever says that it is as it was.

    Raises the errors of the platform's calls, `NeedsReconnection`, and `Unproven` for a document
    that does not add up where days are whole only with it. What else came is kept.
    """
    now = now or datetime.now(UTC)
    whole = whole_days(connection, workspace.settings.first_day, now)
    held = workspace.lake.effective_documents(connection.slug)
    start = min(window.start, _unknown_from(held, whole), today_of(connection, now) - reach)
    wanted = Window(max(whole.start, start), whole.end)
    found = Visited()
    if wanted.start >= wanted.end:
        return found
    source = channel(connection.channel)
    if source.read is None:
        return found
    accounts = Accounts(workspace.settings, workspace.registry)
    stopped = Event()
    with accounts.recording_refusals(connection.slug):
        going = _visit(workspace, accounts, connection, wanted, whole.start, now, held, stopped)
        if again:
            named = Window(max(whole.start, window.start), min(whole.end, window.end))
            going = replace(going, again=named)
        with (
            workspace.registry.lock(f"import {connection.slug}", LOCK_SECONDS),
            ingest.examining(workspace.settings) as table,
        ):
            kept = _Kept(workspace, source, connection, table, going)
            with ahead(each_readable(source.title, source.read(going)), stopped) as members:
                for member in members:
                    kept.take(member)
            found = Visited(kept.new, kept.touched(), [str(error) for error in kept.refused])
            # What is open leaves out what a refused settlement has taken: no day is whole then.
            if (
                kept.refused
                and told(workspace.lake.effective_documents(connection.slug)) is not None
            ):
                raise kept.refused[0]
    return found


def _unknown_from(held: Sequence[Manifest], whole: Window) -> date:
    """The first day that no visit has told about."""
    known = told(held)
    return whole.start if known is None else known.end


def _visit(
    workspace: Workspace,
    accounts: Accounts,
    connection: Connection,
    window: Window,
    since: date,
    now: datetime,
    held: Sequence[Manifest],
    stopped: Event,
) -> Visit:
    def limiter_for(limits: Mapping[str, Limit]) -> RateLimiter:
        application = f"{connection.channel}:{accounts.application_id(connection.slug)}"
        account = str(connection.account_id)
        return StoppableRateLimiter(
            SharedRateLimiter(workspace.registry.rate_limits, application, account, limits), stopped
        )

    return Visit(
        access=accounts.access(connection.slug),
        sign=platform_named(connection.channel).sign,
        account_id=connection.account_id or "",
        account=connection.account,
        time_zone=connection.timezone,
        window=window,
        since=since,
        now=now,
        held=held,
        limiter_for=limiter_for,
    )


class _Kept:
    """The documents of one visit on their way into the lake; the connection's lock is held."""

    def __init__(
        self,
        workspace: Workspace,
        source: Channel,
        connection: Connection,
        table: ingest.Examination,
        going: Visit,
    ) -> None:
        self._workspace, self._source, self._connection = workspace, source, connection
        self._table, self._visit = table, going
        self._before = readings(source, workspace.lake.effective_documents(connection.slug))
        self._stored = workspace.lake.manifests(connection.slug)
        made = workspace.registry.sync_schedule.by_connection().get(connection.slug)
        self._unfinished = set(made.days if made else ())
        self.new: list[Manifest] = []
        self.refused: list[BadInput] = []

    def take(self, member: Member) -> None:
        """Prove and keep a document, if it says something new; one that is refused is told of."""
        try:
            manifest = self._table.examine(
                self._source,
                member,
                connection=self._connection.slug,
                time_zone=self._connection.timezone,
            )
            bookable(self._workspace, manifest, self._visit.today)
        except BadInput as error:
            self.refused.append(error)
            return
        if not ingest.is_held(manifest, self._stored):
            self._promise(manifest)
        kept = ingest.keep(self._workspace.lake, member.content, manifest, self._stored)
        if kept.new:
            self._stored.append(kept.manifest)
            self.new.append(kept.manifest)

    def _promise(self, manifest: Manifest) -> None:
        """Have a document's days done whatever becomes of this process; it is new but once."""
        days = {d for d in manifest.days if d < self._visit.today}
        if not days <= self._unfinished:
            self._unfinished |= days
            self._workspace.registry.sync_schedule.set(
                self._connection.slug, self._visit.now, self._unfinished, BROKEN_OFF
            )

    def touched(self) -> set[date]:
        """The days that must be done again for what was kept."""
        if not self.new:
            return set()
        current = self._workspace.lake.effective_documents(self._connection.slug)
        days: set[date] = set()
        ahead = is_booked(self._connection)
        for manifest in (m for m in self.new if ahead or not m.provisional):
            touched = touched_days(self._source, manifest, self._before, current, self._stored)
            days.update(touched)
        return days


def waiting_days(
    workspace: Workspace, connection: Connection, now: datetime | None = None
) -> list[date]:
    """Days that wait for work on documents that are here; of an account, those that are over."""
    found = outstanding(workspace, connection)
    if not can_visit(connection):
        return found
    today = today_of(connection, now)
    return [day for day in found if day < today]


def due_days(
    workspace: Workspace, connection: Connection, now: datetime | None = None
) -> list[date]:
    """Days to do now: those that wait, and of an account all that no visit has brought in yet.

    The last whole day is always among an account's, so that the platform is asked what is new.
    """
    found = set(waiting_days(workspace, connection, now))
    if can_visit(connection):
        whole = whole_days(connection, workspace.settings.first_day, now)
        states = workspace.registry.days.list(connection.slug)
        done = {s.day for s in states if s.state in {"done", "empty"}}
        # A payout may hold a line of a day of which nothing else is known yet.
        known = told(workspace.lake.effective_documents(connection.slug)) or whole
        unseen = {day for day in whole if day not in done or day not in known}
        made = workspace.registry.sync_schedule.by_connection().get(connection.slug)
        found |= unseen | set(list(whole)[-1:]) | set(made.days if made else ())
    return sorted(found)
