"""Runs of the daemon as Dagster starts them, and whether the process of any run still lives.

Dagster's own launcher cannot tell. A run whose process was killed would stay `STARTED` for good,
and its place in the queue with it. Run monitoring asks here and fails such a run.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dagster as dg
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG, HIDDEN_TAG_PREFIX
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from connectors.database.registry import Registry
from connectors.errors import Transient
from connectors.home.settings import settings

# Of no use to a reader of the Runs page, where a tag of this kind is not shown.
PROCESS = f"{HIDDEN_TAG_PREFIX}daybook_process"


@contextmanager
def living_process() -> Iterator[Mapping[str, str]]:
    """Run tags that say who works; a lock says that it lives, and goes however it ends."""
    name = secrets.token_hex(8)
    with Registry.open(settings()) as registry, registry.lock(_lock(name), 0):
        yield {PROCESS: name}


class RunLauncher(DefaultRunLauncher):
    """Dagster's launcher, able to tell whether a run's process is there."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Return True, so that run monitoring asks for the process of every run."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Ask the code server that started the run, or look for the lock of the command line's."""
        # The daemon's runs are children of the code server; the command line's are itself.
        if GRPC_INFO_TAG in run.tags:
            lives = self._known_to_code_server(run.run_id)
        elif PROCESS in run.tags:
            lives = _is_locked(run.tags[PROCESS])
        else:
            # Started with Dagster's own tools: nothing tells whether it lives, so it is let be.
            return CheckRunHealthResult(WorkerStatus.RUNNING, "somebody else's run")
        if lives:
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "its process is gone")

    def _known_to_code_server(self, run_id: str) -> bool:
        client = self._get_grpc_client_for_termination(run_id)  # type: ignore[no-untyped-call]
        if client is None:
            return False
        try:
            response = client.can_cancel_execution(
                CanCancelExecutionRequest(run_id=run_id), timeout=10
            )
        except DagsterUserCodeUnreachableError:
            return False
        return deserialize_value(response, CanCancelExecutionResult).can_cancel


def _lock(name: str) -> str:
    return f"process {name}"


def _is_locked(name: str) -> bool:
    with Registry.open(settings()) as registry:
        try:
            with registry.lock(_lock(name), 0):
                return False
        except Transient:
            return True
