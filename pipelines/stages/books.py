"""One window of one connection into its targets, day by day accounted for.

The books come first and are always written; then the organisation that the store posts to, if any.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import duckdb

from connectors.database.registry import Connection, Publication
from connectors.errors import DaybookError, summary
from connectors.home.redaction import redacted
from connectors.lake.windows import Window
from mappings.model import BOOKS
from pipelines.checks import COMPUTED, POSTED, PUBLISHED, SENT
from pipelines.stages.organisations import organisation_of
from pipelines.stages.publisher import publish, read_back
from pipelines.stages.results import CheckResult, DayResult
from pipelines.stages.sender import due_days, planned_for, send
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace


def post_days(workspace: Workspace, connection: Connection, window: Window) -> list[DayResult]:
    """Post what is planned, read it back, and return how each day stands in its targets."""
    try:
        outcome = publish(workspace, connection, window)
        wrong = outcome.stale | read_back(workspace, connection, window)
    except (DaybookError, OSError, duckdb.Error) as error:
        reason = redacted(summary(error))
        check = CheckResult(COMPUTED[PUBLISHED], reason)
        # The whole window: after an error none of its days is known to stand.
        return [DayResult(PUBLISHED, day, None, (check,), reason) for day in window]
    elsewhere = _send(workspace, connection, window)
    latest = workspace.registry.publications.list(
        BOOKS, [connection.slug], window.start, window.end
    )
    publications: dict[date, list[Publication]] = {day: [] for day in window}
    for publication in latest:
        publications[publication.business_date].append(publication)
    journalled = workspace.lake.days("journal_lines", connection.slug)
    return [
        _posted(day, listed, day in journalled, wrong.get(day), elsewhere)
        for day, listed in publications.items()
    ]


@dataclass(slots=True)
class _Elsewhere:
    """A store's days at its organisation: those not sent, with why, and entries outstanding."""

    failed: dict[date, str] = field(default_factory=dict)
    outstanding: list[Publication] = field(default_factory=list)


def _send(workspace: Workspace, connection: Connection, window: Window) -> _Elsewhere:
    """Send what is due to the store's organisation; whatever stops that leaves the books alone."""
    organisation = organisation_of(workspace, connection)
    if organisation is None:
        return _Elsewhere()
    try:
        failed = send(Store.read(workspace, connection), organisation, window).failed
    except (DaybookError, OSError, duckdb.Error) as error:
        failed = dict.fromkeys(due_days(workspace, connection, window), summary(error))
    return _Elsewhere(
        {day: redacted(f"{organisation.slug}: {reason}") for day, reason in failed.items()},
        planned_for(workspace, [connection], organisation, window),
    )


def _posted(
    day: date,
    publications: Sequence[Publication],
    journalled: bool,
    problem: str | None,
    elsewhere: _Elsewhere,
) -> DayResult:
    outstanding = [p for p in publications if p.state not in {"posted", "voided"}]
    there = [p for p in elsewhere.outstanding if p.business_date == day]
    reasons = [*map(_reason, outstanding), *(f"{p.target}: {_reason(p)}" for p in there)]
    evaluations = (
        CheckResult(POSTED, problem),
        CheckResult(SENT, "; ".join(reasons) or None),
    )
    if problem is not None:
        return DayResult(PUBLISHED, day, None, evaluations, problem)
    if (unsent := elsewhere.failed.get(day)) is not None:
        # The books are as they should be: their check is not red for an organisation.
        computed = CheckResult(COMPUTED[PUBLISHED], unsent)
        return DayResult(PUBLISHED, day, None, (*evaluations, computed), unsent)
    posted = [p for p in publications if p.state == "posted"]
    entries = ", ".join(f"{p.entry_id} revision {p.revision}" for p in posted) or "none"
    metadata = {
        "state": _state(outstanding, journalled, bool(posted)),
        "target": BOOKS,
        "entries": entries,
        "dagster/row_count": len(posted),
    }
    return DayResult(PUBLISHED, day, metadata, evaluations)


def _state(outstanding: Sequence[Publication], journalled: bool, posted: bool) -> str:
    if outstanding:
        return "held" if any(p.state == "held" for p in outstanding) else "outstanding"
    if posted:
        return "posted"
    # A journal of nothing proves a day without money; without one nothing is known of it.
    return "empty" if journalled else "open"


def _reason(publication: Publication) -> str:
    reason = f": {publication.message}" if publication.message else ""
    return f"{publication.entry_id} is {publication.state}{reason}"
