"""The embedded server is closed to everybody but its home, and each home has one of its own."""

import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from connectors.database import postgres
from connectors.database.postgres.layout import Layout
from connectors.errors import ConfigError
from connectors.home.settings import Settings
from tests.connectors.database.postgres_servers import ask, postmaster

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def modes_of_parents(path: Path) -> dict[str, tuple[int, int, int]]:
    parents = {str(parent): parent.stat() for parent in path.parents}
    return {name: (s.st_mode, s.st_uid, s.st_gid) for name, s in parents.items()}


def test_every_folder_on_the_way_keeps_its_mode(
    tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    home = private / "home"
    before = modes_of_parents(home)
    settings = serve(home)
    assert modes_of_parents(home) == before
    postgres.stop(settings)
    serve(home)
    assert modes_of_parents(home) == before


def test_data_socket_and_password_are_for_one_account(postgres_home: Settings) -> None:
    files = Layout(postgres_home)
    assert [mode(p) for p in (files.folder.parent, files.folder, files.data)] == [0o700] * 3
    assert mode(files.password_file) == 0o600
    assert mode(files.log_file) == 0o600
    socket = files.data / ".s.PGSQL.5432"
    assert stat.S_ISSOCK(socket.stat().st_mode)
    assert mode(socket) == 0o700


@pytest.mark.parametrize(
    "name", ["x" * 120, 'it\'s $HOME; `a` 100% "b" ünï, c:d'], ids=["long", "odd"]
)
def test_a_path_that_no_socket_address_holds_is_reached(
    tmp_path: Path, serve: Callable[[Path], Settings], name: str
) -> None:
    home = tmp_path / name / "home"
    home.parent.mkdir(mode=0o700)
    before = modes_of_parents(home)
    settings = serve(home)
    assert ask(settings, "SELECT 1") == 1
    assert modes_of_parents(home) == before
    assert Layout(settings).data.stat().st_mode & 0o077 == 0
    link = Layout(settings).socket_folder()
    assert mode(link.parent) == 0o700
    assert link.readlink() == Layout(settings).data
    link.unlink()


def test_a_link_folder_of_somebody_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"daybook-{os.geteuid()}").mkdir(mode=0o777)
    (tmp_path / f"daybook-{os.geteuid()}").chmod(0o777)
    long = Settings(home=tmp_path / ("x" * 120), database_url=None)
    with pytest.raises(ConfigError, match="with mode 0700"):
        Layout(long).socket_folder()


@ON_LINUX
def test_nothing_listens_on_the_network(postgres_home: Settings) -> None:
    assert ask(postgres_home, "SHOW listen_addresses") == ""
    sockets = {
        link.readlink().name.removeprefix("socket:[").removesuffix("]")
        for link in Path(f"/proc/{postmaster(postgres_home)}/fd").iterdir()
        if link.readlink().name.startswith("socket:")
    }
    assert sockets
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        assert sockets.isdisjoint(line.split()[9] for line in lines)


def test_an_edited_configuration_does_not_open_the_server(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    with (Layout(embedded_home).data / "postgresql.conf").open("a") as out:
        out.write("listen_addresses = '*'\nwork_mem = '7MB'\n")
    postgres.ensure_running(embedded_home)
    assert ask(embedded_home, "SHOW listen_addresses") == ""
    assert ask(embedded_home, "SHOW work_mem") == "7MB"


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused(postgres_home: Settings, password: str) -> None:
    url = make_url(postgres.database_url(postgres_home, "public"))
    engine = create_engine(url.set(password=password), poolclass=NullPool)
    with pytest.raises(OperationalError, match="password"), engine.connect():
        pass


def test_each_home_has_a_password_of_its_own_kept_as_scram(
    tmp_path: Path, serve: Callable[[Path], Settings]
) -> None:
    one, two = serve(tmp_path / "one"), serve(tmp_path / "two")
    assert Layout(one).password() != Layout(two).password()
    verifier = str(ask(one, "SELECT rolpassword FROM pg_authid WHERE rolname = 'daybook'"))
    assert verifier.startswith("SCRAM-SHA-256$")
    hba = (Layout(one).data / "pg_hba.conf").read_text()
    rules = [line.split() for line in hba.splitlines() if line and not line.startswith("#")]
    assert {rule[-1] for rule in rules} == {"scram-sha-256"}


def test_the_url_leads_to_its_schema(postgres_home: Settings) -> None:
    for url, schema in [
        (postgres.dagster_database_url(postgres_home), "dagster"),
        (postgres.database_url(postgres_home, "registry"), "registry"),
    ]:
        with create_engine(url, poolclass=NullPool).connect() as connection:
            assert connection.scalar(text("SELECT current_schema()")) == schema


def test_a_home_without_a_server_asks_for_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="run `daybook init`"):
        postgres.database_url(Settings(home=tmp_path, database_url=None), "registry")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "postgres://u:p@h/d",
            "postgresql+psycopg2://u:p@h/d?options=-ctimezone%3DUTC+-csearch_path%3Ddagster",
        ),
        (
            "postgresql://u:p@h:1/d?sslmode=require&options=-cjit%3Doff",
            "postgresql+psycopg2://u:p@h:1/d"
            "?options=-cjit%3Doff+-ctimezone%3DUTC+-csearch_path%3Ddagster&sslmode=require",
        ),
    ],
)
def test_a_url_of_ones_own_keeps_what_it_says(tmp_path: Path, written: str, expected: str) -> None:
    settings = Settings.model_validate({"home": tmp_path, "database_url": written})
    url = make_url(postgres.database_url(settings, "dagster"))
    assert url == make_url(expected)
