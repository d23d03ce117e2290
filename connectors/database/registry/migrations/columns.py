"""Columns and constraints as migrations write them, by the models' naming convention."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from connectors.database.postgres import REGISTRY_SCHEMA

_INSTANT = sa.DateTime(timezone=True)
_NOW = sa.text("now()")


def instant(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    """Return a column of instants."""
    return sa.Column(name, _INSTANT, nullable=nullable)


def id_column() -> sa.Column[int]:
    """Return the number that the database gives each row."""
    return sa.Column("id", sa.BigInteger(), nullable=False)


def number(name: str) -> sa.Column[int]:
    """Return a column of whole numbers."""
    return sa.Column(name, sa.Integer(), nullable=False)


def text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, sa.TEXT(), nullable=nullable)


def instant_now(name: str) -> sa.Column[datetime]:
    """Return an instant that is now where none is given."""
    return sa.Column(name, _INSTANT, server_default=_NOW, nullable=False)


def json(name: str, default: str) -> sa.Column[Any]:
    """Return a JSON column with a default."""
    default_text = sa.text(f"'{default}'::jsonb")
    return sa.Column(name, postgresql.JSONB(), server_default=default_text, nullable=False)


def one_of(table: str, column: str, values: str) -> sa.CheckConstraint:
    """Return the check that a column holds one of the words in `values`."""
    listed = ", ".join(f"'{value}'" for value in values.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"{table}_{column}_check"))


def primary_key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    """Return a table's primary key, named as the models name it."""
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"{table}_pkey"))


def of_connection(table: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key to a connection."""
    name = op.f(f"{table}_connection_fkey")
    return sa.ForeignKeyConstraint(["connection"], ["registry.connections.slug"], name=name)


def create_table(name: str, *items: sa.Column[Any] | sa.Constraint) -> None:
    """Create a table of the registry."""
    op.create_table(name, *items, schema=REGISTRY_SCHEMA)


def create_index(name: str, table: str, columns: list[Any], **options: Any) -> None:
    """Create an index of the registry; `options` are Alembic's."""
    op.create_index(name, table, columns, schema=REGISTRY_SCHEMA, **options)
