"""The registry's tables about orders, payments, products and contacts."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from connectors.database.registry.models import Base, ConnectionRow


class RecordImportRow(Base):
    """Grain: a stream of a connection that was read. Key: connection and stream.

    Everything that changed from `since` up to `through` is stored; `first_day` and `last_day` are
    those of the oldest and the newest record.
    """

    __tablename__ = "record_imports"

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    stream: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    through: Mapped[datetime]
    # When the platform told of something new; null once that is read.
    asked_at: Mapped[datetime | None]
    first_day: Mapped[date | None]
    last_day: Mapped[date | None]


class RecordDayRow(Base):
    """Grain: a day whose orders or payments changed and are not normalised yet. Key: both."""

    __tablename__ = "record_days"

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    # Rises with every request: what is asked for while a day is computed is not lost.
    request: Mapped[int] = mapped_column(BigInteger, Identity())
    # Since when it waits, however often it was requested.
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PersonRow(Base):
    """Grain: a buyer whose personal data was imported. Key: connection and customer_key.

    Without its `data_key` nobody reads what is sealed; one that was erased is never imported again.
    """

    __tablename__ = "people"
    __table_args__ = (
        Index("people_expiry", "expires_at", postgresql_where=text("sealed IS NOT NULL")),
    )

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    customer_key: Mapped[str] = mapped_column(primary_key=True)
    data_key: Mapped[bytes | None]
    sealed: Mapped[bytes | None]
    expires_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
