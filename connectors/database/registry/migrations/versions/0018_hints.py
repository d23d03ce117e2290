"""The inbox of hints: what platforms told of, by webhook, queue or answer to a poll."""

import sqlalchemy as sa

from connectors.database.registry.migrations.columns import (
    create_index,
    create_table,
    id_column,
    instant,
    instant_now,
    of_connection,
    one_of,
    primary_key,
    text,
)

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    create_table(
        "hints",
        id_column(),
        text("platform"),
        text("event_id"),
        text("connection"),
        text("topic"),
        text("purpose"),
        text("source"),
        instant("occurred_at", nullable=True),
        instant_now("received_at"),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        instant("handled_at", nullable=True),
        text("outcome", nullable=True),
        primary_key("hints", "id"),
        of_connection("hints"),
        sa.UniqueConstraint("platform", "event_id", name="hints_platform_event_id_key"),
        one_of("hints", "purpose", "sync entries privacy"),
        one_of("hints", "source", "webhook poll queue"),
    )
    create_index(
        "hints_pending", "hints", ["purpose", "id"], postgresql_where=sa.text("handled_at IS NULL")
    )
    create_index(
        "hints_bodies", "hints", ["received_at"], postgresql_where=sa.text("body IS NOT NULL")
    )
