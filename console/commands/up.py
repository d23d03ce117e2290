"""`up`: the console, and behind it Dagster, its code server and the books' pages."""

import errno
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping
from functools import partial
from ipaddress import ip_address
from typing import Annotated

import typer

from connectors.accounting.beancount import fava
from connectors.accounting.beancount.books import Books
from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.errors import BadInput, ConfigError
from connectors.home.home import initialise
from connectors.home.lock import home_lock
from connectors.home.settings import Settings, settings
from connectors.home.unix_sockets import UNIX, listens_on, socket_path
from connectors.lake.temporary import sweep
from console import sandbox as emulated
from console.books import create_books
from console.output import print_result, print_status, stderr
from console.programs import Programs, Service, answers, answers_on
from pipelines.location import code_server
from pipelines.reload_request import take_reload_request

LOOPBACK = "127.0.0.1"
# The console serves the two under these; `console.web.gate` says who may open them.
DAGSTER, BOOKS = "/dagster", "/books"
CODE = "code"
STOP_SECONDS, RUN_SECONDS = 20.0, 120.0


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(up)


def up(
    port: Annotated[int, typer.Option(help="the console")] = 8080,
    host: Annotated[str, typer.Option(help="the address the console listens on")] = LOOPBACK,
    dagster_port: Annotated[int | None, typer.Option(hidden=True)] = None,
    books_port: Annotated[int | None, typer.Option(hidden=True)] = None,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Also run emulators of all platforms.")
    ] = False,
    takeover: Annotated[
        bool, typer.Option("--takeover", help="End what runs this home now, and run it here.")
    ] = False,
) -> None:
    """Run the console with the Dagster UI, its daemon and the books' pages, until Ctrl-C."""
    home = _own_address(settings(), port)
    emulated.check(home, sandbox)
    # Before the lock: the lock file is in the home.
    initialise(home, further=[create_books])
    with home_lock(home, takeover=takeover) as lock:
        sweep(home)
        # Before anything starts: later only a log would say why the console did not.
        _check_port(port, "--port", host)
        # Scripts from before still give these: the two had ports of their own.
        for old_port, option in ((dagster_port, "--dagster-port"), (books_port, "--books-port")):
            if old_port is not None:
                print_status(
                    f"{option} no longer has an effect: only the console listens on a port"
                )
        if sandbox:
            emulated.claim(home)
        programs = Programs(home.home / "logs", _environment(home, sandbox), lock)
        _run(programs, home, sandbox, host, _services(home, host, port))


def _run(
    programs: Programs, home: Settings, sandbox: bool, host: str, services: list[Service]
) -> None:
    # A shell starts background jobs with SIGINT ignored.
    for closing in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(closing, signal.default_int_handler)
    try:
        with stderr.status("starting"):
            _start(programs, home, sandbox, services)
        _tell(home, host, programs, sandbox)
        _watch(home, programs)
    except KeyboardInterrupt:
        print_status("stopping")
    finally:
        programs.stop(_patience)
        # Programs that were killed leave their sockets behind.
        for left in home.sockets_folder.glob("*"):
            left.unlink(missing_ok=True)


def _patience() -> float:
    """Say which runs a stop waits for, and for how many seconds."""
    from pipelines.execution import working_runs

    runs = working_runs(launched=True)
    if not runs:
        return STOP_SECONDS
    print_status(
        f"waiting for {' and '.join(runs)}, {RUN_SECONDS:g} s at most; Ctrl-C again ends it now"
    )
    return RUN_SECONDS


def _own_address(home: Settings, port: int) -> Settings:
    """Return settings with the console's address: DAYBOOK_PUBLIC_URL, or else this machine's."""
    # Behind a proxy the address that browsers use is not the one listened on.
    if "public_url" in home.model_fields_set:
        return home
    return home.model_copy(update={"public_url": f"http://localhost:{port}"})


def _check_port(port: int, option: str, host: str) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # Connections of the console before may linger for a minute.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise BadInput(f"port {port} is taken: choose another with {option}") from error
        raise BadInput(f"nothing can listen on {host}, port {port}: {error}") from error


