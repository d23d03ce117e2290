"""Running a job over one window in this process, on the home's own Dagster instance.

The command line uses this; what it runs is recorded and shown by the web server like any other run.
"""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.tags import GRPC_INFO_TAG
from dagster_shared.error import SerializableErrorInfo

from connectors.errors import ConfigError
from connectors.home.settings import settings
from connectors.lake.windows import ONE_DAY, Window
from pipelines.assets.raw import RERUN_HELPS
from pipelines.checks import RAW
from pipelines.definitions import build_definitions
from pipelines.interrupts import interrupts_noted
from pipelines.names import FETCH, IMPORT_RECORDS
from pipelines.partitions import CONNECTIONS, connection_tags, range_tags
from pipelines.resources import Daybook
from pipelines.run_launcher import living_process
from pipelines.runs import described, working

# What happens is recorded on the instance; at the terminal it would drown the progress bar.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
# A run's output goes directly to the terminal. By default, four processes per run copy it there
# from files, and the progress bar would be drawn into these.
UNCAPTURED: Mapping[str, Any] = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
        "config": {},
    }
}


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """The end of a run; `problem` is its error, `passes` where a later run may succeed."""

    run_id: str
    ok: bool
    problem: str | None
    passes: bool = False


@contextmanager
def open_instance(connections: Sequence[str]) -> Iterator[dg.DagsterInstance]:
    """Yield the home's instance, which knows the partition keys of these connections.

    Raises `ConfigError` where its folder is gone: Dagster would make an instance of its own.
    """
    folder = settings().dagster_home
    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}: run `daybook init`")
    # Dagster reads it again in code that isn't given the instance.
    os.environ["DAGSTER_HOME"] = str(folder)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        home = InstanceRef.from_dir(str(folder), overrides=UNCAPTURED)
        with dg.DagsterInstance.from_ref(home) as instance:
            # The sensor adds these under `daybook up`; without it nobody else does.
            existing = set(instance.get_dynamic_partitions(CONNECTIONS))
            new = [slug for slug in connections if slug not in existing]
            if new:
                instance.add_dynamic_partitions(CONNECTIONS, new)
            yield instance


def run(
    instance: dg.DagsterInstance,
    job: str,
    connection: str | None = None,
    window: Window | None = None,
    daybook: Daybook | None = None,
) -> RunOutcome:
    """Execute a job here, over one window of one connection where it is partitioned."""
    tags: dict[str, str] = {}
    if connection is not None and window is not None:
        tags = range_tags(connection, window)
    return _execute(instance, job, daybook, tags=tags, reach=window)


def run_fetch(
    instance: dg.DagsterInstance,
    connection: str,
    window: Window | None = None,
    daybook: Daybook | None = None,
) -> RunOutcome:
    """Fetch here what a connection's account has; the days of a window whatever is stored."""
    config: dict[str, str] = {}
    if window is not None:
        config = {"first_day": str(window.start), "last_day": str(window.end - ONE_DAY)}
    return _execute(
        instance,
        FETCH,
        daybook,
        tags=connection_tags(connection),
        partition_key=connection,
        run_config={"ops": {RAW: {"config": config}}},
    )


def run_import(instance: dg.DagsterInstance, connection: str) -> RunOutcome:
    """Read here what changed in the streams of an account that its owner chose."""
    return _execute(
        instance,
        IMPORT_RECORDS,
        None,
        tags=connection_tags(connection),
        partition_key=connection,
    )


def _execute(
    instance: dg.DagsterInstance,
    job: str,
    daybook: Daybook | None,
    *,
    tags: Mapping[str, str],
    partition_key: str | None = None,
    reach: Window | None = None,
    run_config: Mapping[str, Any] = MappingProxyType({}),
) -> RunOutcome:
    with warnings.catch_warnings(), living_process() as process, interrupts_noted() as interrupted:
        warnings.simplefilter("ignore")
        result = (
            build_definitions(daybook, reach)
            .resolve_job_def(job)
            .execute_in_process(
                instance=instance,
                tags={**tags, **process},
                run_config={**_QUIET, **run_config},
                partition_key=partition_key,
                # The exception would be Dagster's; the step's own words are in the events.
                raise_on_error=False,
            )
        )
        # Dagster turns a signal into a failed run, after which the caller would start the next one.
        if interrupted():
            raise KeyboardInterrupt
    if result.success:
        return RunOutcome(result.run_id, ok=True, problem=None)
    return RunOutcome(result.run_id, False, _problem(result), _passes(result))


def working_runs(*, launched: bool = False) -> list[str]:
    """Name the runs of this home that are under way; only those that the daemon launched, if so."""
    with open_instance([]) as instance:
        return [
            described(run) for run in working(instance) if not launched or GRPC_INFO_TAG in run.tags
        ]


def _passes(result: dg.ExecuteInProcessResult) -> bool:
    """Tell whether a step said of its failure that a re-run may help."""
    return any(
        RERUN_HELPS in data.user_failure_data.metadata
        for event in result.all_events
        if event.is_step_failure and (data := event.step_failure_data).user_failure_data is not None
    )


def _problem(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return data.user_failure_data.description
            if data.error:
                # Dagster wraps what a step raised: its cause is the error itself.
                cause = data.error.cause or data.error
                return _words(cause)
        if event.is_failure and event.job_failure_data.error:
            return _words(event.job_failure_data.error)
    return "the run failed; see it in the Dagster UI"


def _words(error: SerializableErrorInfo) -> str:
    line = error.message.strip().splitlines()[0]
    kind, _, words = line.partition(": ")
    # Messages begin with their class: `connectors.errors.Transient: ...`.
    return words if words and kind.rpartition(".")[2] == error.cls_name else line
