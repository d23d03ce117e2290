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
from contextlib import suppress
from pathlib import Path

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._daemon.controller import DagsterDaemonController, daemon_controller_from_instance
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

from pipelines.location import LOCATION

# As `dagster-webserver` has them unless told otherwise.
STATEMENT_MILLISECONDS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW = 15_000, 3600, 20
POLL_MILLISECONDS = 2000
# Pages that stay open must not keep it from stopping.
STOP_SECONDS = 3

# A code server that starts again says so itself; Dagster reads all definitions anew every minute.
CHECK_SECONDS, CHECKS_BETWEEN_REFRESHES = 5.0, 48

log = logging.getLogger(__name__)


def serve(pages: Path, prefix: str, code: Path) -> None:
    """Serve the instance of `DAGSTER_HOME` under `prefix` and run its daemon until interrupted.

    `pages` is the socket to listen on, and `code` is the code server's. The process ends with exit
    code 1 when a thread of the daemon dies: whoever watches it starts it again.
    """
    target = GrpcServerTarget(
        host="localhost", port=None, socket=str(code), location_name=LOCATION, use_ssl=False
    )
    # An instance each: the pages' statements are limited, and the daemon's are not.
    with (
        dg.DagsterInstance.get() as instance,
        dg.DagsterInstance.get() as daemon_instance,
        WorkspaceProcessContext(
            instance, workspace_load_target=target, version=__version__
        ) as context,
        daemon_controller_from_instance(daemon_instance, target, log_level="warning") as controller,
    ):
        instance.optimize_for_webserver(STATEMENT_MILLISECONDS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW)
        server = uvicorn.Server(
            uvicorn.Config(
                create_app_from_workspace_process_context(context, prefix, POLL_MILLISECONDS),
                uds=str(pages),
                log_level="warning",
                timeout_graceful_shutdown=STOP_SECONDS,
            )
        )
        watch = DaemonWatch(controller, server)
        watch.start()
        with suppress(KeyboardInterrupt):
            server.run()
    if watch.has_failed:
        raise SystemExit(1)


class DaemonWatch(threading.Thread):
    """Dagster's own loop over the threads of a daemon, with fewer rounds; it ends the server."""

    def __init__(self, controller: DagsterDaemonController, server: uvicorn.Server) -> None:
        super().__init__(name="daemon watch", daemon=True)
        self._controller = controller
        self._server = server
        self.has_failed = False

    def run(self) -> None:
        """Look after the daemon's threads and its workspace for as long as the process lives."""
        refreshed_at = time.time()
        try:
            for number in itertools.count(1):
                time.sleep(CHECK_SECONDS)
                self._controller.check_daemon_threads()
                if number % CHECKS_BETWEEN_REFRESHES == 0:
                    refreshed_at = self._controller.check_workspace_freshness(refreshed_at)
                    self._controller.check_daemon_heartbeats()
        except Exception:
            log.exception("the daemon failed")
            self.has_failed = True
            self._server.should_exit = True


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
