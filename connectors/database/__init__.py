"""The registry and the PostgreSQL server that it stands on."""
