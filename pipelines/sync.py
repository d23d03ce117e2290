"""Syncing: the one function behind `daybook sync`, the API and the pages, and how to ask for it.

`sync` works here and now: fetch, compute, publish to the books, warehouse. `request_sync` leaves
the same work for the daemon of `daybook up`. Dagster is loaded when there is work.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

from connectors.channels.history import can_sync, today_of, whole_days
from connectors.database.registry import Connection, Publication
from connectors.database.registry.findings import NOT_BOOKED
from connectors.errors import ConfigError
from connectors.lake.windows import ONE_DAY, Window, windows
from mappings.model import BOOKS
from pipelines.checks import CHAIN
from pipelines.names import DATA, DAYS_BETWEEN_RUNS, NORMALISE_ORDERS, PUBLISH, WAREHOUSE_JOB
from pipelines.stages import warehouse
from pipelines.stages.books_check import books_error
from pipelines.stages.imports import days_of, outstanding
from pipelines.stages.organisations import organisation_of
from pipelines.stages.publisher import due
from pipelines.stages.record_files import prepare_to_read_again
from pipelines.stages.record_import import chosen_streams
from pipelines.stages.records import days_to_normalise
from pipelines.stages.sender import due_days
from pipelines.stages.syncs import DAYS_ASKED_FOR, SYNC_ASKED_FOR
from pipelines.stages.workspace import Workspace

if TYPE_CHECKING:
    import dagster as dg

ALWAYS: Final = Window(date.min, date.max)
COMMAND_LINE: Final = "command line"


class Reporter(Protocol):
    """The audience of a sync's progress: steps by name, and partitions done of those expected."""

    def begin(self, step: str) -> None:
        """Report that a step begins."""

    def expect(self, partitions: int) -> None:
        """Report that so many partitions more are to be written."""

    def advance(self, connection: str, asset: str, partitions: int, /) -> None:
        """Report partitions of an asset that are written."""


class _Silent:
    def begin(self, _step: str) -> None: ...

    def expect(self, _partitions: int) -> None: ...

    def advance(self, _connection: str, _asset: str, _partitions: int, /) -> None: ...


@dataclass(frozen=True, slots=True)
class SyncProblem:
    """A failure, and where it happened: at a connection, the books or the warehouse.

    `passes` where trying again may be enough: a platform or the network was away.
    """

    where: str
    what: str | None
    passes: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class SyncReport:
    """The result of a sync: days computed, problems, and entries that wait.

    `waiting` names accounts whose platform asked for a pause, and when they are synced again.
    """

    days: int = 0
    waiting: list[SyncProblem] = field(default_factory=list)
    worked: bool = False
    problems: list[SyncProblem] = field(default_factory=list)
    held: Sequence[Publication] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """A request to the daemon: days to compute, entries to post, an account to fetch.

    `request` is the id of the event that asks for the days.
    """

    request: int | None = None
    days: int = 0
    entries: int = 0
    fetch: bool = False


def sync(
    workspace: Workspace,
    connections: Sequence[Connection],
    window: Window | None = None,
    reporter: Reporter | None = None,
) -> SyncReport:
    """Bring connections up to date here: fetch, compute, publish to the books, warehouse.

    With a `window` its days are fetched and computed again, whatever is stored of them. What fails
    at one connection is a problem of the report, and stops no other.
    """
    with ExitStack() as stack:
        work = _Sync(workspace, connections, window, reporter or _Silent(), stack)
        return work.run()


def request_sync(
    workspace: Workspace, slug: str, actor: str, reason: str, window: Window | None = None
) -> SyncRequest:
    """Ask the daemon for what is due for a connection: its account fetched, its days computed.

    With a `window` its days are fetched and computed again.
    """
    connection = workspace.registry.connections.get(slug)
    days = days_to_compute(workspace, connection, window)
    return _request(workspace, connection, actor, reason, days, again=days if window else ())


def retry(workspace: Workspace, slug: str, actor: str) -> SyncRequest:
    """Ask the daemon once more for what failed and what is due: days, entries, the account."""
    registry = workspace.registry
    connection = registry.connections.get(slug)
    failed = {state.day for state in registry.days.list(slug) if state.state == "failed"}
    days = sorted(failed.union(outstanding_days(workspace, connection)))
    request = _request(workspace, connection, actor, "tried again", days)
    organisation = organisation_of(workspace, connection)
    targets = [BOOKS] if organisation is None else [BOOKS, organisation.slug]
    entries = sum(registry.publications.retry(target, slug) for target in targets)
    return replace(request, entries=entries)


