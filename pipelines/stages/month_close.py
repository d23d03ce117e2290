"""Closing a month: one archive of what it holds, and the day through which books are closed.

A closed day stays as it is: what changes it later is held, or corrected on an open day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from connectors.database.registry import Connection
from connectors.errors import BadInput
from connectors.lake.windows import ONE_DAY, Window
from pipelines.stages.approvals import checked_reason
from pipelines.stages.month_archive import write_archive
from pipelines.stages.month_tables import month_tables
from pipelines.stages.reconciliation import reconcile
from pipelines.stages.workspace import Workspace

# Whatever an entry waits for, its month is not whole before it is posted or left out.
_UNFINISHED = ("held", "draft", "planned", "sending", "unknown", "failed")


@dataclass(frozen=True, slots=True)
class Closing:
    """The result of closing a month: its archive, or what stands in its way, in sentences."""

    month: Window
    archive: Path | None
    obstacles: Sequence[str]

    @property
    def through(self) -> date:
        """Return the last day of the month."""
        return self.month.end - ONE_DAY


def month_of(text: str) -> Window:
    """Return the days of a month like 2026-03; `BadInput` for anything else."""
    try:
        start = datetime.strptime(f"{text}-01", "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise BadInput(f"{text!r} is no month: write it like 2026-03") from error
    year, month = divmod(start.year * 12 + start.month, 12)
    return Window(start, date(year, month + 1, 1))


def close_month(
    workspace: Workspace,
    stores: Sequence[Connection],
    month: Window,
    actor: str,
    *,
    despite_open: bool = False,
    today: date | None = None,
) -> Closing:
    """Archive a month of some stores and close their books through its last day.

    Nothing is done while entries of it are unfinished or days open, unless `despite_open`.
    `BadInput` where the month is not over, or there is no store.
    """
    if not stores:
        raise BadInput("there is no store whose books could be closed")
    last = month.end - ONE_DAY
    if month.end > (today or datetime.now(UTC).date()):
        raise BadInput(f"the month is not over: it ends on {last}")
    obstacles = list(_obstacles(workspace, stores, month))
    if obstacles and not despite_open:
        return Closing(month, None, obstacles)
    from pipelines.stages.month_pdf import pdf_of

    archive, tables = _free_name(workspace, month), month_tables(workspace, stores, month)
    write_archive(archive, tables, pdf_of(month, stores, tables, obstacles))
    # The archive first: books are never closed without one.
    closed = workspace.registry.closed_books
    later = {store.slug for store in stores if (closed.get(store.slug) or date.min) < last}
    why = f"month closed, with {len(obstacles)} open points" if obstacles else "month closed"
    closed.set(later, last, actor, f"{why}: {archive.name}")
    return Closing(month, archive, obstacles)


def reopen_month(
    workspace: Workspace, stores: Sequence[Connection], month: Window, reason: str, actor: str
) -> list[str]:
    """Open the books of some stores from a month on; return the stores that were closed in it.

    `BadInput` without a reason.
    """
    line = checked_reason(reason)
    closed = workspace.registry.closed_books
    slugs = [s.slug for s in stores if (closed.get(s.slug) or date.min) >= month.start]
    closed.set(slugs, month.start - ONE_DAY, actor, line)
    return slugs


def _obstacles(workspace: Workspace, stores: Sequence[Connection], month: Window) -> Iterator[str]:
    registry = workspace.registry
    for store in stores:
        listed = registry.publications.list(None, [store.slug], month.start, month.end)
        for publication in listed:
            if publication.state in _UNFINISHED:
                why = f": {publication.message}" if publication.message else ""
                yield f"{publication.target}: {publication.entry_id} is {publication.state}{why}"
        for day in registry.days.list(store.slug, month.start, month.end):
            if day.state in {"open", "failed"}:
                yield f"{store.slug}: {day.day} is {day.state}: {day.reason or 'not computed'}"
    for proof in reconcile(workspace, stores):
        is_of_month = proof.period_start < month.end and proof.period_end >= month.start
        if is_of_month and not proof.ok:
            why = f": {proof.why}" if proof.why else ""
            yield f"{proof.connection}: settlement {proof.settlement_id} is {proof.state}{why}"


def _free_name(workspace: Workspace, month: Window) -> Path:
    """Return a file that is not there: no archive takes the place of an earlier one."""
    folder = workspace.settings.closings_folder
    number, path = 1, folder / f"{month.start:%Y-%m}.zip"
    while path.exists():
        number += 1
        path = folder / f"{month.start:%Y-%m}-{number}.zip"
    return path
