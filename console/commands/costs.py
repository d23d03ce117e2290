"""`costs`: what units cost, what became of stock, and which SKUs have no cost."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import typer

from connectors.documents.owner_files import read_owner_file
from console.commands.accounts import ACTOR
from console.commands.sync import counted
from console.options import Json
from console.output import Align, print_json, print_result, print_table
from console.workspace import chosen, workspace
from pipelines.stages.stock import (
    StockImport,
    import_costs,
    import_movements,
    missing_costs,
    pull_costs,
)

TOO_LARGE: Final = "cut it into several files"
app = typer.Typer(help="Book what goods cost.", no_args_is_help=True)
Store = Annotated[str, typer.Option("--connection", metavar="SLUG", help="the store")]


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with sku, cost, currency, from, location")],
    connection: Store,
    as_json: Json = False,
) -> None:
    """Import unit costs, each from a day on; a newer file adds to and replaces older ones."""
    with workspace() as opened:
        (store,) = chosen(opened, [connection])
        outcome = import_costs(opened, store, file.name, read_owner_file(file, TOO_LARGE), ACTOR)
    _show(outcome, "unit cost", as_json=as_json)


@app.command()
def pull(
    shop: Annotated[str, typer.Argument(metavar="SHOP", help="the Shopify shop that names costs")],
    connection: Annotated[
        str | None,
        typer.Option(
            "--connection", metavar="SLUG", help="the store they are for; the shop itself"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Take unit costs from a connected shop: each from today on, and after costs of your own."""
    with workspace() as opened:
        source, store = (chosen(opened, [slug])[0] for slug in (shop, connection or shop))
        outcome = pull_costs(opened, source, store, ACTOR)
    if as_json:
        print_json(asdict(outcome))
        return
    print_result(f"{counted(outcome.rows, 'unit cost')}, {outcome.changed} new or changed")
    if outcome.ambiguous:
        print_result(
            f"{counted(len(outcome.ambiguous), 'SKU')} with different costs left out: "
            + ", ".join(outcome.ambiguous[:10])
        )


@app.command()
def movements(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV with date, sku, quantity, kind, reference, location; or Amazon's FBA returns"
        ),
    ],
    connection: Store,
    as_json: Json = False,
) -> None:
    """Import units that came back, were lost, disposed of or found."""
    with workspace() as opened:
        (store,) = chosen(opened, [connection])
        outcome = import_movements(
            opened, store, file.name, read_owner_file(file, TOO_LARGE), ACTOR
        )
    _show(outcome, "movement", as_json=as_json)


def _show(outcome: StockImport, noun: str, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(outcome))
        return
    print_result(
        f"{counted(outcome.rows, noun)}, {outcome.changed} new or changed; "
        f"{counted(outcome.days, 'day')} to compute: `daybook sync`"
    )
    if outcome.waiting:
        print_result(
            f"{counted(outcome.waiting, noun)} of days that no settlement covers yet: booked once "
            "one does"
        )


@app.command()
def missing(slug: str, as_json: Json = False) -> None:
    """List SKUs that were sold without a unit cost, those sold most first."""
    with workspace() as opened:
        (store,) = chosen(opened, [slug])
        listed = missing_costs(opened, store)
    if as_json:
        rows = [
            {"sku": m.sku, "location": m.location, "first_day": m.first_day, "units": m.units}
            for m in listed
        ]
        print_json({"ok": not listed, "missing": rows})
        raise typer.Exit(1 if listed else 0)
    columns = [
        *((name, Align.LEFT) for name in ("sku", "location", "first sold")),
        ("units", Align.RIGHT),
    ]
    if listed:
        print_table("", columns, [(m.sku, m.location, m.first_day, m.units) for m in listed])
    print_result(f"{counted(len(listed), 'SKU')} of {slug} without a unit cost")
    raise typer.Exit(1 if listed else 0)
