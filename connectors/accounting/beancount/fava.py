"""Fava over the books: its command line, and what it says of itself once it runs.

Read-only, because its editor would fight the generated files, and on loopback, because it asks
nobody for a password. A `prefix` is the path under which somebody else shows it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

from connectors.accounting.beancount.programs import NOT_INSTALLED, find
from connectors.errors import ConfigError, Transient

LOOPBACK = "127.0.0.1"


def command(main_file: Path, port: int, prefix: str = "") -> list[str]:
    """The command line that serves the books; ConfigError when Fava is not installed."""
    program = find("fava")
    if program is None:
        raise ConfigError(NOT_INSTALLED.format("fava"))
    shown = ["--prefix", prefix] if prefix else []
    return [program, "--read-only", "-H", LOOPBACK, "-p", str(port), *shown, str(main_file)]


def address(port: int) -> str:
    """Where a browser finds it."""
    return f"http://{LOOPBACK}:{port}/"


def ready(port: int, timeout: float = 2.0, prefix: str = "") -> bool:
    """True once Fava answers on its port."""
    try:
        ledger_errors(port, timeout, prefix)
    except Transient:
        return False
    return True


def ledger_errors(port: int, timeout: float = 10.0, prefix: str = "") -> tuple[str, ...]:
    """What Fava finds wrong with the books; Transient when it does not answer."""
    try:
        # The ledger's own address is made of its title; the front page leads there.
        with _get(port, f"{prefix}/", timeout) as answer:
            front = urlsplit(answer.getheader("Location", "")).path.removeprefix(prefix)
        slug = front.strip("/").split("/")[0]
        with _get(port, f"{prefix}/{slug}/api/errors", timeout) as answer:
            found = json.loads(answer.read())["data"]
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise Transient(f"Fava does not answer on {address(port)}: {error}") from error
    return tuple(str(it["message"]) for it in found)


@contextmanager
def _get(port: int, path: str, timeout: float) -> Iterator[HTTPResponse]:
    connection = HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", path)
        yield connection.getresponse()
    finally:
        connection.close()
