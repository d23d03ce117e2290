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


def cut_off_days(workspace: Workspace, slug: str, days: Collection[date]) -> dict[date, str]:
    """Return those of some days whose stored records were cut off, each with what to do."""
    return {
        day: (
            f"{table}/{slug}/{day}.parquet was cut off: read its records again with "
            f"`daybook sync {slug} --from {day} --to {day}`"
        )
        for table in _RAW
        for day in sorted(workspace.lake.cut_off(table, slug) & set(days))
    }


def check_whole(workspace: Workspace, slug: str, days: Collection[date]) -> None:
    """Raise `Permanent`, with what to do, where a stored file of some days was cut off."""
    for reason in cut_off_days(workspace, slug, days).values():
        raise Permanent(reason)


def drop_cut_off(workspace: Workspace, slug: str, name: StreamName) -> bool:
    """Drop the file of a stream without days where it was cut off; return whether it was.

    Its platform lists everything once more when it is read from the beginning.
    """
    table = raw_table(name).name
    cut_off = set() if name in DATED else workspace.lake.cut_off(table, slug)
    for day in cut_off:
        workspace.lake.drop(table, slug, day)
    return bool(cut_off)


def prepare_to_read_again(workspace: Workspace, connection: Connection, window: Window) -> None:
    """Have orders and payments of a window read again; files of it that were cut off go first."""
    slug = connection.slug
    for table in _RAW:
        for day in workspace.lake.cut_off(table, slug):
            if day in window:
                workspace.lake.drop(table, slug, day)
    begin = midnight(window.start, connection.timezone)
    workspace.registry.record_imports.rewind(slug, DATED, begin)
