"""Alembic's scripts, one a version; `connectors.registry.schema` runs them."""
