"""PostgreSQL for tests: one embedded server a test worker, a database of its own a test.

`home` is an initialised home on the worker's server; `registry` is an open registry, on the
embedded server and, where DAYBOOK_TEST_POSTGRES_URL is set, on that one too; `embedded_home`
is a home with a server of its own, for the few tests that are about the server.
"""

import itertools
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dagster_postgres.event_log import PostgresEventLogStorage
from dagster_postgres.run_storage import PostgresRunStorage
from dagster_postgres.schedule_storage import PostgresScheduleStorage
from pydantic import SecretStr
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from connectors.accounts.keys import create_key
from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.database.registry.models import Base
from connectors.home.home import initialise
from connectors.home.settings import Settings

EXTERNAL_URL = os.environ.get("DAYBOOK_TEST_POSTGRES_URL")
# Homes in memory, where there is room: a test waits for files more than for anything else.
MEMORY, ROOM = Path("/dev/shm"), 6 << 30  # noqa: S108 - shared memory by its own name


def pytest_addoption(parser: pytest.Parser) -> None:
    """Snapshots are compared, and written anew only where that is asked for."""
    parser.addoption("--rewrite-snapshots", action="store_true", help="accept what is found")
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


# One message: each table's own would take longer than to delete what little stands in it.
_EMPTY = ";".join(
    f"DELETE FROM {table.fullname}" for table in reversed(Base.metadata.sorted_tables)
)


class Server:
    """A PostgreSQL server that hands out databases with an empty, migrated registry."""

    def __init__(self, url: URL, scratch: Path) -> None:
        self.url = url
        self._scratch = scratch
        self._prefix = f"daybook_test_{secrets.token_hex(4)}"
        self._numbers = itertools.count()
        self._own: Connection | None = None
        self._shared: tuple[str, Connection] | None = None
        self._prepared: str | None = None

    @contextmanager
    def database(self) -> Iterator[SecretStr]:
        """The URL of a fresh database, dropped at the end; a copy takes a tenth of migrating."""
        if self._prepared is None:
            prepared = self.copy("template1")
            Registry.migrate(self._settings(prepared))
            _make_dagster_tables(self._settings(prepared))
            self._prepared = prepared
        name = self.copy(self._prepared)
        try:
            yield self._secret(name)
        finally:
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def emptied(self) -> SecretStr:
        """The URL of the one database that is emptied for every test that asks for it."""
        if self._shared is None:
            name = self.copy("template1")
            Registry.migrate(self._settings(name))
            self._shared = name, self._connect(name)
        name, connection = self._shared
        connection.exec_driver_sql(_EMPTY)
        return self._secret(name)

    def close(self) -> None:
        """Drop the shared databases."""
        if self._prepared is not None:
            self.execute(f'DROP DATABASE "{self._prepared}" WITH (FORCE)')
        if self._shared is not None:
            name, connection = self._shared
            connection.close()
            self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        if self._own is not None:
            self._own.close()

    def copy(self, template: str | None) -> str:
        """A copy of a database, by its name; whoever is connected to the first is cut off."""
        name = f"{self._prefix}_{next(self._numbers)}"
        self.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{template}' AND usename = current_user"
        )
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, on a connection that stays open."""
        if self._own is None:
            self._own = self._connect(self.url.database)
        self._own.execute(text(statement))

    def _connect(self, database: str | None) -> Connection:
        url = self.url.set(database=database)
        return create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect()

    def _settings(self, database: str) -> Settings:
        return Settings(home=self._scratch, database_url=self._secret(database))

    def _secret(self, database: str) -> SecretStr:
        url = self.url.set(database=database)
        return SecretStr(url.render_as_string(hide_password=False))


def _make_dagster_tables(settings: Settings) -> None:
    """Make what Dagster makes the first time that an instance is opened."""
    url = postgres.dagster_database_url(settings)
    for storage in (PostgresEventLogStorage, PostgresRunStorage, PostgresScheduleStorage):
        storage(url, should_autocreate_tables=True).dispose()


@pytest.fixture(scope="session")
def postgres_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The home of the one embedded server of this test worker."""
    settings = Settings(home=tmp_path_factory.mktemp("server") / "home", database_url=None)
    postgres.ensure_database(settings)
    yield settings
    postgres.stop(settings)
    shutil.rmtree(settings.home)


@pytest.fixture(scope="session")
def embedded_server(
    postgres_home: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The embedded server as a source of databases; commits do not wait for the disk."""
    url = make_url(postgres.database_url(postgres_home, "public"))
    server = Server(url, tmp_path_factory.mktemp("scratch"))
    for name in ("full_page_writes", "synchronous_commit"):
        server.execute(f"ALTER SYSTEM SET {name} = off")
    server.execute("SELECT pg_reload_conf()")
    yield server
    server.close()


@pytest.fixture(scope="session")
def external_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server of DAYBOOK_TEST_POSTGRES_URL, whose role may create databases."""
    assert EXTERNAL_URL is not None
    url = make_url(EXTERNAL_URL).set(drivername="postgresql+psycopg2")
    server = Server(url, tmp_path_factory.mktemp("scratch"))
    yield server
    server.close()


@pytest.fixture
def home(embedded_server: Server, tmp_path: Path) -> Iterator[Settings]:
    """A fresh, initialised home; its database lies on the worker's server."""
    with embedded_server.database() as url:
        settings = Settings(home=tmp_path / "home", database_url=url)
        initialise(settings)
        yield settings


@pytest.fixture
def quick_home(embedded_server: Server, tmp_path: Path) -> Settings:
    """A home with an empty registry and a key and nothing else of `init`: made in milliseconds."""
    settings = Settings(home=tmp_path / "home", database_url=embedded_server.emptied())
    settings.key_file.parent.mkdir(parents=True)
    create_key(settings)
    return settings


@pytest.fixture(params=["embedded", "external"] if EXTERNAL_URL else ["embedded"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Registry]:
    """An open, empty registry; emptied, not made anew, which takes milliseconds."""
    server: Server = request.getfixturevalue(f"{request.param}_server")
    url = server.emptied()
    with Registry.open(Settings(home=tmp_path / "home", database_url=url)) as opened:
        yield opened


@pytest.fixture(scope="session")
def stopped_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An initialised home whose server is stopped, to copy: a copy is quicker than a new one."""
    settings = Settings(home=tmp_path_factory.mktemp("stopped") / "home", database_url=None)
    initialise(settings)
    postgres.stop(settings)
    yield settings.home
    shutil.rmtree(settings.home)


@pytest.fixture
def embedded_home(stopped_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """An initialised home with a server of its own, which runs."""
    shutil.copytree(stopped_home, tmp_path / "home")
    settings = Settings(home=tmp_path / "home", database_url=None)
    postgres.ensure_running(settings)
    yield settings
    postgres.stop(settings)
    shutil.rmtree(settings.home)