def _environment(home: Settings, sandbox: bool) -> Mapping[str, str]:
    return {
        **os.environ,
        "DAYBOOK_HOME": str(home.home),
        "DAYBOOK_PUBLIC_URL": home.public_url,
        "DAGSTER_HOME": str(home.dagster_home),
        # Dagster's beta warnings would fill every log and the terminal of every child.
        "PYTHONWARNINGS": "ignore",
        **(emulated.environment(home) if sandbox else {}),
    }


def _services(home: Settings, host: str, port: int) -> list[Service]:
    dagster, code, books_socket = (
        socket_path(home.sockets_folder, name) for name in ("dagster", "code", "books")
    )
    console = ["--host", host, "--port", str(port), "--dagster", f"{UNIX}{dagster}"]
    listed = [
        Service(CODE, code_server(code), partial(listens_on, code)),
        Service(
            "Dagster",
            [sys.executable, "-m", "pipelines.webserver", str(dagster), DAGSTER, str(code)],
            partial(answers_on, dagster, f"{DAGSTER}/server_info"),
            # The daemon computes its next ticks from the wall clock when it starts.
            keeps_dates=True,
        ),
    ]
    try:
        command = fava.command(Books(home.books_folder).main_file, books_socket, BOOKS)
        listed.append(Service("books", command, partial(fava.ready, books_socket, prefix=BOOKS)))
        console += ["--books", f"{UNIX}{books_socket}"]
    except ConfigError as error:
        # Fava is an optional extra: everything else works without it.
        print_status(f"without the books' pages: {error}")
    # A wildcard address can be bound but not called.
    reached = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)  # noqa: S104 - only read
    health = f"http://{f'[{reached}]' if ':' in reached else reached}:{port}/health"
    command = [sys.executable, "-m", "console.web", *console]
    # Dagster and the books listen on no port, so nobody reaches them without the console.
    listed.append(Service("console", command, partial(answers, health), essential=True))
    return listed


def _start(programs: Programs, home: Settings, sandbox: bool, services: list[Service]) -> None:
    if sandbox:
        # The others are pointed at the emulators, so these come first.
        programs.start([emulated.emulators(home)])
        programs.await_ready()
        emulated.register(home)
    programs.start(services)
    programs.await_ready()


def _tell(home: Settings, host: str, programs: Programs, sandbox: bool) -> None:
    """Print where everything is, and what its owner should know."""
    print_result(f"console  {home.public_url}")
    print_result(f"Dagster  {home.public_url}{DAGSTER}")
    if any(service.name == "books" for service in programs.services):
        print_result(f"books    {home.public_url}{BOOKS}")
    if sandbox:
        for line in emulated.described(home):
            print_result(line)
    with Registry.open(home) as registry:
        if not registry.users.list():
            print_status("no users yet: add one with `daybook users add NAME`")
    if not is_loopback(host):
        print_status(exposure(host, home.public_url))
    print_result("stop with Ctrl-C")
    # Scripts wait for this line through a pipe, which Python buffers.
    sys.stdout.flush()


def exposure(host: str, public_url: str) -> str:
    """Return the warning for a console that listens beyond this machine."""
    warning = f"warning: everyone who reaches this machine on {host} can reach the console"
    if public_url.startswith("https://"):
        return warning
    return (
        f"{warning}, and passwords cross the network in the clear: put a proxy with TLS before it "
        "and set DAYBOOK_PUBLIC_URL to its https:// address"
    )


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _watch(home: Settings, programs: Programs) -> None:
    """Restart programs that died and a killed database, until interrupted."""
    server = _database_server(home)
    # What was asked of a code server that has ended is answered by the one that began.
    take_reload_request(home)
    while True:
        time.sleep(1.0)
        if take_reload_request(home):
            print_status("there are new days: restarting the code server")
            # The partitions of a running code location are fixed at its start.
            programs.begin_anew(CODE)
        for line in programs.revive():
            print_status(line)
        # One's own server is somebody else's to start again.
        if home.database_url is None and not postgres.is_alive(home):
            postgres.ensure_running(home)
        # Whoever needed it first may have started it: one of the programs, or another command.
        if (now := _database_server(home)) not in {None, server}:
            print_status("the database had stopped; it was started again")
            server = now


def _database_server(home: Settings) -> str | None:
    """Return the process id of the home's own database server."""
    try:
        return (home.postgres_folder / "data" / "postmaster.pid").read_text().split()[0]
    except (OSError, IndexError):
        return None
