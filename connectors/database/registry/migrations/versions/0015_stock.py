"""Unit costs, and movements of stock."""

import sqlalchemy as sa

from connectors.database.registry.migrations.columns import (
    create_table,
    number,
    of_connection,
    one_of,
    primary_key,
    text,
)

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    create_table(
        "unit_costs",
        text("connection"),
        text("sku"),
        text("location"),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("cost", sa.Numeric(19, 4), nullable=False),
        text("currency"),
        primary_key("unit_costs", "connection", "sku", "location", "since"),
        of_connection("unit_costs"),
    )
    create_table(
        "stock_movements",
        text("connection"),
        text("reference"),
        sa.Column("day", sa.Date(), nullable=False),
        text("sku"),
        text("location"),
        number("units"),
        text("kind"),
        one_of("stock_movements", "kind", "returned lost disposed found"),
        primary_key("stock_movements", "connection", "reference"),
        of_connection("stock_movements"),
    )
