"""Creation and repair of a home: folders, the master key, the server, the tables.

Every step is idempotent: what exists stays unchanged.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from connectors.accounts.keys import create_key
from connectors.accounts.vault import Vault
from connectors.database.postgres import DiskFull, ForeignLock, restore_password
from connectors.database.registry import Registry
from connectors.errors import BadInput, ConfigError
from connectors.home import dagster_yaml
from connectors.home.settings import Settings
from connectors.lake.atomic import write_atomically

Step = Callable[[Settings], Iterable[str]]


def initialise(settings: Settings, further: Iterable[Step] = ()) -> list[str]:
    """Create what the home lacks; return one line for each step that changed something.

    `further` steps run last; the first books are written by one of them.
    """
    steps: list[str] = []
    try:
        steps += _make_folders(settings)
        steps += _make_tables(settings)
        steps += _make_key(settings)
        steps += _make_dagster_yaml(settings)
    except FileExistsError as error:
        raise BadInput(f"{error.filename} is a file, not a folder: move it away") from error
    except PermissionError as error:
        raise ForeignLock(
            f"{error.filename} cannot be written: run daybook as the owner of {settings.home}"
        ) from error
    except OSError as error:
        if "No space left" in str(error):
            raise DiskFull(f"the disk of {settings.home} is full: free some space") from error
        raise BadInput(f"{settings.home} cannot be used as a home: {error}") from error
    for step in further:
        steps += step(settings)
    return steps


def _make_folders(settings: Settings) -> list[str]:
    steps = []
    # One of these shows that the folder is a home and not somebody's folder with other files.
    ours = [settings.postgres_folder, settings.dagster_home, settings.key_file.parent]
    home_is_ours = any(folder.exists() for folder in ours) or not _has_content(settings.home)
    folders = [settings.home, *ours[1:], settings.lake_folder]
    for folder in [*folders, settings.quarantine_folder, settings.scratch_folder]:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            steps.append(f"created {folder}")
    # Don't change the mode of a folder that is also used for other things.
    if home_is_ours and settings.home.stat().st_mode & 0o077:
        settings.home.chmod(0o700)
        steps.append(f"closed {settings.home} to other accounts")
    return steps


def _has_content(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _make_key(settings: Settings) -> list[str]:
    """Create a master key if there is none, and the proof that it opens the credentials.

    Raises `ConfigError` instead if credentials are sealed under a key that is missing.
    """
    steps = []
    path = settings.key_file
    with Registry.open(settings) as registry:
        vault = Vault(settings, registry)
        # A new key over lost credentials would hide that they are lost.
        if settings.master_key is None and not path.exists():
            if vault.owners():
                raise ConfigError(
                    f"the master key {path} is missing and credentials are sealed under it: "
                    "restore it from your copy, or run `daybook keys forget` and connect every "
                    "account again"
                )
            if create_key(settings):
                steps.append(f"created the master key {path}: keep a copy apart from the backups")
        vault.prepare()
    return steps


def _make_tables(settings: Settings) -> list[str]:
    created = settings.database_url is None and not (settings.postgres_folder / "data").exists()
    steps = []
    if settings.database_url is None and restore_password(settings):
        steps.append("gave the PostgreSQL server a new password: the file was lost")
    # Before the key: whether credentials are sealed under a lost key is in the registry.
    before = Registry.migrate(settings)
    if created:
        steps.append(f"created the PostgreSQL server in {settings.postgres_folder}")
    if before != Registry.head_version():
        steps.append(f"brought the registry to version {Registry.head_version()}")
    return steps


def _make_dagster_yaml(settings: Settings) -> list[str]:
    path = settings.dagster_home / "dagster.yaml"
    if dagster_yaml.state(path) in {"current", "edited"}:
        return []
    write_atomically(path, dagster_yaml.rendered().encode())
    return [f"wrote {path}"]
