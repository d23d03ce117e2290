"""`publish`: planned entries to the books; what would go to an accounting organisation."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

import typer

from connectors.accounting import TARGETS
from connectors.accounts.posting_switch import posting
from connectors.database.registry import Connection, Publication
from connectors.lake.windows import Window, windows
from console.commands import approvals, drift, roll_backs
from console.commands.default_command import DEFAULT, DefaultCommand
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
from console.targets import organisation_named
from console.workspace import chosen, workspace
from pipelines.names import DAYS_BETWEEN_RUNS
from pipelines.stages.books_check import checked_books
from pipelines.stages.delivery import is_due
from pipelines.stages.orphans import Orphan
from pipelines.stages.publisher import Due, due, senders
from pipelines.stages.sender import due_days, planned_for
from pipelines.stages.workspace import Workspace
from pipelines.sync import SyncProblem, books_problems, held_entries

app = typer.Typer(
    cls=DefaultCommand,
    help="Post planned journal entries, and decide about those that wait.",
    rich_markup_mode=None,
)
for command in (*approvals.COMMANDS, *roll_backs.COMMANDS, *drift.COMMANDS):
    app.command()(command)


@app.command(
    name=DEFAULT,
    hidden=True,
    epilog="Also: "
    + ", ".join(
        f"`daybook publish {name}`" for name in (*approvals.NAMES, *roll_backs.NAMES, *drift.NAMES)
    )
    + "; each takes --help.",
)
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
            organisation = organisation_named(opened, target)
            at_target = _preview if dry_run else _send
            at_target(opened, connections, organisation, window, as_json=as_json)
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
    held, drafts, due_there = _by_state(entries)
    if as_json:
        _print_document(due_there, held, since, drafts=drafts, dry_run=True)
    else:
        headline = f"{counted(len(due_there), 'entry')} would be posted to {target}"
        _show(f"{headline}{_why(target, since, sending)}", due_there)
        _show_held(held)
        _show_drafts(drafts, target)
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
    # Who asks for it by hand waits for no schedule.
    opened.registry.publications.hasten(
        target, [store.slug for store in sending], window.start, window.end
    )
    _, _, due_there = _by_state(planned_for(opened, sending, organisation, window))
    days = {store.slug: due_days(opened, store, window) for store in sending}
    problems = _run_windows(days)
    left = planned_for(opened, sending, organisation, window)
    held, drafts, _ = _by_state(left)
    # Runs report days, not entries: what was due and no longer is was posted. The revision counts,
    # because an entry that changed meanwhile is due again.
    missing = {(p.entry_id, p.revision) for p in left}
    posted = [p for p in due_there if (p.entry_id, p.revision) not in missing]
    if as_json:
        _print_document(posted, held, since, problems, drafts=drafts, dry_run=False)
    else:
        headline = f"{counted(len(posted), 'entry')} posted to {target}"
        print_result(headline + ("" if posted else _why(target, since, sending)))
        _show_held(held)
        _show_drafts(drafts, target)
        for problem in problems:
            print_result(f"failed: {problem}")
    raise typer.Exit(1 if problems or held else 0)


def _by_state(
    entries: Sequence[Publication],
) -> tuple[list[Publication], list[Publication], list[Publication]]:
    """Return held entries, drafts, and those that are due."""
    held = [p for p in entries if p.state == "held"]
    drafts = [p for p in entries if p.state == "draft"]
    return held, drafts, [p for p in entries if p.state not in {"held", "draft"}]


def _show_drafts(drafts: Sequence[Publication], target: str) -> None:
    if not drafts:
        return
    print_result(
        f"{counted(len(drafts), 'entry')} waiting for approval: `daybook publish approve SLUG "
        f"--target {target}` lists them"
    )


def _print_document(
    entries: Sequence[Publication],
    held: Sequence[Publication],
    since: date | None,
    problems: Sequence[SyncProblem] = (),
    *,
    drafts: Sequence[Publication],
    dry_run: bool,
) -> None:
    print_json(
        {
            "ok": not problems and not held,
            "dry_run": dry_run,
            "entries": documents(entries),
            "held": documents(held),
            "drafts": documents(drafts),
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
        wait = _wait(publication)
        print_result(f"  {publication.entry_id} revision {publication.revision}{wait}")


def _wait(publication: Publication) -> str:
    """Return since when an entry is posted without being asked for, where that is to come."""
    if is_due(publication) or publication.due_at is None:
        return ""
    return f", by itself from {publication.due_at:%Y-%m-%d %H:%M} UTC on"


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
