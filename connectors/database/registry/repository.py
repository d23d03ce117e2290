"""The base of the registry's repositories: an engine, transactions, errors in one line."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import InstrumentedAttribute, Session

from connectors.database.postgres import explained
from connectors.database.registry.models import AuditRow, Base
from connectors.errors import DaybookError

# Of one statement: PostgreSQL takes 65,535 parameters.
ROWS_AT_ONCE: Final = 5_000


class Repository:
    """Transactions on the registry's schema."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @contextmanager
    def _transaction(self) -> Iterator[Session]:
        """Yield one transaction; a database that fails becomes ConfigError or Transient."""
        try:
            with Session(self._engine) as session, session.begin():
                yield session
        except DBAPIError as error:
            raise self._explained(error) from error

    def _explained(self, error: DBAPIError) -> DaybookError:
        return explained(error, self._engine.url)


def columns(model: type[Base], record: type[Any]) -> Sequence[InstrumentedAttribute[Any]]:
    """Return the columns that make a record, in its order."""
    return [getattr(model, field.name) for field in fields(record)]


def write_audit(
    session: Session, actor: str, action: str, subject: str, detail: dict[str, Any]
) -> None:
    """Record an action in the transaction that does it."""
    session.add(AuditRow(actor=actor, action=action, subject=subject, detail=detail))


def serialise(session: Session, name: str) -> None:
    """Hold the advisory lock `name` until the transaction ends."""
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
