"""Which posted entries no journal supports any more, and since when."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "publications",
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        schema="registry",
    )
    op.create_index(
        "publications_withdrawn",
        "publications",
        ["target"],
        schema="registry",
        postgresql_where=sa.text("withdrawn_at IS NOT NULL"),
    )
    # Days without a line have no entry: what was posted of them before this was recorded.
    op.execute(
        """
        UPDATE registry.publications AS p SET withdrawn_at = now()
        FROM registry.day_states AS d
        WHERE d.connection = p.connection AND d.day = p.business_date
            AND d.state IN ('open', 'empty') AND p.state IN ('posted', 'sending', 'unknown')
        """
    )


def downgrade() -> None:
    op.drop_index("publications_withdrawn", table_name="publications", schema="registry")
    op.drop_column("publications", "withdrawn_at", schema="registry")
