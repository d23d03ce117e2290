"""Embedded servers as tests see them."""

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from connectors.database import postgres
from connectors.database.postgres.layout import Layout
from connectors.home.settings import Settings


def ask(settings: Settings, question: str) -> object:
    engine = create_engine(postgres.database_url(settings, "public"), poolclass=NullPool)
    with engine.begin() as connection:
        result = connection.execute(text(question))
        return result.scalar() if result.returns_rows else None


def postmaster(settings: Settings) -> int:
    server = Layout(settings).postmaster()
    assert server is not None
    return server.pid
