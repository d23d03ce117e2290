"""The registry as one object: opening, migrating, locking, and every noun in one place."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.database.postgres import REGISTRY_SCHEMA, database_url, ensure_database
from connectors.database.postgres.engines import borrow
from connectors.database.registry import schema
from connectors.database.registry.activities import Activities, lock_name
from connectors.database.registry.connections import Connections
from connectors.database.registry.consents import Consents
from connectors.database.registry.findings import Findings
from connectors.database.registry.inbox import Inbox
from connectors.database.registry.mappings import Mappings
from connectors.database.registry.models import AuditRow
from connectors.database.registry.publications import Publications
from connectors.database.registry.rate_limits import RateLimits
from connectors.database.registry.records import AuditEvent
from connectors.database.registry.repository import columns, write_audit
from connectors.database.registry.sealed import Sealed
from connectors.database.registry.sync_schedule import SyncSchedule
from connectors.database.registry.users import Users
from connectors.errors import Transient, summary
from connectors.home.settings import Settings


@dataclass
class RunningActivity:
    """How an activity ends: well, unless `problem` says what is wrong."""

    problem: str | None = None


class Registry(
    Activities,
    SyncSchedule,
    Connections,
    Consents,
    Findings,
    Inbox,
    Mappings,
    Users,
    Publications,
    Sealed,
    RateLimits,
):
    """What Daybook remembers. Opened once a process; threads may share it."""

    def __init__(self, engine: Engine, give_back: Callable[[], None]) -> None:
        super().__init__(engine)
        self._give_back = give_back

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """The registry of this home; ConfigError unless its schema is this Daybook's."""
        registry = cls._connect(settings)
        refused = schema.refusal(registry.schema_version())
        if refused is not None:
            registry.close()
            raise refused
        return registry

    @classmethod
    def migrate(cls, settings: Settings) -> str | None:
        """Bring the schema up to date, if it is not; gives back the version it had."""
        with cls._connect(settings) as registry:
            try:
                return schema.upgrade(registry._engine)
            except DBAPIError as error:
                raise registry._explained(error) from error

    @classmethod
    def _connect(cls, settings: Settings) -> Self:
        ensure_database(settings)
        url = database_url(settings, REGISTRY_SCHEMA)
        return cls(*borrow(url, pool_size=2, max_overflow=28, pool_pre_ping=True))

    @staticmethod
    def head_version() -> str:
        """The schema version that this Daybook works with."""
        return schema.HEAD

    def schema_version(self) -> str | None:
        """The schema version that the database has; None before the first migration."""
        try:
            return schema.current_version(self._engine)
        except DBAPIError as error:
            raise self._explained(error) from error

    def close(self) -> None:
        """Give the connections back."""
        self._give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def audit(self, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Record a deed that is not the registry's own."""
        with self._transaction() as session:
            write_audit(session, actor, action, subject, dict(detail))

    def audit_log(self, limit: int = 100) -> list[AuditEvent]:
        """The newest deeds, newest first."""
        wanted = select(*columns(AuditRow, AuditEvent)).order_by(AuditRow.id.desc()).limit(limit)
        with self._transaction() as session:
            return [AuditEvent(*row) for row in session.execute(wanted)]

    @contextmanager
    def lock(self, name: str, timeout_seconds: float) -> Iterator[None]:
        """Hold `name` across all processes of the registry; Transient when it stays taken.

        The lock lives on a connection of its own and goes with it, however the holder ends.
        """
        url = self._engine.url.render_as_string(hide_password=False)
        engine, give_back = borrow(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        try:
            with closing(self._connected(engine)) as connection:
                self._take(connection, name, timeout_seconds)
                try:
                    yield
                finally:
                    # The server notices later that the connection is gone.
                    with suppress(DBAPIError):
                        connection.execute(_UNLOCK, {"name": f"daybook {name}"})
        finally:
            give_back()

    @contextmanager
    def activity(
        self, slug: str, what: str, days: int, run: str | None = None
    ) -> Iterator["RunningActivity"]:
        """Do something for a connection: it counts as running while this block does.

        An error ends it as failed; so does a reason given to what is yielded.
        """
        number = self.begin_activity(slug, what, days, run)
        outcome = RunningActivity()
        try:
            with self.lock(lock_name(number), 0):
                yield outcome
        except BaseException as error:
            self.end_activity(number, "failed", _reason(error))
            raise
        self.end_activity(number, "failed" if outcome.problem else "done", outcome.problem)

    def _connected(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except DBAPIError as error:
            raise self._explained(error) from error

    def _take(self, connection: Connection, name: str, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        try:
            while not connection.scalar(_TRY_LOCK, {"name": f"daybook {name}"}):
                if time.monotonic() >= deadline:
                    raise Transient(
                        f"{name} is held by another process of Daybook for more than "
                        f"{timeout_seconds:g} s: try again when it is done"
                    )
                time.sleep(0.05)
        except DBAPIError as error:
            raise self._explained(error) from error


def _reason(error: BaseException) -> str:
    # A signal is no Exception, and what its error says depends on who took it.
    if not isinstance(error, Exception):
        return "it was interrupted before it was done; the next sync does the rest"
    return summary(error)


_TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
