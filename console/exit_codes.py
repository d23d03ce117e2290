"""Exit codes: every command line ends here, with a line on standard error where it went wrong.

0 done, 1 the answer is bad news, 2 wrong usage or bad input, 3 a remote or local failure.
"""

import os
import signal
import sys
import threading
from typing import Final, Protocol

import typer

from connectors.home.redaction import keep_logs_clean

BAD_INPUT: Final = 2
FAILURE: Final = 3
# 128 and the number of SIGINT, as shells report it.
INTERRUPTED: Final = 130


class CommandProgram(Protocol):
    """A command line: an application of Typer's, or a group of commands."""

    def __call__(self, *, prog_name: str, standalone_mode: bool) -> object:
        """Run what this process was started for; return its exit code, if it has one."""


def exit_code(program: CommandProgram) -> int:
    """Run the command line of this process to its exit code."""
    keep_logs_clean()
    # What stops a service is told in the same words as Ctrl-C.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        code = program(prog_name="daybook", standalone_mode=False)
        # A broken pipe shows when the buffer is written: here, and not at the interpreter's end.
        sys.stdout.flush()
    except BrokenPipeError:
        _leave_the_pipe()
        # A reader that has read enough is no failure.
        return 0
    except typer.TyperException as error:
        _print_error(_usage_line(error))
        return BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a traceback is of no use to a bookkeeper
        # Telling errors apart takes the libraries that raise them; a help page needs none.
        from console.error_lines import error_line

        line, code = error_line(error)
        _print_error(line)
    # Typer answers some interrupts itself, with this code.
    if code == INTERRUPTED:
        _print_error("interrupted; finished work is kept, and the next run continues from there")
    return code if isinstance(code, int) else 0


def _usage_line(error: typer.TyperException) -> str | None:
    """Return the line for a wrong option; None where the command's help answers instead."""
    context = getattr(error, "ctx", None)
    message = error.format_message()
    # `no_args_is_help` raises an error whose message is the whole help.
    if context is not None and message == context.get_help():
        typer.echo(message, err=True)
        return None
    hint = f"; see `{context.command_path} --help`" if context is not None else ""
    return message.rstrip(".") + hint


def _print_error(line: str | None) -> None:
    if line is not None:
        from console.output import print_error

        print_error(line)


def _leave_the_pipe() -> None:
    """Discard buffered output after the reader has gone (`| head`)."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
