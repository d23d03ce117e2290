"""Events: what happened, each recorded once, in an order that a cursor can follow."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import TextClause, any_, bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT, insert
from sqlalchemy.orm import Session

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.event_models import EventRow, EventSourceRow
from connectors.database.registry.event_records import NewEvent, StoredEvent
from connectors.database.registry.models import ConnectionRow
from connectors.database.registry.repository import ROWS_AT_ONCE, Repository, columns, serialise
from connectors.errors import BadInput
from connectors.triggers.kinds import event_kind

# Rows that a transaction wrote long before it committed are looked at again: no event comes twice.
_OVERLAP: Final = timedelta(hours=1)
_BEGINNING: Final = datetime(1970, 1, 2, tzinfo=UTC)


class Events(Repository):
    """Every event once, by its kind, connection and subject."""

    def record(
        self, kind: str, connection: str | None, events: Sequence[NewEvent]
    ) -> Sequence[StoredEvent]:
        """Record events of one kind; return those that were new, oldest first.

        `BadInput` for an unknown kind or connection, and for fields that the kind does not have.
        """
        names = event_kind(kind).fields
        for event in events:
            if unknown := event.fields.keys() - names:
                raise BadInput(f"an event {kind} has no field {', '.join(sorted(unknown))}")
        # One statement takes a subject once.
        by_subject = {event.subject: event for event in events}
        rows = [
            {
                "kind": kind,
                "connection": connection,
                "subject": event.subject,
                "occurred_at": event.occurred_at,
                "fields": {name: _plain(event.fields.get(name)) for name in names},
            }
            for event in by_subject.values()
        ]
        if not rows:
            return []
        new: list[StoredEvent] = []
        with self._transaction() as session:
            if connection is not None and session.get(ConnectionRow, connection) is None:
                raise unknown_connection(session, connection)
            _serialise(session)
            for start in range(0, len(rows), ROWS_AT_ONCE):
                statement = insert(EventRow).values(rows[start : start + ROWS_AT_ONCE])
                returned = statement.on_conflict_do_nothing().returning(
                    *columns(EventRow, StoredEvent)
                )
                new += [StoredEvent(*row) for row in session.execute(returned)]
        return sorted(new, key=lambda event: event.id)

    def unrecorded(self, kind: str, connection: str, subjects: Sequence[str]) -> set[str]:
        """Return those of some subjects that have no event of a kind yet."""
        recorded = select(EventRow.subject).where(
            EventRow.kind == kind,
            EventRow.connection == connection,
            EventRow.subject == any_(bindparam("subjects", type_=ARRAY(TEXT))),
        )
        with self._transaction() as session:
            return set(subjects) - set(session.scalars(recorded, {"subjects": list(subjects)}))

    def derive(self, source: str, statement: TextClause, now: datetime) -> int:
        """Run a statement that records events of rows changed since `:since`; return how many.

        Rows are looked at from an hour before the last time on, at first from the beginning.
        """
        with self._transaction() as session:
            # A clock that was ahead for a while must not make anything be passed over.
            since = min(_through(session, source) or _BEGINNING, now) - _OVERLAP
            # Most of the time nothing is new, and nobody has to wait.
            if not session.scalar(text(f"SELECT EXISTS ({statement.text})"), {"since": since}):
                return _mark(session, source, now)
            _serialise(session)
            names = ("kind", "connection", "subject", "occurred_at", "fields")
            result = session.execute(
                text(
                    f"INSERT INTO registry.events ({', '.join(names)}) {statement.text} "
                    "ON CONFLICT DO NOTHING RETURNING id"
                ),
                {"since": since},
            )
            number = len(result.all())
            _mark(session, source, now)
            return number

    def subjects(self, kind: str, among: Collection[str]) -> set[str]:
        """Return those among some subjects that have an event of a kind, of whatever store."""
        query = select(EventRow.subject).where(EventRow.kind == kind, EventRow.subject.in_(among))
        with self._transaction() as session:
            return set(session.scalars(query))

    def derived_through(self, source: str) -> datetime | None:
        """Return until when a source was looked at; None before the first time."""
        with self._transaction() as session:
            return _through(session, source)

    def mark(self, source: str, now: datetime) -> None:
        """Record that a source was looked at until now."""
        with self._transaction() as session:
            _mark(session, source, now)

    def late_payouts(self, today: date, days: int) -> Sequence[StoredEvent]:
        """Return payouts that bank statements should show by now, without an event of that.

        Those are meant whose day is within the statements of all accounts, and so many days before
        their newest line.
        """
        query = select(*columns(EventRow, StoredEvent)).from_statement(
            _LATE.columns(*EventRow.__table__.columns)
        )
        with self._transaction() as session:
            rows = session.execute(query, {"today": today, "days": days})
            return [StoredEvent(*row) for row in rows]

    def list(
        self,
        after: int = 0,
        kinds: Collection[str] = (),
        limit: int = 1000,
        *,
        newest: bool = False,
    ) -> Sequence[StoredEvent]:
        """List events with an id above `after`, oldest first: a cursor misses none.

        No kinds are all of them; with `newest` the last ones are listed, the newest first.
        """
        query = select(*columns(EventRow, StoredEvent)).where(EventRow.id > after)
        if kinds:
            query = query.where(EventRow.kind.in_(kinds))
        order = EventRow.id.desc() if newest else EventRow.id
        with self._transaction() as session:
            rows = session.execute(query.order_by(order).limit(limit))
            return [StoredEvent(*row) for row in rows]

    def get(self, number: int) -> StoredEvent:
        """Return one event; `BadInput` where there is none of that number."""
        query = select(*columns(EventRow, StoredEvent)).where(EventRow.id == number)
        with self._transaction() as session:
            row = session.execute(query).one_or_none()
            if row is None:
                raise BadInput(f"there is no event {number}: `daybook triggers events` lists them")
            return StoredEvent(*row)


def _serialise(session: Session) -> None:
    # Ids are drawn before a transaction commits: without this a cursor could pass over one.
    serialise(session, "daybook events")


def _through(session: Session, source: str) -> datetime | None:
    query = select(EventSourceRow.through).where(EventSourceRow.source == source)
    return session.scalar(query)


def _mark(session: Session, source: str, now: datetime) -> int:
    statement = insert(EventSourceRow).values(source=source, through=now)
    session.execute(
        statement.on_conflict_do_update(index_elements=["source"], set_={"through": now})
    )
    return 0


def _plain(value: Any) -> Any:
    """Return a value as JSON has it, so that what was recorded reads the same everywhere."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, str | int | bool | None) else list(value)


_LATE = text(
    """
    WITH statements AS (
        SELECT min(booked_on) AS first, least(max(booked_on), CAST(:today AS date)) AS last
        FROM registry.bank_lines
    )
    SELECT payout.* FROM registry.events AS payout CROSS JOIN statements
    WHERE payout.kind = 'payout_sent'
        AND CAST(payout.fields ->> 'deposit_day' AS date)
            BETWEEN statements.first AND statements.last - CAST(:days AS int) - 1
        AND NOT EXISTS (
            SELECT FROM registry.bank_lines AS line
            WHERE line.connection = payout.connection AND line.settlement_id = payout.subject
        )
        AND NOT EXISTS (
            SELECT FROM registry.events AS late
            WHERE late.kind = 'deposit_late' AND late.connection = payout.connection
                AND late.subject = payout.subject
        )
    ORDER BY payout.id
    """
)
