"""Connections with runs that have not ended: what these leave is requested afterwards."""

from collections.abc import Iterable

import dagster as dg

from pipelines.partitions import CONNECTION

UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def busy_connections(instance: dg.DagsterInstance, jobs: Iterable[str]) -> set[str]:
    """Return the connections that runs of these jobs are about, queued ones included."""
    return {
        run.tags[CONNECTION]
        for job in jobs
        for run in instance.get_runs(dg.RunsFilter(job_name=job, statuses=UNFINISHED))
        if CONNECTION in run.tags
    }
