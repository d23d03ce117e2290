"""The code location: its name, and the server that loads it. Importing this imports no Dagster."""

import sys
from pathlib import Path
from typing import Final

# Part of every sensor's identity, so of what a home remembers: `workspace.yaml` has the same.
LOCATION: Final = "pipelines.definitions"


def code_server(socket: Path) -> list[str]:
    """Return the command of the one process that loads the definitions and starts runs."""
    options = ["--module-name", LOCATION, "--location-name", LOCATION, "--socket", str(socket)]
    return [sys.executable, "-m", "dagster", "api", "grpc", "--log-level", "warning", *options]
