"""Days of connections: the state of each, and why."""

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select, text

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.models import ConnectionRow, DayStateRow
from connectors.database.registry.records import DayState, DayStateName, DaySummary
from connectors.database.registry.repository import Repository, columns
from connectors.home.redaction import redacted


class Days(Repository):
    """The state of every day that was looked at."""

    def set_states(self, slug: str, states: Mapping[date, tuple[DayStateName, str | None]]) -> None:
        """Record how days stand; days that stand so already keep their instant."""
        parameters = {
            "slug": slug,
            "days": list(states),
            "states": [state for state, _ in states.values()],
            "reasons": [reason and redacted(reason) for _, reason in states.values()],
        }
        with self._transaction() as session:
            if session.get(ConnectionRow, slug) is None:
                raise unknown_connection(session, slug)
            session.execute(_SET_DAY_STATES, parameters)

    def summaries(self) -> dict[str, DaySummary]:
        """Return how the days of every connection stand, in one statement."""
        with self._transaction() as session:
            return {row.connection: DaySummary(*row) for row in session.execute(_SUMMARIES)}

    def list(
        self, slug: str, start: date | None = None, end: date | None = None
    ) -> Sequence[DayState]:
        """Return the states of the days in `[start, end)`; those never looked at are absent."""
        query = select(*columns(DayStateRow, DayState)).where(DayStateRow.connection == slug)
        if start is not None:
            query = query.where(DayStateRow.day >= start)
        if end is not None:
            query = query.where(DayStateRow.day < end)
        with self._transaction() as session:
            return [DayState(*row) for row in session.execute(query.order_by(DayStateRow.day))]


# Complete through: the last done day before the first open or failed one after a done one.
_SUMMARIES = text(
    """
    WITH begun AS (
        SELECT connection, min(day) AS first_done FROM registry.day_states
        WHERE state IN ('done', 'empty') GROUP BY connection
    ), gaps AS (
        SELECT connection, min(day) AS gap FROM registry.day_states
        JOIN begun USING (connection)
        WHERE state IN ('open', 'failed') AND day > first_done GROUP BY connection
    )
    SELECT connection,
        count(*) FILTER (WHERE state IN ('done', 'empty')) AS done,
        count(*) FILTER (WHERE state = 'open') AS open,
        count(*) FILTER (WHERE state = 'failed') AS failed,
        max(day) FILTER (WHERE state IN ('done', 'empty') AND (gap IS NULL OR day < gap))
            AS complete_through,
        (array_agg(reason ORDER BY day) FILTER (WHERE state = 'failed'))[1] AS reason
    FROM registry.day_states LEFT JOIN gaps USING (connection)
    GROUP BY connection
    """
)
_SET_DAY_STATES = text(
    """
    INSERT INTO registry.day_states AS known (connection, day, state, reason)
    SELECT :slug, given.* FROM unnest(
        CAST(:days AS date[]), CAST(:states AS text[]), CAST(:reasons AS text[])
    ) AS given
    ON CONFLICT (connection, day) DO UPDATE
    SET state = excluded.state, reason = excluded.reason, updated_at = now()
    WHERE (known.state, known.reason) IS DISTINCT FROM (excluded.state, excluded.reason)
    """
)
