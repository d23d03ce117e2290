"""`journals`: what would be or was posted, down to the rows it was made of."""

from decimal import Decimal
from typing import Annotated

import typer

from connectors.errors import BadInput
from console.commands.readiness import show_readiness
from console.commands.sync import From, Slugs, To, window_of
from console.entries import Entry, entries
from console.options import Json
from console.output import money, print_json, print_result
from console.workspace import chosen, workspace
from mappings.money import minor_digits


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(journals)


def journals(
    slugs: Slugs = None,
    first: From = None,
    last: To = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="show the document rows behind every line")
    ] = False,
    ready: Annotated[
        bool, typer.Option("--readiness", help="list what each entry lacks, and what is to come")
    ] = False,
    target: Annotated[
        str | None, typer.Option(help="with --readiness: books, or an organisation's slug")
    ] = None,
    as_json: Json = False,
) -> None:
    """List journal entries by day, with their state at the books; debits are positive."""
    window = window_of(first, last)
    if ready:
        show_readiness(slugs or [], window, target, as_json=as_json)
        return
    if target is not None:
        raise BadInput("--target is of --readiness: name both, or leave it out")
    with workspace() as opened:
        listed: list[Entry] = []
        for connection in chosen(opened, slugs or []):
            days = opened.lake.days("journal_lines", connection.slug)
            chosen_days = {d for d in days if window is None or d in window}
            listed += entries(opened, connection, chosen_days, explain)
    if as_json:
        print_json({"entries": listed})
    elif not listed:
        print_result("no journal entries there: `daybook sync` builds them")
    else:
        for entry in listed:
            _print(entry)
    # A script that looks at the status alone learns that something waits for its owner.
    raise typer.Exit(1 if any(e["state"] == "held" for e in listed) else 0)


def _print(entry: Entry) -> None:
    state = f"{entry['state']}, revision {entry['revision']}"
    print_result(f"{entry['business_date']} {entry['entry_id']} ({state})")
    if entry["message"]:
        print_result(f"  held: {entry['message']}")
    digits = minor_digits(entry["currency"])
    for line in entry["lines"]:
        settlement = f" [{line['settlement_id']}]" if line["settlement_id"] else ""
        print_result(
            f"  {line['account']:<44} {money(Decimal(line['amount']), digits):>14} "
            f"{entry['currency']}  {line['category']}{settlement}"
        )
        for source in line.get("sources", ()):
            what = source["order_id"] or source["description"] or ""
            print_result(
                f"      {money(source['amount'], digits):>14}  {source['source_type']}  {what}  "
                f"{source['file']} row {source['row']}"
            )
    print_result()
