"""Work on each connection: the last that ended, and what runs now.

Two facts that are never merged: while something runs, how the last one ended stays readable.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from connectors.database.registry.models import ActivityRow
from connectors.database.registry.records import Activity, ActivityOutcome
from connectors.database.registry.repository import Repository, columns
from connectors.errors import summary
from connectors.home.redaction import redacted

Lock = Callable[[str, float], AbstractContextManager[None]]


def lock_name(activity: int) -> str:
    """Return the lock that an activity's process holds while it runs."""
    return f"activity {activity}"


@dataclass
class RunningActivity:
    """An activity under way: it succeeds, unless `problem` says what is wrong."""

    problem: str | None = None


class Activities(Repository):
    """Activities in the order they began; `lock` holds a name across all processes."""

    def __init__(self, engine: Engine, lock: Lock) -> None:
        super().__init__(engine)
        self._lock = lock

    @contextmanager
    def record(
        self, slug: str, what: str, days: int, run: str | None = None
    ) -> Iterator[RunningActivity]:
        """Do something for a connection: it counts as running while this block does.

        An error ends it as failed; so does a reason given to what is yielded.
        """
        number = self.begin(slug, what, days, run)
        outcome = RunningActivity()
        try:
            # No wait: nobody else knows a number that was just drawn.
            with self._lock(lock_name(number), 0):
                yield outcome
        except BaseException as error:
            self.end(number, "failed", _reason(error))
            raise
        self.end(number, "failed" if outcome.problem else "done", outcome.problem)

    def begin(self, slug: str, what: str, days: int, run: str | None = None) -> int:
        """Begin an activity of a connection over so many days; return its id."""
        row = {"connection": slug, "what": what, "days": days, "run": run}
        with self._transaction() as session:
            return session.scalars(insert(ActivityRow).values(row).returning(ActivityRow.id)).one()

    def end(self, activity: int, outcome: ActivityOutcome, message: str | None) -> None:
        """End an activity; `message` says why it failed."""
        redacted_message = message and redacted(message)
        values = {"ended_at": func.now(), "outcome": outcome, "message": redacted_message}
        with self._transaction() as session:
            session.execute(update(ActivityRow).where(ActivityRow.id == activity).values(values))

    def latest(self) -> dict[str, Activity]:
        """Return the latest activity of each connection that has ended."""
        return self._latest_of(ActivityRow.ended_at.is_not(None))

    def latest_failures(self) -> dict[str, Activity]:
        """Return the latest activity of each connection that failed."""
        return self._latest_of(ActivityRow.outcome == "failed")

    def _latest_of(self, ended: ColumnElement[bool]) -> dict[str, Activity]:
        query = (
            select(*columns(ActivityRow, Activity))
            .ext(distinct_on(ActivityRow.connection))
            .where(ended)
            .order_by(ActivityRow.connection, ActivityRow.id.desc())
        )
        with self._transaction() as session:
            return {row.connection: Activity(*row) for row in session.execute(query)}

    def running(self) -> dict[str, Activity]:
        """Return what runs now for each connection: begun, not ended, and its process lives."""
        query = (
            select(*columns(ActivityRow, Activity))
            .where(ActivityRow.ended_at.is_(None), _LIVES)
            .order_by(ActivityRow.id)
        )
        with self._transaction() as session:
            return {row.connection: Activity(*row) for row in session.execute(query)}


def _reason(error: BaseException) -> str:
    # A signal is no Exception, and what its error says depends on who took it.
    if not isinstance(error, Exception):
        return "it was interrupted before it was done; the next sync does the rest"
    return summary(error)


# Whoever does an activity holds its advisory lock: a process that was killed holds none.
_LIVES = text(
    """
    hashtextextended('daybook activity ' || activities.id, 0) IN (
        SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted
    )
    """
)
