"""Import of records: orders, payments, products and contacts of a connected account.

A stream is read by its platform's time of modification, from where the last import of it ended.
What a stream names of a record is upserted by the record's own id, in one file a day on which
records were made; nothing else of it is stored.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from threading import Event

from connectors.accounts.accounts import Accounts
from connectors.accounts.setup import STREAMS, Setup, StreamChoice, StreamName
from connectors.channels import channel
from connectors.channels.history import first_day, today_of
from connectors.channels.streams import Person, Stream
from connectors.channels.sync_context import SyncContext
from connectors.database.registry import Connection
from connectors.database.registry.record_imports import RecordImport
from connectors.lake.windows import ONE_DAY, Window, midnight
from pipelines.stages.ahead import ahead
from pipelines.stages.fetch import sync_context
from pipelines.stages.imports import LOCK_SECONDS
from pipelines.stages.privacy import PeopleImport
from pipelines.stages.record_files import DATED, drop_cut_off
from pipelines.stages.record_store import RecordStore, as_lines
from pipelines.stages.workspace import Workspace

# Lists by time of modification are some minutes behind on most platforms.
LOOKBACK = timedelta(minutes=15)
# Of products and customers the oldest count as much as the newest.
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
# Records that are upserted together; more would wait in memory, fewer rewrite days too often.
AT_ONCE = 20_000
# Of a long history, what is asked for at once; platforms break off the reading of much.
STRETCH = timedelta(days=7)


@dataclass
class ImportedStream:
    """The result for one stream: records read, records that were new or other, days they are of."""

    read: int = 0
    changed: int = 0
    days: set[date] = field(default_factory=set)


def chosen_streams(connection: Connection) -> list[Stream]:
    """Return the streams that are imported from an account, as its owner chose."""
    imports = Setup.model_validate(connection.setup).imports
    source = channel(connection.channel)
    sources = [source.source_of(name) for name in STREAMS if imports.stream(name).is_on]
    return [stream for stream in source.streams if stream in sources]


def import_streams(
    workspace: Workspace,
    connection: Connection,
    now: datetime,
    names: Collection[str] = STREAMS,
) -> dict[StreamName, ImportedStream]:
    """Read what changed in each chosen stream of `names`, and ask for the days that this touches.

    Raises the errors of the platform's calls, `NeedsReconnection` among them; streams that were
    read before stay imported.
    """
    results = {}
    for stream in chosen_streams(connection):
        if stream.name not in names:
            continue
        before = workspace.registry.record_imports.of_connection(connection.slug).get(stream.name)
        if drop_cut_off(workspace, connection.slug, stream.name):
            before = None
        since = changes_since(workspace, connection, stream, before, now)
        if since is not None:
            results[stream.name] = import_stream(workspace, connection, stream, since, now)
    return results


def _choices(connection: Connection, stream: Stream) -> list[StreamChoice]:
    """Return the choices that a stream serves."""
    imports, source = Setup.model_validate(connection.setup).imports, channel(connection.channel)
    return [imports.stream(name) for name in STREAMS if source.source_of(name) is stream]


def last_chosen(connection: Connection, stream: Stream) -> datetime | None:
    """Return when the newest choice of a stream was made: its history reaches up to then."""
    choices = _choices(connection, stream)
    return max((c.since for c in choices if c.is_on and c.since is not None), default=None)


def choice_of(connection: Connection, stream: Stream) -> StreamChoice:
    """Return what is wanted of a stream: all that the choices want which it serves."""
    choices = _choices(connection, stream)
    return StreamChoice(
        history=any(choice.history for choice in choices),
        ongoing=any(choice.ongoing for choice in choices),
        since=min((c.since for c in choices if c.since is not None), default=None),
    )


def changes_since(
    workspace: Workspace,
    connection: Connection,
    stream: Stream,
    before: RecordImport | None,
    now: datetime,
) -> datetime | None:
    """Return from when changes of a stream are to be read, given how far it was read `before`.

    None where everything chosen is here.
    """
    choice, chosen_at = choice_of(connection, stream), last_chosen(connection, stream)
    begin = choice.since or now
    if choice.history:
        first = first_day(connection, workspace.settings.first_day)
        begin = midnight(first, connection.timezone) if stream.name in DATED else _EVER
    # What was skipped is caught up on, without connecting again.
    if before is None or begin < before.since:
        return begin
    # A history that a platform broke off is read on; no gap is left where a choice was off a while.
    is_open = choice.ongoing or (chosen_at is not None and before.through < chosen_at)
    return max(before.since, before.through - LOOKBACK) if is_open else None


def import_stream(
    workspace: Workspace, connection: Connection, stream: Stream, since: datetime, now: datetime
) -> ImportedStream:
    """Read one stream from an instant on, and store what is new or has changed of it."""
    accounts = Accounts(workspace.settings, workspace.registry)
    today = today_of(connection, now)
    first = first_day(connection, workspace.settings.first_day)
    result = ImportedStream()
    with (
        accounts.recording_refusals(connection.slug),
        workspace.registry.lock(f"records {connection.slug}", LOCK_SECONDS),
    ):
        window = Window(today, today + ONE_DAY)
        stopped = Event()
        context = sync_context(workspace, accounts, connection, window, first, now, (), stopped)
        store = RecordStore(workspace, connection, stream, first)
        people = PeopleImport(workspace, connection, stream, now)
        stretch = set[date]()
        # The platform is asked for the next records while these are stored.
        with ahead(_batches(stream, context, since, people), stopped) as batches:
            for batch in batches:
                days = store.upsert(batch.lines) if batch.count else set()
                people.store(batch.people)
                result.read += batch.count
                result.changed += store.changed if batch.count else 0
                stretch |= days
                # What is whole stays: a platform that breaks off later is asked from here on.
                if batch.through is not None:
                    _note(workspace, connection, stream, (since, batch.through), stretch)
                    result.days |= stretch
                    stretch = set()
    return result


def _stretches(
    stream: Stream, since: datetime, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the instants between which a stream is read, oldest first."""
    start = since
    while stream.windowed and now - start > STRETCH:
        # The stretches overlap: platforms differ in which end is inside.
        yield start, start + STRETCH
        start += STRETCH - LOOKBACK
    yield start, now


