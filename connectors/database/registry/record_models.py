"""The registry's tables about orders, payments, products and contacts."""

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Identity
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
