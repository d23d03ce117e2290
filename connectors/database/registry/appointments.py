"""When each connection is visited next: the day's visit, or the end of a platform's wait."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.models import AppointmentRow
from connectors.database.registry.records import Appointment
from connectors.database.registry.store import Store, columns


class Appointments(Store):
    """One appointment a connection."""

    def appoint(
        self, slug: str, at: datetime, days: Iterable[date] = (), reason: str | None = None
    ) -> None:
        """Make the connection's next visit; one that was made before gives way."""
        row = {"at": at, "days": sorted(set(days)), "reason": reason}
        kept = insert(AppointmentRow).values(connection=slug, **row)
        with self._transaction() as session:
            session.execute(kept.on_conflict_do_update(index_elements=["connection"], set_=row))

    def advance(self, slug: str, at: datetime) -> bool:
        """Bring the connection's next visit forward to an instant; False where it stays.

        One that is sooner stays, and one that has a reason: a platform asked for that wait. A
        connection without any is visited as soon as it can be.
        """
        later = (AppointmentRow.at > at, AppointmentRow.reason.is_(None))
        moved = update(AppointmentRow).where(AppointmentRow.connection == slug, *later)
        with self._transaction() as session:
            found = session.execute(moved.values(at=at).returning(AppointmentRow.connection))
            return found.first() is not None

    def appointments(self) -> dict[str, Appointment]:
        """Every connection's next visit."""
        wanted = select(*columns(AppointmentRow, Appointment))
        with self._transaction() as session:
            return {row[0]: Appointment(*row) for row in session.execute(wanted)}
