"""The doctor: names what is wrong and how to mend it, and touches nothing."""

import os
import shutil
import sqlite3
import time
from pathlib import Path

import duckdb
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.database import postgres
from connectors.database.postgres.layout import Layout
from connectors.home.doctor import Finding, examine
from connectors.home.home import initialise
from connectors.home.settings import Settings


def bad(settings: Settings) -> dict[str, Finding]:
    return {found.name: found for found in examine(settings) if not found.ok}


def contents(folder: Path) -> dict[str, tuple[int, int]]:
    statuses = {path: path.lstat() for path in folder.rglob("*")}
    return {str(path): (s.st_mode, s.st_mtime_ns) for path, s in statuses.items()}


def test_a_healthy_home_has_nothing_to_mend_and_is_not_touched(home: Settings) -> None:
    before = contents(home.home)
    findings = examine(home)
    assert [found for found in findings if not found.ok] == []
    names = [found.name for found in findings]
    assert names == [
        *("home", "disk", "postgres", "registry", "key"),
        *("credentials", "lake", "warehouse", "dagster"),
    ]
    assert contents(home.home) == before


def test_a_home_that_is_absent_is_not_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=None)
    assert bad(settings)["home"].mend == "run `daybook init`"
    assert not settings.home.exists()


def test_an_empty_home_is_sent_to_init_and_stays_empty(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    findings = bad(Settings(home=tmp_path, database_url=None))
    assert set(findings) == {"postgres", "key", "lake", "dagster"}
    assert findings["postgres"].mend == "run `daybook init`"
    assert list(tmp_path.iterdir()) == []


def test_an_open_home_is_named(home: Settings) -> None:
    home.home.chmod(0o755)
    assert bad(home)["home"].mend == f"chmod 700 {home.home}"


def test_a_server_that_is_down_is_started(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    assert bad(embedded_home) == {}


def test_data_of_another_version_is_told(embedded_home: Settings) -> None:
    postgres.stop(embedded_home)
    (Layout(embedded_home).data / "PG_VERSION").write_text("16\n")
    assert "written by PostgreSQL 16" in bad(embedded_home)["postgres"].detail


def test_a_foreign_lock_is_told(embedded_home: Settings, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(embedded_home.home, copy, ignore=shutil.ignore_patterns(".s.PGSQL*"))
    copy.chmod(0o700)
    finding = bad(Settings(home=copy, database_url=None))["postgres"]
    assert "was copied while its server ran" in finding.detail


def test_a_lost_password_is_told(embedded_home: Settings) -> None:
    Layout(embedded_home).password_file.unlink()
    finding = bad(embedded_home)["postgres"]
    assert "password is missing" in finding.detail
    assert finding.mend == "run `daybook init`, or restore it from a backup"
    assert "new password" in initialise(embedded_home)[0]
    assert bad(embedded_home) == {}


def test_a_database_that_does_not_answer_is_told(home: Settings) -> None:
    url = "postgresql://u:secret@127.0.0.1:1/d"
    settings = Settings.model_validate({"home": home.home, "database_url": url})
    finding = bad(settings)["postgres"]
    assert "does not answer" in finding.detail
    assert "secret" not in finding.detail


@pytest.mark.parametrize(
    ("statement", "mend"),
    [
        ("UPDATE alembic_version SET version_num = '0009'", "make a new home"),
        ("DROP TABLE alembic_version", "run `daybook init`"),
        ("UPDATE alembic_version SET version_num = '9999'", "install the newer Daybook"),
    ],
    ids=["behind", "missing", "ahead"],
)
def test_a_registry_of_another_version_is_told(home: Settings, statement: str, mend: str) -> None:
    engine = create_engine(postgres.database_url(home, "registry"), poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text(statement))
    assert mend in bad(home)["registry"].mend


def test_a_key_that_is_missing_open_or_short_is_told(home: Settings) -> None:
    right = home.key_file.read_bytes()
    home.key_file.chmod(0o644)
    assert bad(home)["key"].mend == f"chmod 600 {home.key_file}"
    home.key_file.chmod(0o600)
    home.key_file.write_bytes(right[:20])
    assert "32 bytes" in bad(home)["key"].detail
    home.key_file.unlink()
    assert "missing" in bad(home)["key"].detail


def test_old_temporary_files_in_the_lake_are_told(home: Settings) -> None:
    day = home.lake_folder / "transactions" / "amazon-us"
    day.mkdir(parents=True)
    fresh, stray = day / ".tmp-1", day / ".tmp-2"
    fresh.touch()
    assert bad(home) == {}
    stray.touch()
    old = time.time() - 7200
    os.utime(stray, (old, old))
    assert bad(home)["lake"].detail.startswith("1 temporary files")


def test_a_warehouse_that_reads_is_fine(home: Settings) -> None:
    duckdb.connect(str(home.warehouse_file)).close()
    assert bad(home) == {}


def test_a_warehouse_of_another_duckdb_is_told(home: Settings) -> None:
    duckdb.connect(str(home.warehouse_file)).close()
    content = bytearray(home.warehouse_file.read_bytes())
    assert content[8:12] == b"DUCK"
    content[12:20] = (9999).to_bytes(8, "little")
    home.warehouse_file.write_bytes(content)
    assert "warehouse" in bad(home)


@pytest.mark.parametrize("content", [b"", b"not a database" * 500])
def test_a_warehouse_that_is_no_database_is_told(home: Settings, content: bytes) -> None:
    home.warehouse_file.write_bytes(content)
    assert "cannot be read" in bad(home)["warehouse"].detail
    assert home.warehouse_file.read_bytes() == content


def test_a_database_of_another_kind_is_no_warehouse(home: Settings) -> None:
    connection = sqlite3.connect(home.warehouse_file)
    connection.execute("CREATE TABLE t (a)")
    connection.close()
    assert "warehouse" in bad(home)


def test_a_dagster_file_that_is_missing_or_broken_is_told(home: Settings) -> None:
    path = home.dagster_home / "dagster.yaml"
    path.write_text("a: [")
    assert "not YAML" in bad(home)["dagster"].detail
    path.write_text("telemetry: {enabled: false}\n")
    assert "event_log_storage" in bad(home)["dagster"].detail
    path.unlink()
    assert bad(home)["dagster"].mend == "run `daybook init`"


def test_an_edited_dagster_file_is_fine(home: Settings) -> None:
    path = home.dagster_home / "dagster.yaml"
    path.write_text(path.read_text() + "# mine\n")
    assert bad(home) == {}
