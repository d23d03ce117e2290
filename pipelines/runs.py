"""Runs in words, and which of them work at this moment."""

from collections.abc import Iterator

import dagster as dg
from dagster._core.launcher import WorkerStatus

from pipelines.partitions import CONNECTION, DAYS

# A queued run is none of them: it has no process yet, and waits for the next start.
WORKING = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def described(run: dg.DagsterRun) -> str:
    """Name a run as a person looks for it: its job, store and days, and its number."""
    slug, days = run.tags.get(CONNECTION, ""), run.tags.get(DAYS, "")
    job = run.job_name.removesuffix("_job")
    subject = f" of {slug} {days}".rstrip() if slug else ""
    return f"the {job} run{subject} ({run.run_id[:8]})"


def working(instance: dg.DagsterInstance) -> Iterator[dg.DagsterRun]:
    """Yield the runs that are under way and whose process lives."""
    for run in instance.get_runs(dg.RunsFilter(statuses=WORKING)):
        launcher = instance.run_launcher
        alive = (
            not launcher.supports_check_run_worker_health
            or launcher.check_run_worker_health(run).status is not WorkerStatus.FAILED
        )
        if alive:
            yield run
