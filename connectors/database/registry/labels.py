"""Labels: tags and notes on orders and contacts."""

from collections.abc import Sequence

from sqlalchemy import select

from connectors.database.registry.event_models import LabelRow
from connectors.database.registry.event_records import Label
from connectors.database.registry.repository import Repository, columns


class Labels(Repository):
    """Labels that triggers put; deliveries write them."""

    def list(
        self,
        connection: str | None = None,
        subject: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> Sequence[Label]:
        """Return labels, the newest first, of a store, or of one order or contact."""
        query = select(*columns(LabelRow, Label)).order_by(LabelRow.id.desc())
        if connection is not None:
            query = query.where(LabelRow.connection == connection)
        if subject is not None:
            query = query.where(LabelRow.subject == subject)
        with self._transaction() as session:
            return [Label(*row) for row in session.execute(query.limit(limit).offset(offset))]
