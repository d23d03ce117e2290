"""The command line: assembly. What becomes of errors is in `console.exit_codes`."""

import typer

from console.commands import (
    applications,
    connections,
    demo,
    documents,
    home,
    imports,
    journals,
    keys,
    mappings,
    publishing,
    reconcile,
    serving,
    sql,
    syncing,
    users,
)
from console.exit_codes import exit_code

app = typer.Typer(
    name="daybook",
    help="What marketplaces pay sellers, turned into books that tie to the cent.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    *(home, imports, syncing, publishing),
    *(journals, reconcile, sql, serving, demo),
):
    module.register(app)
app.add_typer(connections.app, name="connections")
app.add_typer(documents.app, name="documents")
app.add_typer(applications.app, name="applications")
app.add_typer(mappings.app, name="mappings")
app.add_typer(keys.app, name="keys")
app.add_typer(users.app, name="users")


def main() -> None:
    """Run the command line; an error is one line on standard error, never a traceback."""
    raise SystemExit(exit_code(app))


if __name__ == "__main__":
    main()
