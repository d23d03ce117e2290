"""Every table of the registry.

The first migration of all: databases with a lower number are of before the first release, and are
not brought up to it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from connectors.database.registry.migrations.columns import (
    create_index,
    create_table,
    id_column,
    instant,
    instant_now,
    json,
    number,
    of_connection,
    one_of,
    primary_key,
    text,
)

revision = "0010"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_connections()
    _create_events()
    _create_inbox()
    _create_publications()
    _create_users()
    _create_credentials()
    _create_limits()


def _create_connections() -> None:
    create_table(
        "connections",
        text("slug"),
        text("channel"),
        text("name"),
        text("timezone"),
        text("kind"),
        text("state"),
        text("account_id", nullable=True),
        json("account", "{}"),
        json("fields", "{}"),
        text("reason", nullable=True),
        json("setup", "{}"),
        json("deadlines", "[]"),
        json("findings", "[]"),
        instant_now("created_at"),
        one_of("connections", "kind", "file api"),
        sa.CheckConstraint(
            "slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'", name=op.f("connections_slug_check")
        ),
        one_of("connections", "state", "pending active needs_reauth paused disconnected"),
        primary_key("connections", "slug"),
        sa.UniqueConstraint(
            "channel", "account_id", name=op.f("connections_channel_account_id_key")
        ),
    )
    create_table(
        "mapping_versions",
        id_column(),
        text("connection", nullable=True),
        number("version"),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        text("digest"),
        instant_now("created_at"),
        text("created_by"),
        of_connection("mapping_versions"),
        primary_key("mapping_versions", "id"),
    )
    create_index(
        "mapping_versions_version_key",
        "mapping_versions",
        [sa.literal_column("COALESCE(connection, '')"), sa.literal_column("version")],
        unique=True,
    )
    create_table(
        "sync_schedule",
        text("connection"),
        instant("at"),
        sa.Column(
            "days", postgresql.ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False
        ),
        text("reason", nullable=True),
        of_connection("sync_schedule"),
        primary_key("sync_schedule", "connection"),
    )


def _create_events() -> None:
    create_table(
        "activities",
        id_column(),
        text("connection"),
        text("what"),
        number("days"),
        instant_now("started_at"),
        instant("ended_at", nullable=True),
        text("outcome", nullable=True),
        text("message", nullable=True),
        text("run", nullable=True),
        one_of("activities", "outcome", "done failed"),
        of_connection("activities"),
        primary_key("activities", "id"),
    )
    create_index(
        "activities_latest",
        "activities",
        ["connection", sa.literal_column("id DESC")],
    )
    create_index(
        "activities_running",
        "activities",
        ["id"],
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    create_table(
        "day_states",
        text("connection"),
        sa.Column("day", sa.Date(), nullable=False),
        text("state"),
        text("reason", nullable=True),
        instant_now("updated_at"),
        one_of("day_states", "state", "open empty done failed"),
        of_connection("day_states"),
        primary_key("day_states", "connection", "day"),
    )


def _create_inbox() -> None:
    create_table(
        "inbox",
        id_column(),
        instant_now("at"),
        text("connection"),
        text("kind"),
        text("document", nullable=True),
        sa.Column("days", postgresql.ARRAY(sa.Date()), nullable=False),
        instant("handled_at", nullable=True),
        one_of("inbox", "kind", "document request"),
        of_connection("inbox"),
        primary_key("inbox", "id"),
    )
    create_index(
        "inbox_document_key",
        "inbox",
        ["connection", "document"],
        unique=True,
        postgresql_where=sa.text("document IS NOT NULL"),
    )
    create_index(
        "inbox_unhandled",
        "inbox",
        ["id"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )


def _create_publications() -> None:
    create_table(
        "publications",
        id_column(),
        text("target"),
        text("connection"),
        sa.Column("business_date", sa.Date(), nullable=False),
        text("currency"),
        number("revision"),
        text("entry_id"),
        text("content_hash"),
        text("state"),
        text("reference", nullable=True),
        text("message", nullable=True),
        instant("withdrawn_at", nullable=True),
        instant_now("created_at"),
        instant_now("updated_at"),
        one_of(
            "publications", "state", "held planned sending unknown posted failed superseded voided"
        ),
        sa.CheckConstraint("revision > 0", name=op.f("publications_revision_check")),
        primary_key("publications", "id"),
        sa.UniqueConstraint(
            "target", "connection", "business_date", "currency", "revision", name="publications_key"
        ),
    )
    create_index(
        "publications_posted_once",
        "publications",
        ["target", "connection", "business_date", "currency"],
        unique=True,
        postgresql_where=sa.text("state = 'posted'"),
    )
    create_index(
        "publications_withdrawn",
        "publications",
        ["target"],
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
    )


def _create_users() -> None:
    create_table(
        "audit_log",
        id_column(),
        instant_now("at"),
        text("actor"),
        text("action"),
        text("subject"),
        sa.Column("detail", postgresql.JSONB(), nullable=False),
        primary_key("audit_log", "id"),
    )
    create_table(
        "users",
        text("name"),
        text("password_hash"),
        text("role"),
        instant_now("created_at"),
        one_of("users", "role", "viewer operator bookkeeper admin"),
        primary_key("users", "name"),
    )
    create_table(
        "api_tokens",
        text("digest"),
        text("user_name"),
        text("label"),
        instant_now("created_at"),
        instant("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["user_name"], ["registry.users.name"], name=op.f("api_tokens_user_name_fkey")
        ),
        primary_key("api_tokens", "digest"),
        sa.UniqueConstraint("user_name", "label", name=op.f("api_tokens_user_name_label_key")),
    )
    create_table(
        "sessions",
        text("digest"),
        text("user_name"),
        instant_now("started_at"),
        instant_now("seen_at"),
        instant_now("confirmed_at"),
        sa.ForeignKeyConstraint(
            ["user_name"], ["registry.users.name"], name=op.f("sessions_user_name_fkey")
        ),
        primary_key("sessions", "digest"),
    )


def _create_credentials() -> None:
    create_table(
        "data_keys",
        text("owner"),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        primary_key("data_keys", "owner"),
    )
    create_table(
        "consents",
        text("state_digest"),
        text("connection"),
        text("session_digest"),
        text("redirect_uri"),
        instant_now("asked_at"),
        instant("answered_at", nullable=True),
        of_connection("consents"),
        primary_key("consents", "state_digest"),
    )
    create_table(
        "credentials",
        text("owner"),
        text("field"),
        sa.Column("sealed", postgresql.BYTEA(), nullable=False),
        instant_now("updated_at"),
        sa.ForeignKeyConstraint(
            ["owner"], ["registry.data_keys.owner"], name=op.f("credentials_owner_fkey")
        ),
        primary_key("credentials", "owner", "field"),
    )


def _create_limits() -> None:
    create_table(
        "buckets",
        text("key"),
        sa.Column("tokens", sa.Double(), nullable=False),
        instant("at"),
        primary_key("buckets", "key"),
    )
