"""Fetching from connected accounts: documents of a window, stored like files that are imported.

Each document is verified first, by the totals that the channel declares. An interrupted fetch keeps
stored documents; a window counts as fetched only when the channel's last page was read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Event

from connectors.accounts.accounts import Accounts
from connectors.accounts.platforms import platform_named
from connectors.channels import channel
from connectors.channels.base import Channel
from connectors.channels.history import today_of, whole_days
from connectors.channels.sync_context import SyncContext
from connectors.database.registry import Connection
from connectors.database.registry.rate_limits import SharedRateLimiter
from connectors.documents import ingest
from connectors.documents.coverage import complete_window
from connectors.documents.manifest import Manifest
from connectors.documents.source_file import SourceFile
from connectors.errors import BadInput
from connectors.http import Limit, RateLimiter
from connectors.http.shape import each_readable
from connectors.lake.windows import Window
from pipelines.stages.ahead import StoppableRateLimiter, ahead
from pipelines.stages.imports import (
    LOCK_SECONDS,
    bookable,
    query_variables,
    touched_days,
)
from pipelines.stages.provisional import is_booked
from pipelines.stages.workspace import Workspace

BROKEN_OFF = "a sync was interrupted"
# Platforms post late transactions within three days, as a rule; re-collections go further back.
LOOKBACK = timedelta(days=3)
TRY_AGAIN = timedelta(hours=1)


@dataclass
class Fetched:
    """Documents that are new, and the days that they touch.

    `refused` names each document that did not add up, and what is wrong with it.
    """

    documents: list[Manifest] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)


def fetch(
    workspace: Workspace,
    connection: Connection,
    window: Window | None = None,
    now: datetime | None = None,
    lookback: timedelta = timedelta(0),
    *,
    again: bool = False,
) -> Fetched:
    """Fetch a window, and everything since the last fetch, as far as it is not stored.

    A fetch covers the days from the end of the previous one, or `lookback` days before today, to
    the last whole day, so that late changes are found. With `again`, the window is read again even
    where nothing reports a change.

    Raises the errors of the platform's calls, `NeedsReconnection`, and `TotalsMismatch` for one
    document that does not add up where days are whole only with it. What else came is kept.
    """
    now = now or datetime.now(UTC)
    whole = whole_days(connection, workspace.settings.first_day, now)
    documents = workspace.lake.effective_documents(connection.slug)
    # Contiguous by construction: a fetch begins where the last complete one ended, or earlier.
    start = min(_unfetched_from(documents, whole), today_of(connection, now) - lookback)
    if window is not None:
        start = min(start, window.start)
    span = Window(max(whole.start, start), whole.end)
    source = channel(connection.channel)
    if span.start >= span.end or source.read is None:
        return Fetched()
    accounts = Accounts(workspace.settings, workspace.registry)
    stopped = Event()
    with accounts.recording_refusals(connection.slug):
        context = sync_context(
            workspace, accounts, connection, span, whole.start, now, documents, stopped
        )
        if again and window is not None:
            named = Window(max(whole.start, window.start), min(whole.end, window.end))
            context = replace(context, reread=named)
        with (
            # Held for the whole fetch: an import in between would number the same restatement.
            workspace.registry.lock(f"import {connection.slug}", LOCK_SECONDS),
            ingest.open_parser(workspace.settings) as table,
        ):
            ingested = _Ingest(workspace, source, connection, table, context)
            # The next document is fetched while this one is parsed.
            with ahead(each_readable(source.title, source.read(context)), stopped) as source_files:
                for source_file in source_files:
                    ingested.store(source_file)
            # Open documents leave out what a refused settlement contains: its days are incomplete.
            if (
                ingested.refused
                and complete_window(workspace.lake.effective_documents(connection.slug)) is not None
            ):
                raise ingested.refused[0]
            return Fetched(ingested.new, ingested.touched(), [str(e) for e in ingested.refused])


def _unfetched_from(documents: Sequence[Manifest], whole: Window) -> date:
    """Return the first day that was never fetched; an extended history starts over."""
    fetched = complete_window(documents)
    return whole.start if fetched is None or whole.start < fetched.start else fetched.end


def sync_context(
    workspace: Workspace,
    accounts: Accounts,
    connection: Connection,
    window: Window,
    since: date,
    now: datetime,
    documents: Sequence[Manifest],
    stopped: Event,
) -> SyncContext:
    """Return the context of calls about an account, which end when `stopped` is set."""

    def limiter_for(limits: Mapping[str, Limit]) -> RateLimiter:
        application = f"{connection.channel}:{accounts.application_id(connection.slug)}"
        account = str(connection.account_id)
        return StoppableRateLimiter(
            SharedRateLimiter(workspace.registry.rate_limits, application, account, limits), stopped
        )

    return SyncContext(
        access=accounts.access(connection.slug),
        sign=platform_named(connection.channel).sign,
        account_id=connection.account_id or "",
        account=connection.account,
        time_zone=connection.timezone,
        window=window,
        since=since,
        now=now,
        documents=documents,
        limiter_for=limiter_for,
    )


class _Ingest:
    """Storage of one fetch's documents; the caller holds the connection's lock."""

    def __init__(
        self,
        workspace: Workspace,
        source: Channel,
        connection: Connection,
        table: ingest.FileParser,
        context: SyncContext,
    ) -> None:
        self._workspace, self._source, self._connection = workspace, source, connection
        self._table, self._context = table, context
        self._before = query_variables(source, workspace.lake.effective_documents(connection.slug))
        self._stored = workspace.lake.manifests(connection.slug)
        made = workspace.registry.sync_schedule.by_connection().get(connection.slug)
        # Days of an interrupted fetch: its documents are stored, so this one would not list them as
        # new.
        self._unfinished = set(made.days if made else ())
        self.new: list[Manifest] = []
        self.refused: list[BadInput] = []

    def store(self, source_file: SourceFile) -> None:
        """Verify and store a document, if it says something new; note one that is refused."""
        try:
            manifest = self._table.parse(
                self._source,
                source_file,
                connection=self._connection.slug,
                time_zone=self._connection.timezone,
            )
            bookable(self._workspace, manifest, self._context.today)
        # One bad document must not keep the others of the fetch from the books.
        except BadInput as error:
            self.refused.append(error)
            return
        if not ingest.is_stored(manifest, self._stored):
            self._request_days(manifest)
        stored = ingest.store(self._workspace.lake, source_file.content, manifest, self._stored)
        if stored.new:
            self._stored.append(stored.manifest)
            self.new.append(stored.manifest)

    def _request_days(self, manifest: Manifest) -> None:
        """Request a new document's days, so that they are computed even if this process dies."""
        days = {d for d in manifest.days if d < self._context.today}
        if not days <= self._unfinished:
            self._unfinished |= days
            self._workspace.registry.sync_schedule.set(
                self._connection.slug, self._context.now, self._unfinished, BROKEN_OFF
            )

    def touched(self) -> set[date]:
        """Return the days that must be computed again for what was stored."""
        if not self.new:
            return set()
        current = self._workspace.lake.effective_documents(self._connection.slug)
        days: set[date] = set()
        ahead = is_booked(self._connection)
        for manifest in (m for m in self.new if ahead or not m.provisional):
            touched = touched_days(self._source, manifest, self._before, current, self._stored)
            days.update(touched)
        return days
