"""`close`: a month's archive, and the day through which books are closed."""

from pathlib import Path
from typing import Annotated

import typer

from connectors.errors import BadInput
from console.commands.accounts import ACTOR
from console.commands.sync import counted
from console.options import Json
from console.output import print_json, print_result
from console.workspace import chosen, workspace
from pipelines.stages.month_close import close_month, month_of, reopen_month


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(close)


def close(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="like 2026-03")],
    slugs: Annotated[
        list[str] | None, typer.Argument(help="stores; all when none is named")
    ] = None,
    despite_open: Annotated[
        bool, typer.Option("--despite-open", help="also with entries held or days open")
    ] = False,
    reopen: Annotated[
        bool, typer.Option("--reopen", help="open the books again from this month on")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="why the books are opened again")] = None,
    as_json: Json = False,
) -> None:
    """Archive a month and close the books through its last day."""
    window = month_of(month)
    if reason is not None and not reopen:
        raise BadInput("--reason goes with --reopen")
    with workspace() as opened:
        stores = chosen(opened, slugs or [])
        if reopen:
            opened_again = reopen_month(opened, stores, window, reason or "", ACTOR)
            if as_json:
                print_json({"reopened": opened_again, "from": window.start})
            else:
                print_result(f"{counted(len(opened_again), 'store')} open from {window.start} on")
            return
        closing = close_month(opened, stores, window, ACTOR, despite_open=despite_open)
    if as_json:
        print_json(
            {
                "ok": closing.archive is not None,
                "month": month,
                "closed_through": closing.through if closing.archive else None,
                "archive": _text(closing.archive),
                "open": list(closing.obstacles),
            }
        )
    elif closing.archive is None:
        for obstacle in closing.obstacles:
            print_result(obstacle)
        print_result(f"{month} stays open: finish these, or add --despite-open")
    else:
        print_result(f"books closed through {closing.through}: {closing.archive}")
    raise typer.Exit(0 if closing.archive is not None else 1)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
