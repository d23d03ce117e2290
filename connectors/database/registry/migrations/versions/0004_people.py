"""People who use the console, their sessions, and tokens of programs."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _instant(name: str, *, nullable: bool = False) -> "sa.Column[object]":
    default = None if nullable else sa.text("now()")
    return sa.Column(name, sa.DateTime(timezone=True), server_default=default, nullable=nullable)


def _person(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["person"], ["registry.people.name"], name=f"{table}_person_fkey"
    )


def upgrade() -> None:
    op.create_table(
        "people",
        sa.Column("name", sa.TEXT(), nullable=False),
        sa.Column("password_hash", sa.TEXT(), nullable=False),
        sa.Column("role", sa.TEXT(), nullable=False),
        _instant("created_at"),
        sa.CheckConstraint(
            "role IN ('viewer', 'operator', 'bookkeeper', 'admin')", name="people_role_check"
        ),
        sa.PrimaryKeyConstraint("name", name="people_pkey"),
        schema="registry",
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.TEXT(), nullable=False),
        sa.Column("person", sa.TEXT(), nullable=False),
        _instant("started_at"),
        _instant("seen_at"),
        _instant("confirmed_at"),
        _person("sessions"),
        sa.PrimaryKeyConstraint("digest", name="sessions_pkey"),
        schema="registry",
    )
    op.create_table(
        "api_tokens",
        sa.Column("digest", sa.TEXT(), nullable=False),
        sa.Column("person", sa.TEXT(), nullable=False),
        sa.Column("label", sa.TEXT(), nullable=False),
        _instant("created_at"),
        _instant("used_at", nullable=True),
        _person("api_tokens"),
        sa.PrimaryKeyConstraint("digest", name="api_tokens_pkey"),
        sa.UniqueConstraint("person", "label", name="api_tokens_person_label_key"),
        schema="registry",
    )


def downgrade() -> None:
    for table in ("api_tokens", "sessions", "people"):
        op.drop_table(table, schema="registry")
