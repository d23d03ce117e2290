"""Unit costs and movements of stock, by store."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from connectors.costs import Movement, UnitCost
from connectors.database.registry.posting_models import StockMovementRow, UnitCostRow
from connectors.database.registry.repository import (
    ROWS_AT_ONCE,
    Repository,
    columns,
    serialise,
    write_audit,
)


class StockLedger(Repository):
    """One cost a SKU, location and day it holds from; one movement a reference."""

    def add_costs(self, connection: str, rows: Sequence[Mapping[str, Any]], actor: str) -> int:
        """Store unit costs in place of those of the same SKU, location and day.

        Returns how many are new or changed.
        """
        key = ("connection", "sku", "location", "since")
        return self._add(UnitCostRow, key, connection, rows, "costs.imported", actor)

    def add_movements(self, connection: str, rows: Sequence[Mapping[str, Any]], actor: str) -> int:
        """Store movements in place of those of the same reference; return how many changed."""
        key = ("connection", "reference")
        return self._add(StockMovementRow, key, connection, rows, "stock.imported", actor)

    def costs(self, connection: str) -> Sequence[UnitCost]:
        """Return a store's unit costs, by SKU, location and day."""
        query = (
            select(*columns(UnitCostRow, UnitCost))
            .where(UnitCostRow.connection == connection)
            .order_by(UnitCostRow.sku, UnitCostRow.location, UnitCostRow.since)
        )
        with self._transaction() as session:
            return [UnitCost(*row) for row in session.execute(query)]

    def movements(self, connection: str, days: Sequence[date]) -> Sequence[Movement]:
        """Return what moved in a store on some days, by reference."""
        query = (
            select(*columns(StockMovementRow, Movement))
            .where(StockMovementRow.connection == connection, StockMovementRow.day.in_(days))
            .order_by(StockMovementRow.reference)
        )
        with self._transaction() as session:
            return [Movement(*row) for row in session.execute(query)]

    def _add(
        self,
        table: type[UnitCostRow] | type[StockMovementRow],
        key: Sequence[str],
        connection: str,
        rows: Sequence[Mapping[str, Any]],
        action: str,
        actor: str,
    ) -> int:
        changed = 0
        with self._transaction() as session:
            serialise(session, f"daybook stock {connection}")
            for start in range(0, len(rows), ROWS_AT_ONCE):
                values = [
                    {**row, "connection": connection} for row in rows[start : start + ROWS_AT_ONCE]
                ]
                statement = insert(table).values(values)
                facts = [name for name in values[0] if name not in key]
                new = {name: statement.excluded[name] for name in facts}
                differs = [getattr(table, n).is_distinct_from(value) for n, value in new.items()]
                upsert = statement.on_conflict_do_update(
                    index_elements=list(key), set_=new, where=or_(*differs)
                )
                changed += len(session.execute(upsert.returning(table.sku)).all())
            detail = {"rows": len(rows), "changed": changed}
            write_audit(session, actor, action, connection, detail)
        return changed
