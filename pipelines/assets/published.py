"""Journals to the books: its own step in its own job, so that a data backfill never posts."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Final

import dagster as dg

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from pipelines.assets.bean_check import BEAN_CHECK, bean_check
from pipelines.assets.descriptions import OWNERS, column_schema, rules_version
from pipelines.assets.windows import each_connection, failure
from pipelines.checks import JOURNALS, PUBLISH_CHECKS, PUBLISHED
from pipelines.checks.specs import check_specs
from pipelines.names import PUBLISH
from pipelines.recorder import Recorder
from pipelines.resources import Daybook
from pipelines.stages.results import DayResult
from pipelines.stages.workspace import Workspace
from pipelines.warehouse.schema import PUBLICATIONS

GROUP: Final = "ledger"
POOL: Final = "books"


def publish_journals(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Return the posting step over connection x day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.multi_asset(
            name="publish_journals",
            specs=[
                dg.AssetSpec(
                    PUBLISHED,
                    deps=[JOURNALS],
                    description="The day's entries in the Beancount books.",
                    skippable=True,
                    group_name=GROUP,
                    owners=OWNERS,
                    kinds={"beancount"},
                    code_version=rules_version(),
                    metadata=column_schema(PUBLICATIONS),
                    partitions_def=partitions,
                )
            ],
            check_specs=[
                *check_specs(PUBLISH_CHECKS, partitions),
                dg.AssetCheckSpec(
                    BEAN_CHECK.name,
                    asset=PUBLISHED,
                    description="Beancount's own checker accepts the books as a whole.",
                ),
            ],
            can_subset=True,
            partitions_def=partitions,
            backfill_policy=dg.BackfillPolicy.single_run(),
            # The books are one folder: two runs would write its files at once.
            pool=POOL,
        )
        def post(
            context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
        ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
            """Bring the books up to the plan for the run's days and read them back."""
            yield from _post(context, daybook)

    return post


def _post(context: dg.AssetExecutionContext, daybook: Daybook) -> Iterator[dg.AssetCheckResult]:
    # Imported by the step alone: loading the code location must stay quick.
    from pipelines.stages.books import post_days

    def work(
        workspace: Workspace, connection: Connection, windows: Sequence[Window]
    ) -> Iterator[list[DayResult]]:
        for window in windows:
            yield post_days(workspace, connection, window)
            daybook.progress(connection.slug, PUBLISHED, window.days)

    recorder = Recorder(context)
    with daybook.open() as workspace:
        failed = each_connection(context, workspace, recorder, work, PUBLISH)
        # Once a run: it reads the whole books, which takes seconds.
        if BEAN_CHECK in context.selected_asset_check_keys:
            yield bean_check(workspace)
    if failed:
        raise failure(failed)
