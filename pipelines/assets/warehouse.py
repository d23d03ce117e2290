"""The analysts' DuckDB file, brought up to date by one step at a time."""

from datetime import date

import dagster as dg

from pipelines.assets.descriptions import OWNERS, rules_version
from pipelines.assets.windows import failure
from pipelines.checks import JOURNALS, PUBLISHED, SETTLEMENTS, TRANSACTIONS
from pipelines.interrupts import interruption_in_words
from pipelines.recorder import Recorder
from pipelines.resources import Daybook
from pipelines.stages.workspace import Workspace

POOL = "warehouse"
# It reads what changed, whichever partition that is. Without this Dagster lists every day of every
# connection before each run, to note versions of them that nobody has given.
_NONE_BY_NAME = dg.SpecificPartitionsPartitionMapping([])


@dg.asset(
    deps=[
        dg.AssetDep(asset, partition_mapping=_NONE_BY_NAME)
        for asset in (TRANSACTIONS, SETTLEMENTS, JOURNALS, PUBLISHED)
    ],
    group_name="analytics",
    owners=OWNERS,
    code_version=rules_version(),
    kinds={"duckdb"},
    pool=POOL,
    description="`warehouse.duckdb`: tables and marts with comments, types and keys.",
)
def warehouse(
    context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
) -> dg.MaterializeResult[None]:
    """Publish what changed since the last time into a new file, and swap it in."""
    from pipelines.stages.warehouse import publish

    with interruption_in_words(), daybook.open() as workspace:
        # Before publishing: a file without these days would replace one that has them.
        _fail_damaged_days(context, workspace)
        report = publish(workspace)
    return dg.MaterializeResult(
        metadata={
            "partitions": report.partitions_total,
            "changed": report.changed,
            "removed": report.removed,
            "rebuilt": report.rebuilt,
            "seconds": report.seconds,
            **{f"rows_{table}": rows for table, rows in report.rows.items()},
        }
    )


def _fail_damaged_days(context: dg.AssetExecutionContext, workspace: Workspace) -> None:
    """Turn days red whose generated files were damaged; they would be missing in the warehouse."""
    from pipelines.stages.damage import mark_damaged_days

    recorder = Recorder(context)
    failed: dict[tuple[str, date], str] = {}
    for connection in workspace.registry.connections.list():
        results = mark_damaged_days(workspace, connection)
        recorder.record(connection.slug, results)
        failed |= {(connection.slug, r.day): r.failure for r in results if r.failure is not None}
    recorder.flush()
    if failed:
        raise failure(failed)
