"""Alembic's scripts, one a version; `connectors.database.registry.schema` runs them."""
