"""The audit log: every action of a user or a program."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from connectors.database.registry.models import AuditRow
from connectors.database.registry.records import AuditEvent
from connectors.database.registry.repository import Repository, columns, write_audit


class AuditLog(Repository):
    """The log of actions; the repositories write their own in their own transactions."""

    def record(self, actor: str, action: str, subject: str, detail: Mapping[str, Any]) -> None:
        """Record an action that no repository records by itself."""
        with self._transaction() as session:
            write_audit(session, actor, action, subject, dict(detail))

    def list(self, limit: int = 100) -> Sequence[AuditEvent]:
        """Return the newest actions, newest first."""
        query = select(*columns(AuditRow, AuditEvent)).order_by(AuditRow.id.desc()).limit(limit)
        with self._transaction() as session:
            return [AuditEvent(*row) for row in session.execute(query)]
