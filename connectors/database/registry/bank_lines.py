"""Lines of bank accounts, and the payouts that they are."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.posting_models import BankLineRow
from connectors.database.registry.records import StoredBankLine
from connectors.database.registry.repository import (
    ROWS_AT_ONCE,
    Repository,
    columns,
    serialise,
    write_audit,
)


class BankLines(Repository):
    """Every line once, however many files have it."""

    def add(self, account: str, rows: Sequence[Mapping[str, Any]], actor: str) -> int:
        """Store lines of an account by their ids; return how many are new."""
        with self._transaction() as session:
            serialise(session, "daybook bank lines")
            added = 0
            for start in range(0, len(rows), ROWS_AT_ONCE):
                chosen = rows[start : start + ROWS_AT_ONCE]
                values = [{**row, "account": account, "imported_by": actor} for row in chosen]
                statement = insert(BankLineRow).values(values).on_conflict_do_nothing()
                added += len(session.execute(statement.returning(BankLineRow.line_id)).all())
            detail = {"lines": len(rows), "new": added}
            write_audit(session, actor, "bank.imported", account, detail)
        return added

    def list(self) -> Sequence[StoredBankLine]:
        """Return every line, oldest first."""
        query = select(*columns(BankLineRow, StoredBankLine)).order_by(
            BankLineRow.booked_on, BankLineRow.account, BankLineRow.line_id
        )
        with self._transaction() as session:
            return [StoredBankLine(*row) for row in session.execute(query)]

    def match(self, payouts: Mapping[tuple[str, str], tuple[str, str]]) -> None:
        """Record which payout (connection, settlement) each line (account, id) is."""
        with self._transaction() as session:
            serialise(session, "daybook bank lines")
            for (account, line_id), (connection, settlement) in payouts.items():
                session.query(BankLineRow).where(
                    BankLineRow.account == account, BankLineRow.line_id == line_id
                ).update({"connection": connection, "settlement_id": settlement}, False)

    def arrived(self, connection: str) -> dict[str, date]:
        """Return the day on which each payout of a store was in the bank, by its settlement."""
        query = select(BankLineRow.settlement_id, BankLineRow.booked_on).where(
            BankLineRow.connection == connection, BankLineRow.settlement_id.is_not(None)
        )
        with self._transaction() as session:
            return {settlement: day for settlement, day in session.execute(query) if settlement}
