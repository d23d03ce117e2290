"""A real daemon and a real code server over a home, and what an operator asks of them."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_graphql.test.utils import execute_dagster_graphql

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
SENSORS = """
query Sensors($location: RepositorySelector!) {
  sensorsOrError(repositorySelector: $location) { ... on Sensors { results {
    name sensorState { id status }
  } } }
}
"""
STOP = "mutation Stop($id: String) { stopSensor(id: $id) { __typename } }"
START = "mutation Start($s: SensorSelector!) { startSensor(sensorSelector: $s) { __typename } }"
LOCATION = {"repositoryLocationName": "daybook", "repositoryName": "__repository__"}


class Operator:
    """Somebody at the web server's GraphQL API."""

    def __init__(self, context: WorkspaceProcessContext) -> None:
        self._context = context

    def ask(self, query: str, **variables: Any) -> Any:
        request = self._context.create_request_context()
        return execute_dagster_graphql(request, query, variables).data

    def backfill(self, assets: list[str], partitions: list[str]) -> str:
        """Ask for a backfill; returns its id."""
        params = {
            "assetSelection": [{"path": [asset]} for asset in assets],
            "partitionNames": partitions,
        }
        said = self.ask(LAUNCH, params=params)["launchPartitionBackfill"]
        assert said["__typename"] == "LaunchBackfillSuccess", said
        return str(said["backfillId"])

    def cancel(self, backfill: str) -> None:
        said = self.ask(CANCEL, id=backfill)["cancelPartitionBackfill"]
        assert said["__typename"] == "CancelBackfillSuccess", said

    def state(self, backfill: str) -> Mapping[str, Any]:
        return dict(self.ask(BACKFILL, id=backfill)["partitionBackfillOrError"])

    def finish(self, backfill: str, seconds: float = 120) -> str:
        """Wait for its end; returns its status."""
        final = "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED", "COMPLETED"
        wait_for(lambda: self.state(backfill)["status"] in final, seconds)
        return str(self.state(backfill)["status"])

    def stop_sensors(self) -> None:
        found = self.ask(SENSORS, location=LOCATION)["sensorsOrError"]["results"]
        for sensor in found:
            self.ask(STOP, id=sensor["sensorState"]["id"])

    def start_sensor(self, name: str) -> None:
        said = self.ask(START, s={**LOCATION, "sensorName": name})
        assert said["startSensor"]["__typename"] == "Sensor", said


@contextmanager
def operator(instance: dg.DagsterInstance) -> Iterator[Operator]:
    """A code server of its own and the API over it."""
    with WorkspaceProcessContext(instance, WorkspaceFileTarget([str(WORKSPACE)])) as context:
        yield Operator(context)


@contextmanager
def daemon(log: Path) -> Iterator[None]:
    """The daemon of the home that the environment names, stopped at the end."""
    program = Path(sys.executable).with_name("dagster-daemon")
    with log.open("ab") as out:
        process = subprocess.Popen(
            [program, "run", "-w", str(WORKSPACE)], stdout=out, stderr=out, cwd=WORKSPACE.parent
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(60)


def wait_for(true: Callable[[], Any], seconds: float = 60) -> Any:
    """Poll until something is true; returns it."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.2)
    return found
