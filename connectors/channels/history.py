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


def is_read(connection: Connection) -> bool:
    """Whether there is an account behind the connection, on a channel whose API is read."""
    found = CHANNELS.get(connection.channel)
    return connection.kind == "api" and found is not None and found.read is not None


def can_visit(connection: Connection) -> bool:
    """Whether that account answers, as far as anybody knows."""
    return is_read(connection) and connection.state == "active"


def first_day(connection: Connection, books_begin: date) -> date:
    """The first business day of an account: what its owner chose, or what the platform has.

    None is before `books_begin`.
    """
    made = connection.created_at.date()
    chosen = Setup.model_validate(connection.setup).imports.history_from
    reach = platform_named(connection.channel).earliest(made)
    return max(chosen or reach or made - HISTORY, books_begin)


def today_of(connection: Connection, now: datetime | None = None) -> date:
    """The business day of a connection that is not over yet."""
    return (now or datetime.now(UTC)).astimezone(ZoneInfo(connection.timezone)).date()


def whole_days(connection: Connection, books_begin: date, now: datetime | None = None) -> Window:
    """Every business day of an account that is over."""
    start = first_day(connection, books_begin)
    return Window(start, max(start, today_of(connection, now)))
