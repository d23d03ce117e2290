"""Events: what happened, each recorded once, in an order that a cursor can follow."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import TextClause, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.database.registry.connections import unknown_connection
from connectors.database.registry.event_models import EventRow, EventSourceRow
from connectors.database.registry.event_records import NewEvent, StoredEvent
from connectors.database.registry.models import ConnectionRow
from connectors.database.registry.repository import Repository, columns, serialise
from connectors.errors import BadInput
from connectors.triggers.kinds import event_kind

# Of one statement: PostgreSQL takes 65,535 parameters.
_ROWS_AT_ONCE: Final = 5_000
# Rows that a transaction wrote long before it committed are looked at again: no event comes twice.
_OVERLAP: Final = timedelta(hours=1)
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)


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
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                statement = insert(EventRow).values(rows[start : start + _ROWS_AT_ONCE])
                returned = statement.on_conflict_do_nothing().returning(
                    *columns(EventRow, StoredEvent)
                )
                new += [StoredEvent(*row) for row in session.execute(returned)]
        return sorted(new, key=lambda event: event.id)

    def derive(self, source: str, statement: TextClause, now: datetime) -> int:
        """Run a statement that records events of rows changed since `:since`; return how many.

        Rows are looked at from an hour before the last time on, at first from the beginning.
        """
        query = select(EventSourceRow.through).where(EventSourceRow.source == source)
        with self._transaction() as session:
            through = session.scalar(query)
            since = through - _OVERLAP if through else _BEGINNING
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
