"""The next sync of each connection: its daily one, or the end of a wait for the platform."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.models import ScheduledSyncRow
from connectors.database.registry.records import ScheduledSync
from connectors.database.registry.repository import Repository, columns


class SyncSchedule(Repository):
    """One scheduled sync a connection."""

    def set(
        self, slug: str, at: datetime, days: Iterable[date] = (), reason: str | None = None
    ) -> None:
        """Schedule the connection's next sync, in place of one that was scheduled before."""
        row = {"at": at, "days": sorted(set(days)), "reason": reason}
        statement = insert(ScheduledSyncRow).values(connection=slug, **row)
        with self._transaction() as session:
            session.execute(
                statement.on_conflict_do_update(index_elements=["connection"], set_=row)
            )

    def advance(self, slug: str, at: datetime) -> bool:
        """Bring the connection's next sync forward to an instant; return False where it stays.

        One that is sooner stays, and one that has a reason: a platform asked for that wait. A
        connection without any is synced as soon as it can be.
        """
        later = (ScheduledSyncRow.at > at, ScheduledSyncRow.reason.is_(None))
        moved = update(ScheduledSyncRow).where(ScheduledSyncRow.connection == slug, *later)
        with self._transaction() as session:
            rows = session.execute(moved.values(at=at).returning(ScheduledSyncRow.connection))
            return rows.first() is not None

    def advance_all(self, instants: Mapping[str, datetime]) -> frozenset[str]:
        """Bring many connections' next syncs forward, as `advance` does; return which moved."""
        if not instants:
            return frozenset()
        values = {"slugs": list(instants), "instants": list(instants.values())}
        with self._transaction() as session:
            return frozenset(session.scalars(_ADVANCE_ALL, values))

    def finish(self, slug: str, through: datetime) -> None:
        """Take out what was scheduled for a connection until an instant; what is later stays."""
        ended = ScheduledSyncRow.connection == slug, ScheduledSyncRow.at <= through
        with self._transaction() as session:
            session.execute(delete(ScheduledSyncRow).where(*ended))

    def by_connection(self) -> dict[str, ScheduledSync]:
        """Return every connection's next sync."""
        query = select(*columns(ScheduledSyncRow, ScheduledSync))
        with self._transaction() as session:
            return {row[0]: ScheduledSync(*row) for row in session.execute(query)}


_ADVANCE_ALL = text(
    """
    UPDATE registry.sync_schedule AS scheduled SET at = sooner.at
    FROM unnest(CAST(:slugs AS text[]), CAST(:instants AS timestamptz[])) AS sooner (slug, at)
    WHERE connection = sooner.slug AND scheduled.at > sooner.at AND reason IS NULL
    RETURNING connection
    """
)
