"""What is done for each connection: the last thing that ended, and what runs now.

Two facts that are never merged: while something runs, how the last one ended stays readable.
"""

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from connectors.database.registry.models import ActivityRow
from connectors.database.registry.records import Activity, ActivityOutcome
from connectors.database.registry.repository import Repository, columns
from connectors.home.redaction import redacted


def lock_name(activity: int) -> str:
    """The lock that whoever does an activity holds while it lives."""
    return f"activity {activity}"


class Activities(Repository):
    """Activities in the order they began."""

    def begin_activity(self, slug: str, what: str, days: int, run: str | None = None) -> int:
        """Something begins for a connection over so many days; its id."""
        row = {"connection": slug, "what": what, "days": days, "run": run}
        with self._transaction() as session:
            return session.scalars(insert(ActivityRow).values(row).returning(ActivityRow.id)).one()

    def end_activity(self, activity: int, outcome: ActivityOutcome, message: str | None) -> None:
        """It ended; `message` says why it failed."""
        said = message and redacted(message)
        values = {"ended_at": func.now(), "outcome": outcome, "message": said}
        with self._transaction() as session:
            session.execute(update(ActivityRow).where(ActivityRow.id == activity).values(values))

    def last_activities(self) -> dict[str, Activity]:
        """The latest activity of each connection that has ended."""
        return self._latest(ActivityRow.ended_at.is_not(None))

    def last_failures(self) -> dict[str, Activity]:
        """The latest activity of each connection that failed."""
        return self._latest(ActivityRow.outcome == "failed")

    def _latest(self, ended: ColumnElement[bool]) -> dict[str, Activity]:
        wanted = (
            select(*columns(ActivityRow, Activity))
            .ext(distinct_on(ActivityRow.connection))
            .where(ended)
            .order_by(ActivityRow.connection, ActivityRow.id.desc())
        )
        with self._transaction() as session:
            return {row.connection: Activity(*row) for row in session.execute(wanted)}

    def running_activities(self) -> dict[str, Activity]:
        """What runs now for each connection: begun, not ended, and its process lives."""
        wanted = (
            select(*columns(ActivityRow, Activity))
            .where(ActivityRow.ended_at.is_(None), _LIVES)
            .order_by(ActivityRow.id)
        )
        with self._transaction() as session:
            return {row.connection: Activity(*row) for row in session.execute(wanted)}


# Whoever does an activity holds its advisory lock: a process that was killed holds none.
_LIVES = text(
    """
    hashtextextended('daybook activity ' || activities.id, 0) IN (
        SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    )
    """
)
