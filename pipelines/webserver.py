"""`python -m pipelines.webserver`: Dagster's pages and its daemon in one process, for `daybook up`.

The pages are on a Unix socket, for the console alone: `dagster-webserver` listens on TCP and asks
nobody who they are, and on a port any page in a browser on this machine could drive it. Pages and
daemon share the memory that Dagster takes, and the code server that another process is.
"""

import itertools
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import uvicorn
from dagster._core.remote_origin import GrpcServerCodeLocationOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._daemon.controller import DagsterDaemonController, create_daemons_from_instance
from dagster._grpc import server_watcher
from dagster._utils.log import configure_loggers
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from connectors.home.unix_sockets import listens_on
from connectors.home.web_server import WebServer
from pipelines.location import LOCATION

# As `dagster-webserver` has them unless told otherwise.
STATEMENT_MILLISECONDS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW = 15_000, 3600, 20
POLL_MILLISECONDS = 2000
# Pages that stay open must not keep it from stopping.
STOP_SECONDS = 3

# Nothing changes the definitions of a server that runs; stock, all are read anew every minute.
CHECK_SECONDS, CHECKS_BETWEEN_REFRESHES = 5.0, 24
CODE_SERVER_SECONDS = 30.0
# Stock, it is asked every second whether it is another one. So long may pages be out of date.
WATCH_SECONDS = 3

log = logging.getLogger(__name__)


def serve(pages: Path, prefix: str, code: Path) -> None:
    """Serve the instance of `DAGSTER_HOME` under `prefix` and run its daemon until interrupted.

    `pages` is the socket to listen on, and `code` is the code server's. The process ends with exit
    code 1 when a thread of the daemon dies: whoever watches it starts it again.
    """
    target = GrpcServerTarget(
        host="localhost", port=None, socket=str(code), location_name=LOCATION, use_ssl=False
    )
    await_code_server(code)
    server_watcher.WATCH_INTERVAL = WATCH_SECONDS
    # An instance each: the pages' statements are limited, and the daemon's are not.
    with (
        dg.DagsterInstance.get() as instance,
        dg.DagsterInstance.get() as daemon_instance,
        WorkspaceProcessContext(
            instance, workspace_load_target=target, version=__version__
        ) as context,
        daemon_running(daemon_instance, target) as daemon,
    ):
        instance.optimize_for_webserver(STATEMENT_MILLISECONDS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW)
        server = WebServer(
            uvicorn.Config(
                create_app_from_workspace_process_context(context, prefix, POLL_MILLISECONDS),
                uds=str(pages),
                log_level="warning",
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        watch = DaemonWatch(daemon, server)
        watch.start()
        with suppress(KeyboardInterrupt):
            server.run()
    if watch.has_failed:
        raise SystemExit(1)


class UnwatchedContext(WorkspaceProcessContext):
    """The daemon's view of a code server that the pages' own watches already.

    To watch is to open a channel every second. The daemon opens one for whatever it asks, so that
    it finds a server that started again without being told.
    """

    def _start_watch_thread(self, origin: GrpcServerCodeLocationOrigin) -> None:
        """Start none."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """Dagster's daemons at work, and the workspace that they see."""

    controller: DagsterDaemonController
    context: WorkspaceProcessContext

    @property
    def is_blind(self) -> bool:
        """Return whether the definitions could not be read when they were read last."""
        entries = self.context.create_request_context().get_code_location_entries()
        return any(entry.load_error is not None for entry in entries.values())


@contextmanager
def daemon_running(instance: dg.DagsterInstance, target: GrpcServerTarget) -> Iterator[Daemon]:
    """Run the daemons that the instance's settings ask for, as `dagster-daemon run` does."""
    configure_loggers(handler="default", log_level="WARNING")
    with ExitStack() as stack:
        daemons = [stack.enter_context(d) for d in create_daemons_from_instance(instance)]
        context = stack.enter_context(UnwatchedContext(instance, workspace_load_target=target))
        yield Daemon(stack.enter_context(DagsterDaemonController(context, daemons)), context)


class DaemonWatch(threading.Thread):
    """Dagster's own loop over the threads of a daemon, with fewer rounds; it ends the server."""

    def __init__(self, daemon: Daemon, server: uvicorn.Server) -> None:
        super().__init__(name="daemon watch", daemon=True)
        self._daemon = daemon
        self._server = server
        self.has_failed = False

    def run(self) -> None:
        """Look after the daemon's threads and its workspace for as long as the process lives."""
        try:
            for number in itertools.count(1):
                time.sleep(CHECK_SECONDS)
                self._daemon_check(is_due=number % CHECKS_BETWEEN_REFRESHES == 0)
        # Whatever it was: a process that ends is started again, and one that hangs is not.
        except Exception:
            log.exception("the daemon failed")
            self.has_failed = True
            self._server.should_exit = True

    def _daemon_check(self, *, is_due: bool) -> None:
        self._daemon.controller.check_daemon_threads()
        if is_due:
            self._daemon.controller.check_daemon_heartbeats()
        # A code server that was still starting is asked again at the next check, not in minutes.
        if is_due or self._daemon.is_blind:
            self._daemon.context.refresh_workspace()


def await_code_server(code: Path) -> None:
    """Wait until the code server listens, or long enough to say on the pages that it does not."""
    deadline = time.monotonic() + CODE_SERVER_SECONDS
    while time.monotonic() < deadline and not listens_on(code):
        time.sleep(0.1)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
