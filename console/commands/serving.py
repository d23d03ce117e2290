"""`up`: the Dagster UI and daemon and the books' pages under one command."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from connectors import postgres
from connectors.accounting.beancount import fava
from connectors.accounting.beancount.books import Books
from connectors.errors import BadInput, ConfigError, Transient
from connectors.home import initialise
from connectors.settings import settings
from console.commands.home import books
from console.output import asides, say, show

START_SECONDS = 120.0
STOP_SECONDS = 20.0
LOOPBACK = "127.0.0.1"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


@dataclass
class Service:
    """One program under `up`, with the address that shows it is ready."""

    name: str
    command: list[str]
    address: str | None = None
    ready: Callable[[], bool] | None = None
    process: subprocess.Popen[bytes] | None = None


def _port_free(port: int, option: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise BadInput(f"port {port} is taken: choose another with {option}") from error


def _services(dagster_port: int, books_port: int) -> list[Service]:
    location = ["-m", "pipelines.definitions"]
    programs = Path(sys.executable).parent
    web = f"http://{LOOPBACK}:{dagster_port}"
    listed = [
        Service(
            "Dagster",
            [
                str(programs / "dagster-webserver"),
                *("-h", LOOPBACK, "-p", str(dagster_port)),
                *location,
            ],
            web,
            partial(_answers, f"{web}/server_info"),
        ),
        Service("daemon", [str(programs / "dagster-daemon"), "run", *location]),
    ]
    try:
        command = fava.command(Books(settings().books_folder).main_file, books_port)
        ready = partial(fava.ready, books_port)
        listed.append(Service("books", command, fava.address(books_port), ready))
    except ConfigError as error:
        say(f"without the books' pages: {error}")
    return listed


def up(
    dagster_port: Annotated[int, typer.Option(help="the Dagster UI")] = 3000,
    books_port: Annotated[int, typer.Option(help="the books in Fava")] = 5000,
) -> None:
    """Run the Dagster UI and daemon and the books' pages on loopback, until Ctrl-C."""
    initialise(settings(), further=[books])
    _port_free(dagster_port, "--dagster-port")
    _port_free(books_port, "--books-port")
    services = _services(dagster_port, books_port)
    logs = settings().home / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    # A shell that starts us in the background has us ignore SIGINT, and our programs with us.
    for closing in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(closing, signal.default_int_handler)
    try:
        for service in services:
            _start(service, logs)
        with asides.status("starting"):
            for service in services:
                _await(service, logs)
        for service in services:
            if service.address:
                show(f"{service.name:<8} {service.address}")
        show("stop with Ctrl-C")
        sys.stdout.flush()
        _watch(services, logs)
    except KeyboardInterrupt:
        say("stopping")
    finally:
        _stop(services)


def _start(service: Service, logs: Path) -> None:
    environment = {
        **os.environ,
        "DAYBOOK_HOME": str(settings().home),
        "DAGSTER_HOME": str(settings().dagster_home),
        "PYTHONWARNINGS": "ignore",
    }
    with (logs / f"{service.name.lower()}.log").open("ab") as log:
        # Its own session: Ctrl-C reaches us alone, and we stop children in order.
        service.process = subprocess.Popen(  # noqa: S603 - our own programs
            service.command, env=environment, stdout=log, stderr=log, start_new_session=True
        )


def _await(service: Service, logs: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while service.ready is not None and not service.ready():
        _alive(service, logs)
        if time.monotonic() > deadline:
            raise Transient(f"{service.name} does not answer; see {_log(service, logs)}")
        time.sleep(0.3)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - loopback
            return True
    except (urllib.error.URLError, OSError):
        return False


def _alive(service: Service, logs: Path) -> None:
    if service.process is not None and service.process.poll() is not None:
        raise Transient(
            f"{service.name} stopped with exit code {service.process.returncode}; "
            f"see {_log(service, logs)}"
        )


def _log(service: Service, logs: Path) -> Path:
    return logs / f"{service.name.lower()}.log"


def _watch(services: list[Service], logs: Path) -> None:
    """Until interrupted: notice a program that died, and bring a killed database back."""
    while True:
        time.sleep(1.0)
        for service in services:
            _alive(service, logs)
        if settings().database_url is None and not postgres.is_running(settings()):
            say("the database had stopped; starting it again")
            postgres.ensure_running(settings())


def _stop(services: list[Service]) -> None:
    """Ask every program to end, and wait; an impatient second Ctrl-C does not leave any behind."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running = [s.process for s in services if s.process is not None and s.process.poll() is None]
    for process in running:
        process.send_signal(signal.SIGINT)
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
