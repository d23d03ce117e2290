"""The home from the command line: made, made again, looked over, and what is said without one."""

import contextlib
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from connectors.home.settings import Settings, settings
from connectors.lake.windows import Window
from pipelines.execution import open_instance
from pipelines.partitions import range_tags
from pipelines.run_launcher import living_process
from tests.console.user import User


@pytest.fixture
def own(embedded_home: Settings) -> User:
    """The user of a home with a server of its own."""
    return User(embedded_home.home)


def test_a_home_is_made_once_and_stays_as_it_is(own: User) -> None:
    first, second = own.run("init"), own("init")
    assert first.code == second.code == 0
    assert f"wrote {own.home}/books/main.beancount" in first.lines
    assert first.lines[-1] == f"{own.home} is ready"
    assert second.out == f"{own.home} was ready already\n"
    assert own.run("doctor").code == 0


def test_doctor_finds_nothing_in_a_good_home(own: User) -> None:
    own("init")
    result = own("doctor", "--json")
    assert (result.code, result.err) == (0, "")
    assert result.json["ok"] is True
    looked_at = {f["name"] for f in result.json["findings"]}
    assert {"home", "postgres", "registry", "key", "lake", "warehouse", "dagster"} <= looked_at


def _open_to_all(home: Path) -> None:
    home.chmod(0o755)


def _without_key(home: Path) -> None:
    (home / "secrets" / "master.key").unlink()


def _without_lake(home: Path) -> None:
    (home / "lake").rmdir()


def _with_a_broken_warehouse(home: Path) -> None:
    (home / "warehouse.duckdb").write_bytes(b"not a database" * 1000)


def _without_dagster(home: Path) -> None:
    (home / "dagster" / "dagster.yaml").unlink()


@pytest.mark.parametrize(
    ("spoil", "name", "mend"),
    [
        (_open_to_all, "home", "chmod 700"),
        (_without_key, "key", "restore it from your copy"),
        (_without_lake, "lake", "daybook init"),
        (_with_a_broken_warehouse, "warehouse", "delete"),
        (_without_dagster, "dagster", "daybook init"),
    ],
)
def test_doctor_names_what_is_wrong_and_how_to_mend_it(
    user: User, spoil: object, name: str, mend: str
) -> None:
    assert callable(spoil)
    spoil(user.home)
    result = user("doctor")
    assert (result.code, result.err) == (1, "")
    at = next(n for n, line in enumerate(result.lines) if line.startswith("BAD "))
    assert result.lines[at].startswith(f"BAD  {name}: ")
    assert mend in result.lines[at + 1]
    bad = [f for f in user("doctor", "--json").json["findings"] if not f["ok"]]
    assert [f["name"] for f in bad] == [name]


@pytest.mark.parametrize(
    "command", ["journals", "sync", "reconcile", "publish", "connections list"]
)
def test_without_a_home_one_line_says_how_to_make_one(tmp_path: Path, command: str) -> None:
    result = User(tmp_path / "nowhere")(*command.split())
    assert (result.code, result.out) == (2, "")
    assert result.complaint == f"there is no home at {tmp_path}/nowhere: run `daybook init`"
    assert not (tmp_path / "nowhere").exists()


def test_doctor_without_a_home(tmp_path: Path) -> None:
    result = User(tmp_path / "nowhere")("doctor")
    assert result.code == 1
    assert result.lines == [
        f"BAD  home: {tmp_path}/nowhere does not exist",
        "     run `daybook init`",
    ]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DAYBOOK_THREADS", "many", "valid integer"),
        ("DAYBOOK_THREADS", "0", "greater than or equal to 1"),
        ("DAYBOOK_FIRST_DAY", "yesterday", "valid date"),
        ("DAYBOOK_LAKE", "s3://bucket/lake", "must be a folder"),
        ("DAYBOOK_MEMORY_LIMIT", "lots", "must be a size such as 1200MB"),
    ],
)
def test_a_bad_setting_is_one_line(user: User, name: str, value: str, message: str) -> None:
    result = user("connections", "list", **{name: value})
    assert (result.code, result.out) == (2, "")
    assert result.complaint.startswith(f"{name}: ")
    assert message in result.complaint


def test_a_bad_setting_is_one_line_for_the_program_too(user: User) -> None:
    result = user.run("sync", DAYBOOK_THREADS="many")
    assert (result.code, result.out) == (2, "")
    assert result.complaint.startswith("DAYBOOK_THREADS: ")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "is not a database URL"),
        ("mysql://root@localhost/books", "must be postgresql://"),
        ("postgresql://nobody:secret@127.0.0.1:1/books", "127.0.0.1 does not answer"),
    ],
)
def test_a_database_out_of_reach_is_one_line_without_its_password(
    user: User, url: str, message: str
) -> None:
    result = User(user.home, url)("connections", "list")
    assert (result.code, result.out) == (3, "")
    assert message in result.complaint
    assert "secret" not in result.complaint


def test_a_file_in_the_way_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a letter")
    result = User(tmp_path / "home")("init")
    assert result.code == 2
    assert "move it away" in result.complaint
    assert (tmp_path / "home").read_text() == "a letter"


def test_down_stops_the_server_and_the_next_command_starts_it(own: User) -> None:
    own("init")
    with a_living_run(own) as run_id:
        refused = own("down")
        assert (refused.code, refused.complaint) == (
            3,
            f"the data run of mugs 2026-03-02 to 2026-03-08 ({run_id[:8]}) is under way: wait "
            "until it is done, or stop the command that runs it with Ctrl-C",
        )
    # What was killed holds nothing up.
    assert own("down").err == "stopped\n"
    assert own("down").err == "it was not running\n"
    assert own.run("connections", "list").code == 0
    assert not {"DAYBOOK_HOME", "DAYBOOK_DATABASE_URL"} & os.environ.keys()


@contextlib.contextmanager
def a_living_run(own: User) -> Iterator[str]:
    """A run of the command line whose process, this one, lives for as long as the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAYBOOK_HOME", str(own.home))
        settings.cache_clear()
        with living_process() as process:
            window = range_tags("mugs", Window(date(2026, 3, 2), date(2026, 3, 9)))
            run = dg.DagsterRun(
                job_name="data", status=dg.DagsterRunStatus.STARTED, tags={**process, **window}
            )
            with open_instance(["mugs"]) as instance:
                instance.add_run(run)
            yield run.run_id
    settings.cache_clear()
