"""Errors as lines: one sentence for a person, and the exit code that goes with it."""

import os
import traceback
from datetime import UTC, datetime

import duckdb
from pydantic import ValidationError

from connectors.errors import NO_ROOM, BadInput, DaybookError, summary
from connectors.home.redaction import redacted
from connectors.home.settings import Settings, settings
from console.exit_codes import BAD_INPUT, FAILURE


def error_line(error: Exception) -> tuple[str, int]:
    """Return the one line for an error, and the exit code it ends a command with."""
    code = FAILURE
    match error:
        case DaybookError():
            line = str(error)
            code = BAD_INPUT if isinstance(error, BadInput) else FAILURE
        case ValidationError() if error.title == Settings.__name__:
            line, code = _setting_line(error), BAD_INPUT
        # Without the name of a file it is a fault of ours, whose traceback is worth keeping.
        case OSError() if error.errno in NO_ROOM or error.filename is not None:
            line = summary(error)
        # DuckDB has no error of its own for a full disk: only the system's words tell.
        case duckdb.Error() if "No space left" in str(error):
            line = summary(error)
        case duckdb.Error():
            mend = "`daybook sync --from DAY --to DAY` writes a damaged day again"
            line = f"a file of the lake cannot be read ({summary(error)}): {mend}"
        case _:
            line = _database_line(error) or _fault_line(error)
    return line, code


def _database_line(error: Exception) -> str | None:
    """Return what a database said; these errors come with SQLAlchemy, which few commands load."""
    if not type(error).__module__.startswith("sqlalchemy"):
        return None
    from sqlalchemy import make_url
    from sqlalchemy.exc import OperationalError

    from connectors.database.postgres import REGISTRY_SCHEMA, database_url, explained

    if not isinstance(error, OperationalError):
        return None
    return str(explained(error, make_url(database_url(settings(), REGISTRY_SCHEMA))))


def _setting_line(error: ValidationError) -> str:
    first = error.errors()[0]
    name = "DAYBOOK_" + "_".join(str(part) for part in first["loc"]).upper()
    return f"{name}: {first['msg'].removeprefix('Value error, ')}"


def _fault_line(error: Exception) -> str:
    """Log the traceback of a fault of Daybook, and return the line that says so."""
    message = f"{type(error).__name__}: {error}"
    log = settings().home / "errors.log"
    try:
        # Tracebacks may quote the books: nobody but their owner reads the log.
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a") as out:
            out.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
            out.write(redacted("".join(traceback.format_exception(error))))
    # A full disk or a missing home must not hide the fault itself.
    except OSError:
        return f"a fault of Daybook: {message}"
    return f"a fault of Daybook: {message}: the details are in {log}"
