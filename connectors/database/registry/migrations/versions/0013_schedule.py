"""The moment from which on an entry is sent."""

from alembic import op

from connectors.database.postgres import REGISTRY_SCHEMA
from connectors.database.registry.migrations.columns import instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; what is planned already is due at once."""
    op.add_column("publications", instant("due_at", nullable=True), schema=REGISTRY_SCHEMA)
