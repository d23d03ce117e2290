"""Cards of connections: the status, the reason for it, and the one thing to do next.

The page, the API and the command line read the same cards. Two facts are never merged: how the
last work ended, and what runs now.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from connectors.accounts.deadlines import Deadline
from connectors.accounts.platforms import PLATFORMS, has_settlements
from connectors.accounts.setup import Setup
from connectors.channels.history import can_sync, is_syncable, whole_days
from connectors.database.registry import Activity, Connection, DaySummary, Registry, ScheduledSync
from connectors.home.settings import settings
from mappings.model import BOOKS
from pipelines.stages.books_check import known_books_error
from pipelines.stages.source_types import unmapped_source_types

Status = Literal[
    "setting up",
    "never synced",
    "connected",
    "importing",
    "waiting to import",
    "not in the books",
    "up to date",
    "held",
    "error",
    "needs reconnection",
    "paused",
    "disconnected",
]
Action = Literal["finish set-up", "sync now", "reconnect", "resume", "see why", "try again", "map"]

NEXT: Mapping[Status, Action | None] = {
    "setting up": "finish set-up",
    "never synced": "sync now",
    # An organisation is posted to by its stores' runs: it has nothing of its own to sync.
    "connected": None,
    "importing": None,
    "waiting to import": "sync now",
    "not in the books": "try again",
    "up to date": "sync now",
    "held": "map",
    "error": "see why",
    "needs reconnection": "reconnect",
    "paused": "resume",
    "disconnected": "reconnect",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One connection as people see it.

    `last` is the last work that ended, `running` what goes on now. `days_done` of `days_due` are
    the periods of its history. `next_sync_at` is when its platform is asked again, `wait_reason`
    why not as usual. `warnings` end within a month. `unmapped_source_types` hold
    entries. `failure` is the work behind an error, with the run that did it.
    """

    connection: Connection
    title: str
    status: Status
    why: str | None
    action: Action | None
    last: Activity | None
    running: Activity | None
    complete_through: date | None
    days_done: int
    days_due: int
    next_sync_at: datetime | None
    wait_reason: str | None
    warnings: tuple[Deadline, ...]
    unmapped_source_types: int
    failure: Activity | None = None

    @property
    def setup(self) -> Setup:
        """Return its imports, and the step that its set-up has reached."""
        return Setup.model_validate(self.connection.setup)


@dataclass(frozen=True, slots=True)
class HeldEntries:
    """Entries that wait: why one of them does, and the source types that are unmapped.

    `unmapped` is empty where all are mapped by now, and None where no source type holds them.
    """

    reason: str
    unmapped: Sequence[str] | None

    @property
    def why(self) -> str:
        """Return the reason as a sentence."""
        if self.unmapped is None or self.unmapped:
            return self.reason
        return "Every source type is mapped now. Sync to process the days that waited"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """Work that keeps a card from being green: days that wait, and entries the books lack."""

    days: int
    entries: int

    @property
    def status(self) -> Status | None:
        """Return how the card stands because of it; None where nothing is outstanding."""
        if self.days:
            return "waiting to import"
        return "not in the books" if self.entries else None

    @property
    def why(self) -> str | None:
        """Return the reason as a sentence."""
        if self.days:
            return f"{_counted(self.days, 'day')} to import before the books are complete"
        if self.entries:
            return f"{_counted(self.entries, 'entry', 'entries')} to write to the books or remove"
        return None


def _counted(number: int, one: str, many: str = "") -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {many or one + 's'}"


