"""Closed books: the last business day of each store that its accountant has closed."""

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.posting_models import ClosedBooksRow
from connectors.database.registry.records import ClosedBooks
from connectors.database.registry.repository import Repository, columns, write_audit


class BooksClosings(Repository):
    """One day a store through which its books are closed; the audit log has its history."""

    def get(self, connection: str) -> date | None:
        """Return the last closed day of a store; None while none is."""
        with self._transaction() as session:
            row = session.get(ClosedBooksRow, connection)
            return row.through if row is not None else None

    def list(self) -> Sequence[ClosedBooks]:
        """Return what is closed, store by store."""
        query = select(*columns(ClosedBooksRow, ClosedBooks)).order_by(ClosedBooksRow.connection)
        with self._transaction() as session:
            return [ClosedBooks(*row) for row in session.execute(query)]

    def set(
        self,
        connections: Collection[str],
        through: date | None,
        actor: str,
        reason: str | None = None,
    ) -> None:
        """Close the books of stores through a day, or open them again where that is None."""
        with self._transaction() as session:
            for connection in sorted(connections):
                row = session.get(ClosedBooksRow, connection, with_for_update=True)
                before = row.through if row is not None else None
                if before == through:
                    continue
                detail = {"from": str(before or "open"), "to": str(through or "open")}
                action = "books.reopened" if _opens(before, through) else "books.closed"
                write_audit(session, actor, action, connection, {**detail, "reason": reason})
                if through is None:
                    session.delete(row)
                    continue
                values = {"through": through, "reason": reason, "closed_by": actor}
                session.execute(
                    insert(ClosedBooksRow)
                    .values(connection=connection, **values)
                    .on_conflict_do_update(
                        index_elements=["connection"],
                        set_={**values, "closed_at": func.now()},
                    )
                )


def _opens(before: date | None, through: date | None) -> bool:
    return before is not None and (through is None or through < before)
