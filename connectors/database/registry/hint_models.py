"""The table of hints: what platforms told of."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from connectors.database.registry.models import Base, ConnectionRow, one_of


class HintRow(Base):
    """Grain: an event that a platform told of. Key: platform and the platform's id of it."""

    __tablename__ = "hints"
    __table_args__ = (
        UniqueConstraint("platform", "event_id"),
        one_of("purpose", "sync", "entries", "privacy"),
        one_of("source", "webhook", "poll", "queue"),
        # A sensor asks for these every few seconds, among millions that were handled.
        Index("hints_pending", "purpose", "id", postgresql_where=text("handled_at IS NULL")),
        Index("hints_bodies", "received_at", postgresql_where=text("body IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    platform: Mapped[str]
    event_id: Mapped[str]
    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug))
    topic: Mapped[str]
    purpose: Mapped[str]
    source: Mapped[str]
    # When the platform says that it happened.
    occurred_at: Mapped[datetime | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    # Sealed, as it names people; null once it was dropped.
    body: Mapped[bytes | None]
    handled_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
