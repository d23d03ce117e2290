"""Orders, payments, products and contacts: read from accounts, and normalised.

One step reads every stream that a connection's owner chose, and writes what is of no day; another
one writes orders, their lines and payments, connection x day.
"""

import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.metadata import version

import dagster as dg
import duckdb

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from mappings import order_tables
from mappings.columns import Table
from pipelines.assets.chain import GROUP as CORE
from pipelines.assets.descriptions import OWNERS, column_schema, rules_version
from pipelines.assets.raw import GROUP as RAW_GROUP
from pipelines.assets.raw import RERUN_HELPS
from pipelines.assets.windows import each_connection, failure
from pipelines.checks import (
    CONTACTS,
    IN_DATE,
    ORDER_LINES,
    ORDERS,
    PAYMENTS,
    PRODUCTS,
    RECORD_CHECKS,
    STREAM_ASSETS,
)
from pipelines.checks.specs import check_specs
from pipelines.interrupts import interruption_in_words
from pipelines.names import IMPORT_RECORDS, NORMALISE_ORDERS
from pipelines.partitions import CONNECTION, NO_PARTITION_BY_NAME, connections
from pipelines.recorder import Recorder
from pipelines.resources import Daybook
from pipelines.stages.results import DayResult
from pipelines.stages.workspace import Workspace

# Not `core`: a backfill of that group is one of days, and these have none.
_CATALOGUE = "catalogue"
_WORDS = {
    "orders": "Orders with their lines, as the platform states them, without personal data.",
    "payments": "Payments, where the platform lists them apart from orders.",
    "products": "Listings as the platform states them.",
    "contacts": "Customers as the platform states them, as pseudonyms.",
}


def _spec(
    name: str,
    group: str,
    description: str,
    partitions: dg.PartitionsDefinition,
    table: Table,
    deps: Sequence[dg.AssetDep | str] = (),
) -> dg.AssetSpec:
    return dg.AssetSpec(
        name,
        deps=deps,
        description=description,
        skippable=True,
        group_name=group,
        owners=OWNERS,
        kinds={"api", "parquet"} if group == RAW_GROUP else {"duckdb", "parquet"},
        code_version=version("daybook") if group == RAW_GROUP else rules_version(),
        metadata=column_schema(table),
        partitions_def=partitions,
    )


_IMPORTED = [
    *(
        _spec(STREAM_ASSETS[name], RAW_GROUP, words, connections, order_tables.raw_table(name))
        for name, words in _WORDS.items()
    ),
    _spec(
        PRODUCTS,
        _CATALOGUE,
        "Every listing with its SKU and who ships it.",
        connections,
        order_tables.PRODUCTS,
        (STREAM_ASSETS["products"],),
    ),
    _spec(
        CONTACTS,
        _CATALOGUE,
        "Every buyer as a pseudonym: customers with an account, and guests.",
        connections,
        order_tables.CONTACTS,
        (STREAM_ASSETS["contacts"], STREAM_ASSETS["orders"]),
    ),
]

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.BetaWarning)

    @dg.multi_asset(
        name="imported_records",
        specs=_IMPORTED,
        check_specs=check_specs([IN_DATE], connections),
        can_subset=True,
        partitions_def=connections,
    )
    def imported_records(
        context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
    ) -> Iterator[dg.MaterializeResult[None]]:
        """Read what changed of each stream that was chosen; the recorder says what was written."""
        yield from ()
        _import(context, daybook)


