"""The data chain: raw settlements, normalised transactions, settlements, daily journals.

One step writes all four, because a run covers a window of days and a bad day must stop alone. It
never posts anything.
"""

import warnings
from collections.abc import Iterator

import dagster as dg
from dagster._core.storage.tags import BACKFILL_ID_TAG

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from pipelines.assets.ranged import Failed, each_window, failure
from pipelines.checks import DATA_CHECKS, JOURNALS, NORMALISED, RAW, SETTLEMENTS, specs
from pipelines.jobs import DATA
from pipelines.partitions import connection_days
from pipelines.recording import Recorder
from pipelines.resources import Daybook
from pipelines.sensors.visits import SCHEDULED
from pipelines.stages.workspace import Workspace

GROUP = "books"
partitions = connection_days()

_SPECS = (
    (RAW, (), "Documents that cover the day, verified against what was stored when they arrived."),
    (NORMALISED, (RAW,), "One canonical money line per line of the documents: `transactions`."),
    (SETTLEMENTS, (NORMALISED,), "Statements that close on the day, with what they declare."),
    (JOURNALS, (NORMALISED, SETTLEMENTS), "One balanced entry per currency, held if unclear."),
)


def _asset_specs() -> list[dg.AssetSpec]:
    return [
        dg.AssetSpec(
            name,
            deps=deps,
            description=description,
            skippable=True,
            group_name=GROUP,
            kinds={"duckdb", "parquet"},
            partitions_def=partitions,
        )
        for name, deps, description in _SPECS
    ]


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)

    @dg.multi_asset(
        specs=_asset_specs(),
        check_specs=specs(DATA_CHECKS, partitions),
        can_subset=True,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def settlement_chain(
        context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Bring every selected asset up to date for the run's days; name the bad ones last."""
        from connectors.channels.sync_schedule import LOOKBACK
        from pipelines.assets.window import RECENT, WindowRun

        def bring_up_to_date(
            workspace: Workspace, connection: Connection, window: Window
        ) -> Failed:
            return WindowRun(
                workspace,
                connection,
                window,
                selected,
                recorder,
                daybook.listener,
                reach=reach,
                now=daybook.clock(),
                again=again,
            ).execute()

        yield from ()
        reach = LOOKBACK if SCHEDULED in context.run.tags else RECENT
        again = daybook.again or BACKFILL_ID_TAG in context.run.tags
        recorder = Recorder(context)
        selected = {key.to_user_string() for key in context.selected_asset_keys}
        with daybook.open() as workspace:
            bad = each_window(
                workspace,
                context.partition_keys,
                recorder,
                bring_up_to_date,
                what=DATA,
                run=context.run_id,
            )
        if bad:
            raise failure(bad)
