"""People are users, and appointments the schedule of syncs, as on the command line."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OWNED = ("sessions", "api_tokens")
_CONSTRAINTS = (
    ("users", "people_pkey", "users_pkey"),
    ("users", "people_people_role_check_check", "users_role_check"),
    ("sessions", "sessions_person_fkey", "sessions_user_name_fkey"),
    ("api_tokens", "api_tokens_person_fkey", "api_tokens_user_name_fkey"),
    ("api_tokens", "api_tokens_person_label_key", "api_tokens_user_name_label_key"),
    ("sync_schedule", "appointments_pkey", "sync_schedule_pkey"),
    ("sync_schedule", "appointments_connection_fkey", "sync_schedule_connection_fkey"),
)


def upgrade() -> None:
    op.rename_table("people", "users", schema="registry")
    op.rename_table("appointments", "sync_schedule", schema="registry")
    for table in _OWNED:
        op.alter_column(table, "person", new_column_name="user_name", schema="registry")
    for table, old, new in _CONSTRAINTS:
        op.execute(f"ALTER TABLE registry.{table} RENAME CONSTRAINT {old} TO {new}")


def downgrade() -> None:
    for table, old, new in _CONSTRAINTS:
        op.execute(f"ALTER TABLE registry.{table} RENAME CONSTRAINT {new} TO {old}")
    for table in _OWNED:
        op.alter_column(table, "user_name", new_column_name="person", schema="registry")
    op.rename_table("sync_schedule", "appointments", schema="registry")
    op.rename_table("users", "people", schema="registry")
