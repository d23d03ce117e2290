"""Mappings that hold from a day on, and why each was saved."""

import sqlalchemy as sa
from alembic import op

from connectors.database.postgres import REGISTRY_SCHEMA
from connectors.database.registry.migrations.columns import text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; what is saved holds for every day, as it did."""
    op.add_column(
        "mapping_versions",
        sa.Column("effective_from", sa.Date(), nullable=True),
        schema=REGISTRY_SCHEMA,
    )
    op.add_column("mapping_versions", text("reason", nullable=True), schema=REGISTRY_SCHEMA)
