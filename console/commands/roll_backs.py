"""`publish rollback`: entries out of a target again."""

from typing import Annotated, Final

import typer

from connectors.errors import BadInput
from console.commands.accounts import ACTOR
from console.commands.approvals import Entry, Reason, Target, selection_of
from console.commands.sync import From, To, counted, documents
from console.options import Json
from console.output import print_json, print_result, print_status
from console.targets import target_named
from console.workspace import chosen, workspace
from pipelines.stages.approvals import EntrySelection
from pipelines.stages.roll_back import bank_warnings, choose_entries, roll_back


def rollback(
    slug: str,
    reason: Reason,
    first: From = None,
    last: To = None,
    entry: Entry = None,
    settlement: Annotated[
        str | None, typer.Option(metavar="ID", help="entries with lines of a settlement")
    ] = None,
    target: Target = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it.")] = False,
    as_json: Json = False,
) -> None:
    """Take posted entries out again; nothing of them is posted until `publish release`."""
    selection = selection_of(entry, first, last)
    if selection == EntrySelection() and settlement is None:
        raise BadInput("say what to roll back: --entry, --settlement, or --from and --to")
    with workspace() as opened:
        (store,) = chosen(opened, [slug])
        where = target_named(opened, store, target)
        entries = choose_entries(opened, slug, where, selection, settlement)
        warnings = bank_warnings(opened, where, entries)
        # What loses its bank match is said before anything happens, and again by --json after.
        for warning in warnings:
            print_status(f"warning: {warning}")
        if entries and not yes:
            raise BadInput(
                f"this takes {counted(len(entries), 'entry')} of {slug} out of {where}: add --yes"
            )
        outcome = roll_back(opened, slug, where, entries, reason, ACTOR)
    if as_json:
        print_json(
            {
                "ok": not outcome.failed,
                "target": where,
                "removed": documents(outcome.removed),
                "failed": {str(on): why for on, why in sorted(outcome.failed.items())},
                "warnings": warnings,
            }
        )
    else:
        print_result(f"{counted(len(outcome.removed), 'entry')} of {slug} out of {where}")
        for on, why in sorted(outcome.failed.items()):
            print_result(f"failed: {on}: {why}; roll back again")
    raise typer.Exit(1 if outcome.failed else 0)


COMMANDS: Final = (rollback,)
NAMES: Final = ("rollback",)
