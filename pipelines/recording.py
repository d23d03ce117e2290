"""What a step that covers many partitions tells Dagster: exactly what it wrote and checked.

Here belongs the record of a ranged run. Dagster itself can only say "this output, all partitions";
a step whose specs are `skippable` says nothing by itself, so that a `Recorder` is the only voice.
The step then returns, or raises one `dg.Failure(allow_retries=False)` last: partitions that were
recorded are materialised, the other ones of the run are failed.
"""

import json
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
from dagster._core.events import (
    AssetObservationData,
    DagsterEvent,
    DagsterEventType,
    StepMaterializationData,
)
from dagster._core.events.log import EventLogEntry

from connectors.home.redaction import redacted
from pipelines.storage import EventLogStorage
from pipelines.storage.retraction import Partition, Retraction

WITHDRAWN = "nothing supports it any more"

Metadata = Mapping[str, Any]
_Target = AssetCheckEvaluationTargetMaterializationData


@dataclass(frozen=True, slots=True)
class _Materialised:
    partition: str
    metadata: Metadata
    tags: Mapping[str, str] | None
    at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class _Checked:
    check_name: str
    partition: str
    passed: bool
    severity: dg.AssetCheckSeverity
    metadata: Metadata
    description: str | None
    at: float = field(default_factory=time.time)


