"""The data chain: transactions, settlements, daily journals, connection x day.

One step writes all three, because a run covers a window of days and a bad day must stop alone. It
fetches nothing, and never posts anything.
"""

import warnings
from collections.abc import Iterator, Sequence
from typing import Final

import dagster as dg

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from mappings import tables
from pipelines.assets.descriptions import OWNERS, column_schema, rules_version
from pipelines.assets.windows import each_connection, failure
from pipelines.checks import DATA_CHECKS, JOURNALS, RAW, SETTLEMENTS, TRANSACTIONS
from pipelines.checks.specs import check_specs
from pipelines.names import DATA
from pipelines.partitions import NO_PARTITION_BY_NAME
from pipelines.recorder import Recorder
from pipelines.resources import Daybook
from pipelines.stages.results import DayResult
from pipelines.stages.workspace import Workspace

GROUP: Final = "core"

_SPECS = (
    (
        TRANSACTIONS,
        (dg.AssetDep(RAW, partition_mapping=NO_PARTITION_BY_NAME),),
        "One canonical money line per line of the documents that cover the day.",
        tables.TRANSACTIONS,
    ),
    (
        SETTLEMENTS,
        (TRANSACTIONS,),
        "Settlements that close on the day, with what they declare.",
        tables.SETTLEMENTS,
    ),
    (
        JOURNALS,
        (TRANSACTIONS, SETTLEMENTS),
        "One balanced entry per currency, held if unclear.",
        tables.JOURNAL_LINES,
    ),
)


def settlement_chain(partitions: dg.PartitionsDefinition) -> dg.AssetsDefinition:
    """Return the chain over connection x day, as one step."""
    specs = [
        dg.AssetSpec(
            name,
            deps=deps,
            description=description,
            skippable=True,
            group_name=GROUP,
            owners=OWNERS,
            kinds={"duckdb", "parquet"},
            code_version=rules_version(),
            metadata=column_schema(table),
            partitions_def=partitions,
        )
        for name, deps, description, table in _SPECS
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.multi_asset(
            name="settlement_chain",
            specs=specs,
            check_specs=check_specs(DATA_CHECKS, partitions),
            can_subset=True,
            partitions_def=partitions,
            # Without it a backfill of a year is 365 runs, and starting each takes seconds.
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def compute(
            context: dg.AssetExecutionContext, daybook: dg.ResourceParam[Daybook]
        ) -> Iterator[dg.MaterializeResult[None]]:
            """Bring every selected asset up to date for the run's days; name the bad ones last."""
            # A generator without outputs: the recorder alone reports what was written.
            yield from ()
            _compute(context, daybook)

    return compute


def _compute(context: dg.AssetExecutionContext, daybook: Daybook) -> None:
    from pipelines.stages.chain import compute_days
    from pipelines.stages.store import Store

    recorder = Recorder(context)
    selected = {key.to_user_string() for key in context.selected_asset_keys}

    def work(
        workspace: Workspace, connection: Connection, windows: Sequence[Window]
    ) -> Iterator[list[DayResult]]:
        events = workspace.registry.inbox.of_connection(connection.slug)
        _record_imports(recorder, workspace, connection, [e.document for e in events if e.document])
        store = Store.read(workspace, connection)
        for window in windows:
            yield compute_days(store, window, selected, daybook.progress)
        if events and JOURNALS in selected:
            days = [day for window in windows for day in window]
            # Only up to the event that was read: a document that came meanwhile keeps its request.
            workspace.registry.inbox.finish_days(connection.slug, days, events[-1].id)

    with daybook.open() as workspace:
        failed = each_connection(context, workspace, recorder, work, DATA)
    if failed:
        raise failure(failed)


def _record_imports(
    recorder: Recorder, workspace: Workspace, connection: Connection, documents: Sequence[str]
) -> None:
    """Record files that came since as a materialisation of the raw settlements, as a fetch is."""
    if not documents:
        return
    names = {m.document: m.name for m in workspace.lake.manifests(connection.slug)}
    files = [names[document] for document in documents if document in names]
    metadata = {
        "state": "done",
        "new_documents": len(documents),
        "files": ", ".join(files),
    }
    recorder.materialised(RAW, connection.slug, metadata)