def _request(
    workspace: Workspace,
    connection: Connection,
    actor: str,
    reason: str,
    days: Sequence[date],
    again: Sequence[date] = (),
) -> SyncRequest:
    """Ask for days to be computed, and for the account to be fetched now, these days `again`."""
    registry, slug = workspace.registry, connection.slug
    request = None
    if days:
        request = registry.inbox.request_days(slug, days, reason, actor, is_backfill=bool(again))
    fetch = can_sync(connection)
    if fetch:
        scheduled = registry.sync_schedule.by_connection().get(slug)
        # What is set here replaces the schedule, with the days that a killed fetch left behind.
        unfinished = {*(scheduled.days if scheduled else ()), *again}
        why = DAYS_ASKED_FOR if again else SYNC_ASKED_FOR
        registry.sync_schedule.set(slug, datetime.now(UTC), unfinished, why)
    return SyncRequest(request, len(days), 0, fetch)


def outstanding_days(
    workspace: Workspace, connection: Connection, now: datetime | None = None
) -> list[date]:
    """Return days that wait for work on documents that are here; of an account, those over."""
    # Today's settlement of an account may still grow; a file is whole when it is here.
    days = outstanding(workspace, connection)
    if not can_sync(connection):
        return days
    today = today_of(connection, now)
    return [day for day in days if day < today]


def days_to_compute(
    workspace: Workspace, connection: Connection, window: Window | None
) -> list[date]:
    """Return the days of a window that documents may cover; without one, those outstanding."""
    if window is None:
        return outstanding_days(workspace, connection)
    if can_sync(connection):
        whole = whole_days(connection, workspace.settings.first_day)
        return [day for day in whole if day in window]
    covered = {
        day for m in workspace.lake.effective_documents(connection.slug) for day in days_of(m)
    }
    return sorted(day for day in covered if day in window)


def held_entries(workspace: Workspace, connections: Sequence[Connection]) -> Sequence[Publication]:
    """Return the entries of these connections that wait for their owner."""
    slugs = [connection.slug for connection in connections]
    return workspace.registry.publications.list(BOOKS, slugs, states=["held"])


def books_problems(workspace: Workspace, problems: Sequence[SyncProblem]) -> list[SyncProblem]:
    """Return what Beancount refuses in the books, where no problem names it already."""
    error = books_error(workspace)
    named = error is None or any(error in (p.what or "") for p in problems)
    return [] if named else [SyncProblem("the books", error)]


