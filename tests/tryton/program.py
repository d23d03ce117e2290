"""Tryton's own server, from PyPI in an environment of its own: it is run, and never imported."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson
from sqlalchemy import URL

from sandbox.browser import NO_TLS
from sandbox.server import bound

LOCK = Path(__file__).parents[1] / "readers" / "tryton.lock"
ENVIRONMENT = Path(sys.prefix) / "readers" / LOCK.stem
ADMINISTRATOR, PASSWORD = "admin", "administrator"
START_SECONDS = 60.0


def database_uri(url: URL, database: str) -> str:
    """A database's address as Tryton and PostgreSQL's programs take it."""
    host = {"host": url.query["host"]} if "host" in url.query else {}
    plain = url.set(drivername="postgresql", database=database, query=host)
    return plain.render_as_string(hide_password=False)


def arguments(program: str, *words: str) -> list[str]:
    """The command line of a program of Tryton's."""
    assert ENVIRONMENT.is_dir(), (
        f"`make test` installs {LOCK.name}; run it, or `make {ENVIRONMENT}/.installed`"
    )
    return [sys.executable, str(ENVIRONMENT / "bin" / program), *words]


def environment(uri: str, **more: str) -> dict[str, str]:
    """The environment of a program of Tryton's."""
    return {
        **os.environ,
        "PYTHONPATH": str(ENVIRONMENT),
        "TRYTOND_DATABASE_URI": uri,
        **more,
    }


@contextmanager
def running(uri: str, database: str, folder: Path) -> Iterator[str]:
    """Tryton's server for a database; yields its URL once it answers for it."""
    listener = bound()
    host, port = listener.getsockname()
    listener.close()
    settings, log = folder / "trytond.conf", folder / "trytond.log"
    settings.write_text(f"[web]\nlisten = {host}:{port}\n")
    command = arguments("trytond", "-c", str(settings), "-d", database)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=environment(uri), stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    url = f"http://{host}:{port}"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        # Its threads may wait for calls of the test's; its database goes with the test.
        process.kill()
        process.wait(20)


def _answers(url: str) -> bool:
    try:
        return httpx2.options(url, timeout=1, verify=NO_TLS).is_success
    except httpx2.TransportError:
        return False


@dataclass
class Administrator:
    """Calls of Tryton's administrator, who sets companies up and closes their periods."""

    url: str
    database: str
    context: dict[str, Any]
    authorization: str = ""

    @classmethod
    def login(cls, url: str, database: str) -> "Administrator":
        user = cls(url, database, {})
        basic = httpx2.BasicAuth(ADMINISTRATOR, PASSWORD)
        request = next(basic.auth_flow(httpx2.Request("POST", url)))
        user.authorization = request.headers["Authorization"]
        return user

    def call(self, method: str, *params: Any) -> Any:
        body = {"id": 0, "method": method, "params": [*params, self.context]}
        response = httpx2.post(
            f"{self.url}/{self.database}/rpc/",
            content=orjson.dumps(body),
            headers={"Content-Type": "application/json", "Authorization": self.authorization},
            timeout=120,
            verify=NO_TLS,
        )
        answer = response.raise_for_status().json()
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def wizard(self, name: str, *steps: tuple[str, dict[str, Any]]) -> None:
        """Go through a wizard, a state after the other."""
        session, _, _ = self.call(f"wizard.{name}.create")
        for state, data in steps:
            self.call(f"wizard.{name}.execute", session, data, state)
        self.call(f"wizard.{name}.delete", session)


def day(year: int, month: int, number: int) -> dict[str, Any]:
    """A date as Tryton's JSON has it."""
    return {"__class__": "date", "year": year, "month": month, "day": number}


def number(text: str) -> dict[str, str]:
    """A Decimal as Tryton's JSON has it."""
    return {"__class__": "Decimal", "decimal": text}
