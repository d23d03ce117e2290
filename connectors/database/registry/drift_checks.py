"""Checks of what organisations hold: when each was, and what they found."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.models import PublicationRow
from connectors.database.registry.posting_models import DriftCheckRow
from connectors.database.registry.repository import Repository, serialise

Deviation = Literal["edited", "gone", "matched"]


class DriftChecks(Repository):
    """The last check of each organisation."""

    def checked_at(self, target: str) -> datetime | None:
        """Return when an organisation was last checked; None before the first time."""
        query = select(DriftCheckRow.checked_at).where(DriftCheckRow.target == target)
        with self._transaction() as session:
            return session.scalar(query)

    def record(self, target: str, at: datetime, standings: Mapping[int, Deviation | None]) -> None:
        """Record a check, with what it found of each publication that it looked at, by id."""
        with self._transaction() as session:
            serialise(session, f"daybook publications {target}")
            for standing in {*standings.values()}:
                ids = [number for number, found_as in standings.items() if found_as == standing]
                session.query(PublicationRow).where(
                    PublicationRow.target == target,
                    PublicationRow.id.in_(ids),
                    PublicationRow.standing.is_distinct_from(standing),
                ).update({"standing": standing, "updated_at": func.now()}, False)
            session.execute(
                insert(DriftCheckRow)
                .values(target=target, checked_at=at)
                .on_conflict_do_update(index_elements=["target"], set_={"checked_at": at})
            )
