"""Files of records as they stand in the lake: those that were cut off, and reading them again."""

from collections.abc import Collection
from datetime import date
from typing import Final

from connectors.accounts.setup import StreamName
from connectors.database.registry import Connection
from connectors.errors import Permanent
from connectors.lake.windows import Window, midnight
from mappings.order_tables import raw_table
from pipelines.stages.workspace import Workspace

# What was made on a day stands in its file; products and contacts are of no day.
DATED: Final[tuple[StreamName, ...]] = ("orders", "payments")
_RAW: Final = tuple(raw_table(name).name for name in DATED)


def check_whole(workspace: Workspace, slug: str, days: Collection[date]) -> None:
    """Raise `Permanent`, with what to do, where a stored file of some days was cut off."""
    for table in _RAW:
        for day in sorted(workspace.lake.cut_off(table, slug) & set(days)):
            raise Permanent(
                f"{table}/{slug}/{day}.parquet was cut off: read its records again with "
                f"`daybook sync {slug} --from {day} --to {day}`"
            )


def prepare_to_read_again(workspace: Workspace, connection: Connection, window: Window) -> None:
    """Have orders and payments of a window read again; files of it that were cut off go first."""
    slug = connection.slug
    for table in _RAW:
        for day in workspace.lake.cut_off(table, slug):
            if day in window:
                workspace.lake.drop(table, slug, day)
    begin = midnight(window.start, connection.timezone)
    workspace.registry.record_imports.rewind(slug, DATED, begin)
