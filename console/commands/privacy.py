"""`privacy`: personal data of buyers, reported, exported and erased."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from connectors.accounts.setup import Setup
from connectors.errors import BadInput
from console.options import Json
from console.output import print_json, print_result
from console.workspace import workspace
from pipelines.stages.privacy import erase_people, export_person, find_people, personal_days

ACTOR = "operator"
app = typer.Typer(help="Personal data of buyers.", no_args_is_help=True)

Who = Annotated[str, typer.Argument(help="mail address, the platform's id, or the pseudonym")]


@app.command()
def report(as_json: Json = False) -> None:
    """Show what is held of whom, and until when; exit 1 where something is past its date."""
    now = datetime.now(UTC)
    with workspace() as opened:
        counts = {count.connection: count for count in opened.registry.people.count(now)}
        rows = [
            {
                "connection": connection.slug,
                "held": Setup.model_validate(connection.setup).imports.personal_data,
                "days": personal_days(connection),
                "people": counts[connection.slug].held if connection.slug in counts else 0,
                "expired": counts[connection.slug].expired if connection.slug in counts else 0,
                "erased": counts[connection.slug].erased if connection.slug in counts else 0,
                "next_expiry": counts[connection.slug].next_expiry
                if connection.slug in counts
                else None,
            }
            for connection in opened.registry.connections.list()
            if connection.setup.get("imports", {}).get("streams") or connection.slug in counts
        ]
    overdue = sum(int(str(row["expired"])) for row in rows)
    if as_json:
        print_json({"ok": not overdue, "connections": rows})
    for row in [] if as_json else rows:
        held = f"for {row['days']} days" if row["held"] else "off"
        print_result(
            f"{row['connection']}: personal data {held}; people: {row['people']}, "
            f"past their date: {row['expired']}, erased: {row['erased']}"
        )
    if not rows and not as_json:
        print_result("no store imports orders or contacts, and no personal data is held")
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
