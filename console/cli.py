"""The command line: assembly. What becomes of errors is in `console.exit_codes`."""

import atexit
import gc
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from console.commands import COMMANDS
from console.exit_codes import exit_code

GARBAGE_THRESHOLD: Final = 500_000


class CommandModules(Mapping[str, Any]):
    """The commands by name; looking one up imports its module, and iterating imports none."""

    def __getitem__(self, name: str) -> Any:
        module = import_module(f"console.commands.{COMMANDS[name].module}")
        family = typer.Typer(rich_markup_mode=None)
        if hasattr(module, "register"):
            module.register(family)
        else:
            family.add_typer(module.app, name=name)
        return typer.main.get_group(family).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class CommandLine(TyperGroup):
    """The group of all commands; its help lists them without importing their modules."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order of the help."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the help's list of commands."""
        limit = formatter.width - 6 - max(map(len, COMMANDS))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, TyperCommand(name, help=entry.summary).get_short_help_str(limit))
                    for name, entry in COMMANDS.items()
                ]
            )


app: Final = CommandLine(
    name="daybook",
    help="What marketplaces pay sellers, turned into books that tie to the cent.",
    # Not Typer's own dict: `--help` must answer without importing DuckDB and SQLAlchemy.
    commands=CommandModules(),  # type: ignore[arg-type]
    no_args_is_help=True,
    rich_markup_mode=None,
)


def main() -> NoReturn:
    """Run the command line; an error is one line on standard error, never a traceback."""
    # Collections while modules are imported find nothing, and take a sixth of a command's start.
    gc.set_threshold(GARBAGE_THRESHOLD)
    # It would look through every installed package for plugins of its own; Daybook has none.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    raise SystemExit(exit_code(app))


def program() -> NoReturn:
    """Run the command line in a process of its own, and end it.

    Python's own end looks once more through all that a process holds, a second after a sync, and
    the memory goes with the process anyway. Threads are awaited and exit handlers run as there.
    """
    try:
        main()
    except SystemExit as ending:
        code = ending.code
    # Private, but only it awaits threads as the interpreter's own end does.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    # Whoever read the output may have left (`| head`).
    with suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    program()
