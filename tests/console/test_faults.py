"""Faults of the machine: each is one line with a way out, never a traceback."""

from pathlib import Path

import pytest

from tests.console.conftest import settlement
from tests.console.user import User


def test_a_damaged_manifest(synced: User) -> None:
    damaged = next(synced.lake.glob("raw/mugs/*.json"))
    damaged.write_text("{ not json")
    for command in ("reconcile", "connections list"):
        result = synced(*command.split())
        assert (result.code, result.out) == (3, "")
        assert str(damaged) in result.complaint
        assert "(Invalid JSON" in result.complaint
        assert result.complaint.endswith("restore it from a backup")


def test_a_damaged_manifest_stops_its_connection_alone(synced: User) -> None:
    next(synced.lake.glob("raw/mugs/*.json")).write_text("{ not json")
    (synced.lake / "journal_lines" / "crafts" / "2026-03-03.parquet").unlink()
    result = synced("sync")
    assert result.code == 1
    assert result.lines[0] == "1 day computed"
    assert result.lines[-1].startswith("failed: mugs: ")
    assert synced("reconcile", "crafts").code == 0


@pytest.mark.parametrize(
    ("table", "command"),
    [("transactions", "reconcile"), ("journal_lines", "reconcile"), ("journal_lines", "journals")],
)
def test_a_damaged_partition(synced: User, table: str, command: str) -> None:
    damaged = synced.lake / table / "mugs" / "2026-03-03.parquet"
    damaged.write_bytes(b"PAR1 and then nothing")
    result = synced(command)
    assert (result.code, result.out) == (3, "")
    assert str(damaged) in result.complaint
    day = ("--from", "2026-03-03", "--to", "2026-03-03")
    assert synced("sync", "mugs", *day).code == 0
    assert synced("reconcile", "mugs").code == 0


def test_a_damaged_warehouse(synced: User) -> None:
    synced.settings.warehouse_file.write_bytes(b"not a database" * 1000)
    result = synced("sql", "SELECT 1")
    assert (result.code, result.out) == (2, "")
    assert "`daybook sync` rebuilds it" in result.complaint
    assert synced("doctor").code == 1


def test_a_lake_that_cannot_be_written(user: User, tmp_path: Path) -> None:
    """A file where a folder must be stands for a full disk: root may write to anything else."""
    (user.lake / "raw").write_text("in the way")
    path = tmp_path / "march.txt"
    path.write_text(settlement())
    result = user("import", "amazon", path, "--connection", "mugs")
    assert (result.code, result.out) == (3, "")
    assert str(user.lake / "raw") in result.complaint


def test_an_unforeseen_fault_leaves_its_details_in_a_file(
    prepared: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_registry: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr("connectors.database.registry.connections.Connections.list", broken)
    result = prepared("connections", "list")
    assert (result.code, result.out) == (3, "")
    log = prepared.home / "errors.log"
    assert result.complaint == (
        f"a fault of Daybook: ZeroDivisionError: by nothing: the details are in {log}"
    )
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
