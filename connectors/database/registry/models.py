"""The registry's tables. A change here comes with a migration; a test compares the two."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    MetaData,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, TEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from connectors.database.postgres import REGISTRY_SCHEMA

SLUG_PATTERN = "^[a-z0-9][a-z0-9-]{0,39}$"


class Base(DeclarativeBase):
    """Every table of the registry, in its own schema."""

    metadata = MetaData(
        schema=REGISTRY_SCHEMA,
        naming_convention={
            "pk": "%(table_name)s_pkey",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_name)s_fkey",
        },
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own declaration
        str: TEXT,
        date: Date,
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[date]: ARRAY(Date),
        bytes: BYTEA,
    }


def one_of(column: str, *values: str) -> CheckConstraint:
    """Return the check that a column holds one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class ConnectionRow(Base):
    """Grain: a connection. Key: slug."""

    __tablename__ = "connections"
    __table_args__ = (
        CheckConstraint(f"slug ~ '{SLUG_PATTERN}'", name="slug"),
        one_of("kind", "file", "api"),
        one_of("state", "pending", "active", "needs_reauth", "paused", "disconnected"),
        # Two connections of one account would book every settlement twice.
        UniqueConstraint("channel", "account_id"),
    )

    slug: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    name: Mapped[str]
    timezone: Mapped[str]
    kind: Mapped[str]
    state: Mapped[str]
    account_id: Mapped[str | None]
    account: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    fields: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    reason: Mapped[str | None]
    setup: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))
    deadlines: Mapped[list[dict[str, str]]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb")
    )
    findings: Mapped[list[str]] = mapped_column(JSONB, server_default=text("'[]'::jsonb"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MappingVersionRow(Base):
    """Grain: a saved mapping document. Key: target, connection (or none) and version.

    `target` is `books`, or the slug of an accounting organisation.
    """

    __tablename__ = "mapping_versions"
    __table_args__ = (
        Index(
            "mapping_versions_version_key",
            text("target"),
            # Null is unequal to null, so defaults would not exclude each other.
            text("COALESCE(connection, '')"),
            text("version"),
            unique=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    target: Mapped[str] = mapped_column(server_default=text("'books'"))
    connection: Mapped[str | None] = mapped_column(ForeignKey(ConnectionRow.slug))
    version: Mapped[int]
    document: Mapped[dict[str, Any]]
    digest: Mapped[str]
    # The first business day it holds for; null for every day.
    effective_from: Mapped[date | None]
    reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[str]


class PublicationRow(Base):
    """Grain: a revision of an entry at a target. Key: target, entry, revision."""

    __tablename__ = "publications"
    __table_args__ = (
        UniqueConstraint("target", "entry_id", "revision", name="publications_key"),
        Index(
            # No plan and no crash may leave two revisions of one entry as posted.
            "publications_posted_once",
            *("target", "entry_id"),
            unique=True,
            postgresql_where=text("state = 'posted'"),
        ),
        # The entries of a store and a few days are asked for by every run.
        Index("publications_days", "target", "connection", "business_date"),
        # A sensor asks for these every few seconds.
        Index(
            "publications_withdrawn",
            "target",
            postgresql_where=text("withdrawn_at IS NOT NULL"),
        ),
        # Events are derived from these.
        Index("publications_held", "updated_at", postgresql_where=text("state = 'held'")),
        Index(
            "publications_changed_there",
            "updated_at",
            postgresql_where=text("standing IN ('edited', 'gone')"),
        ),
        one_of(
            "state",
            *("held", "draft", "left_out", "planned", "sending", "unknown"),
            *("posted", "failed", "superseded", "voided"),
        ),
        CheckConstraint("revision > 0", name="revision"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    target: Mapped[str]
    # No foreign key: what was posted stays on record when a connection is removed.
    connection: Mapped[str]
    business_date: Mapped[date]
    currency: Mapped[str]
    revision: Mapped[int]
    entry_id: Mapped[str]
    content_hash: Mapped[str]
    state: Mapped[str]
    reference: Mapped[str | None]
    message: Mapped[str | None]
    # What was sent to an organisation, so that it can be corrected and taken out again.
    content: Mapped[dict[str, Any] | None]
    # Since when no journal supports what the target holds; null while one does.
    withdrawn_at: Mapped[datetime | None]
    waits_for: Mapped[str | None]
    # As the last check found it there: edited, gone or matched; null while it is as it was posted.
    standing: Mapped[str | None]
    # Before it, a planned entry is not sent; null is at once.
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditRow(Base):
    """Grain: an action of a user or a program. Key: id."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("audit_log_states", "at", postgresql_where=text("action = 'connection.state'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[dict[str, Any]]


class InboxRow(Base):
    """Grain: an event that touched days of a connection. Key: id; a document comes once."""

    __tablename__ = "inbox"
    __table_args__ = (
        one_of("kind", "document", "request"),
        Index(
            "inbox_document_key",
            "connection",
            "document",
            unique=True,
            postgresql_where=text("document IS NOT NULL"),
        ),
        Index("inbox_unhandled", "id", postgresql_where=text("handled_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug))
    kind: Mapped[str]
    document: Mapped[str | None]
    days: Mapped[list[date]]
    # Days that somebody asked for once more by their dates: their entries wait for approval.
    is_backfill: Mapped[bool] = mapped_column(server_default=text("false"))
    handled_at: Mapped[datetime | None]


class DayStateRow(Base):
    """Grain: a day of a connection. Key: connection and day."""

    __tablename__ = "day_states"
    __table_args__ = (one_of("state", "open", "empty", "done", "failed"),)

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    state: Mapped[str]
    reason: Mapped[str | None]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ActivityRow(Base):
    """Grain: something that was done for a connection over a window of days. Key: id."""

    __tablename__ = "activities"
    __table_args__ = (
        one_of("outcome", "done", "failed"),
        Index("activities_latest", "connection", text("id DESC")),
        Index("activities_running", "id", postgresql_where=text("ended_at IS NULL")),
        Index("activities_failed", "ended_at", postgresql_where=text("outcome = 'failed'")),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug))
    what: Mapped[str]
    days: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    message: Mapped[str | None]
    run: Mapped[str | None]


class BucketRow(Base):
    """Grain: one limited operation of one account at a platform. Key: key.

    `tokens` are the permits left at the instant `at`; below zero, permits that are waited for.
    """

    __tablename__ = "buckets"

    key: Mapped[str] = mapped_column(primary_key=True)
    # A bucket fills continuously: whole numbers would lose what flows in between two calls.
    tokens: Mapped[float] = mapped_column(Double)
    at: Mapped[datetime]


class ScheduledSyncRow(Base):
    """Grain: a connection; when it is synced next. Key: connection.

    `days` wait for it, for the `reason` there; none where it is the daily sync.
    """

    __tablename__ = "sync_schedule"

    connection: Mapped[str] = mapped_column(ForeignKey(ConnectionRow.slug), primary_key=True)
    at: Mapped[datetime]
    days: Mapped[list[date]] = mapped_column(server_default=text("'{}'"))
    reason: Mapped[str | None]
