"""Whom a connection reaches, and what is done for it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_EMPTY = sa.text("'{}'::jsonb")


def upgrade() -> None:
    for name in ("account", "fields", "setup"):
        column = sa.Column(name, JSONB(), nullable=False, server_default=_EMPTY)
        op.add_column("connections", column, schema="registry")
    ends = sa.Column("deadlines", JSONB(), nullable=False, server_default=sa.text("'[]'::jsonb"))
    op.add_column("connections", ends, schema="registry")
    reason = sa.Column("reason", sa.TEXT(), nullable=True)
    op.add_column("connections", reason, schema="registry")
    _create_activities()


def downgrade() -> None:
    op.drop_table("activities", schema="registry")
    for name in ("account", "fields", "setup", "reason", "deadlines"):
        op.drop_column("connections", name, schema="registry")


def _create_activities() -> None:
    now = sa.text("now()")
    op.create_table(
        "activities",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.TEXT(), nullable=False),
        sa.Column("what", sa.TEXT(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=now, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.TEXT(), nullable=True),
        sa.Column("message", sa.TEXT(), nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'failed')", name="activities_outcome_check"),
        sa.ForeignKeyConstraint(
            ["connection"], ["registry.connections.slug"], name="activities_connection_fkey"
        ),
        sa.PrimaryKeyConstraint("id", name="activities_pkey"),
        schema="registry",
    )
    op.create_index(
        "activities_latest", "activities", ["connection", sa.text("id DESC")], schema="registry"
    )
    op.create_index(
        "activities_running",
        "activities",
        ["id"],
        schema="registry",
        postgresql_where=sa.text("ended_at IS NULL"),
    )
