"""`sync`, `publish`, `reconcile`, `sql`: bring things up to date, and look."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import typer

from connectors.errors import BadInput, ConfigError
from connectors.registry import Connection, Publication
from connectors.settings import settings
from connectors.windows import ONE_DAY, Window, windows
from console.commands.home import Json
from console.opening import chosen, workspace
from console.output import Align, money, numeric, say, show, show_json, show_table
from console.progress import Steps, steps
from mappings.money import minor_digits
from pipelines.stages.importing import days_of, outstanding
from pipelines.stages.publishing import due
from pipelines.stages.reconciliation import Proof, reconcile
from pipelines.stages.workspace import Workspace
from pipelines.warehouse import query

Slugs = Annotated[list[str] | None, typer.Argument(help="connections; all when none is named")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is not a day: write it like 2026-03-31") from None


From = Annotated[date | None, typer.Option("--from", parser=_day, metavar="DAY", help="first day")]
To = Annotated[date | None, typer.Option("--to", parser=_day, metavar="DAY", help="last day")]

# A run costs about as much as a month of days that have nothing to do.
DAYS_BETWEEN_RUNS = 31
STAGES = ("raw_settlements", "normalized_transactions", "settlements", "daily_journals")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sync)
    app.command()(publish)
    app.command(name="reconcile")(reconcile_)
    app.command()(sql)


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
        todo = {c.slug: days_to_do(opened, c, window) for c in connections}
        handled = [e.id for e in opened.registry.inbox() if e.connection in todo]
        problems = run_sync(opened, connections, todo)
        if not problems and window is None:
            opened.registry.mark_handled(handled)
        held = _held(opened, connections)
    days = sum(len(d) for d in todo.values())
    if as_json:
        show_json({"ok": not problems, "days": days, "failed": problems, "held": _listed(held)})
    else:
        show(f"{days} days brought up to date" if days else "everything is up to date")
        for publication in held:
            show(f"held: {publication.entry_id}: {publication.message}")
        for problem in problems:
            show(f"failed: {problem}")
    raise typer.Exit(1 if problems else 0)


def days_to_do(opened: Workspace, connection: Connection, window: Window | None) -> list[date]:
    """Days of a window that documents cover, or without one what is outstanding."""
    if window is None:
        return outstanding(opened, connection)
    covered = {day for m in opened.lake.current(connection.slug) for day in days_of(m)}
    return sorted(day for day in covered if day in window)


def run_sync(
    opened: Workspace, connections: Sequence[Connection], todo: dict[str, list[date]]
) -> list[str]:
    """Run data, publishing and the warehouse; returns what failed, a line each."""
    due_now = any(_unposted(opened, c) for c in connections)
    if not any(todo.values()) and not due_now and settings().warehouse_file.exists():
        return []
    say("starting")
    from pipelines.execution import DATA_JOB, PUBLISH_JOB, WAREHOUSE_JOB, open_instance, run

    problems: list[str] = []
    total = sum(len(days) * len(STAGES) for days in todo.values())
    with open_instance([c.slug for c in connections]) as instance, steps(total) as progress:
        for connection in connections:
            for window in windows(todo[connection.slug], gap=DAYS_BETWEEN_RUNS):
                progress.name(f"{connection.slug} {window.start} to {window.end}")
                outcome = run(instance, DATA_JOB, connection.slug, window, progress.advance)
                problems += [] if outcome.ok else [f"{connection.slug}: {outcome.problem}"]
        problems += _publish_all(opened, connections, instance, run, PUBLISH_JOB, progress)
        progress.name("warehouse")
        outcome = run(instance, WAREHOUSE_JOB)
        problems += [] if outcome.ok else [f"warehouse: {outcome.problem}"]
    return problems


def _unposted(opened: Workspace, connection: Connection) -> Window | None:
    """The days whose entries the books lack; all of them where the books cannot be read."""
    always = Window(date.min, date.max)
    try:
        days = [p.business_date for p in due(opened, connection.slug, always)]
    except ConfigError:
        listed = opened.registry.publications("books", [connection.slug])
        days = [p.business_date for p in listed]
    return Window(min(days), max(days) + ONE_DAY) if days else None


def _publish_all(
    opened: Workspace,
    connections: Sequence[Connection],
    instance: Any,
    run: Any,
    job: str,
    progress: Steps,
) -> list[str]:
    problems: list[str] = []
    for connection in connections:
        window = _unposted(opened, connection)
        if window is None:
            continue
        progress.name(f"{connection.slug} books")
        outcome = run(instance, job, connection.slug, window)
        problems += [] if outcome.ok else [f"{connection.slug}: {outcome.problem}"]
    return problems


def _held(opened: Workspace, connections: Sequence[Connection]) -> list[Publication]:
    return opened.registry.publications("books", [c.slug for c in connections], states=["held"])


def _listed(publications: Sequence[Publication]) -> list[dict[str, Any]]:
    return [
        {"entry_id": p.entry_id, "connection": p.connection, "day": p.business_date,
         "currency": p.currency, "state": p.state, "message": p.message}
        for p in publications
    ]  # fmt: skip


def publish(
    slugs: Slugs = None,
    first: From = None,
    last: To = None,
    target: Annotated[str, typer.Option(help="where to")] = "books",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be")] = False,
    as_json: Json = False,
) -> None:
    """Post planned journal entries to the books."""
    if target != "books":
        raise BadInput(f"there is no target {target!r}: choose books")
    window = window_of(first, last) or Window(date.min, date.max)
    problems: list[str] = []
    with workspace() as opened:
        connections = chosen(opened, slugs or [])
        planned = [p for c in connections for p in due(opened, c.slug, window)]
        if planned and not dry_run:
            problems = _run_publish(opened, connections, planned)
        held = _held(opened, connections)
    if as_json:
        show_json(
            {
                "ok": not problems and not held,
                "dry_run": dry_run,
                "entries": _listed(planned),
                "held": _listed(held),
                "failed": problems,
            }
        )
    else:
        verb = "would be posted" if dry_run else "posted"
        show(f"{len(planned)} entries {verb} to {target}")
        for publication in planned if dry_run else []:
            show(f"  {publication.entry_id} revision {publication.revision}")
        for publication in held:
            show(f"held: {publication.entry_id}: {publication.message}")
        for problem in problems:
            show(f"failed: {problem}")
    raise typer.Exit(1 if problems or held else 0)


def _run_publish(
    opened: Workspace, connections: Sequence[Connection], planned: Sequence[Publication]
) -> list[str]:
    from pipelines.execution import PUBLISH_JOB, open_instance, run

    problems: list[str] = []
    with open_instance([c.slug for c in connections]) as instance, steps(len(planned)) as progress:
        for connection in connections:
            days = [p.business_date for p in planned if p.connection == connection.slug]
            for window in windows(days, gap=DAYS_BETWEEN_RUNS):
                progress.name(f"{connection.slug} {window.start}")
                outcome = run(instance, PUBLISH_JOB, connection.slug, window, progress.advance)
                problems += [] if outcome.ok else [f"{connection.slug}: {outcome.problem}"]
    return problems


def reconcile_(slugs: Slugs = None, as_json: Json = False) -> None:
    """Per settlement: declared, raw, normalised, journalled, posted, paid, and the difference."""
    with workspace() as opened:
        proofs = reconcile(opened, chosen(opened, slugs or []))
    ok = all(proof.ok for proof in proofs)
    if as_json:
        show_json({"ok": ok, "settlements": [_proof_document(p) for p in proofs]})
    else:
        show_proofs(proofs)
    raise typer.Exit(0 if ok else 1)


_FIGURES = ("declared", "raw", "normalised", "journalled", "posted", "paid", "difference")


def _exact(amount: Decimal | None, currency: str) -> str | None:
    return None if amount is None else money(amount, minor_digits(currency)).replace(",", "")


def _proof_document(proof: Proof) -> dict[str, Any]:
    return {
        "connection": proof.connection,
        "settlement_id": proof.settlement_id,
        "currency": proof.currency,
        "period_start": proof.period_start,
        "period_end": proof.period_end,
        **{name: _exact(getattr(proof, name), proof.currency) for name in _FIGURES},
        "state": proof.state,
        "why": proof.why,
    }


def show_proofs(proofs: Sequence[Proof]) -> None:
    """The proof as a table, and what to do about what does not tie."""
    if not proofs:
        show("no settlements yet: `daybook import` takes files in")
        return
    columns = [("connection", Align.LEFT), ("settlement", Align.LEFT), ("period", Align.LEFT)]
    columns += [("", Align.LEFT), *((name, Align.RIGHT) for name in _FIGURES), ("", Align.LEFT)]
    show_table(
        "",
        columns,
        [
            (
                p.connection,
                p.settlement_id,
                f"{p.period_start:%d %b} - {p.period_end:%d %b %Y}",
                p.currency,
                *(money(getattr(p, name), minor_digits(p.currency)) for name in _FIGURES),
                p.state,
            )
            for p in proofs
        ],
    )
    for proof in proofs:
        if proof.why:
            show(f"{proof.connection} {proof.settlement_id}: {proof.why}")
    tied = sum(proof.state == "tied" for proof in proofs)
    waiting = sum(proof.state == "open" for proof in proofs)
    tail = f", {waiting} still open" if waiting else ""
    show(f"{tied} of {len(proofs)} settlements tie to the cent{tail}")


def sql(
    text: Annotated[str, typer.Argument(metavar="QUERY", help="SQL over the warehouse")],
    as_json: Json = False,
) -> None:
    """Query the warehouse, read-only; works while runs go on."""
    result = query(settings().warehouse_file, text)
    if as_json:
        rows = [dict(zip(result.columns, row, strict=True)) for row in result.rows]
        show_json({"columns": list(result.columns), "rows": rows})
        return
    columns = [
        (name, Align.RIGHT if numeric(row[place] for row in result.rows) else Align.LEFT)
        for place, name in enumerate(result.columns)
    ]
    show_table("", columns, result.rows)
