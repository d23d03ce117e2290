"""The environment of Alembic's migrations: the connection and transaction of the caller."""

from alembic import context

from connectors.database.registry.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema=Base.metadata.schema,
)
context.run_migrations()
