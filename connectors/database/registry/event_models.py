"""Tables of events and of what follows from them: triggers, deliveries, labels, tasks."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from connectors.database.registry.models import SLUG_PATTERN, Base, ConnectionRow, one_of


class EventRow(Base):
    """Grain: something that happened once. Key: id; kind, connection (or none) and subject."""

    __tablename__ = "events"
    __table_args__ = (
        Index(
            "events_subject_key",
            text("kind"),
            # Null is unequal to null: an event of no connection would come again and again.
            text("COALESCE(connection, '')"),
            text("subject"),
            unique=True,
        ),
        Index("events_of_kind", "kind", "id"),
        # Removing a connection removes what happened to it.
        Index("events_of_connection", "connection"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str]
    connection: Mapped[str | None] = mapped_column(ForeignKey(ConnectionRow.slug))
    subject: Mapped[str]
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # The documented fields of the kind: no personal data is among them.
    fields: Mapped[dict[str, Any]]


class EventSourceRow(Base):
    """Grain: a table that events are derived from, and how far that went. Key: source."""

    __tablename__ = "event_sources"

    source: Mapped[str] = mapped_column(primary_key=True)
    through: Mapped[datetime]


class TriggerRow(Base):
    """Grain: a trigger. Key: name."""

    __tablename__ = "triggers"
    __table_args__ = (CheckConstraint(f"name ~ '{SLUG_PATTERN}'", name="name"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    document: Mapped[dict[str, Any]]
    enabled: Mapped[bool]
    # Events up to this one were matched, or were there before it was enabled.
    after_event: Mapped[int] = mapped_column(BigInteger)
    # Actions that a receiver has ended for good (410), each with the reason.
    stopped: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_by: Mapped[str]


class DeliveryRow(Base):
    """Grain: an action of a trigger for an event. Key: trigger, action and event."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("trigger", "action", "event", name="deliveries_key"),
        one_of("state", "waiting", "sending", "sent", "failed", "dead", "skipped"),
        # Asked for every few seconds, and few of many.
        Index(
            "deliveries_due",
            "next_at",
            postgresql_where=text("state IN ('waiting', 'sending', 'failed')"),
        ),
        Index("deliveries_of_event", "event"),
        # What is done once a day asks for the last day's.
        Index("deliveries_of_action", "trigger", "action", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    trigger: Mapped[str] = mapped_column(ForeignKey(TriggerRow.name, ondelete="CASCADE"))
    action: Mapped[str]
    event: Mapped[int] = mapped_column(
        BigInteger, ForeignKey(EventRow.id, name="deliveries_event_fkey", ondelete="CASCADE")
    )
    type: Mapped[str]
    # The receiver's way to tell a repeated call: it stays through every attempt.
    message_id: Mapped[str]
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    # How often somebody had it sent again.
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    reason: Mapped[str | None]
    response_status: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LabelRow(Base):
    """Grain: a tag or note on an order or a contact. Key: id; all of its content once."""

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint(
            *("connection", "subject_type", "subject", "type", "text"), name="labels_key"
        ),
        one_of("subject_type", "order", "contact"),
        one_of("type", "tag", "note"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug))
    subject_type: Mapped[str]
    subject: Mapped[str]
    type: Mapped[str]
    text: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]


class TaskRow(Base):
    """Grain: something that a team does. Key: id; one a delivery."""

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("delivery"),
        one_of("state", "open", "taken", "finished"),
        Index("tasks_of_queue", "queue", "state", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    queue: Mapped[str]
    title: Mapped[str]
    connection: Mapped[str | None] = mapped_column(ForeignKey(ConnectionRow.slug))
    # No foreign keys: a task outlives the trigger that assigned it.
    event: Mapped[int] = mapped_column(BigInteger)
    delivery: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(server_default=text("'open'"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    taken_by: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    finished_by: Mapped[str | None]
    finished_at: Mapped[datetime | None]
    note: Mapped[str | None]
