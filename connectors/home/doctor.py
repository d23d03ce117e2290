"""Findings on a home, each with how to fix it.

Nothing is created or changed, except that an existing embedded server is started, as by every other
command.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from connectors.accounts.keys import read_keys
from connectors.accounts.vault import Vault
from connectors.database.postgres import (
    REGISTRY_SCHEMA,
    DiskFull,
    database_url,
    ensure_running,
    explained,
)
from connectors.database.registry import Registry, schema
from connectors.errors import ConfigError, DaybookError, summary
from connectors.home import dagster_yaml
from connectors.home.settings import Settings
from connectors.lake.temporary import left_behind

# Enough for a run's temporary files and the warehouse's second copy at an ordinary size.
_LEAST_FREE_BYTES = 200_000_000


@dataclass(frozen=True)
class Finding:
    """One finding; `mend` says what to do if it is not `ok`."""

    name: str
    ok: bool
    detail: str
    mend: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Return every finding, good and bad, in the order to fix them. Never raises."""
    if not settings.home.is_dir():
        return [Finding("home", False, f"{settings.home} does not exist", "run `daybook init`")]
    return [finding for look in _LOOKS for finding in _safely(look, settings)]


def _safely(look: Callable[[Settings], Iterator[Finding]], settings: Settings) -> Iterator[Finding]:
    name = look.__name__.removeprefix("_")
    try:
        yield from look(settings)
    except DaybookError as error:
        yield Finding(name, False, str(error), "see above")
    except Exception as error:  # noqa: BLE001 - whatever is broken, the other checks still run
        detail, _, mend = summary(error).rpartition(": ")
        yield Finding(name, False, detail or type(error).__name__, mend or "see the server's log")


def _home(settings: Settings) -> Iterator[Finding]:
    mode = settings.home.stat().st_mode & 0o777
    # The home holds credentials and sockets without a password of their own.
    if mode & 0o077:
        detail = f"{settings.home} is open to other accounts (mode {mode:04o})"
        yield Finding("home", False, detail, f"chmod 700 {settings.home}")
    elif not _is_writable(settings.home):
        detail = f"{settings.home} cannot be written"
        yield Finding("home", False, detail, "run daybook as its owner")
    else:
        yield Finding("home", True, str(settings.home))


def _disk(settings: Settings) -> Iterator[Finding]:
    folders = [settings.home, _existing(settings.lake_folder)]
    # One finding a file system; the home's own path names it if the lake shares it.
    for folder in {folder.stat().st_dev: folder for folder in reversed(folders)}.values():
        free = shutil.disk_usage(folder).free
        detail = f"{free // 1_000_000:,} MB free at {folder}"
        enough = free >= _LEAST_FREE_BYTES
        yield Finding("disk", enough, detail, "" if enough else "free some space")


def _postgres(settings: Settings) -> Iterator[Finding]:
    embedded = settings.database_url is None
    if not _has_database(settings):
        detail = "the embedded server was not created"
        yield Finding("postgres", False, detail, "run `daybook init`")
        return
    try:
        if embedded:
            ensure_running(settings)
        version = _registry_version(settings)
    except DaybookError as error:
        yield _database_finding(error)
        return
    yield Finding("postgres", True, "the embedded server runs" if embedded else "reachable")
    refused = schema.refusal(version)
    if refused is None:
        yield Finding("registry", True, f"version {version}")
    else:
        detail, _, mend = str(refused).partition(": ")
        yield Finding("registry", False, detail, mend)


def _has_database(settings: Settings) -> bool:
    return settings.database_url is not None or (settings.postgres_folder / "data").exists()


def _registry_version(settings: Settings) -> str | None:
    # Not `Registry.open`, which refuses a registry of another version instead of reporting it.
    engine = create_engine(database_url(settings, REGISTRY_SCHEMA), poolclass=NullPool)
    try:
        return schema.current_version(engine)
    except DBAPIError as error:
        raise explained(error, engine.url) from error
    finally:
        engine.dispose()


def _database_finding(error: DaybookError) -> Finding:
    # Errors that the owner can fix say how after their last colon.
    detail, _, mend = str(error).rpartition(": ")
    if detail and isinstance(error, ConfigError | DiskFull):
        return Finding("postgres", False, detail, mend)
    mend = "see postgres/server.log in the home, or correct DAYBOOK_DATABASE_URL"
    return Finding("postgres", False, str(error), mend)