def cards(registry: Registry) -> list[Card]:
    """Return every connection's card, by name; a handful of statements however many there are."""
    last, running = registry.activities.latest(), registry.activities.running()
    failures = registry.activities.latest_failures()
    waiting, due = registry.inbox.waiting_days(), registry.publications.due_connections(BOOKS)
    days, held = registry.days.summaries(), registry.publications.held_connections()
    schedule = registry.sync_schedule.by_connection()
    connections = registry.connections.list()
    unmapped = unmapped_source_types(registry, connections, held)
    home = settings()
    # The cached result: bean-check takes seconds, and every page shows cards.
    refused = known_books_error(home.books_folder, home.books_verdict_file)
    listed = [
        _card(
            c,
            days.get(c.slug),
            last.get(c.slug),
            running.get(c.slug),
            HeldEntries(held[c.slug][0], unmapped.get(c.slug)) if c.slug in held else None,
            schedule.get(c.slug) if can_sync(c) else None,
            failures.get(c.slug),
            Outstanding(waiting.get(c.slug, 0), due.get(c.slug, 0)),
            refused,
        )
        for c in connections
    ]
    # Names need not differ: the slug keeps the order of two with one name from changing.
    return sorted(listed, key=lambda card: (card.connection.name.lower(), card.connection.slug))


def card(registry: Registry, slug: str) -> Card:
    """Return one connection's card; `BadInput` when there is none."""
    # Raises `BadInput` for an unknown slug, where `next` alone would raise StopIteration.
    registry.connections.get(slug)
    return next(listed for listed in cards(registry) if listed.connection.slug == slug)


def _card(
    connection: Connection,
    days: DaySummary | None,
    last: Activity | None,
    running: Activity | None,
    held: HeldEntries | None,
    scheduled: ScheduledSync | None,
    failure: Activity | None,
    outstanding: Outstanding,
    refused: str | None,
) -> Card:
    status, why = _status(connection, days, last, running, held, outstanding)
    # All connections share the books, so their error concerns every card.
    if refused is not None and status in {"up to date", "held"}:
        status, why = "error", refused
    days_done = days.done if days else 0
    history = whole_days(connection, settings().first_day).days if is_syncable(connection) else 0
    return Card(
        connection=connection,
        title=PLATFORMS[connection.channel].title,
        status=status,
        why=why,
        action=_action(connection, status, held),
        last=last,
        running=running,
        complete_through=days.complete_through if days else None,
        days_done=days_done,
        # A guess for the progress only: how many days have lines is known after the first sync.
        days_due=max(history, days_done + (days.failed if days else 0)),
        next_sync_at=scheduled.at if scheduled else None,
        wait_reason=scheduled.reason if scheduled else None,
        warnings=tuple(_warnings(connection)),
        unmapped_source_types=len(held.unmapped or ()) if held else 0,
        # The latest failure stays in the registry after a later run has mended it.
        failure=failure if status == "error" else None,
    )


_STATES: Mapping[str, Status] = {
    "pending": "setting up",
    "needs_reauth": "needs reconnection",
    "paused": "paused",
    "disconnected": "disconnected",
}


def _status(
    connection: Connection,
    days: DaySummary | None,
    last: Activity | None,
    running: Activity | None,
    held: HeldEntries | None,
    outstanding: Outstanding,
) -> tuple[Status, str | None]:
    settled = _STATES.get(connection.state)
    if settled is None and not has_settlements(connection):
        # An organisation has no days of its own.
        settled = "connected"
    if settled is not None:
        return settled, connection.reason
    failed = last is not None and last.outcome == "failed"
    why = last.message if failed and last is not None else None
    # A first run in progress is shown as that, not as an earlier failure.
    if days is None or not days.done:
        if running is not None:
            return "importing", None
        return ("error", why) if failed else ("never synced", None)
    # Errors come before held entries, because only the latter can wait.
    if days.failed or failed:
        return "error", days.reason or why
    if held is not None:
        return "held", held.why
    return outstanding.status or "up to date", outstanding.why


def _action(connection: Connection, status: Status, held: HeldEntries | None) -> Action | None:
    if status == "held" and held is not None and not held.unmapped:
        return None if held.unmapped is None else "sync now"
    # A connection of files has no account that a sync could ask.
    return NEXT[status] if connection.kind == "api" or status != "never synced" else None


def _warnings(connection: Connection) -> Iterable[Deadline]:
    now = datetime.now(UTC)
    for deadline in connection.deadlines:
        ends = Deadline(
            datetime.fromisoformat(deadline["expires_at"]), deadline["what"], deadline["remedy"]
        )
        if ends.warning(now) is not None:
            yield ends
