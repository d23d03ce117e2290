"""Turns at platforms' limits, when each connection is visited next, and what was found missing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "buckets",
        sa.Column("key", sa.TEXT(), nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="buckets_pkey"),
        schema="registry",
    )
    op.create_table(
        "appointments",
        sa.Column("connection", sa.TEXT(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", ARRAY(sa.Date()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("reason", sa.TEXT(), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["registry.connections.slug"], name="appointments_connection_fkey"
        ),
        sa.PrimaryKeyConstraint("connection", name="appointments_pkey"),
        schema="registry",
    )
    op.add_column(
        "connections",
        sa.Column("findings", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        schema="registry",
    )


def downgrade() -> None:
    op.drop_column("connections", "findings", schema="registry")
    for table in ("appointments", "buckets"):
        op.drop_table(table, schema="registry")
