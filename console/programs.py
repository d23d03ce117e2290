"""Programs that one command runs together: started, awaited, watched, started again, stopped.

Each has a log in the home and a guardian that ends it when this process is gone. One that dies is
started again, sooner the first time than the fifth; the others go on meanwhile.
"""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Final

from connectors.errors import Transient
from connectors.home.lock import HomeLock
from connectors.home.processes import Process
from connectors.home.unix_sockets import UnixConnection

# Dagster's first start on a cold disk is slow.
START_SECONDS: Final = 120.0
# An idle home stops within this: only then is it worth asking for runs.
MOMENT_SECONDS: Final = 1.0
# The time that a guardian and its program need to end.
KILL_SECONDS: Final = 8.0
# Waits before a program that died is started again; after the last it stays down.
RESTARTS: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
# After this long without a crash, the count of restarts begins anew.
STEADY_SECONDS: Final = 600.0
# Smaller steps are NTP's ordinary corrections.
SET_BACK_SECONDS: Final = 60.0
_GUARDIAN: Final = Path(__file__).with_name("guardian.py")


@dataclass
class Service:
    """One program; `ready` says whether it does its work already, `folder` is where it runs.

    Without an `essential` one the others are of no use: where it stays down they are stopped. One
    that is not `restartable` lost its state with its process.
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool] | None = None
    folder: Path | None = None
    essential: bool = False
    restartable: bool = True
    keeps_dates: bool = False
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    started_at: float = 0.0
    start_again_at: float | None = None

    @property
    def is_running(self) -> bool:
        """Return whether its process is there."""
        return self.process is not None and self.process.poll() is None


@dataclass
class Programs:
    """The programs of one command, with the environment they share and the home's lock."""

    logs: Path
    environment: Mapping[str, str]
    lock: HomeLock
    restarts: Sequence[float] = RESTARTS
    services: list[Service] = field(default_factory=list)
    clock: Callable[[], float] = time.time
    # Guardians see this pipe end even after kill -9 of this process.
    _lifeline: tuple[int, int] = field(default_factory=os.pipe)

    def __post_init__(self) -> None:
        # Wall clock less monotonic clock: a jump of the difference is a jump of the wall clock.
        self._offset = self.clock() - time.monotonic()

    def start(self, services: Iterable[Service]) -> None:
        """Start more programs; `await_ready` says when they can be used."""
        self.logs.mkdir(mode=0o700, exist_ok=True)
        for service in services:
            self.services.append(service)
            self._launch(service)

    def await_ready(self) -> None:
        """Wait until every program answers; `Transient` for one that dies or never does."""
        for service in self.services:
            deadline = time.monotonic() + START_SECONDS
            while service.ready is not None and not service.ready():
                if not service.is_running:
                    raise Transient(self._end_of(service))
                if time.monotonic() > deadline:
                    raise Transient(f"{service.name} does not answer; see {self._log(service)}")
                time.sleep(0.1)

    def revive(self) -> Iterator[str]:
        """Start programs again that died, when it is time; yields what there is to say.

        `Transient` when one stays down that the others need.
        """
        now = time.monotonic()
        yield from self._follow_the_clock(now)
        for service in self.services:
            if service.is_running:
                if now - service.started_at > STEADY_SECONDS:
                    service.restarts = 0
            elif service.start_again_at is not None:
                if now >= service.start_again_at:
                    service.start_again_at = None
                    self._launch(service)
            elif service.process is not None:
                yield self._plan_restart(service, now)

    def begin_anew(self, name: str) -> None:
        """Have a program end, so that `revive` starts it again within moments."""
        for service in self.services:
            if service.name == name and service.process is not None and service.is_running:
                # It ends because it was asked to, which is no crash to count.
                service.restarts = 0
                service.process.send_signal(signal.SIGINT)

    def _follow_the_clock(self, now: float) -> Iterator[str]:
        """End what waits for dates of before, where the clock was set back under it."""
        offset = self.clock() - now
        back, self._offset = self._offset - offset, offset
        if back < SET_BACK_SECONDS:
            return
        for service in self.services:
            if service.keeps_dates and service.process is not None and service.is_running:
                service.process.send_signal(signal.SIGINT)
                yield f"the clock was set back by {back:,.0f} s: restarting {service.name}"

    def _plan_restart(self, service: Service, now: float) -> str:
        end = self._end_of(service)
        service.process = None
        if service.restarts >= len(self.restarts) or not service.restartable:
            if service.essential:
                raise Transient(end)
            line = f"{end}; it stays down: fix the cause, then start `daybook up` again"
        else:
            wait = self.restarts[service.restarts]
            service.restarts += 1
            service.start_again_at = now + wait
            line = f"{end}; it is started again in {wait:g} s"
        with self._log(service).open("a") as log:
            log.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC daybook up: {line}\n")
        self._record()
        return line

    def stop(self, grace_seconds: Callable[[], float]) -> None:
        """Ask every program to end and wait for it; one that does not in time is ended.

        `grace_seconds` is called once, after a moment: how many they may take. Another Ctrl-C
        meanwhile ends what is left at once.
        """
        for service in self.services:
            if service.process is not None and service.is_running:
                service.process.send_signal(signal.SIGINT)
        try:
            if not self._await_end(MOMENT_SECONDS):
                self._await_end(grace_seconds())
        except KeyboardInterrupt:
            pass
        finally:
            # An impatient third Ctrl-C does not leave any behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._end()

    def _end(self) -> None:
        # Closing the write end tells every guardian to end its group.
        os.close(self._lifeline[1])
        os.close(self._lifeline[0])
        if not self._await_end(KILL_SECONDS):
            for service in self.services:
                if service.process is not None and service.is_running:
                    # A guardian leads its group, so the group has its id.
                    os.killpg(service.process.pid, signal.SIGKILL)
            self._await_end(1.0)

    def _await_end(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while any(service.is_running for service in self.services):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def _launch(self, service: Service) -> None:
        pipe = self._lifeline[0]
        with self._log(service).open("ab") as log:
            # Its own session: Ctrl-C reaches us alone, and we stop programs in order.
            service.process = subprocess.Popen(  # noqa: S603 - our own programs
                # Isolated and without site-packages: a guardian needs the standard library only.
                [sys.executable, "-I", "-S", str(_GUARDIAN), str(pipe), *service.command],
                cwd=service.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # A flock belongs to the open file: the home stays locked while any program lives.
                pass_fds=[pipe, self.lock.descriptor],
            )
        service.started_at = time.monotonic()
        self._record()

    def _record(self) -> None:
        processes = (
            Process.of(service.name, service.process.pid)
            for service in self.services
            if service.process is not None
        )
        self.lock.record([process for process in processes if process is not None])

    def _end_of(self, service: Service) -> str:
        code = service.process.returncode if service.process is not None else None
        return f"{service.name} stopped with exit code {code}; see {self._log(service)}"

    def _log(self, service: Service) -> Path:
        return self.logs / f"{service.name.lower()}.log"


def answers_on(path: Path, address: str) -> bool:
    """Return whether a Unix socket answers with 200."""
    connection = UnixConnection(path, 2)
    try:
        connection.request("GET", address)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def answers(address: str) -> bool:
    """Return whether the address answers."""
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own programs
            return True
    except (urllib.error.URLError, OSError):
        return False
