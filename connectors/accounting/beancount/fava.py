"""Fava over the books: its command line, and whether it is ready.

Read-only, because its editor would fight the generated files, and on a Unix socket, because it
requires no password: only the console reaches it, and serves it under `prefix`.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from connectors.accounting.beancount.programs import NOT_INSTALLED, find
from connectors.errors import ConfigError, Transient
from connectors.home.unix_sockets import UnixConnection

_LAUNCHER = Path(__file__).with_name("fava_socket.py")


def command(main_file: Path, path: Path, prefix: str = "") -> list[str]:
    """Return the command that serves the books at `path`; ConfigError without Fava."""
    program = find("fava")
    if program is None:
        raise ConfigError(NOT_INSTALLED.format("fava"))
    shown = ["--prefix", prefix] if prefix else []
    launched = [_interpreter(Path(program)), str(_LAUNCHER), str(path), program]
    return [*launched, "--read-only", *shown, str(main_file)]


def ready(path: Path, timeout: float = 2.0, prefix: str = "") -> bool:
    """Return True once Fava answers on its socket."""
    try:
        ledger_errors(path, timeout, prefix)
    except Transient:
        return False
    return True


def ledger_errors(path: Path, timeout: float = 10.0, prefix: str = "") -> tuple[str, ...]:
    """Return what Fava finds wrong with the books; Transient when it does not answer."""
    try:
        # The ledger's own address is made of its title; the front page leads there.
        with _get(path, f"{prefix}/", timeout) as answer:
            front = urlsplit(answer.getheader("Location", "")).path.removeprefix(prefix)
        slug = front.strip("/").split("/")[0]
        with _get(path, f"{prefix}/{slug}/api/errors", timeout) as answer:
            problems = json.loads(answer.read())["data"]
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise Transient(f"Fava does not answer on {path}: {error}") from error
    return tuple(str(problem["message"]) for problem in problems)


@contextmanager
def _get(path: Path, address: str, timeout: float) -> Iterator[HTTPResponse]:
    connection = UnixConnection(path, timeout)
    try:
        connection.request("GET", address)
        yield connection.getresponse()
    finally:
        connection.close()


def _interpreter(program: Path) -> str:
    """Return the Python of a program that is found on the PATH is not always ours."""
    with program.open("rb") as script:
        first = script.readline().decode(errors="replace").strip()
    named = first.removeprefix("#!").strip()
    return named if first.startswith("#!/") and Path(named).is_file() else sys.executable
