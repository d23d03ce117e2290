"""Sealed credentials: bytes that only a master key opens, and the locks around changing them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from connectors.database.registry.access_models import CredentialRow, DataKeyRow
from connectors.database.registry.repository import Repository
from connectors.errors import Transient

_LOCK_NOT_AVAILABLE = "55P03"


@dataclass(slots=True)
class SealedRows:
    """The stored secrets of one owner: its sealed data key, and its sealed values by field."""

    data_key: bytes
    fields: dict[str, bytes]


class SealedOwner(SealedRows):
    """The same inside a transaction that may change it."""

    def __init__(self, session: Session, owner: str, rows: SealedRows) -> None:
        super().__init__(rows.data_key, rows.fields)
        self.owner = owner
        self._session = session

    def put(self, field: str, sealed: bytes) -> None:
        """Keep a value."""
        row = {"owner": self.owner, "field": field, "sealed": sealed}
        statement = insert(CredentialRow).values(row)
        self._session.execute(
            statement.on_conflict_do_update(
                index_elements=["owner", "field"],
                set_={"sealed": statement.excluded.sealed, "updated_at": func.now()},
            )
        )

    def drop(self, field: str) -> None:
        """Keep a value no longer."""
        place = (CredentialRow.owner == self.owner, CredentialRow.field == field)
        self._session.execute(delete(CredentialRow).where(*place))

    def replace_data_key(self, sealed: bytes) -> None:
        """Store another data key; every value must then be sealed again."""
        changed = update(DataKeyRow).where(DataKeyRow.owner == self.owner).values(sealed=sealed)
        self._session.execute(changed)


class SealedCredentials(Repository):
    """Sealed credentials."""

    def get(self, owner: str) -> SealedRows | None:
        """Return what is kept of an owner; None when nothing is."""
        with self._transaction() as session:
            return _rows(session, owner)

    def owners(self) -> list[str]:
        """Return who has credentials, in order."""
        with self._transaction() as session:
            return list(session.scalars(select(DataKeyRow.owner).order_by(DataKeyRow.owner)))

    @contextmanager
    def hold(
        self, owner: str, fresh_data_key: Callable[[], bytes], wait_seconds: float
    ) -> Iterator[SealedOwner]:
        """Yield an owner's rows under a row lock, committed when the block ends without an error.

        A new owner is given a data key. `Transient` when the lock stays taken.
        """
        with _patient(f"the credentials of {owner}", wait_seconds):  # noqa: SIM117
            with self._transaction() as session:
                _bound_waiting(session, wait_seconds)
                session.execute(_KEYS_SHARED)
                if session.get(DataKeyRow, owner) is None:
                    row = {"owner": owner, "sealed": fresh_data_key()}
                    # Of two first writers the second one's key is dropped; it uses the first one's.
                    session.execute(insert(DataKeyRow).values(row).on_conflict_do_nothing())
                session.execute(select(DataKeyRow).filter_by(owner=owner).with_for_update())
                rows = _rows(session, owner)
                assert rows is not None
                yield SealedOwner(session, owner, rows)

    @contextmanager
    def reseal(self, wait_seconds: float) -> Iterator[list[SealedOwner]]:
        """Yield every owner, with other writers locked out; one transaction for all."""
        with _patient("the credentials", wait_seconds):  # noqa: SIM117
            with self._transaction() as session:
                _bound_waiting(session, wait_seconds)
                session.execute(_KEYS_ALONE)
                owners = session.scalars(select(DataKeyRow.owner).order_by(DataKeyRow.owner)).all()
                opened = [(owner, _rows(session, owner)) for owner in owners]
                yield [SealedOwner(session, owner, rows) for owner, rows in opened if rows]

    def forget(self, owner: str) -> None:
        """Drop everything kept of an owner."""
        with self._transaction() as session:
            # The values refer to the data key by a foreign key.
            session.execute(delete(CredentialRow).where(CredentialRow.owner == owner))
            session.execute(delete(DataKeyRow).where(DataKeyRow.owner == owner))


_KEYS_SHARED = text("SELECT pg_advisory_xact_lock_shared(hashtext('daybook keys'))")
_KEYS_ALONE = text("SELECT pg_advisory_xact_lock(hashtext('daybook keys'))")


def _rows(session: Session, owner: str) -> SealedRows | None:
    """Read by one statement: between two, a rotation could pair an old key with new values."""
    query = (
        select(DataKeyRow.sealed.label("data_key"), CredentialRow.field, CredentialRow.sealed)
        .outerjoin(CredentialRow, CredentialRow.owner == DataKeyRow.owner)
        .where(DataKeyRow.owner == owner)
    )
    rows = session.execute(query).all()
    if not rows:
        return None
    values = {row.field: row.sealed for row in rows if row.field is not None}
    return SealedRows(rows[0].data_key, values)


def _bound_waiting(session: Session, seconds: float) -> None:
    session.execute(
        text("SELECT set_config('lock_timeout', :wait, true)"), {"wait": f"{seconds * 1000:.0f}ms"}
    )


@contextmanager
def _patient(what: str, seconds: float) -> Iterator[None]:
    try:
        yield
    except Transient as error:
        cause = error.__cause__
        if isinstance(cause, OperationalError):
            code = getattr(cause.orig, "pgcode", None)
            if code == _LOCK_NOT_AVAILABLE:
                raise Transient(
                    f"{what} were held by another process of Daybook for {seconds:g} s: try again"
                ) from error
        raise
