"""Personal data of buyers: sealed by a key of each, gone on its day."""

import sqlalchemy as sa

from connectors.database.registry.migrations.columns import (
    create_index,
    create_table,
    instant,
    instant_now,
    of_connection,
    primary_key,
    text,
)

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    create_table(
        "people",
        text("connection"),
        text("customer_key"),
        sa.Column("data_key", sa.LargeBinary()),
        sa.Column("sealed", sa.LargeBinary()),
        instant("expires_at", nullable=True),
        instant("erased_at", nullable=True),
        instant_now("updated_at"),
        of_connection("people"),
        primary_key("people", "connection", "customer_key"),
    )
    create_index(
        "people_expiry", "people", ["expires_at"], postgresql_where=sa.text("sealed IS NOT NULL")
    )
