"""A set-up names what is fetched alone: nothing ever read orders or contacts."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        UPDATE registry.connections
        SET setup = jsonb_set(
            setup, '{imports}', (setup -> 'imports') - 'transactions' - 'orders' - 'contacts'
        )
        WHERE setup ? 'imports'
        """
    )


def downgrade() -> None:
    """Keep what is there: the choices that went had no effect, and have defaults."""
