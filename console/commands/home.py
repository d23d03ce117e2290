"""`init`, `doctor`, `channels`, `down`: the home itself."""

import typer

from connectors.accounting.beancount.books import Books
from connectors.accounting.beancount.programs import NOT_INSTALLED, find
from connectors.accounts.platforms import PLATFORMS
from connectors.database import postgres
from connectors.database.registry import Registry
from connectors.errors import ConfigError, DaybookError
from connectors.home.doctor import Finding, examine
from connectors.home.home import initialise
from connectors.home.lock import OWNER, read_tenancy
from connectors.home.settings import Settings, settings
from console.books import create_books
from console.channels import described, files_taken, ways
from console.options import Json
from console.output import Align, print_json, print_result, print_status, print_table
from pipelines.daemon_status import daemon_status
from pipelines.stages.books_check import books_error, checked_books
from pipelines.stages.workspace import Workspace

CHECK = "bean-check"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(doctor)
    app.command()(channels)
    app.command()(down)


def init() -> None:
    """Make the home: folders, key, database, Dagster's settings, empty books. Safe to repeat."""
    steps = initialise(settings(), further=[create_books])
    for line in steps:
        print_result(line)
    print_result(f"{settings().home} is ready" if steps else f"{settings().home} was ready already")


def daemon_findings(home: Settings) -> list[Finding]:
    """Say how Dagster's daemon is; nothing where the database does not answer."""
    try:
        status = daemon_status(home)
    # The database has a finding of its own.
    except (DaybookError, OSError):
        return []
    if not status.expected:
        findings = [Finding("daemon", True, "`daybook up` does not run")]
    elif status.running:
        findings = [Finding("daemon", True, "it works")]
    else:
        beat = f"{status.heartbeat:%Y-%m-%d %H:%M:%S} UTC" if status.heartbeat else "never"
        mend = f"see {home.home / 'logs' / 'dagster.log'}, and start `daybook up` again"
        findings = [Finding("daemon", False, f"it is away; its last sign of life: {beat}", mend)]
    if status.ahead:
        names = ", ".join(status.ahead)
        mend = "check this machine's clock; they start again by themselves under `daybook up`"
        findings.append(Finding("clock", False, f"last tick in the future: {names}", mend))
    return findings


def books_findings(home: Settings) -> list[Finding]:
    """Say whether Beancount takes the books, which follow first what their owner opens."""
    if not Books(home.books_folder).main_file.exists():
        return []
    try:
        with Registry.open(home) as registry:
            error = books_error(Workspace(home, registry))
    except (DaybookError, OSError):
        # The books are files: they can be checked while the database is away.
        error = checked_books(home)
    if error is not None:
        mend = f"mend that line; `{CHECK} {home.books_folder / 'main.beancount'}` says all of them"
        return [Finding("books", False, error, mend)]
    return [
        Finding("books", True, str(home.books_folder))
        if find(CHECK)
        else Finding("books", True, NOT_INSTALLED.format(CHECK))
    ]


def doctor(as_json: Json = False) -> None:
    """Check the home and say how to fix it."""
    home = settings()
    findings = [*examine(home), *books_findings(home), *daemon_findings(home)]
    if as_json:
        print_json(
            {
                "ok": all(f.ok for f in findings),
                "findings": [
                    {"name": f.name, "ok": f.ok, "detail": f.detail, "mend": f.mend}
                    for f in findings
                ],
            }
        )
    else:
        for finding in findings:
            print_result(f"{'ok  ' if finding.ok else 'BAD '} {finding.name}: {finding.detail}")
            if not finding.ok and finding.mend:
                print_result(f"     {finding.mend}")
    raise typer.Exit(0 if all(f.ok for f in findings) else 1)


def channels(as_json: Json = False) -> None:
    """List what can be connected, and how."""
    if as_json:
        print_json({"channels": [described(p) for p in PLATFORMS.values()]})
        return
    titles = ("channel", "what", "connects by", "files it takes")
    print_table(
        "",
        [(title, Align.LEFT) for title in titles],
        [
            (p.name, p.title, " or ".join(ways(p)), files_taken(p) or "-")
            for p in PLATFORMS.values()
        ],
    )


def _refuse_while_in_use(home: Settings) -> None:
    """Raise `ConfigError` while `daybook up` or a run needs the database."""
    tenancy = read_tenancy(home)
    owner = next((p for p in tenancy.living() if p.name == OWNER), None) if tenancy else None
    if owner is not None:
        raise ConfigError(
            f"{home.home} is run by `daybook up`, process {owner.pid}: stop that one with Ctrl-C "
            "first, or it starts the database again"
        )
    # Looking for runs opens the database, and would start the server first.
    if not postgres.is_running(home):
        return
    from pipelines.execution import working_runs

    if runs := working_runs():
        raise ConfigError(
            f"{runs[0]} is under way: wait until it is done, or stop the command that runs it "
            "with Ctrl-C"
        )


def down() -> None:
    """Stop the home's embedded PostgreSQL server; the next command starts it again."""
    if settings().database_url is not None:
        print_status("the database is not an embedded one; nothing to stop")
        return
    _refuse_while_in_use(settings())
    if postgres.stop(settings()):
        print_status("stopped")
    else:
        print_status("it was not running")
