"""`sync`: bring everything up to date."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import typer

from connectors.channels.history import can_visit, whole_days
from connectors.database.registry import Connection, InboxEvent, Publication
from connectors.errors import BadInput, ConfigError
from connectors.home.settings import settings
from connectors.lake.windows import ONE_DAY, Window, windows
from console.commands.home import Json
from console.days import day
from console.output import print_json, print_result, print_status
from console.progress import Steps, steps
from console.workspace import chosen, workspace
from pipelines.stages import warehouse
from pipelines.stages.books_check import books_error
from pipelines.stages.importing import days_of
from pipelines.stages.publishing import due
from pipelines.stages.visiting import due_days, waiting_days
from pipelines.stages.workspace import Workspace

Slugs = Annotated[list[str] | None, typer.Argument(help="connections; all when none is named")]


From = Annotated[date | None, typer.Option("--from", parser=day, metavar="DAY", help="first day")]
To = Annotated[date | None, typer.Option("--to", parser=day, metavar="DAY", help="last day")]

# A run costs about as much as a month of days that have nothing to do.
DAYS_BETWEEN_RUNS = 31
# What a visit brings may touch days before it, and those others before them.
ROUNDS = 4
STAGES = ("raw_settlements", "normalized_transactions", "settlements", "daily_journals")


@dataclass(frozen=True, slots=True)
class Problem:
    """What failed, and where: a connection or the warehouse."""

    where: str
    what: str | None

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sync)


def window_of(first: date | None, last: date | None) -> Window | None:
    """The window of --from and --to, either of which may be left open; `BadInput` when crossed."""
    if first is None and last is None:
        return None
    start = first or settings().first_day
    end = min(last or date.max, date.max - ONE_DAY) + ONE_DAY
    if start >= end:
        raise BadInput(f"--from {start} is after --to {end - ONE_DAY}")
    return Window(start, end)


def sync(slugs: Slugs = None, first: From = None, last: To = None, as_json: Json = False) -> None:
    """Do what is outstanding: documents to journals, books and warehouse, with progress."""
    window = window_of(first, last)
    with workspace() as opened:
        connections = chosen(opened, slugs or [])
        if not connections:
            raise BadInput("there is no connection yet: `daybook import` makes one")
        todo, problems = _plan(opened, connections, window)
        seen = {slug: set(days) for slug, days in todo.items()}
        is_stale, had_work = warehouse.is_stale(opened), False
        for _ in range(ROUNDS):
            had_work = had_work or _has_work(opened, connections, todo)
            asked = opened.registry.inbox.list()
            problems += run_days(opened, connections, todo, again=window is not None)
            # What these days touch elsewhere is only done, not named.
            window = None
            answered = answered_by(todo, problems)
            opened.registry.inbox.mark_handled([e.id for e in asked if answered(e)])
            todo = _touched(opened, connections, seen)
            if problems or not any(todo.values()):
                break
        problems += run_warehouse(connections) if is_stale or had_work else []
        problems += _refused(opened, connections, problems)
        problems += check_books(opened, problems)
        held = held_entries(opened, connections)
        days = sum(len(_brought(opened, slug, days)) for slug, days in seen.items())
    if as_json:
        failed = list(map(str, problems))
        print_json({"ok": not problems, "days": days, "failed": failed, "held": documents(held)})
    else:
        if any(seen.values()) or problems:
            print_result(f"{counted(days, 'day')} brought up to date")
        else:
            print_result(
                "the books are brought up to date" if had_work else "everything is up to date"
            )
        for publication in held:
            print_result(f"held: {publication.entry_id}: {publication.message}")
        for problem in problems:
            print_result(f"failed: {problem}")
    raise typer.Exit(1 if problems else 0)


def check_books(opened: Workspace, problems: Sequence[Problem]) -> list[Problem]:
    """Return what Beancount refuses in the books, where no problem says so already."""
    error = books_error(opened)
    told = error is None or any(error in (p.what or "") for p in problems)
    return [] if told else [Problem("the books", error)]


def _refused(
    opened: Workspace, connections: Sequence[Connection], problems: Sequence[Problem]
) -> list[Problem]:
    """The accounts that let Daybook in no more, but for those of which a problem says so already.

    Nothing else may be wrong with them: what was fetched before is up to date.
    """
    refused = []
    for connection in connections:
        now = opened.registry.connections.get(connection.slug)
        act = f"connect {now.slug} again"
        told = any(p.where == now.slug and act in (p.what or "") for p in problems)
        if now.state == "needs_reauth" and not told:
            why = now.reason or "the platform rejected the stored credentials"
            refused.append(Problem(now.slug, f"{why}: {act}"))
    return refused


def _touched(
    opened: Workspace, connections: Sequence[Connection], seen: dict[str, set[date]]
) -> dict[str, list[date]]:
    """Days that what was just fetched touches beside those that are done already."""
    found = {}
    for connection in connections:
        waiting = waiting_days(opened, connection) if can_visit(connection) else []
        found[connection.slug] = [day for day in waiting if day not in seen[connection.slug]]
        seen[connection.slug].update(waiting)
    return found


def _plan(
    opened: Workspace, connections: Sequence[Connection], window: Window | None
) -> tuple[dict[str, list[date]], list[Problem]]:
    """What each connection has to do; one whose documents cannot be read fails alone."""
    todo: dict[str, list[date]] = {}
    problems: list[Problem] = []
    for connection in connections:
        try:
            todo[connection.slug] = days_to_do(opened, connection, window)
        except ConfigError as error:
            problems.append(Problem(connection.slug, str(error)))
            todo[connection.slug] = []
    return todo, problems


def answered_by(
    todo: dict[str, list[date]], problems: Sequence[Problem]
) -> Callable[[InboxEvent], bool]:
    """Whether a sync of the days `todo` has done all that an event asked for."""
    bad = {problem.where for problem in problems}

    def answered(event: InboxEvent) -> bool:
        done = set(todo.get(event.connection or "", ()))
        return event.connection in todo.keys() - bad and done.issuperset(event.days)

    return answered


def _brought(opened: Workspace, slug: str, days: Iterable[date]) -> set[date]:
    """Which of the days are up to date now: done, and none that failed or is still open."""
    states = opened.registry.days.list(slug)
    return set(days) - {s.day for s in states if s.state in {"failed", "open"}}


def counted(number: int, noun: str) -> str:
    """So many of something, in words."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun.removesuffix('y') + 'ies' if noun.endswith('ry') else noun + 's'}"


