"""`rates`: rates of exchange, by which entries of other currencies are converted."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.documents.owner_files import read_owner_file
from console.commands.accounts import ACTOR
from console.commands.sync import counted
from console.options import Json
from console.output import print_json, print_result
from console.targets import organisation_named
from console.workspace import workspace
from pipelines.stages.exchange_rates import RatesImport, import_rates, pull_rates

app = typer.Typer(help="Keep rates of exchange.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Keep rates of exchange."""


@app.command()
def pull(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="the accounting organisation")],
    as_json: Json = False,
) -> None:
    """Take the rates that an accounting organisation keeps, for the days of its stores."""
    with workspace() as opened:
        outcome = pull_rates(opened, organisation_named(opened, slug), ACTOR)
    _show(outcome, slug, as_json=as_json)


@app.command(name="import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="eurofxref-hist.csv or .zip of the ECB, or date,from,to,rate")
    ],
    source: Annotated[str, typer.Option(help="the name that mappings know the rates by")] = "ecb",
    as_json: Json = False,
) -> None:
    """Import rates; those of a day that are there already are replaced."""
    with workspace() as opened:
        outcome = import_rates(
            opened, source, file.name, read_owner_file(file, "it is no file of rates"), ACTOR
        )
    _show(outcome, source, as_json=as_json)


def _show(outcome: RatesImport, source: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"rates": outcome.rates, "changed": outcome.changed})
        return
    print_result(f"{counted(outcome.rates, 'rate')} of {source}, {outcome.changed} new or changed")
