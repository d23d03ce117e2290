"""A group of commands that is a command itself, where the first word names no other one."""

from typing import Any, Final

from typer.core import TyperGroup

DEFAULT: Final = "post"


class DefaultCommand(TyperGroup):
    """A group whose command `DEFAULT` is meant wherever the first word is none of the others."""

    def with_default(self, words: list[str]) -> list[str]:
        """Return the words of a command line with the default command named."""
        return words if words and words[0] in self.commands else [DEFAULT, *words]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command's name before its own arguments."""
        return super().parse_args(ctx, self.with_default(args))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is meant; the default one goes by the group's own name."""
        name, command, rest = super().resolve_command(ctx, args)
        return "" if name == DEFAULT else name, command, rest
