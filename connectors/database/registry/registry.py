"""The registry: opening, migrating, locking, and a repository for every noun."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from connectors.database.postgres import REGISTRY_SCHEMA, database_url, ensure_database, explained
from connectors.database.postgres.engines import borrow
from connectors.database.registry import schema
from connectors.database.registry.activities import Activities
from connectors.database.registry.audit import AuditLog
from connectors.database.registry.bank_lines import BankLines
from connectors.database.registry.closed_books import BooksClosings
from connectors.database.registry.connections import Connections
from connectors.database.registry.consents import Consents
from connectors.database.registry.days import Days
from connectors.database.registry.deliveries import Deliveries
from connectors.database.registry.drift_checks import DriftChecks
from connectors.database.registry.entry_choices import EntryChoices
from connectors.database.registry.events import Events
from connectors.database.registry.exchange_rates import ExchangeRates
from connectors.database.registry.findings import Findings
from connectors.database.registry.hints import Hints
from connectors.database.registry.inbox import Inbox
from connectors.database.registry.labels import Labels
from connectors.database.registry.mappings import Mappings
from connectors.database.registry.people import People
from connectors.database.registry.publications import Publications
from connectors.database.registry.rate_limits import RateLimits
from connectors.database.registry.record_imports import RecordImports
from connectors.database.registry.sealed import SealedCredentials
from connectors.database.registry.stock import StockLedger
from connectors.database.registry.sync_schedule import SyncSchedule
from connectors.database.registry.tasks import Tasks
from connectors.database.registry.triggers import Triggers
from connectors.database.registry.users import ApiTokens, Users, UserSessions
from connectors.errors import Transient
from connectors.home.settings import Settings


class Registry:
    """Daybook's memory, a repository a noun. Opened once a process; threads may share it."""

    def __init__(self, engine: Engine, give_back: Callable[[], None]) -> None:
        self._engine = engine
        self._give_back = give_back
        self.activities = Activities(engine, self.lock)
        self.api_tokens = ApiTokens(engine)
        self.audit = AuditLog(engine)
        self.bank_lines = BankLines(engine)
        self.closed_books = BooksClosings(engine)
        self.connections = Connections(engine)
        self.consents = Consents(engine)
        self.credentials = SealedCredentials(engine)
        self.days = Days(engine)
        self.deliveries = Deliveries(engine)
        self.drift_checks = DriftChecks(engine)
        self.entry_choices = EntryChoices(engine)
        self.events = Events(engine)
        self.exchange_rates = ExchangeRates(engine)
        self.findings = Findings(engine)
        self.hints = Hints(engine)
        self.inbox = Inbox(engine)
        self.labels = Labels(engine)
        self.mappings = Mappings(engine)
        self.people = People(engine)
        self.publications = Publications(engine)
        self.rate_limits = RateLimits(engine)
        self.record_imports = RecordImports(engine)
        self.sessions = UserSessions(engine)
        self.stock = StockLedger(engine)
        self.sync_schedule = SyncSchedule(engine)
        self.tasks = Tasks(engine)
        self.triggers = Triggers(engine)
        self.users = Users(engine)

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Return the registry of this home; ConfigError unless its schema is this Daybook's."""
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
                raise explained(error, registry._engine.url) from error

    @classmethod
    def _connect(cls, settings: Settings) -> Self:
        ensure_database(settings)
        url = database_url(settings, REGISTRY_SCHEMA)
        # Two at rest, for a command; a console's threads open more and close them again.
        return cls(*borrow(url, pool_size=2, max_overflow=28))

    @staticmethod
    def head_version() -> str:
        """Return the schema version that this Daybook works with."""
        return schema.HEAD

    def schema_version(self) -> str | None:
        """Return the schema version that the database has; None before the first migration."""
        try:
            return schema.current_version(self._engine)
        except DBAPIError as error:
            raise explained(error, self._engine.url) from error

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

    @contextmanager
    def lock(self, name: str, timeout_seconds: float) -> Iterator[None]:
        """Hold `name` across all processes of the registry; Transient when it stays taken.

        The lock lives on a connection that nothing else uses meanwhile, and goes with it, however
        the holder ends.
        """
        url = self._engine.url.render_as_string(hide_password=False)
        # One at rest for the next lock: connecting takes longer than most of what is done under it.
        engine, give_back = borrow(url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=-1)
        try:
            with closing(self._connected(engine)) as connection:
                try:
                    self._take(connection, name, timeout_seconds)
                    yield
                finally:
                    _release(connection, name)
        finally:
            give_back()

    def _connected(self, engine: Engine) -> Connection:
        try:
            return engine.connect()
        except DBAPIError as error:
            raise explained(error, self._engine.url) from error

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
            raise explained(error, self._engine.url) from error


def _release(connection: Connection, name: str) -> None:
    """Give a lock back; where the server cannot be told, it goes with the connection."""
    try:
        connection.execute(_UNLOCK, {"name": f"daybook {name}"})
    # An interruption, too: nobody may get a connection that still holds the lock.
    except BaseException as error:
        connection.invalidate()
        if not isinstance(error, DBAPIError):
            raise


_TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))")
_UNLOCK = text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))")
