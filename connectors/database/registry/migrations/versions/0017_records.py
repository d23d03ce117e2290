"""Orders, payments, products and contacts: how far they are imported, and which days changed."""

import sqlalchemy as sa

from connectors.database.registry.migrations.columns import (
    create_table,
    instant,
    instant_now,
    of_connection,
    primary_key,
    text,
)

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    create_table(
        "record_imports",
        text("connection"),
        text("stream"),
        instant("since"),
        instant("through"),
        instant("asked_at", nullable=True),
        sa.Column("first_day", sa.Date()),
        sa.Column("last_day", sa.Date()),
        of_connection("record_imports"),
        primary_key("record_imports", "connection", "stream"),
    )
    create_table(
        "record_days",
        text("connection"),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("request", sa.BigInteger(), sa.Identity(), nullable=False),
        instant_now("requested_at"),
        of_connection("record_days"),
        primary_key("record_days", "connection", "day"),
    )
