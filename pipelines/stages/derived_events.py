"""Events that the home's state tells of: settlements, payouts, held entries, failures.

Each is recorded once, however often it is looked for: its subject makes it one of its kind.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import text

from connectors.database.registry import NewEvent, StoredEvent
from connectors.documents.manifest import Statement
from pipelines.stages.bank import arrival_day, unmatched_payouts
from pipelines.stages.payouts import payout_status
from pipelines.stages.settlements import closing_day
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

# Money does not come late by the minute, and asking for it takes longer than the rest.
_DEPOSITS, _DEPOSITS_EVERY = "deposits", timedelta(hours=1)
RUNS: Final = "runs"
_NO_REASON = "the run ended before it could say why: open it on the Runs page"


@dataclass(frozen=True, slots=True)
class FailedRun:
    """A run of Dagster that failed, and the store that it was about."""

    run: str
    job: str
    connection: str | None
    ended_at: datetime


def derive_events(workspace: Workspace, now: datetime) -> int:
    """Record what happened since the last call, from the registry's tables; return how many."""
    events = workspace.registry.events
    number = sum(events.derive(source, text(query), now) for source, query in _SOURCES.items())
    looked_at = events.derived_through(_DEPOSITS)
    if looked_at is None or not now - _DEPOSITS_EVERY < looked_at <= now:
        number += _record_late_deposits(workspace, now.date())
        events.mark(_DEPOSITS, now)
    return number


def record_settlements(store: Store, days: Sequence[date]) -> None:
    """Record the settlements that close on `days`, and what was paid out of them."""
    chosen = set(days)
    zone = store.connection.timezone
    closed = [
        statement
        for statement in store.settlements
        if statement.payout is not None and closing_day(statement, zone) in chosen
    ]
    events = store.workspace.registry.events
    listed = [_settlement_event(store, statement) for statement in closed]
    events.record("settlement_closed", store.slug, listed)
    paid = [
        event
        for event, statement in zip(listed, closed, strict=True)
        if payout_status(store.connection, statement) == "paid"
    ]
    events.record("payout_sent", store.slug, paid)


def _settlement_event(store: Store, statement: Statement) -> NewEvent:
    zone = store.connection.timezone
    arrival = arrival_day(statement, store.connection)
    deposit_at = statement.deposit_at
    if deposit_at is None and arrival is not None:
        deposit_at = datetime.combine(arrival, time.min, ZoneInfo(zone))
    return NewEvent(
        statement.settlement_id,
        deposit_at or statement.period_end,
        {
            "settlement_id": statement.settlement_id,
            "currency": statement.currency,
            "amount": statement.payout,
            "marketplace": statement.marketplace,
            "period_start": statement.period_start.astimezone(UTC),
            "period_end": statement.period_end.astimezone(UTC),
            "deposit_day": arrival,
            "business_date": closing_day(statement, zone),
        },
    )


def record_failed_runs(workspace: Workspace, failed: Iterable[FailedRun]) -> int:
    """Record runs that failed, but for those whose activity has told why; return how many."""
    runs = list(failed)
    recorded = workspace.registry.events.subjects("run_failed", {run.run for run in runs})
    runs = [run for run in runs if run.run not in recorded]
    if not runs:
        return 0
    slugs = {connection.slug for connection in workspace.registry.connections.list()}
    number = 0
    for run in runs:
        connection = run.connection if run.connection in slugs else None
        fields = {"activity": run.job, "run": run.run, "reason": _NO_REASON}
        event = NewEvent(run.run, run.ended_at, fields)
        number += len(workspace.registry.events.record("run_failed", connection, [event]))
    return number