def days_to_do(opened: Workspace, connection: Connection, window: Window | None) -> list[date]:
    """Days of a window that documents cover or a visit may, or without one what is due."""
    if window is None:
        return due_days(opened, connection)
    if can_visit(connection):
        return [day for day in whole_days(connection, opened.settings.first_day) if day in window]
    covered = {day for m in opened.lake.effective_documents(connection.slug) for day in days_of(m)}
    return sorted(day for day in covered if day in window)


def _has_work(
    opened: Workspace, connections: Sequence[Connection], todo: dict[str, list[date]]
) -> bool:
    """Whether there are days to do or entries to post."""
    return any(todo.values()) or any(_unposted(opened, c) for c in connections)


def run_days(
    opened: Workspace,
    connections: Sequence[Connection],
    todo: dict[str, list[date]],
    *,
    again: bool = False,
) -> list[Problem]:
    """Run data and publishing; returns what failed. `again`: somebody named the days."""
    if not _has_work(opened, connections, todo):
        return []
    print_status("starting")
    from pipelines.execution import DATA_JOB, PUBLISH_JOB, open_instance, run
    from pipelines.resources import Daybook

    problems: list[Problem] = []
    total = sum(len(days) * len(STAGES) for days in todo.values())
    with open_instance([c.slug for c in connections]) as instance, steps(total) as progress:
        for connection in connections:
            for window in windows(todo[connection.slug], gap=DAYS_BETWEEN_RUNS):
                progress.name(f"{connection.slug} {window.start} to {window.end}")
                daybook = Daybook(progress.advance, again=again)
                outcome = run(instance, DATA_JOB, connection.slug, window, daybook=daybook)
                problems += [] if outcome.ok else [Problem(connection.slug, outcome.problem)]
        problems += _publish_all(opened, connections, instance, run, PUBLISH_JOB, progress)
    return problems


def run_warehouse(connections: Sequence[Connection]) -> list[Problem]:
    """Bring the warehouse up to date; returns what failed.

    Only when no day is left that what was fetched touches: until then a settlement may stand on
    the day it had before, too.
    """
    from pipelines.execution import WAREHOUSE_JOB, open_instance, run

    with open_instance([c.slug for c in connections]) as instance, steps(0) as progress:
        progress.name("warehouse")
        outcome = run(instance, WAREHOUSE_JOB)
    return [] if outcome.ok else [Problem("the warehouse", outcome.problem)]


def _unposted(opened: Workspace, connection: Connection) -> Window | None:
    """The days whose entries the books lack; all of them where the books cannot be read."""
    always = Window(date.min, date.max)
    try:
        days = due(opened, connection, always).days
    except ConfigError:
        listed = opened.registry.publications.list("books", [connection.slug])
        days = [p.business_date for p in listed]
    return Window(min(days), max(days) + ONE_DAY) if days else None


def _publish_all(
    opened: Workspace,
    connections: Sequence[Connection],
    instance: Any,
    run: Any,
    job: str,
    progress: Steps,
) -> list[Problem]:
    problems: list[Problem] = []
    for connection in connections:
        window = _unposted(opened, connection)
        if window is None:
            continue
        progress.name(f"{connection.slug} books")
        outcome = run(instance, job, connection.slug, window)
        problems += [] if outcome.ok else [Problem(connection.slug, outcome.problem)]
    return problems


def held_entries(opened: Workspace, connections: Sequence[Connection]) -> Sequence[Publication]:
    """The entries of these connections that wait for their owner."""
    return opened.registry.publications.list(
        "books", [c.slug for c in connections], states=["held"]
    )


def documents(publications: Sequence[Publication]) -> list[dict[str, Any]]:
    """Entries as `--json` lists them."""
    return [
        {"entry_id": p.entry_id, "connection": p.connection, "day": p.business_date,
         "currency": p.currency, "state": p.state, "message": p.message}
        for p in publications
    ]  # fmt: skip
