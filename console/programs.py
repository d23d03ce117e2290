"""Programs that one command runs together: started, awaited, watched, stopped.

Each has a log in the home. Where one dies the others are stopped, and the message names its log.
"""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from connectors.errors import Transient

START_SECONDS = 120.0
STOP_SECONDS = 20.0


@dataclass
class Service:
    """One program; `ready` says whether it does its work already, `folder` is where it runs."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None = None
    folder: Path | None = None
    process: subprocess.Popen[bytes] | None = None


@dataclass(frozen=True)
class Programs:
    """The programs of one command, with the environment they share."""

    logs: Path
    environment: Mapping[str, str]
    services: list[Service] = field(default_factory=list)

    def start(self, services: Iterable[Service]) -> None:
        """Start more programs; `await_ready` says when they can be used."""
        self.logs.mkdir(mode=0o700, exist_ok=True)
        for service in services:
            self.services.append(service)
            with self._log(service).open("ab") as log:
                # Its own session: Ctrl-C reaches us alone, and we stop children in order.
                service.process = subprocess.Popen(  # noqa: S603 - our own programs
                    service.command,
                    cwd=service.folder,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def await_ready(self) -> None:
        """Until every program answers; `Transient` for one that dies or never does."""
        for service in self.services:
            deadline = time.monotonic() + START_SECONDS
            while service.ready is not None and not service.ready():
                self._check(service)
                if time.monotonic() > deadline:
                    raise Transient(f"{service.name} does not answer; see {self._log(service)}")
                time.sleep(0.1)

    def check(self) -> None:
        """`Transient` when a program has died."""
        for service in self.services:
            self._check(service)

    def stop(self) -> None:
        """Ask every program to end, and wait; one that does not is ended."""
        started = [s.process for s in self.services if s.process is not None]
        running = [process for process in started if process.poll() is None]
        for process in running:
            process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)

    def _check(self, service: Service) -> None:
        if service.process is not None and service.process.poll() is not None:
            raise Transient(
                f"{service.name} stopped with exit code {service.process.returncode}; "
                f"see {self._log(service)}"
            )

    def _log(self, service: Service) -> Path:
        return self.logs / f"{service.name.lower()}.log"


def answers(address: str) -> bool:
    """Whether somebody answers there."""
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own programs
            return True
    except (urllib.error.URLError, OSError):
        return False
