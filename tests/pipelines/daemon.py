"""A real code server over a home, the daemon's work, and what an operator asks of them.

The daemon looks at a backfill twice a minute. Here its own iterations are called in this process,
one after the other, so that a test need not wait; runs are processes of the code server as ever.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster._daemon.backfill import execute_backfill_iteration
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import (
    QueuedRunCoordinatorDaemon,
)
from dagster._daemon.sensor import execute_sensor_iteration
from dagster_graphql.test.utils import execute_dagster_graphql

UNFINISHED = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
WORKSPACE = Path(__file__).parents[2] / "workspace.yaml"

LAUNCH = """
mutation Launch($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
CANCEL = """
mutation Cancel($id: String!) {
  cancelPartitionBackfill(backfillId: $id) { __typename }
}
"""
BACKFILL = """
query Backfill($id: String!) {
  partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
    status error { message } runs(limit: 100) { id status }
  } }
}
"""

log = logging.getLogger("daybook.daemon")


class Operator:
    """Somebody at the web server's GraphQL API, and the daemon that does what was asked."""

    def __init__(self, context: WorkspaceProcessContext) -> None:
        self._context = context
        self._queue = QueuedRunCoordinatorDaemon(interval_seconds=1)

    def daemon_turn(self, *, sensors: bool = False) -> None:
        """One turn of the daemon: sensors where asked, backfills, the queue of runs."""
        errors: list[Any] = []
        if sensors:
            errors += execute_sensor_iteration(self._context, log, None, None)
        errors += execute_backfill_iteration(self._context, log)
        errors += self._queue.run_iteration(self._context)
        assert not [error for error in errors if error is not None]

    def ask(self, query: str, **variables: Any) -> Any:
        request = self._context.create_request_context()
        return execute_dagster_graphql(request, query, variables).data

    def backfill(self, assets: list[str], partitions: list[str]) -> str:
        """Ask for a backfill; returns its id."""
        params = {
            "assetSelection": [{"path": [asset]} for asset in assets],
            "partitionNames": partitions,
        }
        answer = self.ask(LAUNCH, params=params)["launchPartitionBackfill"]
        assert answer["__typename"] == "LaunchBackfillSuccess", answer
        return str(answer["backfillId"])

    def cancel(self, backfill: str) -> None:
        answer = self.ask(CANCEL, id=backfill)["cancelPartitionBackfill"]
        assert answer["__typename"] == "CancelBackfillSuccess", answer

    def state(self, backfill: str) -> Mapping[str, Any]:
        return dict(self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"])

    def finish(self, backfill: str, seconds: float = 120) -> str:
        """Wait for its end; returns its status."""
        final = "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED", "COMPLETED"
        deadline = time.monotonic() + seconds
        while (status := str(self.state(backfill)["status"])) not in final:
            assert time.monotonic() < deadline, f"the backfill is still {status}"
            self.daemon_turn()
            time.sleep(0.2)
        return status


@contextmanager
def operator(instance: dg.DagsterInstance) -> Iterator[Operator]:
    """A code server of its own and the API over it; both have ended when the database goes.

    A code server that loses its database while it looks after a run never stops.
    """
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(WORKSPACE)])) as context:
        try:
            yield Operator(context)
        finally:
            deadline = time.monotonic() + 60
            while instance.get_runs(dg.RunsFilter(statuses=UNFINISHED), limit=1):
                assert time.monotonic() < deadline, "a run does not end"
                time.sleep(0.2)
    context._grpc_server_registry.wait_for_processes()
