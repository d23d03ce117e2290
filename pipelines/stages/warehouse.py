"""The analysts' file from the lake and the outbox, one publisher at a time."""

import os

from connectors.database.registry import Publication
from connectors.home.settings import Settings
from connectors.lake.atomic import write_atomically
from mappings.tables import TABLES
from pipelines.stages.workspace import Workspace
from pipelines.warehouse import WarehouseReport, publish_warehouse
from pipelines.warehouse.schema import PUBLICATIONS

LOCK_SECONDS = 600.0
_COLUMNS = tuple(column.name for column in PUBLICATIONS.columns)


def source_stamp(workspace: Workspace) -> str | None:
    """Return what changes with the lake and the outbox; None while there is nothing to publish."""
    lake = workspace.settings.lake_folder
    # A rename into a connection's folder of a table changes that folder.
    changed = [
        entry.stat().st_mtime_ns
        for table in TABLES
        if (lake / table).is_dir()
        for entry in os.scandir(lake / table)
    ]
    if not changed:
        return None
    posted = workspace.registry.publications.changed_at()
    return f"{max(changed)} {posted.isoformat() if posted else '-'}"


def is_stale(workspace: Workspace) -> bool:
    """Return whether the warehouse is not known to hold what the lake and the outbox do."""
    published = published_stamp(workspace.settings)
    return published is None or published != source_stamp(workspace)


def published_stamp(settings: Settings) -> str | None:
    """Return the stamp of what the warehouse holds; None where there is no warehouse."""
    if not settings.warehouse_file.exists():
        return None
    try:
        return settings.warehouse_stamp_file.read_text()
    except OSError:
        return None


def publish(workspace: Workspace, *, rebuild: bool = False) -> WarehouseReport:
    """Bring `warehouse.duckdb` up to the lake; see `publish_warehouse`."""
    settings = workspace.settings
    with workspace.registry.lock("warehouse", LOCK_SECONDS):
        stamp = source_stamp(workspace)
        report = publish_warehouse(
            settings.lake_folder,
            settings.warehouse_file,
            [_row(p) for p in workspace.registry.publications.list(all_revisions=True)],
            rebuild=rebuild,
            threads=settings.threads,
            memory_limit=settings.memory_limit,
        )
        # Taken before: what changed meanwhile is published by the next one.
        write_atomically(settings.warehouse_stamp_file, (stamp or "").encode())
        return report


def _row(publication: Publication) -> tuple[object, ...]:
    """Return the columns of the warehouse's `publications`, in its order."""
    return tuple(getattr(publication, column) for column in _COLUMNS)
