"""When each connection is visited next: the day's visit, or the end of a platform's wait."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from connectors.registry.models import AppointmentRow
from connectors.registry.records import Appointment
from connectors.registry.store import Store, columns


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

    def appointments(self) -> dict[str, Appointment]:
        """Every connection's next visit."""
        wanted = select(*columns(AppointmentRow, Appointment))
        with self._transaction() as session:
            return {row[0]: Appointment(*row) for row in session.execute(wanted)}
