"""`bank import` and `bank unmatched`: what really arrived in the bank."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.bank import CsvColumns
from connectors.bank.csv_statement import columns_of
from connectors.errors import BadInput
from console.commands.accounts import ACTOR
from console.commands.sync import Slugs, counted
from console.options import Json
from console.output import Align, money, print_json, print_result, print_table
from console.proofs import unmatched_document
from console.targets import organisation_named
from console.workspace import chosen, workspace
from mappings.money import minor_digits
from pipelines.stages.bank import import_statement, unmatched_payouts
from pipelines.stages.target_bank import import_from_organisation

app = typer.Typer(help="Match payouts with the bank's statements.", no_args_is_help=True)


@app.command(name="import")
def import_(
    file: Annotated[
        Path | None, typer.Argument(help="CSV, OFX or CAMT.053, as the bank gives it")
    ] = None,
    target: Annotated[
        str | None,
        typer.Option("--from", metavar="TARGET", help="an organisation, instead of a file"),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(help="your name for the bank account; its number in an organisation"),
    ] = None,
    currency: Annotated[
        str | None, typer.Option(help="of a CSV file without a column of currencies")
    ] = None,
    columns: Annotated[
        str, typer.Option(metavar="WHAT=HEADER,...", help="date, amount, credit, debit, text, id")
    ] = "",
    day_format: Annotated[
        str | None, typer.Option(help="how a CSV file writes days, like %d/%m/%Y")
    ] = None,
    decimal: Annotated[str | None, typer.Option(help="the decimal mark of a CSV file")] = None,
    as_json: Json = False,
) -> None:
    """Import bank lines, and match deposits with payouts; a line counts once."""
    layout = CsvColumns(columns_of(columns), day_format, decimal)
    if (file is None) == (target is None):
        raise BadInput("name a file of your bank, or an organisation with --from")
    with workspace() as opened:
        if file is not None:
            name = account or "bank"
            outcome = import_statement(opened, file, name, ACTOR, layout, currency)
        else:
            organisation = organisation_named(opened, target or "")
            outcome = import_from_organisation(opened, organisation, account or "", ACTOR)
    if as_json:
        print_json({"lines": outcome.lines, "new": outcome.new, "matched": outcome.matched})
        return
    print_result(
        f"{counted(outcome.lines, 'line')}, {outcome.new} new; "
        f"{counted(outcome.matched, 'payout')} matched"
    )


@app.command()
def unmatched(slugs: Slugs = None, as_json: Json = False) -> None:
    """List payouts that no imported statement shows, with their age."""
    with workspace() as opened:
        listed = unmatched_payouts(opened, chosen(opened, slugs or []))
    overdue = [each for each in listed if each.is_overdue]
    if as_json:
        print_json({"ok": not overdue, "payouts": [unmatched_document(each) for each in listed]})
        raise typer.Exit(1 if overdue else 0)
    columns = [
        *((name, Align.LEFT) for name in ("connection", "settlement", "due", "")),
        *((name, Align.RIGHT) for name in ("amount", "days ago")),
    ]
    if listed:
        print_table(
            "",
            columns,
            [
                (
                    each.payout.connection,
                    each.payout.settlement_id,
                    each.payout.day,
                    each.payout.currency,
                    money(each.payout.amount, minor_digits(each.payout.currency)),
                    each.days,
                )
                for each in listed
            ],
        )
    print_result(
        f"{counted(len(listed), 'payout')} not in the bank, {len(overdue)} of them overdue"
    )
    raise typer.Exit(1 if overdue else 0)
