"""The registry and its PostgreSQL server."""
