"""The command line: assembly. What becomes of errors is in `console.exit_codes`."""

import gc
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from console.commands import COMMANDS
from console.exit_codes import exit_code

GARBAGE_THRESHOLD: Final = 200_000


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
    commands=CommandModules(),  # type: ignore[arg-type]
    no_args_is_help=True,
    rich_markup_mode=None,
)


def main() -> None:
    """Run the command line; an error is one line on standard error, never a traceback."""
    # Collections while modules are imported find nothing, and take a sixth of a command's start.
    gc.set_threshold(GARBAGE_THRESHOLD)
    raise SystemExit(exit_code(app))


if __name__ == "__main__":
    main()
