"""Looking for secrets everywhere a home keeps anything: its files, every row of its database."""

from collections.abc import Collection
from pathlib import Path

import duckdb
import zstandard
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

_TABLES = (
    "SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables "
    "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
)


def exposed(secrets: Collection[str], home: Path, database: str) -> list[tuple[str, str]]:
    """Return where a secret stands open: (file or table, the secret)."""
    assert all(len(secret) >= 8 for secret in secrets)
    places = []
    for path in home.rglob("*"):
        if path.is_file():
            content = _content(path)
            places += [(path.name, secret) for secret in secrets if secret.encode() in content]
    engine = create_engine(database, poolclass=NullPool)
    with engine.connect() as connection:
        names = connection.scalars(text(_TABLES)).all()
        assert any("credentials" in name for name in names)
        for name in names:
            rows = "\n".join(connection.scalars(text(f"SELECT t::text FROM {name} t")))
            places += [(name, secret) for secret in secrets if secret in rows]
    return places


def _content(path: Path) -> bytes:
    """A file's bytes; of what is compressed or in columns, what it says."""
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    if path.suffix == ".parquet":
        with duckdb.connect() as con:
            return str(con.execute("FROM read_parquet(?)", [str(path)]).fetchall()).encode()
    return path.read_bytes()
