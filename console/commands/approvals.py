"""`publish approve` and its like: what owners decide about entries before they are posted."""

from datetime import date
from typing import Annotated, Final

import typer

from connectors.database.registry import Publication
from connectors.errors import BadInput
from console.commands.accounts import ACTOR
from console.commands.sync import From, To, counted, documents, window_of
from console.days import day
from console.options import Json
from console.output import print_json, print_result
from console.proofs import other_document
from console.targets import organisation_for, target_named
from console.workspace import chosen, workspace
from pipelines.stages.approvals import (
    Approval,
    EntrySelection,
    approve_from,
    choose_for_closed,
    drafts,
    is_pattern,
)
from pipelines.stages.approvals import approve as approve_entries
from pipelines.stages.approvals import release as release_entries

Entry = Annotated[
    str | None,
    typer.Option("--entry", metavar="ID", help="one entry, or all that begin so: cogs:*"),
]
Target = Annotated[
    str | None, typer.Option(help="books, or an organisation's slug; the store's own without it")
]
Reason = Annotated[str, typer.Option(help="your reason, for the audit log")]
Despite = Annotated[
    bool,
    typer.Option("--despite-other-entries", help="also where another connector posted there"),
]


def selection_of(entry: str | None, first: date | None, last: date | None) -> EntrySelection:
    """Return what --entry, --from and --to select; `BadInput` where they contradict."""
    window = window_of(first, last)
    if entry is not None and not is_pattern(entry) and window is not None:
        raise BadInput("give --entry, or --from and --to, and not both")
    return EntrySelection(entry, window)


def approve(
    slug: str,
    first: From = None,
    last: To = None,
    entry: Entry = None,
    automatic_from: Annotated[
        date | None,
        typer.Option(parser=day, metavar="DAY", help="post entries of this day and later unasked"),
    ] = None,
    manual: Annotated[bool, typer.Option("--manual", help="post none unasked")] = False,
    target: Target = None,
    despite_other_entries: Despite = False,
    as_json: Json = False,
) -> None:
    """Let the first entries of a store be posted, or list those that wait for it."""
    selection = selection_of(entry, first, last)
    is_listed = selection == EntrySelection() and automatic_from is None and not manual
    with workspace() as opened:
        (store,) = chosen(opened, [slug])
        organisation = organisation_for(opened, store, target)
        if is_listed:
            waiting = drafts(opened, slug, organisation.slug, selection)
            _show_waiting(waiting, slug, as_json=as_json)
            return
        if automatic_from is not None or manual:
            approval = approve_from(
                opened,
                store,
                organisation,
                automatic_from,
                ACTOR,
                despite_other_entries=despite_other_entries,
            )
        else:
            approval = approve_entries(
                opened,
                store,
                organisation,
                selection,
                ACTOR,
                despite_other_entries=despite_other_entries,
            )
    _show_approval(approval, organisation.slug, automatic_from, as_json=as_json)
    raise typer.Exit(1 if approval.others else 0)


def leave_out(
    slug: str,
    reason: Reason,
    first: From = None,
    last: To = None,
    entry: Entry = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Leave entries out of a target for good, as those of closed days."""
    with workspace() as opened:
        (store,) = chosen(opened, [slug])
        selection, where = selection_of(entry, first, last), target_named(opened, store, target)
        left = choose_for_closed(opened, slug, where, selection, "left_out", reason, ACTOR)
    _show_chosen(f"{counted(len(left), 'entry')} left out of {where}", left, as_json=as_json)


def first_open_day(
    slug: str,
    reason: Reason,
    first: From = None,
    last: To = None,
    entry: Entry = None,
    target: Target = None,
    as_json: Json = False,
) -> None:
    """Post entries of closed days on the first day that is open."""
    with workspace() as opened:
        (store,) = chosen(opened, [slug])
        selection, where = selection_of(entry, first, last), target_named(opened, store, target)
        moved = choose_for_closed(opened, slug, where, selection, "first_open_day", reason, ACTOR)
    text = f"{counted(len(moved), 'entry')} go to the first open day of {where}"
    _show_chosen(text, moved, as_json=as_json)


def release(
    slug: str,
    first: From = None,
    last: To = None,
    entry: Entry = None,
    target: Target = None,
    reason: Annotated[str | None, typer.Option(help="your reason, for the audit log")] = None,
    as_json: Json = False,
) -> None:
    """Let entries that were rolled back or left out be posted again."""
    with workspace() as opened:
        (store,) = chosen(opened, [slug])
        selection, where = selection_of(entry, first, last), target_named(opened, store, target)
        released = release_entries(opened, store, where, selection, ACTOR, reason)
    # One that was corrected has several revisions.
    entries = sorted({publication.entry_id for publication in released})
    if as_json:
        print_json({"target": where, "released": entries})
        return
    print_result(
        f"{counted(len(entries), 'entry')} of {slug} released; `daybook publish` posts them"
    )


COMMANDS: Final = (approve, leave_out, first_open_day, release)
NAMES: Final = ("approve", "leave-out", "first-open-day", "release")


def _show_waiting(waiting: list[Publication], slug: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"approved": [], "drafts": documents(waiting), "others": []})
        return
    print_result(f"{counted(len(waiting), 'entry')} of {slug} waiting for approval")
    for publication in waiting:
        print_result(f"  {publication.entry_id}: {publication.message}")
    if waiting:
        print_result("name them by --entry or --from and --to, or set --automatic-from")


def _show_approval(approval: Approval, target: str, since: date | None, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "approved": documents(approval.entries),
                "drafts": [],
                "others": [other_document(other) for other in approval.others],
            }
        )
        return
    if approval.others:
        print_result(f"{target} has entries of another connector in these days:")
        for other in approval.others:
            print_result(f"  {other.day} {other.kind} {other.reference}: {other.text}")
        print_result("stop that connector and take its entries out, or add --despite-other-entries")
        return
    print_result(f"{counted(len(approval.entries), 'entry')} approved for {target}")
    if since is not None:
        print_result(f"entries of {since} and later are posted unasked")


def _show_chosen(headline: str, listed: list[Publication], *, as_json: bool) -> None:
    if as_json:
        print_json({"entries": documents(listed)})
        return
    print_result(headline)
    for publication in listed:
        print_result(f"  {publication.entry_id}")
