"""The first registry: connections, mappings, publications, inbox, day states, audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_connections()
    _create_settings()
    _create_mapping_versions()
    _create_publications()
    _create_audit_log()
    _create_inbox()
    _create_day_states()


def downgrade() -> None:
    for table in (
        "mapping_versions",
        "inbox",
        "day_states",
        "settings",
        "publications",
        "connections",
        "audit_log",
    ):
        op.drop_table(table, schema="registry")


def _create_connections() -> None:
    op.create_table(
        "connections",
        sa.Column("slug", sa.TEXT(), nullable=False),
        sa.Column("channel", sa.TEXT(), nullable=False),
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("timezone", sa.TEXT(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("state", sa.TEXT(), nullable=False),
        sa.Column("account_id", sa.TEXT(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint("kind IN ('file', 'api')", name="connections_kind_check"),
        sa.CheckConstraint("slug ~ '^[a-z0-9][a-z0-9-]{0,39}$'", name="connections_slug_check"),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'needs_reauth', 'paused', 'disconnected')",
            name="connections_state_check",
        ),
        sa.PrimaryKeyConstraint("slug", name="connections_pkey"),
        sa.UniqueConstraint("channel", "account_id", name="connections_channel_account_id_key"),
        schema="registry",
    )


def _create_settings() -> None:
    op.create_table(
        "settings",
        sa.Column("key", sa.TEXT(), nullable=False),
        sa.Column("value", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="settings_pkey"),
        schema="registry",
    )


def _create_mapping_versions() -> None:
    op.create_table(
        "mapping_versions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.TEXT(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", JSONB(), nullable=False),
        sa.Column("digest", sa.TEXT(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("created_by", sa.TEXT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection"], ["registry.connections.slug"], name="mapping_versions_connection_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="mapping_versions_pkey"),
        schema="registry",
    )
    op.create_index(
        "mapping_versions_version_key",
        "mapping_versions",
        [sa.text("COALESCE(connection, '')"), sa.text("version")],
        unique=True,
        schema="registry",
    )


def _create_publications() -> None:
    op.create_table(
        "publications",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("target", sa.TEXT(), nullable=False),
        sa.Column("connection", sa.TEXT(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("currency", sa.TEXT(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.TEXT(), nullable=False),
        sa.Column("content_hash", sa.TEXT(), nullable=False),
        sa.Column("state", sa.TEXT(), nullable=False),
        sa.Column("reference", sa.TEXT(), nullable=True),
        sa.Column("message", sa.TEXT(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('held', 'planned', 'sending', 'unknown', 'posted', 'failed', "
            "'superseded', 'voided')",
            name="publications_state_check",
        ),
        sa.CheckConstraint("revision > 0", name="publications_revision_check"),
        sa.PrimaryKeyConstraint("id", name="publications_pkey"),
        sa.UniqueConstraint(
            "target", "connection", "business_date", "currency", "revision", name="publications_key"
        ),
        schema="registry",
    )
    op.create_index(
        "publications_posted_once",
        "publications",
        ["target", "connection", "business_date", "currency"],
        unique=True,
        schema="registry",
        postgresql_where=sa.text("state = 'posted'"),
    )


def _create_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sa.TEXT(), nullable=False),
        sa.Column("action", sa.TEXT(), nullable=False),
        sa.Column("subject", sa.TEXT(), nullable=False),
        sa.Column("detail", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_log_pkey"),
        schema="registry",
    )


def _create_inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("connection", sa.TEXT(), nullable=False),
        sa.Column("kind", sa.TEXT(), nullable=False),
        sa.Column("document", sa.TEXT(), nullable=True),
        sa.Column("days", ARRAY(sa.Date()), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('document', 'request')", name="inbox_kind_check"),
        sa.ForeignKeyConstraint(
            ["connection"], ["registry.connections.slug"], name="inbox_connection_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="inbox_pkey"),
        schema="registry",
    )
    op.create_index(
        "inbox_document_key",
        "inbox",
        ["connection", "document"],
        unique=True,
        schema="registry",
        postgresql_where=sa.text("document IS NOT NULL"),
    )
    op.create_index(
        "inbox_unhandled",
        "inbox",
        ["id"],
        unique=False,
        schema="registry",
        postgresql_where=sa.text("handled_at IS NULL"),
    )


def _create_day_states() -> None:
    op.create_table(
        "day_states",
        sa.Column("connection", sa.TEXT(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.TEXT(), nullable=False),
        sa.Column("reason", sa.TEXT(), nullable=True),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('open', 'empty', 'done', 'failed')", name="day_states_state_check"
        ),
        sa.ForeignKeyConstraint(
            ["connection"], ["registry.connections.slug"], name="day_states_connection_fkey"
        ),
        sa.PrimaryKeyConstraint("connection", "day", name="day_states_pkey"),
        schema="registry",
    )
