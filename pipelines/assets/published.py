"""Journals to the books: its own step in its own job, so that a data backfill never posts."""

import warnings
from collections.abc import Iterator

import dagster as dg

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from pipelines.assets.bean_check import BEAN_CHECK, bean_check
from pipelines.assets.chain import GROUP, partitions
from pipelines.assets.ranged import Failed, each_window, failure
from pipelines.checks import JOURNALS, PUBLISH_CHECKS, PUBLISHED, specs
from pipelines.jobs import PUBLISH
from pipelines.recording import Recorder
from pipelines.resources import Daybook
from pipelines.stages.workspace import Workspace

POOL = "books"

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)

    @dg.multi_asset(
        specs=[
            dg.AssetSpec(
                PUBLISHED,
                deps=[JOURNALS],
                description="The day's entries as they stand in the Beancount books.",
                skippable=True,
                group_name=GROUP,
                kinds={"beancount"},
                partitions_def=partitions,
            )
        ],
        check_specs=[
            *specs(PUBLISH_CHECKS, partitions),
            dg.AssetCheckSpec(
                BEAN_CHECK.name,
                asset=PUBLISHED,
                description="Beancount's own checker accepts the books as a whole.",
            ),
        ],
        can_subset=True,
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )
    def publish_journals(
        context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Bring the books up to the plan for the run's days and read them back."""
        from pipelines.assets.posting import PostingRun

        def post(workspace: Workspace, connection: Connection, window: Window) -> Failed:
            return PostingRun(workspace, connection, window, recorder, daybook.listener).execute()

        recorder = Recorder(context)
        with daybook.open() as workspace:
            bad = each_window(
                workspace,
                context.partition_keys,
                recorder,
                post,
                what=PUBLISH,
                run=context.run_id,
            )
            if BEAN_CHECK in context.selected_asset_check_keys:
                yield bean_check(workspace)
        if bad:
            raise failure(bad)
