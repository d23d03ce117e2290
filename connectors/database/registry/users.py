"""Users of the console, their sessions, and tokens of programs that act for them.

Passwords are here as hashes, session cookies and tokens as SHA-256 digests: a copy of the
database signs nobody in.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from connectors.database.registry.access_models import ApiTokenRow, SessionRow, UserRow
from connectors.database.registry.models import BucketRow
from connectors.database.registry.records import ApiToken, Role, SignedIn, User
from connectors.database.registry.repository import Repository, columns, serialise, write_audit
from connectors.errors import BadInput

# A use is noted once a minute: a page asks many times over.
_NOTED = timedelta(minutes=1)
# What the keys of counted sign-in attempts begin with; they are whole again within minutes.
ATTEMPTS = "sign-in:"
_FORGOTTEN = (
    BucketRow.key.startswith(ATTEMPTS),
    BucketRow.at < func.now() - timedelta(hours=1),
)


class Users(Repository):
    """Everybody who may sign in."""

    def list(self) -> Sequence[User]:
        """Return everybody who may sign in, by name."""
        query = select(*columns(UserRow, User)).order_by(UserRow.name)
        with self._transaction() as session:
            return [User(*row) for row in session.execute(query)]

    def password_hash(self, name: str) -> str | None:
        """Return the hash of a user's password; None for an unknown name."""
        with self._transaction() as session:
            return session.scalar(select(UserRow.password_hash).where(UserRow.name == name))

    def add(self, name: str, password_hash: str, role: Role, actor: str) -> None:
        """Add a user; `BadInput` if the name is taken."""
        row = {"name": name, "password_hash": password_hash, "role": role}
        with self._transaction() as session:
            added = insert(UserRow).values(row).on_conflict_do_nothing()
            if session.scalar(added.returning(UserRow.name)) is None:
                raise BadInput(f"there is a user {name} already")
            write_audit(session, actor, "user.added", name, {"role": role})

    def set_role(self, name: str, role: Role, actor: str) -> None:
        """Change a user's role; `BadInput` if no admin would be left."""
        with self._transaction() as session:
            row = _user(session, name)
            if row.role == "admin" and role != "admin":
                _refuse_without_admin(session, name)
            write_audit(session, actor, "user.role", name, {"from": row.role, "to": role})
            row.role = role

    def set_password(self, name: str, password_hash: str, actor: str) -> None:
        """Change a user's password and end their sessions."""
        with self._transaction() as session:
            _user(session, name).password_hash = password_hash
            # Whoever knew the old password may be signed in with it.
            session.execute(delete(SessionRow).where(SessionRow.user == name))
            write_audit(session, actor, "user.password", name, {})

    def remove(self, name: str, actor: str) -> None:
        """Remove a user with their sessions and tokens."""
        with self._transaction() as session:
            row = _user(session, name)
            if row.role == "admin":
                _refuse_without_admin(session, name)
            for table in (SessionRow, ApiTokenRow):
                session.execute(delete(table).where(table.user == name))
            session.delete(row)
            write_audit(session, actor, "user.removed", name, {})


class UserSessions(Repository):
    """Sessions of signed-in browsers."""

    def start(
        self, digest: str, user: str, inactivity_limit: timedelta, lifetime: timedelta
    ) -> None:
        """Start a user's session, and delete expired ones."""
        ended = or_(
            SessionRow.seen_at < func.now() - inactivity_limit,
            SessionRow.started_at < func.now() - lifetime,
        )
        with self._transaction() as session:
            session.execute(delete(SessionRow).where(ended))
            session.execute(delete(BucketRow).where(*_FORGOTTEN))
            session.add(SessionRow(digest=digest, user=user))
            write_audit(session, user, "session.started", user, {})

    def get(
        self, digest: str, inactivity_limit: timedelta, lifetime: timedelta, *, used: bool = True
    ) -> SignedIn | None:
        """Return whose session it is, and note that it was `used`; None when it has ended."""
        live = (
            SessionRow.digest == digest,
            SessionRow.seen_at >= func.now() - inactivity_limit,
            SessionRow.started_at >= func.now() - lifetime,
        )
        query = (
            select(
                SessionRow.user,
                UserRow.role,
                SessionRow.confirmed_at,
                (SessionRow.seen_at < func.now() - _NOTED).label("stale"),
            )
            .join(UserRow, UserRow.name == SessionRow.user)
            .where(*live)
        )
        with self._transaction() as session:
            row = session.execute(query).one_or_none()
            if row is None:
                return None
            if used and row.stale:
                touched = update(SessionRow).where(SessionRow.digest == digest)
                session.execute(touched.values(seen_at=func.now()))
            return SignedIn(row.user, cast("Role", row.role), row.confirmed_at)

    def confirm(self, digest: str) -> None:
        """Record that the user of a session gave the password again."""
        confirmed = update(SessionRow).where(SessionRow.digest == digest)
        with self._transaction() as session:
            session.execute(confirmed.values(confirmed_at=func.now()))

    def end(self, digest: str) -> None:
        """End a session."""
        with self._transaction() as session:
            session.execute(delete(SessionRow).where(SessionRow.digest == digest))


class ApiTokens(Repository):
    """Tokens of programs that act for users."""

    def add(self, digest: str, user: str, label: str, actor: str) -> None:
        """Let a program act for a user."""
        with self._transaction() as session:
            _user(session, user)
            session.add(ApiTokenRow(digest=digest, user=user, label=label))
            write_audit(session, actor, "token.added", user, {"label": label})

    def list(self) -> Sequence[ApiToken]:
        """Return every token, by user and label, without its value."""
        query = select(*columns(ApiTokenRow, ApiToken))
        with self._transaction() as session:
            ordered = query.order_by(ApiTokenRow.user, ApiTokenRow.label)
            return [ApiToken(*row) for row in session.execute(ordered)]

    def user_of(self, digest: str) -> SignedIn | None:
        """Return who a token acts for; None for an unknown one."""
        used = update(ApiTokenRow).where(ApiTokenRow.digest == digest).values(used_at=func.now())
        with self._transaction() as session:
            name = session.scalar(used.returning(ApiTokenRow.user))
            return SignedIn(name, _role(session, name), None) if name else None

    def remove(self, user: str, label: str, actor: str) -> None:
        """Revoke a program's token."""
        place = (ApiTokenRow.user == user, ApiTokenRow.label == label)
        with self._transaction() as session:
            gone = session.scalars(
                delete(ApiTokenRow).where(*place).returning(ApiTokenRow.label)
            ).all()
            if not gone:
                raise BadInput(f"{user} has no token {label!r}")
            write_audit(session, actor, "token.removed", user, {"label": label})


def _user(session: Session, name: str) -> UserRow:
    row = session.get(UserRow, name, with_for_update=True)
    if row is None:
        raise BadInput(f"there is no user {name!r}")
    return row


def _role(session: Session, name: str) -> Role:
    return cast("Role", _user(session, name).role)


def _refuse_without_admin(session: Session, name: str) -> None:
    # Two admins who remove each other at once would each still see the other.
    serialise(session, "admins")
    others = select(func.count()).where(UserRow.role == "admin", UserRow.name != name)
    if not session.scalar(others):
        raise BadInput(f"{name} is the only admin: make another one first")
