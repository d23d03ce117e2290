"""Tables of what owners decide about posting: choices, automatic posting, closed books."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from connectors.database.registry.models import Base, ConnectionRow, one_of


class EntryChoiceRow(Base):
    """Grain: an entry at a target that somebody decided about. Key: target and entry."""

    __tablename__ = "entry_choices"
    __table_args__ = (
        one_of("choice", "approved", "backfilled", "rolled_back", "left_out", "first_open_day"),
    )

    target: Mapped[str] = mapped_column(primary_key=True)
    entry_id: Mapped[str] = mapped_column(primary_key=True)
    # No foreign key: a choice about what was posted stays when a connection is removed.
    connection: Mapped[str]
    choice: Mapped[str]
    reason: Mapped[str | None]
    chosen_by: Mapped[str]
    chosen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AutomaticPostingRow(Base):
    """Grain: a store whose entries a target gets unasked. Key: target and connection."""

    __tablename__ = "automatic_posting"

    target: Mapped[str] = mapped_column(primary_key=True)
    connection: Mapped[str] = mapped_column(primary_key=True)
    # The first business day whose entries need no approval.
    since: Mapped[date]


class BankLineRow(Base):
    """Grain: a line of a bank account. Key: account and the line's id."""

    __tablename__ = "bank_lines"

    account: Mapped[str] = mapped_column(primary_key=True)
    line_id: Mapped[str] = mapped_column(primary_key=True)
    booked_on: Mapped[date]
    amount: Mapped[Decimal] = mapped_column(Numeric(19, 4))
    currency: Mapped[str]
    # The bank's words: a payout is told from others of its sum by them.
    text: Mapped[str]
    # The payout that it is, once it is known.
    connection: Mapped[str | None]
    settlement_id: Mapped[str | None]
    imported_at: Mapped[datetime] = mapped_column(server_default=func.now())
    imported_by: Mapped[str]


class UnitCostRow(Base):
    """Grain: the cost of a store's SKU at a location from a day on. Key: all of these."""

    __tablename__ = "unit_costs"

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    sku: Mapped[str] = mapped_column(primary_key=True)
    # Empty where the cost holds anywhere.
    location: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    cost: Mapped[Decimal] = mapped_column(Numeric(19, 4))
    currency: Mapped[str]


class StockMovementRow(Base):
    """Grain: units of a store that came back, were lost, disposed of or found. Key: reference."""

    __tablename__ = "stock_movements"
    __table_args__ = (one_of("kind", "returned", "lost", "disposed", "found"),)

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date]
    sku: Mapped[str]
    location: Mapped[str]
    units: Mapped[int]
    kind: Mapped[str]


class ExchangeRateRow(Base):
    """Grain: a rate of a source: one `base` is so many of `currency`. Key: all but the rate."""

    __tablename__ = "exchange_rates"

    source: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    base: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric(24, 12))


class DriftCheckRow(Base):
    """Grain: an organisation whose entries were looked at. Key: target."""

    __tablename__ = "drift_checks"

    target: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[datetime]


class ClosedBooksRow(Base):
    """Grain: a store with closed books. Key: connection."""

    __tablename__ = "closed_books"

    connection: Mapped[str] = mapped_column(primary_key=True)
    through: Mapped[date]
    reason: Mapped[str | None]
    closed_by: Mapped[str]
    closed_at: Mapped[datetime] = mapped_column(server_default=func.now())
