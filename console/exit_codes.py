"""The one place where errors become a line on standard error and an exit code.

0 done, 1 the answer is bad news, 2 wrong usage or bad input, 3 a remote or local failure.
"""

import os
import signal
import sys
import threading
import traceback
from datetime import UTC, datetime

import duckdb
import typer
from pydantic import ValidationError

from connectors.errors import NO_ROOM, BadInput, DaybookError, summary
from connectors.home.redaction import keep_logs_clean, redacted
from connectors.home.settings import Settings, settings
from console.output import print_error

BAD_INPUT, FAILURE, INTERRUPTED = 2, 3, 130


def exit_code(app: typer.Typer) -> int:
    """Run the command line of this process to its exit code."""
    keep_logs_clean()
    # What stops a service is told in the same words as Ctrl-C.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = app(prog_name="daybook", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_the_pipe()
        return 0
    except typer.TyperException as error:
        return _usage(error)
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a traceback is of no use to a bookkeeper
        line, code = _explained(error)
        print_error(line)
    if code == INTERRUPTED:
        print_error("interrupted; what was done stays done, and the next run goes on from there")
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> int:
    """Print a wrong option in one line, or the help of a command without its subcommand."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    if context is not None and message == context.get_help():
        typer.echo(message, err=True)
    else:
        hint = f"; see `{context.command_path} --help`" if context is not None else ""
        print_error(message.rstrip(".") + hint)
    return BAD_INPUT


def _explained(error: Exception) -> tuple[str, int]:
    code = FAILURE
    match error:
        case DaybookError():
            line = str(error)
            code = BAD_INPUT if isinstance(error, BadInput) else FAILURE
        case ValidationError() if error.title == Settings.__name__:
            line, code = _setting(error), BAD_INPUT
        case OSError() if error.errno in NO_ROOM or error.filename is not None:
            line = summary(error)
        case duckdb.Error() if "No space left" in str(error):
            line = summary(error)
        case duckdb.Error():
            mend = "`daybook sync --from DAY --to DAY` writes a damaged day again"
            line = f"a file of the lake cannot be read ({summary(error)}): {mend}"
        case _:
            line = _of_the_database(error) or _ours(error)
    return line, code


def _of_the_database(error: Exception) -> str | None:
    """Return what a database said; these errors come with SQLAlchemy, which few commands load."""
    if not type(error).__module__.startswith("sqlalchemy"):
        return None
    from sqlalchemy import make_url
    from sqlalchemy.exc import OperationalError

    from connectors.database.postgres import REGISTRY_SCHEMA, database_url, explained

    if not isinstance(error, OperationalError):
        return None
    return str(explained(error, make_url(database_url(settings(), REGISTRY_SCHEMA))))


def _setting(error: ValidationError) -> str:
    first = error.errors()[0]
    name = "DAYBOOK_" + "_".join(str(part) for part in first["loc"]).upper()
    return f"{name}: {first['msg'].removeprefix('Value error, ')}"


def _ours(error: Exception) -> str:
    """Log the traceback of a fault of Daybook, and return the line that says where."""
    message = f"{type(error).__name__}: {error}"
    log = settings().home / "errors.log"
    try:
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a") as out:
            out.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
            out.write(redacted("".join(traceback.format_exception(error))))
    except OSError:
        return f"a fault of Daybook: {message}"
    return f"a fault of Daybook: {message}: the details are in {log}"


def _leave_the_pipe() -> None:
    """Let what is still buffered go nowhere, as nobody reads any more (`| head`)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
