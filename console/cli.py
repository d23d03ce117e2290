"""The command line: assembly, and the one place where errors become exit codes.

0 done, 1 the answer is bad news, 2 wrong usage or bad input, 3 a remote or local failure.
"""

import sys

import typer
from pydantic import ValidationError

from connectors.errors import BadInput, DaybookError
from console.commands import connections, demo, home, imports, journals, mappings, serving, syncing
from console.output import complain

app = typer.Typer(
    name="daybook",
    help="What marketplaces pay sellers, turned into books that tie to the cent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (home, imports, syncing, journals, serving, demo):
    module.register(app)
app.add_typer(connections.app, name="connections")
app.add_typer(mappings.app, name="mappings")


def main() -> None:
    """Run the command line; an error of ours is one line on standard error, never a traceback."""
    try:
        app()
    except BadInput as error:
        complain(str(error))
        sys.exit(2)
    except DaybookError as error:
        complain(str(error))
        sys.exit(3)
    except ValidationError as error:
        first = error.errors()[0]
        name = "DAYBOOK_" + "_".join(str(part) for part in first["loc"]).upper()
        complain(f"{name}: {first['msg']}")
        sys.exit(2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
