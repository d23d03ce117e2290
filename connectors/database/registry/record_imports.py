"""Progress of reading the records of each connection, and the days that wait for it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.record_models import RecordDayRow, RecordImportRow
from connectors.database.registry.repository import Repository, columns


@dataclass(frozen=True, slots=True)
class RecordImport:
    """A stream of a connection: what changed from `since` up to `through` is stored (UTC)."""

    connection: str
    stream: str
    since: datetime
    through: datetime
    first_day: date | None = None
    last_day: date | None = None
    asked_at: datetime | None = None


class RecordImports(Repository):
    """One row a connection and stream; one a day that waits."""

    def list(self) -> Sequence[RecordImport]:
        """Return every stream that was read, by connection and stream."""
        query = select(*columns(RecordImportRow, RecordImport))
        order = (RecordImportRow.connection, RecordImportRow.stream)
        with self._transaction() as session:
            return [RecordImport(*row) for row in session.execute(query.order_by(*order))]

    def of_connection(self, slug: str) -> dict[str, RecordImport]:
        """Return a connection's streams by name."""
        query = select(*columns(RecordImportRow, RecordImport))
        with self._transaction() as session:
            rows = session.execute(query.where(RecordImportRow.connection == slug))
            return {stream.stream: stream for stream in (RecordImport(*row) for row in rows)}

    def set(self, imported: RecordImport) -> None:
        """Store how far a stream is read; its days only grow."""
        row = {c.name: getattr(imported, c.name) for c in RecordImportRow.__table__.columns}
        statement = insert(RecordImportRow).values(row)
        new = statement.excluded
        changes = {
            "since": new.since,
            "through": new.through,
            # What a platform told of while it was read is read again.
            "asked_at": case((RecordImportRow.asked_at > new.through, RecordImportRow.asked_at)),
            "first_day": func.least(RecordImportRow.first_day, new.first_day),
            "last_day": func.greatest(RecordImportRow.last_day, new.last_day),
        }
        upsert = statement.on_conflict_do_update(
            index_elements=["connection", "stream"], set_=changes
        )
        with self._transaction() as session:
            session.execute(upsert)

    def forget(self, slug: str, streams: Collection[str]) -> None:
        """Have some streams of a connection read from their beginning once more."""
        here = RecordImportRow.connection == slug, RecordImportRow.stream.in_(streams)
        with self._transaction() as session:
            session.execute(delete(RecordImportRow).where(*here))

    def rewind(self, slug: str, streams: Collection[str], instant: datetime) -> None:
        """Have what changed in some streams since an instant read once more."""
        here = RecordImportRow.connection == slug, RecordImportRow.stream.in_(streams)
        changes = {
            "since": func.least(RecordImportRow.since, instant),
            "through": func.least(RecordImportRow.through, instant),
        }
        with self._transaction() as session:
            session.execute(update(RecordImportRow).where(*here).values(changes))

    def ask(self, slugs: Collection[str], now: datetime) -> None:
        """Have the streams of some connections read at once, and not when they are due."""
        statement = update(RecordImportRow).where(RecordImportRow.connection.in_(slugs))
        with self._transaction() as session:
            session.execute(statement.values(asked_at=now))

    def request_days(self, slug: str, days: Collection[date]) -> None:
        """Ask for days to be normalised, once more where they wait already."""
        if not days:
            return
        with self._transaction() as session:
            session.execute(_REQUEST, {"slug": slug, "days": sorted(days)})

    def waiting_days(self, slug: str) -> Mapping[date, int]:
        """Return a connection's days that wait, each with the number of its latest request."""
        query = select(RecordDayRow.day, RecordDayRow.request)
        with self._transaction() as session:
            rows = session.execute(query.where(RecordDayRow.connection == slug))
            return {row.day: row.request for row in rows}

    def waiting(self, limit: int) -> Mapping[str, Mapping[date, int]]:
        """Return the days that wait, the oldest requests first, by connection."""
        query = select(RecordDayRow).order_by(RecordDayRow.request).limit(limit)
        days: dict[str, dict[date, int]] = defaultdict(dict)
        with self._transaction() as session:
            for row in session.scalars(query):
                days[row.connection][row.day] = row.request
        return days

    def waiting_since(self) -> datetime | None:
        """Return when the oldest request of a day was made that still waits."""
        with self._transaction() as session:
            return session.scalar(select(func.min(RecordDayRow.requested_at)))

    def finish_days(self, slug: str, days: Mapping[date, int]) -> None:
        """Take days off that were normalised, unless they were requested again meanwhile."""
        if not days:
            return
        with self._transaction() as session:
            listed = {"slug": slug, "days": [*days], "requests": [*days.values()]}
            session.execute(_FINISH, listed)


_REQUEST = text(
    """
    INSERT INTO registry.record_days (connection, day)
    SELECT :slug, unnest(CAST(:days AS date[]))
    ON CONFLICT (connection, day) DO UPDATE SET request = DEFAULT
    """
)
_FINISH = text(
    """
    DELETE FROM registry.record_days AS waiting
    USING unnest(CAST(:days AS date[]), CAST(:requests AS bigint[])) AS finished (day, request)
    WHERE waiting.connection = :slug AND waiting.day = finished.day
        AND waiting.request <= finished.request
    """
)
