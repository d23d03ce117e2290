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
    names = set(jobs)
    return {
        run.tags[CONNECTION]
        for run in instance.get_runs(dg.RunsFilter(statuses=UNFINISHED))
        if run.job_name in names and CONNECTION in run.tags
    }
