"""Readiness: whether the home does its work, for whoever watches it from outside."""

from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import DaybookError
from console.web.context import Console
from pipelines.daemon_status import DaemonStatus, daemon_status


def readiness(console: Console) -> dict[str, Any]:
    """Return what `/ready` answers: ready while the database answers and the daemon is not away."""
    try:
        summaries = console.registry.days.summaries().values()
        held = console.registry.publications.list(states=["held"])
        status = daemon_status(console.settings)
    except (DaybookError, SQLAlchemyError, OSError):
        return {"ready": False, "database": "away"}
    return {
        "ready": not status.is_away,
        "database": "ok",
        "daemon": state_of(status),
        "daemon_heartbeat": status.heartbeat.isoformat() if status.heartbeat else None,
        "dated_in_the_future": list(status.ahead),
        "failed_days": sum(summary.failed for summary in summaries),
        "held_entries": len(held),
    }


def state_of(status: DaemonStatus) -> str:
    """Return the daemon's state in a word."""
    if not status.expected:
        return "not expected"
    return "ok" if status.running else "away"
