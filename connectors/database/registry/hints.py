"""Hints: what platforms told of, each once, until somebody has looked there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, any_, delete, func, literal, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY

from connectors.database.registry.hint_models import HintRow
from connectors.database.registry.repository import Repository, columns, write_audit

Purpose = Literal["sync", "entries", "privacy"]
Source = Literal["webhook", "poll", "queue"]
# The platform, and its own id of an event.
EventKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReceivedHint:
    """An event as it is taken in; `body` is sealed, and `event_id` the platform's own id of it.

    One that has an `outcome` was handled already by whoever brings it.
    """

    platform: str
    event_id: str
    connection: str
    topic: str
    purpose: Purpose
    source: Source
    occurred_at: datetime | None
    body: bytes | None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class PendingHint:
    """An event that nobody has looked into yet, without its body."""

    id: int
    platform: str
    event_id: str
    connection: str
    topic: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class PendingTopic:
    """The events of one topic of a connection that wait: how many, up to which id."""

    connection: str
    platform: str
    topic: str
    count: int
    through: int


class Hints(Repository):
    """The inbox of hints."""

    def accept(
        self,
        hints: Iterable[ReceivedHint],
        evidence: Mapping[EventKey, Mapping[str, Any]] | None = None,
    ) -> list[EventKey]:
        """Store events that are not here yet; return which of them are new.

        They are committed when this returns. `evidence` is what the audit log keeps of an event
        that is new.
        """
        # In one order: two deliveries with the same events would wait for each other.
        received = sorted(hints, key=lambda hint: (hint.platform, hint.event_id))
        if not received:
            return []
        # By column, so that one statement of a few parameters stores any number.
        values = {name: [getattr(hint, name) for hint in received] for name in _COLUMNS}
        connections = {(hint.platform, hint.event_id): hint.connection for hint in received}
        with self._transaction() as session:
            new = [(row.platform, row.event_id) for row in session.execute(_ACCEPT, values)]
            for event in new:
                if evidence and event in evidence:
                    platform, event_id = event
                    detail = {"event": event_id, **evidence[event]}
                    write_audit(session, platform, "privacy.requested", connections[event], detail)
        return new

    def pending(
        self, after: int = 0, limit: int = 10_000, *, purpose: Purpose = "sync"
    ) -> Sequence[PendingHint]:
        """Return events of a purpose with an id above `after` that wait, oldest first."""
        query = select(*columns(HintRow, PendingHint)).where(
            HintRow.handled_at.is_(None), HintRow.purpose == purpose, HintRow.id > after
        )
        with self._transaction() as session:
            rows = session.execute(query.order_by(HintRow.id).limit(limit))
            return [PendingHint(*row) for row in rows]

    def pending_topics(self) -> Sequence[PendingTopic]:
        """Return what events ask for a sync, by connection and topic."""
        with self._transaction() as session:
            return [PendingTopic(*row) for row in session.execute(_PENDING_TOPICS)]

    def finish_topics(self, topics: Iterable[PendingTopic], outcome: str) -> None:
        """Mark the events of some topics as handled, up to the id that each names."""
        listed = list(topics)
        values = {
            name: [getattr(topic, name) for topic in listed]
            for name in ("connection", "platform", "topic", "through")
        }
        if listed:
            with self._transaction() as session:
                session.execute(_FINISH_TOPICS, {"outcome": outcome, **values})

    def bodies(self, ids: Sequence[int]) -> dict[int, bytes]:
        """Return the sealed bodies of events that still have one, by id."""
        query = select(HintRow.id, HintRow.body).where(
            HintRow.id.in_(ids), HintRow.body.is_not(None)
        )
        with self._transaction() as session:
            return {row.id: row.body for row in session.execute(query)}

    def finish(self, ids: Sequence[int], outcome: str | None = None) -> None:
        """Mark events as handled, with what came of them."""
        values = {"handled_at": func.now(), "outcome": outcome}
        # One array, not a parameter an id: a tick finishes thousands.
        statement = update(HintRow).where(HintRow.id == any_(literal(list(ids), ARRAY(BigInteger))))
        with self._transaction() as session:
            session.execute(statement.values(values))

    def drop_bodies(self, connection: str) -> int:
        """Drop the bodies of a connection, as when its people are erased; return how many.

        Requests about personal data keep theirs until they are handled.
        """
        closed = or_(HintRow.purpose != "privacy", HintRow.handled_at.is_not(None))
        held = HintRow.connection == connection, HintRow.body.is_not(None), closed
        with self._transaction() as session:
            dropped = update(HintRow).where(*held).values(body=None).returning(HintRow.id)
            return len(session.scalars(dropped).all())

    def purge(self, bodies_before: datetime, events_before: datetime) -> int:
        """Drop bodies, and whole events, that were received before two instants.

        Requests about personal data stay, with their bodies, until they are handled. Returns the
        number of bodies dropped.
        """
        closed = or_(HintRow.purpose != "privacy", HintRow.handled_at.is_not(None))
        old = HintRow.received_at < bodies_before, HintRow.body.is_not(None), closed
        ended = HintRow.received_at < events_before, HintRow.handled_at.is_not(None)
        with self._transaction() as session:
            dropped = update(HintRow).where(*old).values(body=None).returning(HintRow.id)
            count = len(session.scalars(dropped).all())
            session.execute(delete(HintRow).where(*ended))
            return count

    def latest(self, connection: str) -> datetime | None:
        """Return when a connection's newest event came; None where none ever did."""
        query = select(func.max(HintRow.received_at)).where(HintRow.connection == connection)
        with self._transaction() as session:
            return session.scalar(query)


_COLUMNS = tuple(field.name for field in fields(ReceivedHint))
_ACCEPT = text(
    """
    INSERT INTO registry.hints
        (platform, event_id, connection, topic, purpose, source, occurred_at, body, outcome,
         handled_at)
    SELECT *, CASE WHEN event.outcome IS NOT NULL THEN now() END FROM unnest(
        CAST(:platform AS text[]), CAST(:event_id AS text[]), CAST(:connection AS text[]),
        CAST(:topic AS text[]), CAST(:purpose AS text[]), CAST(:source AS text[]),
        CAST(:occurred_at AS timestamptz[]), CAST(:body AS bytea[]), CAST(:outcome AS text[])
    ) AS event (platform, event_id, connection, topic, purpose, source, occurred_at, body, outcome)
    ON CONFLICT DO NOTHING
    RETURNING platform, event_id
    """
)
_PENDING_TOPICS = text(
    """
    SELECT connection, platform, topic, count(*), max(id)
    FROM registry.hints WHERE handled_at IS NULL AND purpose = 'sync'
    GROUP BY connection, platform, topic
    """
)
_FINISH_TOPICS = text(
    """
    UPDATE registry.hints AS hint SET handled_at = now(), outcome = :outcome
    FROM unnest(
        CAST(:connection AS text[]), CAST(:platform AS text[]), CAST(:topic AS text[]),
        CAST(:through AS bigint[])
    ) AS done (connection, platform, topic, through)
    WHERE handled_at IS NULL AND purpose = 'sync' AND hint.id <= done.through
        AND (hint.connection, hint.platform, hint.topic)
            = (done.connection, done.platform, done.topic)
    """
)
