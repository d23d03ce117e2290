"""Rates of exchange."""

import sqlalchemy as sa

from connectors.database.registry.migrations.columns import create_table, primary_key, text

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    create_table(
        "exchange_rates",
        text("source"),
        sa.Column("day", sa.Date(), nullable=False),
        text("base"),
        text("currency"),
        sa.Column("rate", sa.Numeric(24, 12), nullable=False),
        primary_key("exchange_rates", "source", "day", "base", "currency"),
    )
