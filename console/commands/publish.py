"""`publish`: planned entries to the books; what would go to an accounting organisation."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

import typer

from connectors.accounting import TARGETS
from connectors.accounts.platforms import has_settlements
from connectors.accounts.posting_switch import posting
from connectors.database.registry import Connection, Publication
from connectors.errors import BadInput
from connectors.lake.windows import Window, windows
from console.commands.sync import (
    From,
    Slugs,
    To,
    counted,
    documents,
    window_of,
)
from console.options import Json
from console.output import print_json, print_result
from console.progress import steps
from console.workspace import chosen, workspace
from pipelines.names import DAYS_BETWEEN_RUNS
from pipelines.stages.books_check import checked_books
from pipelines.stages.orphans import Orphan
from pipelines.stages.publisher import Due, due, senders
from pipelines.stages.sender import due_days, planned_for
from pipelines.stages.workspace import Workspace
from pipelines.sync import SyncProblem, books_problems, held_entries


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(publish)


def publish(
    slugs: Slugs = None,
    first: From = None,
    last: To = None,
    target: Annotated[str, typer.Option(help="books, or an organisation's slug")] = "books",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only list what would be posted")
    ] = False,
    as_json: Json = False,
) -> None:
    """Post planned journal entries to the books, and remove those that nothing supports."""
    # Without days the whole past is asked: what vanished may be of any day.
    window = window_of(first, last) or Window(date.min, date.max)
    problems: list[SyncProblem] = []
    with workspace() as opened:
        connections = chosen(opened, slugs or [])
        if target not in TARGETS:
            organisation = _organisation(opened, target)
            command = _preview if dry_run else _send
            command(opened, connections, organisation, window, as_json=as_json)
            return
        outstanding = {c.slug: due(opened, c, window) for c in connections}
        if not dry_run:
            problems = _run_publish(outstanding)
            problems += books_problems(opened, problems)
        elif error := checked_books(opened.settings):
            problems.append(SyncProblem("the books", error))
        held = held_entries(opened, connections)
    post = [p for listed in outstanding.values() for p in listed.post]
    remove = [orphan for listed in outstanding.values() for orphan in listed.remove]
    if as_json:
        print_json(
            {
                "ok": not problems and not held,
                "dry_run": dry_run,
                "entries": documents(post),
                "removed": [_removal(orphan) for orphan in remove],
                "held": documents(held),
                "failed": list(map(str, problems)),
            }
        )
    else:
        would = "would be " if dry_run else ""
        _show(f"{counted(len(post), 'entry')} {would}posted to {target}", post if dry_run else [])
        if remove:
            _show_removed(f"{counted(len(remove), 'entry')} {would}removed from {target}", remove)
        _show_held(held)
        for problem in problems:
            print_result(f"failed: {problem}")
    raise typer.Exit(1 if problems or held else 0)


def _preview(
    opened: Workspace,
    stores: Sequence[Connection],
    organisation: Connection,
    window: Window,
    *,
    as_json: bool,
) -> None:
    """List what is due at an organisation."""
    target, since = organisation.slug, posting(organisation).since
    sending = senders(stores, target)
    entries = planned_for(opened, sending, organisation, window)
    held = [p for p in entries if p.state == "held"]
    due_there = [p for p in entries if p.state != "held"]
    if as_json:
        _print_document(due_there, held, since, dry_run=True)
    else:
        headline = f"{counted(len(due_there), 'entry')} would be posted to {target}"
        _show(f"{headline}{_why(target, since, sending)}", due_there)
        _show_held(held)
    raise typer.Exit(1 if held else 0)


def _send(
    opened: Workspace,
    stores: Sequence[Connection],
    organisation: Connection,
    window: Window,
    *,
    as_json: bool,
) -> None:
    """Send what is due to an organisation, and say what it holds now that it did not before."""
    target, since = organisation.slug, posting(organisation).since
    sending = senders(stores, target)
    planned = planned_for(opened, sending, organisation, window)
    due_there = [p for p in planned if p.state != "held"]
    days = {store.slug: due_days(opened, store, window) for store in sending}
    problems = _run_windows(days)
    left = planned_for(opened, sending, organisation, window)
    held = [p for p in left if p.state == "held"]
    # Runs report days, not entries: what was due and no longer is was posted. The revision counts,
    # because an entry that changed meanwhile is due again.
    missing = {(p.entry_id, p.revision) for p in left}
    posted = [p for p in due_there if (p.entry_id, p.revision) not in missing]
    if as_json:
        _print_document(posted, held, since, problems, dry_run=False)
    else:
        headline = f"{counted(len(posted), 'entry')} posted to {target}"
        print_result(headline + ("" if posted else _why(target, since, sending)))
        _show_held(held)
        for problem in problems:
            print_result(f"failed: {problem}")
    raise typer.Exit(1 if problems or held else 0)


def _print_document(
    entries: Sequence[Publication],
    held: Sequence[Publication],
    since: date | None,
    problems: Sequence[SyncProblem] = (),
    *,
    dry_run: bool,
) -> None:
    print_json(
        {
            "ok": not problems and not held,
            "dry_run": dry_run,
            "entries": documents(entries),
            "held": documents(held),
            "failed": list(map(str, problems)),
            "since": since,
        }
    )


def _why(target: str, since: date | None, sending: Sequence[Connection]) -> str:
    if since is None:
        turn_on = f"`daybook connections posting {target} --from DAY`"
        return f": posting is off; {turn_on} turns it on"
    none = "" if sending else "; no store's entries go there"
    return f", of {since} and later{none}"


def _organisation(opened: Workspace, target: str) -> Connection:
    """Return the accounting organisation of a slug; `BadInput` lists the targets there are."""
    connected = {
        c.slug: c
        for c in opened.registry.connections.list()
        if not has_settlements(c) and c.account_id is not None
    }
    if target not in connected:
        targets = ", ".join([*TARGETS, *connected])
        raise BadInput(f"there is no target {target!r}: choose {targets}")
    return connected[target]


def _removal(orphan: Orphan) -> dict[str, object]:
    """Return an entry that goes as `--json` lists it."""
    return {
        "entry_id": orphan.entry_id,
        "connection": orphan.connection,
        "day": orphan.business_date,
        "currency": orphan.currency,
    }


def _show(headline: str, listed: Sequence[Publication]) -> None:
    print_result(headline)
    for publication in listed:
        print_result(f"  {publication.entry_id} revision {publication.revision}")


def _show_removed(headline: str, remove: Sequence[Orphan]) -> None:
    print_result(f"{headline}: no transactions support them")
    for orphan in remove:
        print_result(f"  {orphan.entry_id} revision {orphan.revision}")


def _show_held(held: Sequence[Publication]) -> None:
    for publication in held:
        print_result(f"held: {publication.entry_id}: {publication.message}")


def _run_publish(outstanding: Mapping[str, Due]) -> list[SyncProblem]:
    """Post and remove what is due, connection by connection; return what failed."""
    return _run_windows({slug: listed.days for slug, listed in outstanding.items()})


def _run_windows(days_by_store: Mapping[str, Sequence[date]]) -> list[SyncProblem]:
    total = sum(len(days) for days in days_by_store.values())
    if not total:
        return []
    from pipelines.execution import open_instance, run
    from pipelines.names import PUBLISH
    from pipelines.resources import Daybook

    problems: list[SyncProblem] = []
    with open_instance(list(days_by_store)) as instance, steps() as progress:
        progress.expect(total)
        for slug, days in days_by_store.items():
            for window in windows(days, gap=DAYS_BETWEEN_RUNS):
                progress.begin(f"{slug} {window.start}")
                outcome = run(instance, PUBLISH, slug, window, Daybook(progress.advance))
                problems += [] if outcome.ok else [SyncProblem(slug, outcome.problem)]
    return problems