def _record_late_deposits(workspace: Workspace, today: date) -> int:
    """Record payouts that bank statements lack although their time is over."""
    registry = workspace.registry
    payouts = registry.events.late_payouts(today, workspace.settings.late_deposit_days)
    if not payouts:
        return 0
    slugs = {event.connection for event in payouts}
    connections = [each for each in registry.connections.list() if each.slug in slugs]
    # It matches first: a statement may have come before the settlement was known.
    unmatched = {
        (each.payout.connection, each.payout.settlement_id): each.days
        for each in unmatched_payouts(workspace, connections, today)
    }
    number = 0
    for event in payouts:
        days = unmatched.get((str(event.connection), event.subject))
        if days is not None:
            late = NewEvent(event.subject, datetime.now(UTC), _late_fields(event, days))
            number += len(registry.events.record("deposit_late", event.connection, [late]))
    return number


def _late_fields(event: StoredEvent, days: int) -> dict[str, Any]:
    names = ("settlement_id", "currency", "amount", "deposit_day", "business_date")
    return {**{name: event.fields[name] for name in names}, "days_late": days}


# Of each table, the rows that changed since a moment and whose event is not there yet.
_SOURCES: Final = {
    "held entries": """
        SELECT 'entry_held' AS kind, row.connection, row.subject, row.updated_at AS occurred_at,
            jsonb_build_object(
                'target', row.target, 'entry_id', row.entry_id, 'revision', row.revision,
                'currency', row.currency, 'business_date', row.business_date,
                'reason', row.message
            ) AS fields
        FROM (
            SELECT *, concat_ws(' ', target, entry_id, revision) AS subject
            FROM registry.publications WHERE state = 'held' AND updated_at > :since
        ) AS row
        JOIN registry.connections ON connections.slug = row.connection
        WHERE NOT EXISTS (
            SELECT FROM registry.events WHERE events.kind = 'entry_held'
                AND COALESCE(events.connection, '') = row.connection
                AND events.subject = row.subject
        )
        """,
    "entries changed there": """
        SELECT 'entry_changed_there' AS kind, row.connection, row.subject,
            row.updated_at AS occurred_at,
            jsonb_build_object(
                'target', row.target, 'entry_id', row.entry_id, 'revision', row.revision,
                'currency', row.currency, 'business_date', row.business_date,
                'change', row.standing, 'reference', row.reference
            ) AS fields
        FROM (
            SELECT *, concat_ws(' ', target, entry_id, revision, standing) AS subject
            FROM registry.publications
            WHERE standing IN ('edited', 'gone') AND updated_at > :since
        ) AS row
        JOIN registry.connections ON connections.slug = row.connection
        WHERE NOT EXISTS (
            SELECT FROM registry.events WHERE events.kind = 'entry_changed_there'
                AND COALESCE(events.connection, '') = row.connection
                AND events.subject = row.subject
        )
        """,
    "states of connections": """
        SELECT 'store_needs_reconnection' AS kind, row.connection, row.subject,
            row.at AS occurred_at,
            jsonb_build_object(
                'reason', COALESCE(row.detail ->> 'reason', 'its authorisation has ended')
            ) AS fields
        FROM (
            SELECT at, detail, audit_log.subject AS connection, 'change ' || id AS subject
            FROM registry.audit_log
            WHERE action = 'connection.state' AND detail ->> 'to' = 'needs_reauth'
                AND at > :since
        ) AS row
        JOIN registry.connections ON connections.slug = row.connection
        WHERE NOT EXISTS (
            SELECT FROM registry.events WHERE events.kind = 'store_needs_reconnection'
                AND COALESCE(events.connection, '') = row.connection
                AND events.subject = row.subject
        )
        """,
    "failed activities": """
        SELECT 'run_failed' AS kind, row.connection, row.subject, row.ended_at AS occurred_at,
            jsonb_build_object(
                'activity', row.what, 'run', row.run, 'days', row.days, 'reason', row.message
            ) AS fields
        FROM (
            SELECT *, COALESCE(run, 'activity ' || id) AS subject
            FROM registry.activities WHERE outcome = 'failed' AND ended_at > :since
        ) AS row
        WHERE NOT EXISTS (
            SELECT FROM registry.events WHERE events.kind = 'run_failed'
                AND COALESCE(events.connection, '') = row.connection
                AND events.subject = row.subject
        )
        """,
}
