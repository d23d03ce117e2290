"""A data chain in miniature: how assets and checks that record by partition are declared.

The real chain in `pipelines.assets` has the same shape; here a day is bad when `Book` says so.
"""

import warnings
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg

from pipelines.checks import Check
from pipelines.recorder import Recorder

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)
    warnings.simplefilter("ignore", dg.PreviewWarning)

    connections = dg.DynamicPartitionsDefinition(name="connections")
    days = dg.DailyPartitionsDefinition(start_date="2024-01-01", end_date="2025-01-01")
    connection_days = dg.MultiPartitionsDefinition({"connection": connections, "day": days})

    CHAIN = ("raw_settlements", "transactions", "daily_journals", "published_journals")
    CHECKS = (
        Check("sums_to_declared_total", "raw_settlements", True, ""),
        Check("keys_are_unique", "transactions", True, ""),
        Check("conserves_raw_total", "transactions", True, ""),
        Check("every_line_is_classified", "transactions", False, ""),
        Check("entries_balance", "daily_journals", True, ""),
    )

    specs = [
        dg.AssetSpec(name, deps=CHAIN[:i][-1:], skippable=True, group_name="books")
        for i, name in enumerate(CHAIN)
    ]
    check_specs = [
        dg.AssetCheckSpec(
            check.name, asset=check.asset, blocking=check.blocking, partitions_def=connection_days
        )
        for check in CHECKS
    ]


class Books(dg.ConfigurableResource[Any]):
    """Which partitions fail, and at which asset: `{"shop|2024-01-03": "daily_journals"}`."""

    bad: Mapping[str, str]


def _materialise_day(
    recorder: Recorder, selected: set[str], partition: str, broken: str | None
) -> bool:
    """Write one day down the chain; stop at the first failure, as a blocking check would."""
    for asset in CHAIN:
        if asset not in selected:
            continue
        for check in CHECKS:
            if check.asset == asset:
                problem = "off" if asset == broken and check.blocking else None
                recorder.checked(check, partition, problem, {"difference": "0.00"})
        if asset == broken:
            return False
        recorder.materialised(asset, partition, {"dagster/row_count": 50, "total_eur": "12.34"})
    return True


with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)

    @dg.multi_asset(
        specs=specs,
        check_specs=check_specs,
        can_subset=True,
        partitions_def=connection_days,
        backfill_policy=dg.BackfillPolicy.single_run(),
    )
    def data_chain(
        context: dg.AssetExecutionContext, books: Books
    ) -> Iterator[dg.MaterializeResult[None]]:
        yield from ()  # a generator: Dagster takes `-> None` for one output
        recorder = Recorder(context)
        selected = {key.to_user_string() for key in context.selected_asset_keys}
        bad = [
            partition
            for partition in context.partition_keys
            if not _materialise_day(recorder, selected, partition, books.bad.get(partition))
        ]
        recorder.flush()
        if bad:
            raise dg.Failure(f"{len(bad)} days failed: {', '.join(bad[:5])}", allow_retries=False)


data_job = dg.define_asset_job("data", selection=dg.AssetSelection.assets(*CHAIN))


@dg.sensor(job=data_job)
def touched_days(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    """One request for a range: the tags are all that Dagster needs."""
    return dg.SensorResult(
        run_requests=[range_request("shop", date(2024, 1, 1), date(2024, 1, 9), "doc-1")],
        dynamic_partitions_requests=[connections.build_add_request(["shop"])],
    )


def range_tags(connection: str, first: date, last: date) -> dict[str, str]:
    """The tags of a run over `[first, last]` of one connection."""
    return {
        "dagster/asset_partition_range_start": f"{connection}|{first}",
        "dagster/asset_partition_range_end": f"{connection}|{last}",
    }


def range_request(connection: str, first: date, last: date, revision: str) -> dg.RunRequest:
    return dg.RunRequest(
        run_key=f"{connection}|{first}|{last}|{revision}", tags=range_tags(connection, first, last)
    )


def build_definitions(bad: dict[str, str] | None = None) -> dg.Definitions:
    return dg.Definitions(
        assets=[data_chain],
        jobs=[data_job],
        sensors=[touched_days],
        resources={"books": Books(bad=bad or {})},
        executor=dg.in_process_executor,
    )


defs = build_definitions()