def _key(settings: Settings) -> Iterator[Finding]:
    path = settings.key_file
    # Like ssh, refuse a key that other accounts could have read.
    if settings.master_key is None and path.exists() and path.stat().st_mode & 0o177:
        mode = path.stat().st_mode & 0o777
        yield Finding("key", False, f"{path} has mode {mode:04o}, not 0600", f"chmod 600 {path}")
        return
    try:
        keys_held = len(read_keys(settings).keys)
    except ConfigError as error:
        detail, _, mend = str(error).rpartition(": ")
        yield Finding("key", False, detail, f"{mend}, or run `daybook init` where none was in use")
        return
    where = str(path) if settings.master_key is None else "DAYBOOK_MASTER_KEY"
    if keys_held > 1:
        detail = f"{where} holds {keys_held} keys: a rotation was not finished"
        yield Finding("key", False, detail, "run `daybook keys rotate`")
    else:
        yield Finding("key", True, where)


def _credentials(settings: Settings) -> Iterator[Finding]:
    """Yield whether the master key opens stored credentials, unless other findings explain it."""
    if not _has_database(settings):
        return
    try:
        registry = Registry.open(settings)
    except DaybookError:
        return
    with registry:
        try:
            sealed = Vault(settings, registry).verify()
        except ConfigError as error:
            detail, _, mend = str(error).rpartition(": ")
            yield Finding("credentials", False, detail, mend)
            return
    yield Finding("credentials", True, f"of {len(sealed)} accounts, opened by the master key")


def _lake(settings: Settings) -> Iterator[Finding]:
    folder = settings.lake_folder
    if not folder.is_dir():
        yield Finding("lake", False, f"{folder} does not exist", "run `daybook init`")
        return
    if not _is_writable(folder):
        if os.statvfs(folder).f_flag & os.ST_RDONLY:
            yield Finding("lake", False, f"{folder} is mounted read-only", "mount it writable")
            return
        yield Finding("lake", False, f"{folder} cannot be written", "run daybook as its owner")
        return
    strays = list(left_behind(settings, everywhere=True))
    if strays:
        detail = f"{len(strays)} temporary files of processes that were killed, as {strays[0]}"
        mend = "the next `daybook sync` deletes them; delete by hand what then is left"
        yield Finding("lake", False, detail, mend)
    else:
        yield Finding("lake", True, str(folder))


def _warehouse(settings: Settings) -> Iterator[Finding]:
    path = settings.warehouse_file
    if not path.exists():
        yield Finding("warehouse", True, "not built yet")
        return
    # Imported on use: it takes longer to load than every other finding to make.
    import duckdb

    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.Error as error:
        reason = summary(error)
        kind = "is of another DuckDB version" if "version number" in reason else "cannot be read"
        # The file holds nothing that the lake doesn't.
        mend = f"delete {path}; the next run builds it from the lake"
        yield Finding("warehouse", False, f"{path} {kind}: {reason}", mend)
    else:
        yield Finding("warehouse", True, str(path))


def _dagster(settings: Settings) -> Iterator[Finding]:
    path = settings.dagster_home / "dagster.yaml"
    state = dagster_yaml.state(path)
    if state in {"absent", "outdated"}:
        yield Finding("dagster", False, f"{path} is {state}", "run `daybook init`")
        return
    try:
        parsed = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        detail = f"{path} is not YAML: {' '.join(str(error).split())}"
        yield Finding("dagster", False, detail, "correct it, or delete it and run `daybook init`")
        return
    missing = [name for name in _STORAGES if not isinstance(parsed, dict) or name not in parsed]
    if missing:
        mend = "add it, or delete the file and run `daybook init`"
        yield Finding("dagster", False, f"{path} has no {missing[0]}", mend)
    else:
        yield Finding("dagster", True, f"{path}{' (edited)' if state == 'edited' else ''}")


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


_STORAGES = ("event_log_storage", "run_storage", "schedule_storage")
_LOOKS = (_home, _disk, _postgres, _key, _credentials, _lake, _warehouse, _dagster)
