"""The PostgreSQL server that state lives in: embedded by default, one's own by URL."""

from connectors.database.postgres.errors import DiskFull, ForeignLock, WrongVersion
from connectors.database.postgres.server import (
    ensure_running,
    is_alive,
    is_running,
    restore_password,
    stop,
)
from connectors.database.postgres.urls import (
    DAGSTER_SCHEMA,
    REGISTRY_SCHEMA,
    dagster_database_url,
    database_url,
    ensure_database,
    explained,
)

__all__ = [
    "DAGSTER_SCHEMA",
    "REGISTRY_SCHEMA",
    "DiskFull",
    "ForeignLock",
    "WrongVersion",
    "dagster_database_url",
    "database_url",
    "ensure_database",
    "ensure_running",
    "explained",
    "is_alive",
    "is_running",
    "restore_password",
    "stop",
]
