"""The inbox: touched days, for the sensor that requests them from Dagster."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.models import ConnectionRow, InboxRow
from connectors.database.registry.records import InboxEvent
from connectors.database.registry.repository import Repository, columns, serialise, write_audit


class Inbox(Repository):
    """Events in the order they became visible."""

    def record_document(
        self,
        slug: str,
        *,
        document: str,
        days: Sequence[date],
        detail: Mapping[str, Any],
        actor: str,
        again: bool = False,
    ) -> int:
        """Record that a document touches `days`; return the event's id, the old one if known.

        With `again` (it becomes effective once more), its days are requested anew.
        """
        query = select(InboxRow.id).where(
            InboxRow.connection == slug, InboxRow.document == document
        )
        with self._transaction() as session:
            _serialise_events(session)
            recorded = session.scalar(query)
            if recorded is not None and not again:
                return recorded
            event = InboxRow(connection=slug, kind="document", document=document, days=_set(days))
            # A document may touch no computed day yet: nothing would ever finish its event.
            event.handled_at = None if days else datetime.now(UTC)
            if recorded is not None:
                # The unique index takes a document once; what it touches again is a request.
                event = InboxRow(connection=slug, kind="request", days=_set(days))
            write_audit(session, actor, "document.recorded", slug, {"document": document, **detail})
            return _added(session, event)

    def documents(self, slug: str) -> set[str]:
        """Return the documents that were imported as files; the others came from the account."""
        query = select(InboxRow.document).where(
            InboxRow.connection == slug, InboxRow.document.is_not(None)
        )
        with self._transaction() as session:
            return {document for document in session.scalars(query) if document is not None}

    def request_days(
        self,
        slug: str,
        days: Sequence[date],
        reason: str,
        actor: str,
        *,
        is_backfill: bool = False,
    ) -> int:
        """Request a recomputation of days, as after a changed mapping; return the event's id.

        With `is_backfill` somebody named the days: their entries never post by themselves.
        """
        detail = {"reason": reason, "days": len(days)}
        with self._transaction() as session:
            # Ids must become visible in order: the sensor's cursor would skip one that commits
            # late.
            _serialise_events(session)
            write_audit(session, actor, "days.requested", slug, detail)
            event = InboxRow(connection=slug, kind="request", days=_set(days))
            event.is_backfill = is_backfill
            return _added(session, event)

    def of_connection(self, slug: str) -> Sequence[InboxEvent]:
        """Return a connection's unhandled events, oldest first."""
        query = select(*columns(InboxRow, InboxEvent)).where(
            InboxRow.connection == slug, InboxRow.handled_at.is_(None)
        )
        with self._transaction() as session:
            return [InboxEvent(*row) for row in session.execute(query.order_by(InboxRow.id))]

    def waiting_days(self) -> dict[str, int]:
        """Return how many days of each connection wait to be computed."""
        with self._transaction() as session:
            return {row.connection: row.days for row in session.execute(_WAITING)}

    def finish_days(self, slug: str, days: Iterable[date], through: int) -> None:
        """Take days that were computed out of the connection's events up to the id `through`.

        An event without days left is marked as handled.
        """
        values = {"slug": slug, "days": sorted(set(days)), "through": through}
        with self._transaction() as session:
            session.execute(_FINISH_DAYS, values)

    def data_span(self) -> tuple[date, date] | None:
        """Return the first and the last day that any connection has or asks for."""
        with self._transaction() as session:
            first, last = session.execute(_DATA_SPAN).one()
            return None if first is None else (first, last)

    def list(self, after: int = 0, limit: int = 1000) -> Sequence[InboxEvent]:
        """List events that wait, oldest first, with an id above `after`: a cursor misses none."""
        query = select(*columns(InboxRow, InboxEvent)).where(
            InboxRow.id > after, InboxRow.handled_at.is_(None)
        )
        with self._transaction() as session:
            rows = session.execute(query.order_by(InboxRow.id).limit(limit))
            return [InboxEvent(*row) for row in rows]


def _serialise_events(session: Session) -> None:
    # Ids are drawn before a transaction commits: without this a cursor could pass over one.
    serialise(session, "daybook inbox")


def _added(session: Session, event: InboxRow) -> int:
    if session.get(ConnectionRow, event.connection) is None:
        raise unknown_connection(session, event.connection)
    session.add(event)
    session.flush()
    return event.id


def _set(days: Sequence[date]) -> list[date]:
    return sorted(set(days))


_WAITING = text(
    """
    SELECT connection, count(DISTINCT day) AS days
    FROM registry.inbox CROSS JOIN unnest(inbox.days) AS day
    WHERE handled_at IS NULL
    GROUP BY connection
    """
)
_FINISH_DAYS = text(
    """
    UPDATE registry.inbox AS event
    SET days = ARRAY(
            SELECT day FROM unnest(event.days) AS day
            WHERE day <> ALL (CAST(:days AS date[])) ORDER BY day
        ),
        handled_at = CASE WHEN event.days <@ CAST(:days AS date[]) THEN now() END
    WHERE connection = :slug AND handled_at IS NULL AND id <= :through
    """
)
_DATA_SPAN = text(
    """
    SELECT min(day), max(day) FROM (
        SELECT min(day) AS day FROM registry.day_states
        UNION ALL SELECT max(day) FROM registry.day_states
        UNION ALL SELECT unnest(days) FROM registry.inbox WHERE handled_at IS NULL
        UNION ALL SELECT min(first_day) FROM registry.record_imports
        UNION ALL SELECT max(last_day) FROM registry.record_imports
        UNION ALL SELECT min(business_date) FROM registry.publications AS publication
            JOIN registry.connections ON slug = publication.connection
    ) AS days
    """
)
