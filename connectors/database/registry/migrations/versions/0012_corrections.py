"""Entries that wait for approval, corrections of posted ones, rolled back ones, closed books."""

import sqlalchemy as sa
from alembic import op

from connectors.database.postgres import REGISTRY_SCHEMA
from connectors.database.registry.migrations.columns import (
    create_table,
    instant,
    instant_now,
    one_of,
    primary_key,
    text,
)

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

STATES = "held draft left_out planned sending unknown posted failed superseded voided"
CHOICES = "approved backfilled rolled_back left_out first_open_day"


def upgrade() -> None:
    """Add tables and columns; stores that are posted to already go on without approval."""
    _widen_publications()
    off = sa.text("false")
    backfill: sa.Column[bool] = sa.Column(
        "is_backfill", sa.Boolean(), server_default=off, nullable=False
    )
    op.add_column("inbox", backfill, schema=REGISTRY_SCHEMA)
    create_table(
        "entry_choices",
        text("target"),
        text("connection"),
        sa.Column("business_date", sa.Date(), nullable=False),
        text("currency"),
        text("choice"),
        text("reason", nullable=True),
        text("chosen_by"),
        instant_now("chosen_at"),
        one_of("entry_choices", "choice", CHOICES),
        primary_key("entry_choices", "target", "connection", "business_date", "currency"),
    )
    create_table(
        "automatic_posting",
        text("target"),
        text("connection"),
        sa.Column("since", sa.Date(), nullable=False),
        primary_key("automatic_posting", "target", "connection"),
    )
    create_table(
        "closed_books",
        text("connection"),
        sa.Column("through", sa.Date(), nullable=False),
        text("reason", nullable=True),
        text("closed_by"),
        instant_now("closed_at"),
        primary_key("closed_books", "connection"),
    )
    _create_observations()
    op.execute(
        "INSERT INTO registry.automatic_posting (target, connection, since) "
        "SELECT target, connection, min(business_date) FROM registry.publications "
        "WHERE target <> 'books' AND state = 'posted' GROUP BY target, connection"
    )


def _create_observations() -> None:
    """Create the tables of what banks and organisations show."""
    create_table(
        "bank_lines",
        text("account"),
        text("line_id"),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(19, 4), nullable=False),
        text("currency"),
        text("text"),
        text("connection", nullable=True),
        text("settlement_id", nullable=True),
        instant_now("imported_at"),
        text("imported_by"),
        primary_key("bank_lines", "account", "line_id"),
    )
    create_table(
        "drift_checks",
        text("target"),
        instant("checked_at"),
        primary_key("drift_checks", "target"),
    )


def _widen_publications() -> None:
    name = op.f("publications_state_check")
    op.drop_constraint(name, "publications", schema=REGISTRY_SCHEMA, type_="check")
    check = one_of("publications", "state", STATES)
    op.create_check_constraint(name, "publications", str(check.sqltext), schema=REGISTRY_SCHEMA)
    for column in ("waits_for", "standing"):
        op.add_column("publications", text(column, nullable=True), schema=REGISTRY_SCHEMA)
