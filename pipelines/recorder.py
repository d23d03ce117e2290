"""Records of steps that cover many partitions: exactly what each wrote and checked.

Dagster itself can only say "this output, all partitions"; a step whose specs are `skippable` says
nothing by itself, so that a `Recorder` is the only voice. The step then returns, or raises one
`dg.Failure(allow_retries=False)` last: partitions that were recorded are materialised, the other
ones of the run are failed.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluation,
    AssetCheckEvaluationTargetMaterializationData,
)
from dagster._core.events import DagsterEvent, DagsterEventType, StepMaterializationData
from dagster._core.events.log import EventLogEntry

from connectors.home.redaction import redacted
from pipelines.checks import Check
from pipelines.partitions import key
from pipelines.stages.results import DayResult
from pipelines.storage import EventLogStorage

Metadata = Mapping[str, Any]
_Target = AssetCheckEvaluationTargetMaterializationData


@dataclass(frozen=True, slots=True)
class _Materialised:
    partition: str
    metadata: Metadata
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class _Checked:
    check: Check
    partition: str
    problem: str | None
    metadata: Metadata
    at: float = field(default_factory=time.time)


class Recorder:
    """Collects what one step did, partition by partition, and stores it in few statements.

    `flush` may be called as often as the caller likes; nothing is stored before it. Of two
    evaluations of one check on one partition the later one counts.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._storage = context.instance.event_log_storage
        self._run_id = context.run.run_id
        self._job_name = context.run.job_name
        self._step_key = context.op_execution_context.get_step_execution_context().step.key
        self._materialised: dict[str, list[_Materialised]] = defaultdict(list)
        self._checked: dict[tuple[str, str, str], _Checked] = {}

    def record(self, connection: str, results: Iterable[DayResult]) -> None:
        """Collect what stages say of the days of one connection."""
        for result in results:
            partition = key(connection, result.day)
            if result.metadata is not None:
                self.materialised(result.asset, partition, result.metadata)
            for evaluation in result.checks:
                self.checked(evaluation.check, partition, evaluation.problem)

    def materialised(self, asset_key: str, partition: str, metadata: Metadata) -> None:
        """Collect one partition of one asset that was written."""
        self._materialised[asset_key].append(_Materialised(str(partition), _clean(metadata)))

    def checked(
        self,
        check: Check,
        partition: str,
        problem: str | None,
        metadata: Metadata | None = None,
    ) -> None:
        """Collect one evaluation of a check on one partition; it passed without a problem.

        The step itself holds back what a failed blocking check must hold back.
        """
        self._checked[check.asset, check.name, partition] = _Checked(
            check, str(partition), problem and redacted(problem), _clean(metadata or {})
        )

    def flush(self) -> None:
        """Store everything collected so far: materialisations first, since checks point at them."""
        for asset_key, written in self._materialised.items():
            # One statement for all days of an asset: single events cost 25-85 ms each.
            self._storage.store_event_batch([self._written(asset_key, w) for w in written])
        by_asset: dict[str, list[_Checked]] = defaultdict(list)
        for checked in self._checked.values():
            by_asset[checked.check.asset].append(checked)
        evaluations = []
        for asset_key, listed in by_asset.items():
            targets = self._targets(asset_key, {checked.partition for checked in listed})
            evaluations += [self._evaluated(c, targets.get(c.partition)) for c in listed]
        # Stock storages take no batch of evaluations.
        if isinstance(self._storage, EventLogStorage):
            if evaluations:
                self._storage.store_event_batch(evaluations)
        else:
            for evaluation in evaluations:
                self._storage.store_event(evaluation)
        self._materialised.clear()
        self._checked.clear()

    def _targets(self, asset_key: str, partitions: Iterable[str]) -> dict[str, _Target]:
        """Return the latest materialisation of each partition, of this run or of an earlier one.

        A check that does not point at it counts as not yet evaluated in the web server.
        """
        asset = dg.AssetKey.from_user_string(asset_key)
        ids = self._storage.get_latest_storage_id_by_partition(
            asset, DagsterEventType.ASSET_MATERIALIZATION, partitions=set(partitions)
        )
        own = {written.partition: written for written in self._materialised.get(asset_key, ())}
        # A check on a day that kept its file points at the run that wrote it.
        earlier = [storage_id for partition, storage_id in ids.items() if partition not in own]
        targets = {
            partition: _Target(
                storage_id=storage_id, run_id=self._run_id, timestamp=own[partition].at
            )
            for partition, storage_id in ids.items()
            if partition in own
        }
        return targets | self._earlier(asset, earlier)

    def _earlier(self, asset: dg.AssetKey, storage_ids: Sequence[int]) -> dict[str, _Target]:
        if not storage_ids:
            return {}
        records = self._storage.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=asset, storage_ids=list(storage_ids)),
            limit=len(storage_ids),
        ).records
        return {
            record.partition_key: _Target(
                storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
            )
            for record in records
            if record.partition_key is not None
        }

    def _written(self, asset_key: str, written: _Materialised) -> EventLogEntry:
        materialisation = dg.AssetMaterialization(
            asset_key=dg.AssetKey.from_user_string(asset_key),
            partition=written.partition,
            metadata=written.metadata,
        )
        return self._entry(
            DagsterEventType.ASSET_MATERIALIZATION,
            StepMaterializationData(materialisation),
            f"Materialized value {asset_key}, partition {written.partition}.",
            written.at,
        )

    def _evaluated(self, checked: _Checked, target: _Target | None) -> EventLogEntry:
        check, passed = checked.check, checked.problem is None
        evaluation = AssetCheckEvaluation(
            asset_key=dg.AssetKey.from_user_string(check.asset),
            check_name=check.name,
            passed=passed,
            metadata=checked.metadata,
            target_materialization_data=target,
            severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
            description=checked.problem,
            blocking=check.blocking,
            partition=checked.partition,
        )
        verdict = "passed" if passed else "did not pass"
        return self._entry(
            DagsterEventType.ASSET_CHECK_EVALUATION,
            evaluation,
            f"Asset check '{check.name}' on '{check.asset}' {verdict}: {checked.partition}.",
            checked.at,
        )

    def _entry(
        self,
        kind: DagsterEventType,
        data: StepMaterializationData | AssetCheckEvaluation,
        message: str,
        at: float,
    ) -> EventLogEntry:
        """Make an entry with what the web server reads; Dagster's own repeat the step's handles."""
        event = DagsterEvent(
            event_type_value=kind.value,
            job_name=self._job_name,
            event_specific_data=data,
            message=message,
            step_key=self._step_key,
        )
        return EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None,
            level="INFO",
            user_message="",
            run_id=self._run_id,
            timestamp=at,
            step_key=self._step_key,
            job_name=self._job_name,
            dagster_event=event,
        )


def _clean(metadata: Metadata) -> Metadata:
    return {name: redacted(v) if isinstance(v, str) else v for name, v in metadata.items()}
