"""`journals --readiness`: the parts that entries lack, with the cure, and data that is to come."""

from collections.abc import Sequence

import typer

from connectors.lake.windows import Window
from console.commands.sync import counted
from console.entry_readiness import PARTS, entry_document, readiness_of, wait_document
from console.output import print_json, print_result
from console.workspace import chosen, workspace
from pipelines.stages.readiness import EntryReadiness, PlatformWait


def show_readiness(
    slugs: Sequence[str], window: Window | None, target: str | None, *, as_json: bool
) -> None:
    """Print the readiness of stores' entries; exit with 1 where one is held."""
    with workspace() as opened:
        results = [readiness_of(opened, store, target, window) for store in chosen(opened, slugs)]
    is_held = any(result.held for result in results)
    if as_json:
        print_json(
            {
                "ok": not is_held,
                "entries": [entry_document(r, entry) for r in results for entry in r.entries],
                "waiting": [wait_document(r, wait) for r in results for wait in r.waiting],
            }
        )
        raise typer.Exit(1 if is_held else 0)
    for result in results:
        for entry in result.held:
            _print_held(entry)
        for wait in result.waiting:
            print_result(
                f"waiting: {_subject(result.connection, wait)}: {wait.reason}{_when(wait)}"
            )
        ready = len(result.entries) - len(result.held)
        print_result(
            f"{result.connection} to {result.target}: {counted(ready, 'entry')} ready, "
            f"{len(result.held)} held, {len(result.waiting)} waiting"
        )
    raise typer.Exit(1 if is_held else 0)


def _print_held(entry: EntryReadiness) -> None:
    problems = {part: getattr(entry, part) for part in (*PARTS, "period")}
    for part, problem in problems.items():
        if problem is not None:
            print_result(f"held: {entry.entry_id}: {part}: {problem}")


def _subject(connection: str, wait: PlatformWait) -> str:
    days = str(wait.first_day)
    if wait.last_day != wait.first_day:
        days = f"{days} to {wait.last_day}"
    settlement = f" settlement {wait.settlement_id} of" if wait.settlement_id else ""
    return f"{connection}{settlement} {days}"


def _when(wait: PlatformWait) -> str:
    return f" (expected {wait.expected})" if wait.expected is not None else ""