@dataclass
class _Sync:
    """One sync under way; Dagster's instance is opened when the first run is due."""

    workspace: Workspace
    connections: Sequence[Connection]
    window: Window | None
    reporter: Reporter
    stack: ExitStack
    report: SyncReport = field(default_factory=SyncReport)

    def run(self) -> SyncReport:
        """Do it all, and return the report."""
        self._fetch()
        # All before the first is computed: the progress bar has its whole length from the start.
        plan = {connection.slug: self._plan(connection) for connection in self.connections}
        self._compute(plan)
        self._orders()
        self._post()
        # An earlier sync may have died between the books and the warehouse.
        if self.report.worked or warehouse.is_stale(self.workspace):
            self._run("warehouse", "the warehouse", WAREHOUSE_JOB)
        problems = self.report.problems
        # Last, so that a rejected account is reported whatever else was up to date.
        problems += _rejected(self.workspace, self.connections, problems)
        problems += books_problems(self.workspace, problems)
        self.report.held = held_entries(self.workspace, self.connections)
        brought = (_brought(self.workspace, slug, days) for slug, days in plan.items())
        self.report.days = sum(map(len, brought))
        return self.report

    @cached_property
    def _instance(self) -> "dg.DagsterInstance":
        from pipelines.execution import open_instance

        self.reporter.begin("starting")
        slugs = [connection.slug for connection in self.connections]
        return self.stack.enter_context(open_instance(slugs))

    def _run(self, step: str, where: str, job: str, window: Window | None = None) -> None:
        """Run a job here, over one window of the connection `where`; note how it failed."""
        from pipelines.execution import run
        from pipelines.resources import Daybook

        instance = self._instance
        self.reporter.begin(step)
        slug = None if window is None else where
        outcome = run(instance, job, slug, window, Daybook(self.reporter.advance))
        if not outcome.ok:
            self.report.problems.append(SyncProblem(where, outcome.problem, outcome.passes))

    def _fetch(self) -> None:
        accounts = [connection for connection in self.connections if can_sync(connection)]
        for connection in accounts:
            from pipelines.execution import run_fetch, run_import

            slug = connection.slug
            instance = self._instance
            self.reporter.begin(f"{slug} fetching")
            outcome = run_fetch(instance, slug, self.window)
            if outcome.ok:
                self._note_what_is_left(slug)
            else:
                # A problem is printed with the connection's name before it.
                problem = (outcome.problem or "").removeprefix(f"{slug}: ")
                self.report.problems.append(SyncProblem(slug, problem, outcome.passes))

            if chosen_streams(connection):
                self.reporter.begin(f"{slug} orders")
                if self.window is not None:
                    prepare_to_read_again(self.workspace, connection, self.window)
                imported = run_import(instance, slug)
                if not imported.ok and outcome.ok:
                    problem = (imported.problem or "").removeprefix(f"{slug}: ")
                    self.report.problems.append(SyncProblem(slug, problem, imported.passes))

    def _orders(self) -> None:
        """Normalise the days whose orders changed, from whatever import."""
        for connection in self.connections:
            days = days_to_normalise(self.workspace, connection.slug)
            for window in windows(days, gap=DAYS_BETWEEN_RUNS):
                self.report.worked = True
                self._run(f"{connection.slug} orders", connection.slug, NORMALISE_ORDERS, window)

    def _note_what_is_left(self, slug: str) -> None:
        """Report what a fetch that ended well left out: documents refused, a pause asked for."""
        registry = self.workspace.registry
        refused = [f for f in registry.connections.get(slug).findings if f.startswith(NOT_BOOKED)]
        self.report.problems += [SyncProblem(slug, finding) for finding in refused]
        scheduled = registry.sync_schedule.by_connection().get(slug)
        if scheduled is not None and scheduled.reason is not None:
            at = f"{scheduled.at:%Y-%m-%d %H:%M} UTC"
            self.report.waiting.append(SyncProblem(slug, f"{scheduled.reason}; next sync {at}"))

    def _plan(self, connection: Connection) -> list[date]:
        """Tell a connection's days; one whose documents cannot be read fails alone."""
        slug, registry = connection.slug, self.workspace.registry
        try:
            days = days_to_compute(self.workspace, connection, self.window)
            if self.window is None:
                return days
            requested = {day for event in registry.inbox.of_connection(slug) for day in event.days}
            # Requested first: a sync that is killed leaves its days for the next one.
            if unasked := sorted(set(days) - requested):
                registry.inbox.request_days(
                    slug, unasked, "synced by days", COMMAND_LINE, is_backfill=True
                )
            # What the fetch touched beside them is computed, too.
            touched = outstanding_days(self.workspace, connection) if can_sync(connection) else ()
            return sorted({*days, *touched})
        except ConfigError as error:
            self.report.problems.append(SyncProblem(slug, str(error)))
            return []

    def _compute(self, plan: Mapping[str, Sequence[date]]) -> None:
        self.reporter.expect(sum(len(days) for days in plan.values()) * len(CHAIN))
        for slug, days in plan.items():
            for window in windows(days, gap=DAYS_BETWEEN_RUNS):
                self.report.worked = True
                self._run(f"{slug} {window.start} to {window.end - ONE_DAY}", slug, DATA, window)

    def _post(self) -> None:
        for connection in self.connections:
            window = unposted(self.workspace, connection, ALWAYS)
            if window is not None:
                self.report.worked = True
                self._run(f"{connection.slug} books", connection.slug, PUBLISH, window)


def unposted(workspace: Workspace, connection: Connection, window: Window) -> Window | None:
    """Return the days whose entries a target lacks; all of them where nobody can tell."""
    try:
        days = due(workspace, connection, window).days
        days += due_days(workspace, connection, window)
    # A mapping that cannot be read: the run itself reports it, day by day.
    except ConfigError:
        listed = workspace.registry.publications.list(BOOKS, [connection.slug])
        days = [publication.business_date for publication in listed]
    return Window(min(days), max(days) + ONE_DAY) if days else None


def _rejected(
    workspace: Workspace, connections: Sequence[Connection], problems: Sequence[SyncProblem]
) -> list[SyncProblem]:
    """Return accounts whose credentials were rejected, but for those that a problem names already.

    Nothing else may be wrong with them: what was fetched before is up to date.
    """
    rejected = []
    for connection in connections:
        latest = workspace.registry.connections.get(connection.slug)
        act = f"connect {latest.slug} again"
        named = any(p.where == latest.slug and act in (p.what or "") for p in problems)
        if latest.state == "needs_reauth" and not named:
            reason = latest.reason or "the platform rejected the stored credentials"
            rejected.append(SyncProblem(latest.slug, f"{reason}: {act}"))
    return rejected


def _brought(workspace: Workspace, slug: str, days: Iterable[date]) -> set[date]:
    """Return the days that are up to date now: computed, and neither failed nor still open."""
    states = workspace.registry.days.list(slug)
    return set(days) - {s.day for s in states if s.state in {"failed", "open"}}
