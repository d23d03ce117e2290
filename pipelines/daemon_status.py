"""Dagster's daemon as others see it: its heartbeat, and what waits for a date in the future.

Read from the tables where Dagster keeps both, without Dagster: the console asks on every page.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.pool import NullPool

from connectors.database.postgres import DAGSTER_SCHEMA, database_url, explained
from connectors.home.lock import OWNER, read_tenancy
from connectors.home.settings import Settings

# The daemon says twice a minute that it lives.
SILENT_AFTER: Final = timedelta(seconds=100)
# Clocks of machines that share a database differ a little.
TOLERANCE: Final = timedelta(seconds=60)
_FIELDS: Final = ("last_tick_timestamp", "last_tick_start_timestamp", "last_iteration_timestamp")


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """The state of the daemon; `expected` where `daybook up` runs this home."""

    expected: bool
    running: bool
    heartbeat: datetime | None
    ahead: tuple[str, ...]

    @property
    def is_away(self) -> bool:
        """Return whether it should work and does not."""
        return self.expected and not self.running


def daemon_status(settings: Settings, now: datetime | None = None) -> DaemonStatus:
    """Look at the daemon of a home; an error of the database is one of `DaybookError`."""
    now = now or datetime.now(UTC)
    with _connected(settings) as connection:
        heartbeat = _heartbeat(connection)
        ahead = tuple(sorted(_ahead(connection, now)))
    tenancy = read_tenancy(settings)
    living = tenancy.living() if tenancy else []
    up = any(process.name == OWNER for process in living)
    silent = heartbeat is None or now - heartbeat > SILENT_AFTER
    # Its process says sooner that it is gone, its heartbeat that it hangs.
    gone = up and not any(process.name == "Dagster" for process in living)
    return DaemonStatus(up, not gone and not silent, heartbeat, ahead)


@contextmanager
def _connected(settings: Settings) -> Iterator[Connection]:
    engine = create_engine(database_url(settings, DAGSTER_SCHEMA), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise explained(error, engine.url) from error
    finally:
        engine.dispose()


def _heartbeat(connection: Connection) -> datetime | None:
    # The threads of the daemon beat each on its own: the slowest one tells.
    latest = _scalar(
        connection,
        "SELECT min(timestamp) FROM daemon_heartbeats WHERE daemon_type IN ('SENSOR', 'SCHEDULER')",
    )
    return latest.replace(tzinfo=UTC) if isinstance(latest, datetime) else None


def _scalar(connection: Connection, query: str) -> object:
    """Return one value; Dagster makes its tables only when it first runs."""
    try:
        return connection.scalar(text(query))
    except ProgrammingError:
        connection.rollback()
        return None


def _ahead(connection: Connection, now: datetime) -> Iterator[str]:
    if _scalar(connection, "SELECT to_regclass('instigators')::text") is None:
        return
    latest = (now + TOLERANCE).timestamp()
    for (body,) in connection.execute(text("SELECT instigator_body FROM instigators")):
        state = json.loads(body)
        dates = state["job_specific_data"] or {}
        if any((dates.get(field) or 0) > latest for field in _FIELDS):
            yield state["origin"]["job_name"]
