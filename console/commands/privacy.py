"""`privacy`: personal data of buyers, reported, exported and erased."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from connectors.errors import BadInput
from console.options import Json
from console.output import print_json, print_result
from console.workspace import workspace
from pipelines.stages import privacy
from pipelines.stages.privacy import erase_people, export_person, find_people

ACTOR = "operator"
app = typer.Typer(help="Personal data of buyers.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="mail address, the platform's id, or the pseudonym")]


@app.command()
def report(as_json: Json = False) -> None:
    """Show what is held of whom, and until when; exit 1 where something is past its date."""
    with workspace() as opened:
        listed = privacy.report(opened, datetime.now(UTC))
    overdue = sum(status.expired for status in listed)
    if as_json:
        print_json({"ok": not overdue, "connections": [asdict(status) for status in listed]})
        raise typer.Exit(1 if overdue else 0)
    for status in listed:
        held = f"for {status.days} days" if status.held else "off"
        print_result(
            f"{status.connection}: personal data {held}; people: {status.people}, "
            f"past their date: {status.expired}, erased: {status.erased}"
        )
    if not listed:
        print_result("no account is asked for orders or contacts, and no personal data is held")
    raise typer.Exit(1 if overdue else 0)


@app.command()
def export(connection: str, who: Who) -> None:
    """Print everything that is stored of a buyer, as JSON."""
    with workspace() as opened:
        keys = find_people(opened, connection, who)
        print_json({"people": [export_person(opened, connection, key) for key in keys]})


@app.command()
def erase(
    connection: str,
    who: Annotated[str | None, typer.Argument(help="mail address, id or pseudonym")] = None,
    everybody: Annotated[
        bool, typer.Option("--everybody", help="all people of the connection")
    ] = False,
    as_json: Json = False,
) -> None:
    """Erase a buyer's personal data for good; no later import brings it back."""
    if (who is None) is not everybody:
        raise BadInput("name one buyer, or give --everybody")
    with workspace() as opened:
        keys = None if who is None else find_people(opened, connection, who)
        opened.registry.connections.get(connection)
        number = erase_people(opened, connection, keys, ACTOR, "asked for at the terminal")
    if as_json:
        print_json({"connection": connection, "erased": number})
        return
    print_result(f"{connection}: personal data of {number} people erased")