def _note(
    workspace: Workspace,
    connection: Connection,
    stream: Stream,
    between: tuple[datetime, datetime],
    days: Collection[date],
) -> None:
    """Store how far the stream is read; what was read before stays part of it."""
    imports = workspace.registry.record_imports
    before = imports.of_connection(connection.slug).get(stream.name)
    since, through = between
    # An earlier beginning starts over: what was read further on is read once more.
    is_earlier = before is not None and since < before.since
    dated = days if stream.name in DATED else ()
    imports.set(
        RecordImport(
            connection.slug,
            stream.name,
            since=before.since if before and not is_earlier else since,
            through=through if before is None or is_earlier else max(through, before.through),
            first_day=min(dated, default=None),
            last_day=max(dated, default=None),
        )
    )


@dataclass
class _Batch:
    """Records that are upserted together, as lines of JSON, and the people in them.

    The last batch of a stretch says `through` when that is. Lines take a tenth of the memory that
    parsed records do, and none of the collector's time.
    """

    count: int = 0
    lines: list[bytes] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    through: datetime | None = None


def _batches(
    stream: Stream, context: SyncContext, since: datetime, people: PeopleImport
) -> Iterator[_Batch]:
    """Read a stream up to the context's now, gathered to batches of about `AT_ONCE` records."""
    for start, end in _stretches(stream, since, context.now):
        batch = _Batch()
        for page in stream.read(replace(context, now=end), start):
            batch.count += len(page)
            batch.lines.append(as_lines(page))
            batch.people += people.people_of(page)
            if batch.count >= AT_ONCE:
                yield batch
                batch = _Batch()
        batch.through = end
        yield batch