def _import(context: dg.AssetExecutionContext, daybook: Daybook) -> None:
    from connectors.errors import DaybookError, Transient, summary
    from connectors.home.redaction import clean_errors, redacted
    from pipelines.stages.listings import normalise_listings
    from pipelines.stages.order_events import record_listing_events
    from pipelines.stages.record_import import import_streams
    from pipelines.stages.stock import take_listed_costs
    from pipelines.stages.syncs import check_syncable

    slug, recorder = context.partition_key, Recorder(context)
    selected = {key.to_user_string() for key in context.selected_asset_keys}
    passes = False
    with daybook.open() as workspace, interruption_in_words(), clean_errors():
        registry = workspace.registry
        if CONNECTION not in context.run.tags:
            context.instance.add_run_tags(context.run_id, {CONNECTION: slug})
        with registry.activities.record(slug, IMPORT_RECORDS, 0, context.run_id) as outcome:
            try:
                connection = registry.connections.get(slug)
                check_syncable(connection)
                names = [name for name, asset in STREAM_ASSETS.items() if asset in selected]
                imported = import_streams(workspace, connection, daybook.clock(), names)
                for name, result in imported.items():
                    counts = {"records_read": result.read, "records_changed": result.changed}
                    recorder.materialised(STREAM_ASSETS[name], slug, counts)
                for table, rows in normalise_listings(workspace, connection).items():
                    if table not in selected:
                        continue
                    recorder.materialised(table, slug, {"dagster/row_count": rows})
                    if table == CONTACTS:
                        recorder.checked(IN_DATE, slug, _overdue(workspace, slug, daybook.clock()))
                if "products" in imported:
                    take_listed_costs(workspace, connection, daybook.clock())
                record_listing_events(workspace, connection, daybook.clock())
            except (DaybookError, OSError, duckdb.Error) as error:
                outcome.problem = redacted(summary(error))
                passes = isinstance(error, Transient)
            recorder.flush()
    if outcome.problem is not None:
        metadata = {RERUN_HELPS: True} if passes else {}
        raise dg.Failure(f"{slug}: {outcome.problem}", metadata, allow_retries=False)


def _overdue(workspace: Workspace, slug: str, now: datetime) -> str | None:
    """Return how many people's data is held past its date, in words; None where none is."""
    expired = sum(c.expired for c in workspace.registry.people.count(now) if c.connection == slug)
    if not expired:
        return None
    return f"personal data of {expired} people is past its date: run the job `upkeep`"


def order_chain(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Return orders, their lines and payments over connection x day, as one step."""
    raw = [
        dg.AssetDep(STREAM_ASSETS[name], partition_mapping=NO_PARTITION_BY_NAME)
        for name in ("orders", "payments")
    ]
    words = {
        ORDERS: ("Orders placed on the day, as they were when they last changed.", raw[:1]),
        ORDER_LINES: ("The lines of these orders.", raw[:1]),
        PAYMENTS: ("What was paid for these orders and given back, and payments alone.", raw),
    }
    specs = [
        _spec(table.name, CORE, words[table.name][0], partitions, table, words[table.name][1])
        for table in (order_tables.ORDERS, order_tables.ORDER_LINES, order_tables.PAYMENTS)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.multi_asset(
            name="order_chain",
            specs=specs,
            check_specs=check_specs(RECORD_CHECKS, partitions),
            can_subset=True,
            partitions_def=partitions,
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def normalise(
            context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
        ) -> Iterator[dg.MaterializeResult[None]]:
            """Write the run's days from the records that are stored; name the bad ones last."""
            yield from ()
            _normalise(context, daybook)

    return normalise


def _normalise(context: dg.AssetExecutionContext, daybook: Daybook) -> None:
    from pipelines.stages.order_events import record_order_events
    from pipelines.stages.records import normalise_records

    recorder = Recorder(context)
    selected = {key.to_user_string() for key in context.selected_asset_keys}

    def work(
        workspace: Workspace, connection: Connection, windows: Sequence[Window]
    ) -> Iterator[list[DayResult]]:
        imports = workspace.registry.record_imports
        waiting = imports.waiting_days(connection.slug)
        for window in windows:
            results = list(normalise_records(workspace, connection, list(window), selected))
            yield results
            failed = {result.day for result in results if result.failure}
            written = [day for day in window if day not in failed]
            # Before the days are taken off: a run that is killed here records them with the next.
            record_order_events(workspace, connection, written)
            finished = {d: n for d, n in waiting.items() if d in window and d not in failed}
            imports.finish_days(connection.slug, finished)

    with daybook.open() as workspace:
        failed = each_connection(context, workspace, recorder, work, NORMALISE_ORDERS)
    if failed:
        raise failure(failed)
