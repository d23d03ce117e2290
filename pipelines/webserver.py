"""`python -m pipelines.webserver`: Dagster's pages on a Unix socket, for the console alone.

`dagster-webserver` listens on TCP alone and asks nobody who they are: on a port any page in a
browser on this machine could drive it.
"""

import sys
from pathlib import Path

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__

DEFINITIONS = "pipelines.definitions"
# As `dagster-webserver` has them unless told otherwise.
STATEMENT_MILLISECONDS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW = 15_000, 3600, 20
POLL_MILLISECONDS = 2000
# Pages that stay open must not keep it from stopping.
STOP_SECONDS = 3


def serve(path: Path, prefix: str) -> None:
    """Serve the instance of `DAGSTER_HOME` under `prefix` until interrupted."""
    with dg.DagsterInstance.get() as instance:
        instance.optimize_for_webserver(STATEMENT_MILLISECONDS, POOL_RECYCLE_SECONDS, POOL_OVERFLOW)
        target = ModuleTarget(
            module_name=DEFINITIONS, attribute=None, working_directory=None, location_name=None
        )
        with WorkspaceProcessContext(
            instance, workspace_load_target=target, version=__version__
        ) as context:
            application = create_app_from_workspace_process_context(
                context, prefix, POLL_MILLISECONDS
            )
            uvicorn.run(
                application,
                uds=str(path),
                log_level="warning",
                timeout_graceful_shutdown=STOP_SECONDS,
            )


if __name__ == "__main__":
    serve(Path(sys.argv[1]), sys.argv[2])
