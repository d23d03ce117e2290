"""Mappings for each target with their history, and what was sent to an organisation."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from connectors.database.postgres import REGISTRY_SCHEMA
from connectors.database.registry.migrations.columns import create_index, text

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLE, INDEX = "mapping_versions", "mapping_versions_version_key"


def upgrade() -> None:
    """Add the columns; what is saved is for the books and holds for every day, as it did."""
    target = sa.Column("target", sa.TEXT(), server_default=sa.text("'books'"), nullable=False)
    for column in (
        target,
        sa.Column("effective_from", sa.Date(), nullable=True),
        text("reason", nullable=True),
    ):
        op.add_column(TABLE, column, schema=REGISTRY_SCHEMA)
    content = sa.Column("content", postgresql.JSONB(), nullable=True)
    op.add_column("publications", content, schema=REGISTRY_SCHEMA)
    op.drop_index(INDEX, TABLE, schema=REGISTRY_SCHEMA)
    key = ("target", "COALESCE(connection, '')", "version")
    create_index(INDEX, TABLE, [sa.literal_column(column) for column in key], unique=True)
