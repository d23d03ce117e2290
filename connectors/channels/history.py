"""The business days of a connected account: from where its history begins to the last whole one."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.accounts.platforms import platform_named
from connectors.accounts.setup import Setup
from connectors.channels import CHANNELS
from connectors.database.registry import Connection
from connectors.lake.windows import Window

# Where a platform has no limit of its own, a connection begins a year before it was made.
HISTORY = timedelta(days=365)


def is_syncable(connection: Connection) -> bool:
    """Return whether there is an account behind the connection, on a channel whose API is read."""
    channel = CHANNELS.get(connection.channel)
    return connection.kind == "api" and channel is not None and channel.read is not None


def can_sync(connection: Connection) -> bool:
    """Return whether that account answers, as far as anybody knows."""
    return is_syncable(connection) and connection.state == "active"


def first_day(connection: Connection, books_begin: date) -> date:
    """Return the first business day of an account: what its owner chose, or what the platform has.

    None is before `books_begin`.
    """
    # Counted from then and not from today, so that a stored first day never moves.
    made = connection.created_at.date()
    chosen = Setup.model_validate(connection.setup).imports.history_from
    earliest = platform_named(connection.channel).earliest(made)
    return max(chosen or earliest or made - HISTORY, books_begin)


def today_of(connection: Connection, now: datetime | None = None) -> date:
    """Return the business day of a connection that is not over yet."""
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(connection.timezone)).date()


def whole_days(connection: Connection, books_begin: date, now: datetime | None = None) -> Window:
    """Return every business day of an account that is over."""
    start = first_day(connection, books_begin)
    return Window(start, max(start, today_of(connection, now)))
