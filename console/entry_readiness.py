"""Readiness of entries as documents: missing parts with their cures, and data that is to come."""

from datetime import date
from typing import Any

from connectors.database.registry import Connection
from connectors.lake.windows import Window
from console.targets import target_named
from pipelines.stages.readiness import EntryReadiness, PlatformWait, StoreReadiness, readiness
from pipelines.stages.store import Store
from pipelines.stages.workspace import Workspace

PARTS = ("accounts", "taxes", "costs")


def readiness_of(
    opened: Workspace, store: Connection, target: str | None, window: Window | None
) -> StoreReadiness:
    """Return the readiness of a store's entries for a target, the store's own where none is named.

    `BadInput` where there is no such target.
    """
    chosen = target_named(opened, store, target)
    return readiness(Store.read(opened, store), chosen, window or Window(date.min, date.max))


def entry_document(of: StoreReadiness, entry: EntryReadiness) -> dict[str, Any]:
    """Return an entry with its parts, each `ready` or `missing`."""
    return {
        "entry_id": entry.entry_id,
        "connection": of.connection,
        "target": of.target,
        "business_date": entry.business_date,
        "currency": entry.currency,
        "state": entry.state,
        **{part: _part(getattr(entry, part)) for part in PARTS},
        "period": entry.period,
    }


def wait_document(of: StoreReadiness, wait: PlatformWait) -> dict[str, Any]:
    """Return days or a settlement that wait for their platform."""
    return {
        "connection": of.connection,
        "target": of.target,
        "state": "waiting",
        "first_day": wait.first_day,
        "last_day": wait.last_day,
        "settlement_id": wait.settlement_id,
        "currency": wait.currency,
        "reason": wait.reason,
        "expected": wait.expected,
    }


def _part(problem: str | None) -> dict[str, str | None]:
    return {"state": "ready" if problem is None else "missing", "cure": problem}
