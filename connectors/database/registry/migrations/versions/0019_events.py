"""Events, triggers, deliveries, labels and tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from connectors.database.registry.migrations.columns import (
    create_index,
    create_table,
    id_column,
    instant,
    instant_now,
    json,
    of_connection,
    one_of,
    primary_key,
    text,
)

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_CHANGED_THERE = "standing IN ('edited', 'gone')"


def upgrade() -> None:
    """Add the tables, and indexes of what events are derived from."""
    _create_events()
    _create_triggers()
    _create_deliveries()
    _create_labels()
    _create_tasks()
    _index_sources()


def _create_events() -> None:
    create_table(
        "events",
        id_column(),
        text("kind"),
        text("connection", nullable=True),
        text("subject"),
        instant("occurred_at"),
        instant_now("recorded_at"),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        primary_key("events", "id"),
        of_connection("events"),
    )
    key = ("kind", "COALESCE(connection, '')", "subject")
    create_index(
        "events_subject_key", "events", [sa.literal_column(column) for column in key], unique=True
    )
    create_index("events_of_kind", "events", ["kind", "id"])
    create_index("events_of_connection", "events", ["connection"])
    create_table(
        "event_sources", text("source"), instant("through"), primary_key("event_sources", "source")
    )


def _create_triggers() -> None:
    create_table(
        "triggers",
        text("name"),
        text("kind"),
        sa.Column("document", postgresql.JSONB(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("after_event", sa.BigInteger(), nullable=False),
        json("stopped", "{}"),
        instant_now("changed_at"),
        text("changed_by"),
        primary_key("triggers", "name"),
        sa.CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{0,39}$'", name=op.f("triggers_name_check")),
    )


def _create_deliveries() -> None:
    create_table(
        "deliveries",
        id_column(),
        text("trigger"),
        text("action"),
        sa.Column("event", sa.BigInteger(), nullable=False),
        text("type"),
        text("message_id"),
        text("state"),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("0"), nullable=False),
        instant_now("next_at"),
        text("reason", nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        instant_now("created_at"),
        instant_now("updated_at"),
        one_of("deliveries", "state", "waiting sending sent failed dead skipped"),
        primary_key("deliveries", "id"),
        sa.UniqueConstraint("trigger", "action", "event", name="deliveries_key"),
        sa.ForeignKeyConstraint(
            ["trigger"],
            ["registry.triggers.name"],
            name=op.f("deliveries_trigger_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["event"],
            ["registry.events.id"],
            name=op.f("deliveries_event_fkey"),
            ondelete="CASCADE",
        ),
    )
    create_index(
        "deliveries_due",
        "deliveries",
        ["next_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending', 'failed')"),
    )
    create_index("deliveries_of_event", "deliveries", ["event"])
    create_index("deliveries_of_action", "deliveries", ["trigger", "action", "created_at"])


def _create_labels() -> None:
    create_table(
        "labels",
        id_column(),
        text("connection"),
        text("subject_type"),
        text("subject"),
        text("type"),
        text("text"),
        instant_now("created_at"),
        text("created_by"),
        one_of("labels", "subject_type", "order contact"),
        one_of("labels", "type", "tag note"),
        primary_key("labels", "id"),
        of_connection("labels"),
        sa.UniqueConstraint(
            *("connection", "subject_type", "subject", "type", "text"),
            name="labels_key",
        ),
    )


def _create_tasks() -> None:
    create_table(
        "tasks",
        id_column(),
        text("queue"),
        text("title"),
        text("connection", nullable=True),
        sa.Column("event", sa.BigInteger(), nullable=False),
        sa.Column("delivery", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.TEXT(), server_default=sa.text("'open'"), nullable=False),
        instant_now("created_at"),
        text("taken_by", nullable=True),
        instant("taken_at", nullable=True),
        text("finished_by", nullable=True),
        instant("finished_at", nullable=True),
        text("note", nullable=True),
        one_of("tasks", "state", "open taken finished"),
        primary_key("tasks", "id"),
        of_connection("tasks"),
        sa.UniqueConstraint("delivery", name=op.f("tasks_delivery_key")),
    )
    create_index("tasks_of_queue", "tasks", ["queue", "state", "id"])


def _index_sources() -> None:
    """Index the rows that become events, few among many."""
    for name, table, column, condition in (
        ("publications_held", "publications", "updated_at", "state = 'held'"),
        ("publications_changed_there", "publications", "updated_at", _CHANGED_THERE),
        ("audit_log_states", "audit_log", "at", "action = 'connection.state'"),
        ("activities_failed", "activities", "ended_at", "outcome = 'failed'"),
    ):
        create_index(name, table, [column], postgresql_where=sa.text(condition))
