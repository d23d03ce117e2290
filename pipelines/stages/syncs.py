"""One account synced: what its platform has is fetched, the days it touches asked for.

The next sync is scheduled with it: tomorrow's, or when a wait for the platform is over.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb

from connectors.accounts.accounts import Accounts
from connectors.accounts.broker import NeedsReconnection
from connectors.accounts.platforms import platform_named
from connectors.accounts.webhook_subscriptions import WebhookSubscriptions
from connectors.channels.history import can_sync, today_of, whole_days
from connectors.channels.sync_schedule import next_sync_at
from connectors.database.registry import Connection
from connectors.database.registry.findings import NOT_BOOKED
from connectors.errors import BadInput, ConfigError, DaybookError, RateLimited, Transient, summary
from connectors.home.redaction import redacted
from connectors.lake.windows import ONE_DAY, Window
from pipelines.stages.fetch import TRY_AGAIN, Fetched, fetch
from pipelines.stages.workspace import Workspace

ACTOR = "sync"
# Why a sync is scheduled: what somebody asked for is no wait that a platform asked for.
SYNC_ASKED_FOR = "a sync was asked for"
DAYS_ASKED_FOR = "days were asked for"


@dataclass(frozen=True, slots=True)
class SyncResult:
    """The result of a fetch: new documents, and the days that are to be computed for them.

    `waiting` is why it is not complete: the platform asked for a pause.
    """

    documents: int = 0
    days: tuple[date, ...] = ()
    refused: tuple[str, ...] = ()
    waiting: str | None = None


def sync_account(
    workspace: Workspace,
    connection: Connection,
    now: datetime,
    lookback: timedelta,
    window: Window | None = None,
) -> SyncResult:
    """Fetch what a connected account has, and ask for the days that this touches.

    The days of a `window` are fetched again whatever is stored of them. Raises the errors of
    the platform's calls, `NeedsReconnection` among them, once the next attempt is scheduled.
    """
    scheduled = workspace.registry.sync_schedule.by_connection().get(connection.slug)
    unfinished = scheduled.days if scheduled else ()
    reach = window or (Window(min(unfinished), max(unfinished) + ONE_DAY) if unfinished else None)
    try:
        fetched = fetch(workspace, connection, reach, now, lookback, again=window is not None)
    except RateLimited as error:
        until = now + timedelta(seconds=error.retry_after)
        _put_off(workspace, connection, window, until, str(error))
        local = until.astimezone(ZoneInfo(connection.timezone))
        title = platform_named(connection.channel).title
        return SyncResult(waiting=f"waiting for {title} until {local:%Y-%m-%d %H:%M}")
    except NeedsReconnection:
        # Its state says so by now: one wording for the run, the card and the command line.
        check_syncable(workspace.registry.connections.get(connection.slug))
        raise
    except (DaybookError, OSError, duckdb.Error) as error:
        soon = isinstance(error, Transient)
        # Only a transient error is worth another attempt within the hour.
        at = now + TRY_AGAIN if soon else _tomorrow(connection, now)
        _put_off(workspace, connection, window, at, redacted(summary(error)))
        raise
    result = _complete(workspace, connection, fetched, now)
    # Beside the first sync of an account and the daily one: made on connecting, looked after daily.
    accounts = Accounts(workspace.settings, workspace.registry)
    WebhookSubscriptions(accounts).keep_up(connection.slug, now)
    return result


def _complete(
    workspace: Workspace, connection: Connection, fetched: Fetched, now: datetime
) -> SyncResult:
    """Ask for the days first: a process that ends in between is synced again, which asks again."""
    registry, slug = workspace.registry, connection.slug
    registry.findings.set(slug, NOT_BOOKED, fetched.refused)
    scheduled = registry.sync_schedule.by_connection().get(slug)
    whole = whole_days(connection, workspace.settings.first_day, now)
    seen = {state.day for state in registry.days.list(slug)}
    days = {*fetched.days, *(scheduled.days if scheduled else ()), *(set(whole) - seen)}
    today = today_of(connection, now)
    over = sorted(day for day in days if day < today)
    if over:
        # Before the next sync is scheduled: killed in between, the days are requested again.
        registry.inbox.request_days(slug, over, "documents touch them", ACTOR)
    registry.sync_schedule.set(slug, _tomorrow(connection, now))
    return SyncResult(len(fetched.documents), tuple(over), tuple(fetched.refused))


def _put_off(
    workspace: Workspace,
    connection: Connection,
    window: Window | None,
    at: datetime,
    reason: str,
) -> None:
    """Sync at another time; what an interrupted sync has left to compute is done then too."""
    registry, slug = workspace.registry, connection.slug
    scheduled = registry.sync_schedule.by_connection().get(slug)
    # Kept for the next attempt: a requested window must survive a wait of the platform.
    days: Iterable[date] = {*(window or ()), *(scheduled.days if scheduled else ())}
    registry.sync_schedule.set(slug, at, days, reason)


def _tomorrow(connection: Connection, now: datetime) -> datetime:
    return next_sync_at(connection.slug, connection.timezone, now)


def fetch_window(first: str | None, last: str | None) -> Window | None:
    """Return the window of a run's config; `BadInput` where a day is none, or they are crossed."""
    if first is None and last is None:
        return None
    try:
        start, end = (date.fromisoformat(day) for day in (first or last or "", last or first or ""))
    except ValueError:
        raise BadInput(
            f"first_day and last_day are days such as 2026-03-01, not {first} and {last}"
        ) from None
    if start > end:
        raise BadInput(f"first_day {start} is after last_day {end}")
    return Window(start, end + ONE_DAY)


def check_syncable(connection: Connection) -> None:
    """Raise `ConfigError`, with what to do, for a connection whose account cannot be asked."""
    slug = connection.slug
    if connection.kind != "api":
        raise BadInput(f"{slug} is fed by files: import them with `daybook import`")
    if connection.state == "needs_reauth":
        reason = connection.reason or "the platform rejected the stored credentials"
        raise NeedsReconnection(f"{reason}: connect {slug} again")
    if not can_sync(connection):
        raise ConfigError(f"{slug} is {connection.state}: nothing is fetched from its account")
