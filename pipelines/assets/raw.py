"""Fetching: what a connected account's platform has, stored in the lake, one connection a run."""

import warnings
from collections.abc import Iterator
from importlib.metadata import version

import dagster as dg

from pipelines.assets.descriptions import OWNERS
from pipelines.assets.windows import alone
from pipelines.checks import FETCHED, RAW
from pipelines.checks.specs import check_specs
from pipelines.interrupts import interruption_in_words
from pipelines.names import FETCH
from pipelines.partitions import CONNECTION, connections
from pipelines.resources import Daybook

GROUP = "raw"
SCHEDULED = "daybook/scheduled_sync"
RERUN_HELPS = "a_rerun_may_help"


class FetchConfig(dg.Config):
    """Days to fetch again whatever is stored of them, both included; none is what is new."""

    first_day: str | None = None
    last_day: str | None = None


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    warnings.simplefilter("ignore", dg.PreviewWarning)

    @dg.asset(
        name=RAW,
        partitions_def=connections,
        group_name=GROUP,
        owners=OWNERS,
        kinds={"api", "zstd"},
        code_version=version("daybook"),
        check_specs=check_specs([FETCHED], connections),
        description=(
            "Settlement documents of a connection, verbatim. A connected account is asked for what "
            "is new; files are recorded here when their days are computed."
        ),
    )
    def raw_settlements(
        context: dg.AssetExecutionContext, config: FetchConfig, daybook: dg.ResourceParam[Daybook]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Fetch what is new, ask for the days that it touches, and schedule the next sync."""
        from connectors.channels.sync_schedule import LOOKBACK as DAILY_LOOKBACK
        from connectors.errors import DaybookError, Transient, summary
        from connectors.home.redaction import clean_errors, redacted
        from connectors.lake.windows import Window
        from pipelines.stages.fetch import LOOKBACK
        from pipelines.stages.syncs import check_syncable, fetch_window, sync_account

        slug = context.partition_key
        # The daily sync looks for late data of a month; somebody who waits gets a short one.
        lookback = DAILY_LOOKBACK if SCHEDULED in context.run.tags else LOOKBACK
        with daybook.open() as workspace, interruption_in_words(), clean_errors():
            registry = workspace.registry
            # Somebody launched the run in the Dagster UI, which sets no tags of ours.
            if CONNECTION not in context.run.tags:
                context.instance.add_run_tags(context.run_id, {CONNECTION: slug})
            window: Window | None = fetch_window(config.first_day, config.last_day)
            days = window.days if window else 0
            with (
                alone(registry, slug),
                registry.activities.record(slug, FETCH, days, context.run_id) as outcome,
            ):
                try:
                    connection = registry.connections.get(slug)
                    check_syncable(connection)
                    result = sync_account(workspace, connection, daybook.clock(), lookback, window)
                except (DaybookError, OSError) as error:
                    outcome.problem = redacted(summary(error))
                    # Dagster retries nothing: the schedule does, and the command line reads this.
                    passes = isinstance(error, Transient)
        if outcome.problem is not None:
            metadata = {RERUN_HELPS: True} if passes else {}
            raise dg.Failure(f"{slug}: {outcome.problem}", metadata, allow_retries=False)
        problem = result.waiting or "; ".join(result.refused) or None
        yield dg.MaterializeResult(
            metadata={
                "state": "waiting" if result.waiting else "done",
                "new_documents": result.documents,
                "days_touched": len(result.days),
                **(
                    {"first_day": str(result.days[0]), "last_day": str(result.days[-1])}
                    if result.days
                    else {}
                ),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=FETCHED.name,
                    passed=problem is None,
                    # What came is whole and stays, whatever else was refused or had to wait.
                    severity=dg.AssetCheckSeverity.WARN,
                    description=problem,
                )
            ],
        )