class Recorder:
    """Collects what one step did, partition by partition, and stores it in few statements.

    `flush` may be called as often as the caller likes; nothing is stored before it.
    """

    def __init__(self, context: dg.AssetExecutionContext) -> None:
        self._storage = context.instance.event_log_storage
        self._assets = context.assets_def
        self._run_id = context.run.run_id
        self._job_name = context.run.job_name
        self._step_key = context.op_execution_context.get_step_execution_context().step.key
        self._materialised: dict[str, list[_Materialised]] = defaultdict(list)
        self._checked: dict[str, list[_Checked]] = defaultdict(list)
        self._absent: set[Partition] = set()
        self._untouched: set[Partition] = set()
        self._unjudged: set[tuple[str, str, str]] = set()

    def materialised(
        self,
        asset_key: str,
        partition: str,
        metadata: Metadata,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        """One partition of one asset was written. Each tag costs an index row: prefer metadata."""
        self._materialised[asset_key].append(_Materialised(str(partition), _clean(metadata), tags))

    def checked(
        self,
        asset_key: str,
        check_name: str,
        partition: str,
        passed: bool,
        *,
        severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.ERROR,
        metadata: Metadata | None = None,
        description: str | None = None,
    ) -> None:
        """One declared check was evaluated on one partition.

        The step itself holds back what a failed blocking check must hold back.
        """
        self._checked[asset_key].append(
            _Checked(
                check_name,
                str(partition),
                passed,
                severity,
                _clean(metadata or {}),
                description and redacted(description),
            )
        )

    def left_open(self, asset_key: str, partition: str) -> None:
        """Nothing supports this partition: it is neither materialised nor failed.

        What an earlier run materialised or failed there counts no more; that it was withdrawn
        stays on record as an observation.
        """
        self._absent.add((_stored(asset_key), str(partition)))

    def untouched(self, asset_key: str, partition: str) -> None:
        """This run left the partition as it was before, whatever that is."""
        self._untouched.add((_stored(asset_key), str(partition)))

    def unjudged(self, asset_key: str, check_name: str, partition: str) -> None:
        """A declared check has nothing to say of this partition, now or from earlier."""
        self._unjudged.add((_stored(asset_key), check_name, str(partition)))

    def flush(self) -> None:
        """Store everything collected so far: materialisations first, since checks point at them."""
        self._take_back()
        targets: dict[str, dict[str, _Target]] = {}
        for asset_key in self._materialised | self._checked:
            written = self._materialised[asset_key]
            if written:
                self._storage.store_event_batch([self._written(asset_key, w) for w in written])
            if partitions := {check.partition for check in self._checked[asset_key]}:
                targets[asset_key] = self._targets(asset_key, partitions)
        evaluations = [
            self._evaluated(asset_key, check, targets[asset_key].get(check.partition))
            for asset_key, checks in self._checked.items()
            for check in checks
        ]
        if isinstance(self._storage, EventLogStorage):
            if evaluations:
                self._storage.store_event_batch(evaluations)
        else:
            for evaluation in evaluations:
                self._storage.store_event(evaluation)
        self._materialised.clear()
        self._checked.clear()

    def _take_back(self) -> None:
        """Stock storage has no such thing: there the run's plans stay."""
        if isinstance(self._storage, EventLogStorage):
            taken = Retraction(self._absent, self._untouched, self._unjudged)
            withdrawn = self._storage.take_back(self._run_id, taken)
            if withdrawn:
                self._storage.store_event_batch([self._withdrawn(*w) for w in withdrawn])
        self._absent, self._untouched, self._unjudged = set(), set(), set()

    def _targets(self, asset_key: str, partitions: Iterable[str]) -> dict[str, _Target]:
        """The latest materialisation of each partition, of this run or of an earlier one.

        A check that does not point at it counts as not yet evaluated in the web server.
        """
        key = dg.AssetKey.from_user_string(asset_key)
        ids = self._storage.get_latest_storage_id_by_partition(
            key, DagsterEventType.ASSET_MATERIALIZATION, partitions=set(partitions)
        )
        mine = {written.partition: written for written in self._materialised[asset_key]}
        earlier = [storage_id for partition, storage_id in ids.items() if partition not in mine]
        targets = {
            partition: _Target(
                storage_id=storage_id, run_id=self._run_id, timestamp=mine[partition].at
            )
            for partition, storage_id in ids.items()
            if partition in mine
        }
        return targets | self._earlier(key, earlier)

    def _earlier(self, key: dg.AssetKey, storage_ids: Sequence[int]) -> dict[str, _Target]:
        if not storage_ids:
            return {}
        records = self._storage.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=key, storage_ids=list(storage_ids)),
            limit=len(storage_ids),
        ).records
        return {
            record.partition_key: _Target(
                storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp
            )
            for record in records
            if record.partition_key is not None
        }

    def _withdrawn(self, stored_key: str, partition: str) -> EventLogEntry:
        key = dg.AssetKey(json.loads(stored_key))
        observation = dg.AssetObservation(key, partition=partition, description=WITHDRAWN)
        return self._entry(
            DagsterEventType.ASSET_OBSERVATION,
            AssetObservationData(observation),
            f"Withdrew {key.to_user_string()}, partition {partition}: {WITHDRAWN}.",
            time.time(),
        )

    def _written(self, asset_key: str, written: _Materialised) -> EventLogEntry:
        materialisation = dg.AssetMaterialization(
            asset_key=dg.AssetKey.from_user_string(asset_key),
            partition=written.partition,
            metadata=written.metadata,
            tags=written.tags,
        )
        return self._entry(
            DagsterEventType.ASSET_MATERIALIZATION,
            StepMaterializationData(materialisation),
            f"Materialized value {asset_key}, partition {written.partition}.",
            written.at,
        )

    def _evaluated(self, asset_key: str, check: _Checked, target: _Target | None) -> EventLogEntry:
        key = dg.AssetKey.from_user_string(asset_key)
        spec = self._assets.get_spec_for_check_key(dg.AssetCheckKey(key, check.check_name))
        evaluation = AssetCheckEvaluation(
            asset_key=key,
            check_name=check.check_name,
            passed=check.passed,
            metadata=check.metadata,
            target_materialization_data=target,
            severity=check.severity,
            description=check.description,
            blocking=spec.blocking,
            partition=check.partition,
        )
        verdict = "passed" if check.passed else "did not pass"
        return self._entry(
            DagsterEventType.ASSET_CHECK_EVALUATION,
            evaluation,
            f"Asset check '{check.check_name}' on '{asset_key}' {verdict}: {check.partition}.",
            check.at,
        )

    def _entry(
        self,
        kind: DagsterEventType,
        data: StepMaterializationData | AssetObservationData | AssetCheckEvaluation,
        message: str,
        at: float,
    ) -> EventLogEntry:
        """An entry with what the web server reads; Dagster's own also repeat the step's handles."""
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


def _stored(asset_key: str) -> str:
    return dg.AssetKey.from_user_string(asset_key).to_string()
