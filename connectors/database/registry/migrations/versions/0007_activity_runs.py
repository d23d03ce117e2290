"""Which run of Dagster an activity was, so that a failure leads to it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("activities", sa.Column("run", sa.Text(), nullable=True), schema="registry")


def downgrade() -> None:
    op.drop_column("activities", "run", schema="registry")
