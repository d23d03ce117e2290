"""Credentials, sealed; consents asked for."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_sealed()
    _create_consents()


def downgrade() -> None:
    for table in ("consents", "credentials", "data_keys"):
        op.drop_table(table, schema="registry")


def _create_sealed() -> None:
    op.create_table(
        "data_keys",
        sa.Column("owner", sa.TEXT(), nullable=False),
        sa.Column("sealed", BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name="data_keys_pkey"),
        schema="registry",
    )
    op.create_table(
        "credentials",
        sa.Column("owner", sa.TEXT(), nullable=False),
        sa.Column("field", sa.TEXT(), nullable=False),
        sa.Column("sealed", BYTEA(), nullable=False),
        sa.Column(
            "updated_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["owner"], ["registry.data_keys.owner"], name="credentials_owner_fkey"
        ),
        sa.PrimaryKeyConstraint("owner", "field", name="credentials_pkey"),
        schema="registry",
    )


def _create_consents() -> None:
    op.create_table(
        "consents",
        sa.Column("state_digest", sa.TEXT(), nullable=False),
        sa.Column("connection", sa.TEXT(), nullable=False),
        sa.Column("session_digest", sa.TEXT(), nullable=False),
        sa.Column("redirect_uri", sa.TEXT(), nullable=False),
        sa.Column(
            "asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection"], ["registry.connections.slug"], name="consents_connection_fkey"
        ),
        sa.PrimaryKeyConstraint("state_digest", name="consents_pkey"),
        schema="registry",
    )
