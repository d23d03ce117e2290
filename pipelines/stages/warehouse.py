"""The analysts' file from the lake and the outbox, one publisher at a time."""

from connectors.registry import Publication
from pipelines.stages.workspace import Workspace
from pipelines.warehouse import WarehouseReport, publish_warehouse
from pipelines.warehouse.schema import PUBLICATIONS

LOCK_SECONDS = 600.0
_COLUMNS = tuple(column.name for column in PUBLICATIONS.columns)


def publish(workspace: Workspace, *, rebuild: bool = False) -> WarehouseReport:
    """Bring `warehouse.duckdb` up to the lake; see `publish_warehouse`."""
    settings = workspace.settings
    with workspace.registry.lock("warehouse", LOCK_SECONDS):
        return publish_warehouse(
            settings.lake_folder,
            settings.warehouse_file,
            [_row(p) for p in workspace.registry.publications(all_revisions=True)],
            rebuild=rebuild,
            threads=settings.threads,
            memory_limit=settings.memory_limit,
        )


def _row(publication: Publication) -> tuple[object, ...]:
    """The columns of the warehouse's `publications`, in its order."""
    return tuple(getattr(publication, column) for column in _COLUMNS)
