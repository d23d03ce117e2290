"""The version of the registry's schema: which one a database has, and bringing it up to date.

Alembic is imported only to migrate: opening the registry is part of every command.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, text

from connectors.database.postgres import REGISTRY_SCHEMA
from connectors.errors import ConfigError

# The first and the last migration; a test compares them with the folder.
FIRST = "0010"
HEAD = "0020"

MIGRATIONS = Path(__file__).parent / "migrations"


def current_version(engine: Engine) -> str | None:
    """Return the version that the database has; None before the first migration."""
    table = f"{REGISTRY_SCHEMA}.alembic_version"
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass(:table)"), {"table": table}) is None:
            return None
        version: str | None = connection.scalar(text(f"SELECT version_num FROM {table}"))
        return version


def refusal(current: str | None) -> ConfigError | None:
    """Return why a database of this version cannot be used, or None."""
    if current == HEAD:
        return None
    if current is None:
        return ConfigError("the registry has no tables yet: run `daybook init`")
    if current > HEAD:
        return ConfigError(
            f"the registry is at version {current}, this Daybook knows {HEAD}: install the newer "
            "Daybook that wrote it; `daybook init` never goes back"
        )
    if current < FIRST:
        return ConfigError(
            f"the registry is at version {current}, of before the first release: make a new home "
            "(DAYBOOK_HOME) with `daybook init` and import your files there again"
        )
    return ConfigError(f"the registry is at version {current} of {HEAD}: run `daybook init`")


def upgrade(engine: Engine) -> str | None:
    """Run the missing migrations, one process at a time; gives back the version before.

    ConfigError when the database is ahead, or of before the first release.
    """
    with engine.begin() as connection:
        # Before the version is read: a second process must see what the first one made of it.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('daybook migrate'))"))
        current = current_version(engine)
        refused = refusal(current)
        if refused is not None and current is not None and (current > HEAD or current < FIRST):
            raise refused
        if current != HEAD:
            _run_migrations(connection)
    return current


def _run_migrations(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    # Alembic's settings are interpolated, where a percent sign of a path begins a name.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
