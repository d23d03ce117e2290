"""Generated files of the lake that were cut off or lost: the days are red until they are mended."""

from datetime import date

from connectors.database.registry import Connection
from connectors.database.registry.records import DayStateName
from mappings.tables import BOOKED
from pipelines.checks import COMPUTED, JOURNALS, SETTLEMENTS, TRANSACTIONS
from pipelines.stages.results import CheckResult, DayResult
from pipelines.stages.workspace import Workspace

_ASSETS = dict(zip((t.name for t in BOOKED), (TRANSACTIONS, SETTLEMENTS, JOURNALS), strict=True))


def damaged_files(workspace: Workspace, connection: Connection) -> dict[date, dict[str, str]]:
    """Return what is wrong with the files of days that are computed: by day, table -> reason."""
    slug, lake = connection.slug, workspace.lake
    states = workspace.registry.days.list(slug)
    computed = {state.day for state in states if state.state in {"done", "empty"}}
    damaged: dict[date, dict[str, str]] = {}
    for table in _ASSETS:
        present, cut = lake.days(table, slug), lake.cut_off(table, slug)
        for day in sorted(cut | (computed - present)):
            path = lake.partition(table, slug, day)
            fault = "is cut off" if day in cut else "is gone"
            reason = f"{path.relative_to(lake.folder)} {fault}: run `daybook sync {slug}`"
            damaged.setdefault(day, {})[table] = reason
    return damaged


def mark_damaged_days(workspace: Workspace, connection: Connection) -> list[DayResult]:
    """Leave damaged days as failed where their owner sees it; return them for Dagster's record."""
    damaged = damaged_files(workspace, connection)
    states: dict[date, tuple[DayStateName, str | None]] = {
        day: ("failed", next(iter(reasons.values()))) for day, reasons in damaged.items()
    }
    if states:
        workspace.registry.days.set_states(connection.slug, states)
    return [
        DayResult(
            _ASSETS[table], day, None, (CheckResult(COMPUTED[_ASSETS[table]], reason),), reason
        )
        for day, reasons in damaged.items()
        for table, reason in reasons.items()
    ]
