"""Connections: where Dagster's database is, and a pool that survives the server's restart."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Self
from weakref import WeakSet

import sqlalchemy as db
from dagster import Field, StringSource
from dagster._config.config_schema import UserConfigSchema
from dagster._core.instance.types import MayHaveInstanceWeakref
from dagster._serdes import ConfigurableClassData
from sqlalchemy.engine import Engine, ExceptionContext
from sqlalchemy.event import listens_for

from connectors.database.postgres import (
    DAGSTER_SCHEMA,
    DiskFull,
    database_url,
    ensure_database,
    explained,
)
from connectors.database.postgres.engines import borrow
from connectors.home.settings import Settings, settings
from pipelines.storage.contract import changed_internals

# Dagster hands planned events to the storage one by one unless this variable says otherwise.
_BATCH_SIZE = ("DAGSTER_EVENT_BATCH_SIZE", "5000")
# Those whose absence makes a stock storage create its own.
_TABLES_ARE_THERE = db.text(
    "SELECT bool_and(to_regclass(name) IS NOT NULL) "
    "FROM unnest(ARRAY['event_logs', 'runs', 'instance_info', 'jobs']) AS tables(name)"
)

# Tables never go; a sensor's every tick opens an instance.
_WITH_TABLES: Final[WeakSet[Engine]] = WeakSet()


class Pooled:
    """The part that three storages share; it comes before a stock storage among a class's bases."""

    _engine: Engine
    postgres_url: str

    def __init__(
        self,
        postgres_url: str,
        inst_data: ConfigurableClassData | None = None,
        *,
        at_home: bool = False,
    ) -> None:
        self.lean = not changed_internals()
        self.at_home = at_home
        self.postgres_url = postgres_url
        self._give_back: Callable[[], None] = lambda: None
        engine = self._pool() if self.lean else None
        if engine is not None and _has_dagster_tables(engine):
            self._attach(inst_data)
        else:
            super().__init__(  # type: ignore[call-arg]
                postgres_url, should_autocreate_tables=True, inst_data=inst_data
            )
        if engine is not None:
            self._engine = engine

    def _attach(self, inst_data: ConfigurableClassData | None) -> None:
        """Do what the stock constructors do where the tables are there, but for their engine."""
        # Stock, each makes an engine and reads the catalogue: 40 ms of a process, 15 of every tick.
        vars(self).update(
            _inst_data=inst_data,
            should_autocreate_tables=False,
            _token_provider=None,
            _event_watcher=None,
            _secondary_index_cache={},
            _index_migration_cache={},
        )
        MayHaveInstanceWeakref.__init__(self)  # type: ignore[arg-type, no-untyped-call]

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        """Return the options; `postgres_url` is for tests, a home has one of its own."""
        return {"postgres_url": Field(StringSource, is_required=False)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Make the storage of an instance, on the database of the home or of `postgres_url`."""
        os.environ.setdefault(*_BATCH_SIZE)
        if url := config_value.get("postgres_url"):
            return cls(url, inst_data)
        home = settings()
        _prepare_once(home)
        return cls(database_url(home, DAGSTER_SCHEMA), inst_data, at_home=True)

    def optimize_for_webserver(
        self, statement_timeout: int, pool_recycle: int, max_overflow: int
    ) -> None:
        """Exchange the engine for one with the web server's time-out and recycling."""
        if self.lean:
            self._give_back()
            self._engine = self._pool(recycle=pool_recycle, timeout_ms=statement_timeout)
        else:
            super().optimize_for_webserver(  # type: ignore[misc]
                statement_timeout, pool_recycle, max_overflow
            )

    def dispose(self) -> None:
        """Dispose of the storage, and give its engine back."""
        super().dispose()  # type: ignore[misc]
        self._give_back()

    def _pool(self, *, recycle: int = -1, timeout_ms: int | None = None) -> Engine:
        """Borrow the engine that the three storages share."""
        engine, self._give_back = borrow(
            self.postgres_url,
            _Ways(self.at_home, timeout_ms),
            # As the stock storages have it: every statement is a transaction of its own.
            isolation_level="AUTOCOMMIT",
            pool_size=2,
            max_overflow=58,
            pool_recycle=recycle,
        )
        return engine


@cache
def _prepare_once(home: Settings) -> None:
    """Start the server, and make the schema. Later, engines start it again where it is gone."""
    ensure_database(home)


def _has_dagster_tables(engine: Engine) -> bool:
    if engine not in _WITH_TABLES:
        with engine.connect() as connection:
            if not connection.scalar(_TABLES_ARE_THERE):
                return False
        _WITH_TABLES.add(engine)
    return True


@dataclass(frozen=True, slots=True)
class _Ways:
    """Behaviour of an engine on top of SQLAlchemy's; engines that behave the same are shared."""

    at_home: bool
    timeout_ms: int | None

    def __call__(self, engine: Engine) -> None:
        _name_a_full_disk(engine)
        if self.at_home:
            _revive_server(engine)
        if self.timeout_ms is not None:
            _limit_statements(engine, self.timeout_ms)


def _revive_server(engine: Engine) -> None:
    """Start a home's embedded server again when it was killed under us."""

    @listens_for(engine, "do_connect")
    def connect(dialect: Any, _record: Any, arguments: Any, named: Any) -> Any:
        try:
            return dialect.connect(*arguments, **named)
        except dialect.loaded_dbapi.OperationalError:
            ensure_database(settings())
            return dialect.connect(*arguments, **named)


def _name_a_full_disk(engine: Engine) -> None:
    """Say so in a line: Dagster prints the whole statement, and raises the driver's error."""

    @listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if isinstance(error, db.exc.DBAPIError):
            explanation = explained(error, engine.url)
            if isinstance(explanation, DiskFull):
                raise explanation from error


def _limit_statements(engine: Engine, timeout_ms: int) -> None:
    @listens_for(engine, "connect")
    def limit(connection: Any, _record: Any) -> None:
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {timeout_ms:d}")
