"""Entries known by their ids: a day of a store may have more than one in a currency."""

import sqlalchemy as sa
from alembic import op

from connectors.database.postgres import REGISTRY_SCHEMA
from connectors.database.registry.migrations.columns import primary_key, text

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Give publications and choices the entry's id as their key."""
    op.drop_constraint("publications_key", "publications", schema=REGISTRY_SCHEMA)
    op.create_unique_constraint(
        "publications_key",
        "publications",
        ["target", "entry_id", "revision"],
        schema=REGISTRY_SCHEMA,
    )
    op.drop_index("publications_posted_once", "publications", schema=REGISTRY_SCHEMA)
    op.create_index(
        "publications_posted_once",
        "publications",
        ["target", "entry_id"],
        unique=True,
        postgresql_where=sa.text("state = 'posted'"),
        schema=REGISTRY_SCHEMA,
    )
    op.create_index(
        "publications_days",
        "publications",
        ["target", "connection", "business_date"],
        schema=REGISTRY_SCHEMA,
    )
    _rekey_choices()


def _rekey_choices() -> None:
    key = primary_key("entry_choices", "target", "entry_id")
    op.add_column("entry_choices", text("entry_id", nullable=True), schema=REGISTRY_SCHEMA)
    op.execute(
        "UPDATE registry.entry_choices "
        "SET entry_id = concat_ws(':', 'je', connection, business_date, currency)"
    )
    op.drop_constraint(str(key.name), "entry_choices", schema=REGISTRY_SCHEMA)
    op.create_primary_key(
        str(key.name), "entry_choices", ["target", "entry_id"], schema=REGISTRY_SCHEMA
    )
    for column in ("business_date", "currency"):
        op.drop_column("entry_choices", column, schema=REGISTRY_SCHEMA)
