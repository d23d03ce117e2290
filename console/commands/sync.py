"""`sync`: bring everything up to date."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer

from connectors.database.registry import Publication
from connectors.errors import BadInput
from connectors.home.settings import settings
from connectors.lake.windows import ONE_DAY, Window
from console.days import day
from console.options import Json
from console.output import print_json, print_result
from console.progress import steps
from console.workspace import chosen, workspace
from pipelines.sync import SyncReport
from pipelines.sync import sync as bring_up_to_date

Slugs = Annotated[list[str] | None, typer.Argument(help="connections; all when none is named")]
From = Annotated[date | None, typer.Option("--from", parser=day, metavar="DAY", help="first day")]
To = Annotated[date | None, typer.Option("--to", parser=day, metavar="DAY", help="last day")]
BAD_NEWS, FAULT = 1, 3


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(sync)


def window_of(first: date | None, last: date | None) -> Window | None:
    """Return the window of --from and --to, either of which may be left open.

    Raises `BadInput` where they are crossed.
    """
    if first is None and last is None:
        return None
    start = first or settings().first_day
    # `date.max` has no day after it.
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
        with steps() as progress:
            report = bring_up_to_date(opened, connections, window, progress)
    if as_json:
        print_json(
            {
                "ok": not report.problems,
                "days": report.days,
                "failed": list(map(str, report.problems)),
                "held": documents(report.held),
                "waiting": list(map(str, report.waiting)),
            }
        )
    else:
        _show(report)
    raise typer.Exit(exit_code(report))


def exit_code(report: SyncReport) -> int:
    """Return 0 where all is up to date, 3 where only a platform was away, else 1."""
    if not report.problems:
        return 0
    # A platform that is away is no bad news about the books: a later run may be enough.
    return FAULT if all(problem.passes for problem in report.problems) else BAD_NEWS


def _show(report: SyncReport) -> None:
    if report.days or report.problems:
        print_result(f"{counted(report.days, 'day')} computed")
    elif report.worked and not report.waiting:
        print_result("the books are updated")
    elif not report.waiting:
        print_result("everything is up to date")
    for waiting in report.waiting:
        print_result(f"waiting: {waiting}")
    for publication in report.held:
        print_result(f"held: {publication.entry_id}: {publication.message}")
    for problem in report.problems:
        print_result(f"failed: {problem}")


def counted(number: int, noun: str) -> str:
    """Return so many of something, in words."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {noun.removesuffix('y') + 'ies' if noun.endswith('ry') else noun + 's'}"


def documents(publications: Sequence[Publication]) -> list[dict[str, Any]]:
    """Return entries as `--json` lists them."""
    return [
        {"entry_id": p.entry_id, "connection": p.connection, "day": p.business_date,
         "currency": p.currency, "state": p.state, "message": p.message, "due_at": p.due_at}
        for p in publications
    ]  # fmt: skip
