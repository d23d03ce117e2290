"""Deliveries: what triggers have to send, how often it was tried, and how it ended."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.database.registry.event_models import DeliveryRow, EventRow, LabelRow, TaskRow
from connectors.database.registry.event_records import (
    DeliveryState,
    LabelText,
    StoredDelivery,
    StoredEvent,
)
from connectors.database.registry.repository import Repository, columns, write_audit
from connectors.errors import BadInput
from connectors.home.redaction import redacted

RUN_JOB: Final = "run_job"
# A process that was killed while it sent leaves its deliveries to others after this.
LEASE: Final = timedelta(minutes=3)
_CLOSED: Final = ("sent", "dead", "skipped")


class Deliveries(Repository):
    """One delivery a trigger, action and event, whatever becomes of it."""

    def claim(self, now: datetime, limit: int, of_one_action: int) -> Sequence[StoredDelivery]:
        """Take deliveries that are due to be sent, the oldest first; runs are no part of these.

        Of one action at most `of_one_action` are taken, so that none holds up the others. They
        count as sending, and come again where nobody settles them.
        """
        values = {
            "now": now,
            "limit": limit,
            "of_one_action": of_one_action,
            "lease": now + LEASE,
        }
        with self._transaction() as session:
            # Committed before anything is sent: a process that dies leaves a trace of its attempt.
            claimed = select(*columns(DeliveryRow, StoredDelivery)).from_statement(
                _CLAIM.columns(*DeliveryRow.__table__.columns)
            )
            rows = session.execute(claimed, values)
            return sorted((StoredDelivery(*row) for row in rows), key=lambda each: each.id)

    def runs(
        self, kinds: Collection[str], state: DeliveryState, now: datetime, limit: int
    ) -> Sequence[tuple[StoredDelivery, StoredEvent]]:
        """Return runs that are to be requested, or were, with their events, the oldest first."""
        query = (
            select(*columns(DeliveryRow, StoredDelivery), *columns(EventRow, StoredEvent))
            .join(EventRow, EventRow.id == DeliveryRow.event)
            .where(
                DeliveryRow.type == RUN_JOB,
                DeliveryRow.state == state,
                DeliveryRow.next_at <= now,
                EventRow.kind.in_(kinds),
            )
            .order_by(DeliveryRow.event, DeliveryRow.id)
            .limit(limit)
        )
        width = len(columns(DeliveryRow, StoredDelivery))
        with self._transaction() as session:
            return [
                (StoredDelivery(*row[:width]), StoredEvent(*row[width:]))
                for row in session.execute(query)
            ]

    def settle(
        self,
        numbers: Collection[int],
        state: DeliveryState,
        reason: str | None = None,
        *,
        response_status: int | None = None,
        next_at: datetime | None = None,
    ) -> None:
        """Record how the sending of some deliveries ended, and when it is tried again."""
        facts = {
            "state": state,
            "reason": reason and redacted(reason),
            "response_status": response_status,
            "updated_at": func.now(),
            **({"next_at": next_at} if next_at else {}),
        }
        with self._transaction() as session:
            session.execute(update(DeliveryRow).where(DeliveryRow.id.in_(numbers)).values(facts))

    def begin(self, numbers: Collection[int]) -> None:
        """Count one more attempt at some deliveries, which are sending from now on."""
        with self._transaction() as session:
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id.in_(numbers), DeliveryRow.state == "waiting")
                .values(
                    state="sending",
                    attempts=DeliveryRow.attempts + 1,
                    reason=None,
                    updated_at=func.now(),
                )
            )

    def release(self, numbers: Collection[int], next_at: datetime | None = None) -> None:
        """Give back deliveries that were taken and not tried, for now or for a later moment."""
        with self._transaction() as session:
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id.in_(numbers), DeliveryRow.state == "sending")
                .values(
                    state="waiting",
                    attempts=DeliveryRow.attempts - 1,
                    next_at=next_at or func.now(),
                )
            )

    def postpone(self, trigger: str, action: str, until: datetime) -> None:
        """Have the other deliveries of an action wait, as its receiver needs time."""
        with self._transaction() as session:
            session.execute(
                update(DeliveryRow)
                .where(
                    DeliveryRow.trigger == trigger,
                    DeliveryRow.action == action,
                    DeliveryRow.state.in_(("waiting", "failed")),
                    DeliveryRow.next_at < until,
                )
                .values(next_at=until)
            )

    def defer(self, numbers: Collection[int], until: datetime, reason: str) -> None:
        """Have some deliveries that wait do so until a moment, with the reason."""
        values = {"next_at": until, "reason": reason, "updated_at": func.now()}
        with self._transaction() as session:
            session.execute(
                update(DeliveryRow)
                .where(DeliveryRow.id.in_(numbers), DeliveryRow.state == "waiting")
                .values(values)
            )

    def label(self, delivery: StoredDelivery, event: StoredEvent, words: LabelText) -> None:
        """Put a tag or note on an order or contact, and record that as sent, in one step."""
        with self._transaction() as session:
            session.execute(
                insert(LabelRow)
                .values(
                    connection=event.connection,
                    subject_type=words.subject_type,
                    subject=words.subject,
                    type=delivery.type,
                    text=words.text,
                    created_by=f"trigger {delivery.trigger}",
                )
                .on_conflict_do_nothing()
            )
            _sent(session, delivery)

    def assign(self, delivery: StoredDelivery, event: StoredEvent, queue: str, title: str) -> None:
        """Put a task into a queue, and record the delivery as sent, in one step."""
        with self._transaction() as session:
            task = insert(TaskRow).values(
                queue=queue,
                title=title,
                connection=event.connection,
                event=event.id,
                delivery=delivery.id,
            )
            session.execute(task.on_conflict_do_nothing())
            _sent(session, delivery)

    def list(
        self,
        trigger: str | None = None,
        states: Collection[str] = (),
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[StoredDelivery]:
        """Return deliveries, the newest first; no states are all of them."""
        query = select(*columns(DeliveryRow, StoredDelivery)).order_by(DeliveryRow.id.desc())
        if trigger is not None:
            query = query.where(DeliveryRow.trigger == trigger)
        if states:
            query = query.where(DeliveryRow.state.in_(states))
        with self._transaction() as session:
            rows = session.execute(query.limit(limit).offset(offset))
            return [StoredDelivery(*row) for row in rows]

    def counts(self) -> dict[str, dict[str, int]]:
        """Return how many deliveries each trigger has, by state."""
        query = select(DeliveryRow.trigger, DeliveryRow.state, func.count()).group_by(
            DeliveryRow.trigger, DeliveryRow.state
        )
        counts: dict[str, dict[str, int]] = {}
        with self._transaction() as session:
            for trigger, state, number in session.execute(query):
                counts.setdefault(trigger, {})[state] = number
        return counts

    def replay(
        self, trigger: str, actor: str, number: int | None = None, states: Collection[str] = ()
    ) -> int:
        """Have deliveries of a trigger sent again, one or those in some states; return how many.

        `BadInput` where the one is not there, or is still to be sent.
        """
        chosen = [DeliveryRow.trigger == trigger, DeliveryRow.state.in_(states or _CLOSED)]
        if number is not None:
            chosen.append(DeliveryRow.id == number)
        again = (
            update(DeliveryRow)
            .where(*chosen)
            .values(
                state="waiting",
                # The id of the message stays: a receiver that has had it knows.
                attempts=0,
                revision=DeliveryRow.revision + 1,
                next_at=func.now(),
                reason=None,
                response_status=None,
                updated_at=func.now(),
            )
            .returning(DeliveryRow.id)
        )
        with self._transaction() as session:
            numbers = session.scalars(again).all()
            if number is not None and not numbers:
                raise BadInput(
                    f"{trigger} has no delivery {number} that has ended: "
                    f"`daybook triggers history {trigger}` lists them"
                )
            if numbers:
                write_audit(
                    session, actor, "trigger.replayed", trigger, {"deliveries": len(numbers)}
                )
            return len(numbers)


def _sent(session: Session, delivery: StoredDelivery) -> None:
    session.execute(
        update(DeliveryRow)
        .where(DeliveryRow.id == delivery.id)
        .values(state="sent", reason=None, updated_at=func.now())
    )


# Ranked first: rows that are ranked cannot be locked in one step.
_CLAIM = text(
    """
    UPDATE registry.deliveries
    SET state = 'sending', attempts = attempts + 1, next_at = :lease, updated_at = now()
    WHERE id IN (
        SELECT id FROM registry.deliveries
        WHERE id IN (
            SELECT id FROM (
                SELECT id, row_number() OVER (
                    PARTITION BY trigger, action ORDER BY next_at, id
                ) AS place
                FROM registry.deliveries
                WHERE state IN ('waiting', 'sending', 'failed') AND next_at <= :now
                    AND type <> 'run_job'
            ) AS due WHERE place <= :of_one_action ORDER BY place, id LIMIT :limit
        ) AND state IN ('waiting', 'sending', 'failed') AND next_at <= :now
        FOR UPDATE SKIP LOCKED
    )
    RETURNING *
    """
)
