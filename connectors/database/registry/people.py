"""People: sealed personal data of buyers, by the pseudonym that everything else knows them by."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from connectors.database.registry.record_models import PersonRow
from connectors.database.registry.repository import ROWS_AT_ONCE, Repository, columns, write_audit


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A buyer's personal data as it is stored; both parts are None once they are erased."""

    connection: str
    customer_key: str
    data_key: bytes | None
    sealed: bytes | None
    expires_at: datetime | None = None
    erased_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PeopleCount:
    """A connection's people: those with personal data, past their date, and erased."""

    connection: str
    held: int
    expired: int
    erased: int
    next_expiry: datetime | None


class People(Repository):
    """One row a buyer of a store."""

    def store(self, people: Sequence[SealedPerson]) -> None:
        """Store people in place of what was stored of them; who was erased stays so."""
        with self._transaction() as session:
            for start in range(0, len(people), ROWS_AT_ONCE):
                rows = [
                    {
                        "connection": person.connection,
                        "customer_key": person.customer_key,
                        "data_key": person.data_key,
                        "sealed": person.sealed,
                        "expires_at": person.expires_at,
                    }
                    for person in people[start : start + ROWS_AT_ONCE]
                ]
                statement = insert(PersonRow).values(rows)
                new = statement.excluded
                changes = {name: new[name] for name in ("data_key", "sealed", "expires_at")}
                session.execute(
                    statement.on_conflict_do_update(
                        index_elements=["connection", "customer_key"],
                        set_={**changes, "updated_at": func.now()},
                        where=PersonRow.erased_at.is_(None),
                    )
                )

    def list(self, connection: str, customer_key: str | None = None) -> Sequence[SealedPerson]:
        """Return a connection's people, or one of them, by pseudonym."""
        query = select(*columns(PersonRow, SealedPerson)).where(PersonRow.connection == connection)
        if customer_key is not None:
            query = query.where(PersonRow.customer_key == customer_key)
        with self._transaction() as session:
            rows = session.execute(query.order_by(PersonRow.customer_key))
            return [SealedPerson(*row) for row in rows]

    def erase(
        self, connection: str, customer_keys: Sequence[str] | None, actor: str, reason: str
    ) -> int:
        """Erase some people of a connection, or all; return how many had personal data.

        One that was never imported is remembered as erased, so that no import brings them back.
        """
        with self._transaction() as session:
            here = [PersonRow.connection == connection]
            if customer_keys is not None:
                rows = [
                    {"connection": connection, "customer_key": key, "erased_at": func.now()}
                    for key in customer_keys
                ]
                session.execute(insert(PersonRow).values(rows).on_conflict_do_nothing())
                here.append(PersonRow.customer_key.in_(customer_keys))
            held = session.execute(
                update(PersonRow)
                .where(*here, PersonRow.sealed.is_not(None))
                .values(data_key=None, sealed=None, erased_at=func.now())
                .returning(PersonRow.customer_key)
            ).all()
            session.execute(
                update(PersonRow)
                .where(*here, PersonRow.erased_at.is_(None))
                .values(erased_at=func.now())
            )
            detail = {"people": len(held), "reason": reason}
            write_audit(session, actor, "privacy.erased", connection, detail)
            return len(held)

    def expire(self, now: datetime) -> int:
        """Drop personal data whose date has come; return of how many people.

        They are not erased: a later order may bring them again.
        """
        due = PersonRow.sealed.is_not(None), PersonRow.expires_at <= now
        changes = {"data_key": None, "sealed": None}
        with self._transaction() as session:
            expired = update(PersonRow).where(*due).values(changes)
            count = len(session.execute(expired.returning(PersonRow.customer_key)).all())
            if count:
                write_audit(session, "upkeep", "privacy.expired", "people", {"people": count})
            return count

    def drop(self, actor: str) -> None:
        """Drop all personal data, as where the master key is lost that would open it."""
        with self._transaction() as session:
            session.execute(update(PersonRow).values(data_key=None, sealed=None))
            write_audit(session, actor, "privacy.dropped", "people", {})

    def count(self, now: datetime) -> Sequence[PeopleCount]:
        """Return how many people each connection has, by slug."""
        held = PersonRow.sealed.is_not(None)
        query = (
            select(
                PersonRow.connection,
                _number(held),
                _number(held & (PersonRow.expires_at <= now)),
                _number(PersonRow.erased_at.is_not(None)),
                func.min(PersonRow.expires_at).filter(held),
            )
            .group_by(PersonRow.connection)
            .order_by(PersonRow.connection)
        )
        with self._transaction() as session:
            return [PeopleCount(*row) for row in session.execute(query)]

    def reseal(self, change: Callable[[SealedPerson], bytes]) -> int:
        """Replace every data key by what `change` makes of it; return how many there are."""
        query = select(PersonRow).where(PersonRow.data_key.is_not(None)).with_for_update()
        with self._transaction() as session:
            session.execute(text("LOCK TABLE registry.people IN EXCLUSIVE MODE"))
            rows = session.scalars(query).all()
            for row in rows:
                person = SealedPerson(row.connection, row.customer_key, row.data_key, row.sealed)
                row.data_key = change(person)
            return len(rows)


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(condition)
