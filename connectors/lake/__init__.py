"""The home of bytes: written atomically, read by DuckDB."""
