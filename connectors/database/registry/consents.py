"""Consents that were asked for and not yet answered: one `state` each, single use, soon stale."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from connectors.database.registry.access_models import ConsentRow
from connectors.database.registry.repository import Repository

Refusal = Literal["unknown", "foreign", "replayed", "expired"]
# Longer than any lives, so that a late or second answer is told from one that nobody asked for.
_KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PendingConsent:
    """Whose consent was asked for, and where the platform sends its answer."""

    connection: str
    redirect_uri: str
    asked_at: datetime


class Consents(Repository):
    """The open questions. States and browser sessions are known by their digests only."""

    def add(
        self, state_digest: str, connection: str, session_digest: str, redirect_uri: str
    ) -> None:
        """Remember a question; stale ones are dropped."""
        with self._transaction() as session:
            session.execute(delete(ConsentRow).where(ConsentRow.asked_at < func.now() - _KEPT))
            session.add(
                ConsentRow(
                    state_digest=state_digest,
                    connection=connection,
                    session_digest=session_digest,
                    redirect_uri=redirect_uri,
                )
            )

    def get_open(self, state_digest: str, lifetime: timedelta) -> PendingConsent | Refusal:
        """Return an open consent of any session; it stays open."""
        with self._transaction() as session:
            row = session.get(ConsentRow, state_digest)
            if row is None:
                return "unknown"
            return _standing(session, row, lifetime)

    def connection_of(self, state_digest: str, session_digest: str) -> str | None:
        """Return the connection that a browser session asked about, answered or not."""
        with self._transaction() as session:
            row = session.get(ConsentRow, state_digest)
            return row.connection if row and row.session_digest == session_digest else None

    def take(
        self, state_digest: str, session_digest: str, lifetime: timedelta
    ) -> PendingConsent | Refusal:
        """Return the question that an answer belongs to, once; or why it belongs to none.

        An answer from another browser leaves the question open for the one that asked.
        """
        with self._transaction() as session:
            # Locked: a browser that sends its callback twice must not have the code redeemed twice.
            row = session.get(ConsentRow, state_digest, with_for_update=True)
            if row is None:
                return "unknown"
            if row.session_digest != session_digest:
                return "foreign"
            consent = _standing(session, row, lifetime)
            if consent != "replayed":
                row.answered_at = func.now()
            return consent


def _standing(session: Session, row: ConsentRow, lifetime: timedelta) -> PendingConsent | Refusal:
    if row.answered_at is not None:
        return "replayed"
    # The database's clock wrote `asked_at`, and two machines' clocks differ.
    now: datetime = session.scalars(select(func.now())).one()
    if now - row.asked_at > lifetime:
        return "expired"
    return PendingConsent(row.connection, row.redirect_uri, row.asked_at)
