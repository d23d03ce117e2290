"""`mappings`: accounts suggested, mappings copied, and what one would change."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from connectors.errors import BadInput
from console.commands.mapping_files import read_mapping
from console.commands.sync import window_of
from console.days import day
from console.options import Json, MappingTarget
from console.output import Align, money, print_json, print_result, print_table
from console.targets import check_names, organisation_named
from console.workspace import chosen, workspace
from mappings.journal.suggestions import Suggestion
from mappings.model import BOOKS
from mappings.money import minor_digits
from pipelines.stages.imports import ACTOR
from pipelines.stages.mapping_changes import check_chart, save_mapping
from pipelines.stages.mapping_copies import MappingCopy, copies, save_copies
from pipelines.stages.mapping_suggestions import (
    create_accounts,
    suggest_accounts,
    suggested_mapping,
)
from pipelines.stages.store import Store
from pipelines.stages.what_if import WhatIf, what_if
from pipelines.sync import ALWAYS

StoreName = Annotated[str, typer.Argument(metavar="STORE", help="a store's slug")]
Organisation = Annotated[str, typer.Option("--target", help="an organisation's slug")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the changes; save nothing.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(suggest)
    app.command()(copy)
    app.command()(diff)


def suggest(
    store: StoreName,
    target: Organisation,
    create: Annotated[
        bool, typer.Option("--create", help="Make the accounts that the organisation lacks.")
    ] = False,
    save: Annotated[bool, typer.Option("--save", help="Save it as the store's mapping.")] = False,
    as_json: Json = False,
) -> None:
    """Suggest an account for each role, of the organisation's own chart, with the reason."""
    with workspace() as opened:
        (connection,) = chosen(opened, [store])
        organisation = organisation_named(opened, target)
        suggestions = suggest_accounts(opened, connection, organisation)
        if create:
            suggestions = create_accounts(opened, organisation, suggestions, ACTOR)
        version = None
        if save:
            config = suggested_mapping(opened, connection, organisation, suggestions)
            reason = f"suggested from the chart of {organisation.name}"
            version = save_mapping(
                opened, config, store, ACTOR, target=target, reason=reason
            ).version
    missing = [each for each in suggestions if each.number is None]
    if as_json:
        print_json({"suggestions": list(map(asdict, suggestions)), "version": version})
        return
    _print_suggestions(suggestions)
    if missing:
        by_us = ", or let `--create` do it" if any(each.new for each in missing) else ""
        print_result(
            f"{len({each.name for each in missing})} accounts are not there: make them in "
            f"{organisation.name}{by_us}"
        )
    if version is not None:
        print_result(f"saved as version {version}; `daybook sync` brings the journals up to it")
    elif not missing:
        print_result("`--save` makes it the mapping of the store")


def _print_suggestions(suggestions: Sequence[Suggestion]) -> None:
    print_table(
        "",
        [("role", Align.LEFT), ("account", Align.LEFT), ("name", Align.LEFT),
         ("reason", Align.LEFT)],
        [
            (
                each.role,
                each.number or "none yet",
                each.name,
                f"{each.reason}: make {each.new.code}, of the type {each.new.kind}"
                if each.new
                else each.reason,
            )
            for each in suggestions
        ],
    )  # fmt: skip


def copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="the store it is copied from")],
    stores: Annotated[list[str], typer.Argument(metavar="TO...", help="the stores that get it")],
    target: MappingTarget = BOOKS,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Copy a store's mapping to others, and show what it changes there.

    Each store keeps its own clearing account where it has one.
    """
    if source in stores:
        raise BadInput(f"{source} is copied from: leave it out of the stores that get it")
    with workspace() as opened:
        check_names(opened, None, target)
        (origin, *others) = chosen(opened, [source, *stores])
        made = copies(opened, origin, others, target)
        saved = {} if dry_run else save_copies(opened, origin, made, target, ACTOR)
    if as_json:
        print_json(
            {
                "copies": [
                    {
                        "store": each.store,
                        "changes": list(map(asdict, each.changes)),
                        "version": saved[each.store].version if each.store in saved else None,
                    }
                    for each in made
                ]
            }
        )
        return
    for each in made:
        _print_copy(each)
        if each.store in saved:
            print_result(f"  saved as version {saved[each.store].version}")


def _print_copy(made: MappingCopy) -> None:
    print_result(f"{made.store}:{'' if made.changes else ' no change'}")
    for change in made.changes:
        print_result(f"  {change.field}: {change.before or 'none'} -> {change.after or 'none'}")


def diff(
    store: StoreName,
    file: Path,
    target: MappingTarget = BOOKS,
    first: Annotated[
        date | None, typer.Option("--from", parser=day, metavar="DAY", help="first day")
    ] = None,
    last: Annotated[
        date | None, typer.Option("--to", parser=day, metavar="DAY", help="last day")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show what a mapping file would change on a store's past days; save nothing."""
    config = read_mapping(file)
    check_chart(config, target)
    window = window_of(first, last) or ALWAYS
    with workspace() as opened:
        check_names(opened, None, target)
        (connection,) = chosen(opened, [store])
        changes = what_if(Store.read(opened, connection), target, config, window)
    if as_json:
        print_json(asdict(changes))
        return
    _print_what_if(changes)


def _print_what_if(changes: WhatIf) -> None:
    if not changes.days:
        print_result("no day is computed yet: `daybook sync` first")
        return
    print_result(
        f"{changes.changed} of {changes.entries} entries on {changes.days} days would change; "
        f"{changes.held} would be held ({changes.held_before} are)"
    )
    if changes.accounts:
        print_table(
            "",
            [("currency", Align.LEFT), ("account", Align.LEFT), ("tax code", Align.LEFT),
             ("now", Align.RIGHT), ("then", Align.RIGHT), ("difference", Align.RIGHT)],
            [
                (
                    each.currency,
                    each.account or "none named",
                    each.tax_code,
                    *(
                        money(amount, minor_digits(each.currency))
                        for amount in (each.before, each.after, each.after - each.before)
                    ),
                )
                for each in changes.accounts
            ],
        )  # fmt: skip
