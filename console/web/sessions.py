"""Signing in: passwords, sessions of browsers, tokens of programs.

A session is a random cookie; the registry keeps its digest. It ends when it is not used for half an
hour, and after half a day in any case. What cannot be undone asks for the password again.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from connectors.database.registry import Registry, Role, SignedIn
from connectors.errors import BadInput, DaybookError
from console.web import attempts

INACTIVITY_LIMIT = timedelta(minutes=30)
SESSION_LIFETIME = timedelta(hours=12)
CONFIRMED = timedelta(minutes=5)
SHORTEST_PASSWORD = 12
TOKEN_PREFIX = "daybook_"  # noqa: S105 - what tokens begin with

_hasher = PasswordHasher()
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_hex(16))


def digest(secret: str) -> str:
    """Return what the registry knows of a cookie or token."""
    # Fast is enough: nobody guesses 256 random bits, as they do a password.
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(cookie: str) -> str:
    """Return what a form of this session must send along; it tells nothing about the cookie."""
    return hmac.new(cookie.encode(), b"daybook csrf", hashlib.sha256).hexdigest()


def hash_password(password: str) -> str:
    """Return the Argon2 hash to keep; `BadInput` for a password that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(f"a password has at least {SHORTEST_PASSWORD} characters")
    with attempts.hashing():
        return _hasher.hash(password)


def check_role(role: str) -> Role:
    """Return the role of that name; `BadInput` lists the known ones."""
    roles: tuple[Role, ...] = get_args(Role)
    for one in roles:
        if role == one:
            return one
    raise BadInput(f"there is no role {role!r}: choose one of {', '.join(roles)}")


class SignIn(NamedTuple):
    """The cookies of somebody who signed in: of the session, and of the browser for next time."""

    session: str
    device: str


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one home."""

    registry: Registry

    def sign_in(
        self, name: str, password: str, address: str = "", device: str = ""
    ) -> SignIn | None:
        """Return cookies for whoever knows the password; None for a wrong name or password.

        `RateLimited` after too many wrong ones, for the name or from the `address`; a `device` on
        which the user signed in before is counted by itself.
        """
        # PostgreSQL refuses a NUL, so no user has such a name.
        password_hash = None if "\0" in name else self.registry.users.password_hash(name)
        device_count = attempts.known_device(device, name, password_hash)
        counts = (device_count,) if device_count else attempts.counts(name, address)
        if not self._right(name, password_hash, password, counts, address) or password_hash is None:
            return None
        cookie = secrets.token_urlsafe(32)
        self.registry.sessions.start(digest(cookie), name, INACTIVITY_LIMIT, SESSION_LIFETIME)
        return SignIn(cookie, attempts.new_device(name, password_hash))

    def who(self, cookie: str) -> SignedIn | None:
        """Return whose session a cookie is, while it lasts."""
        return (
            self.registry.sessions.get(digest(cookie), INACTIVITY_LIMIT, SESSION_LIFETIME)
            if cookie
            else None
        )

    def seen(self, cookie: str) -> SignedIn | None:
        """Return whose session a cookie is, as somebody who looks on: it is not used by that."""
        return (
            self.registry.sessions.get(
                digest(cookie), INACTIVITY_LIMIT, SESSION_LIFETIME, used=False
            )
            if cookie
            else None
        )

    def lives(self, cookie: str) -> bool:
        """Return whether a session lasts; while the database is away nobody's ends."""
        try:
            return self.seen(cookie) is not None
        except DaybookError:
            return True

    def bearer(self, token: str) -> SignedIn | None:
        """Return whom a program's token acts for."""
        return self.registry.api_tokens.user_of(digest(token)) if token else None

    def confirm(self, cookie: str, password: str) -> bool:
        """Return whether the user of a session gave the right password again."""
        who = self.who(cookie)
        if who is None:
            return False
        # By session: somebody with a stolen cookie must not lock out the user everywhere.
        counts = (attempts.Count(f"session:{digest(cookie)}", attempts.PER_NAME),)
        password_hash = self.registry.users.password_hash(who.name)
        if not self._right(who.name, password_hash, password, counts):
            return False
        self.registry.sessions.confirm(digest(cookie))
        return True

    def sign_out(self, cookie: str) -> None:
        """End a session."""
        self.registry.sessions.end(digest(cookie))

    def new_token(self, user: str, label: str, actor: str) -> str:
        """Return a token for a program; it is shown this once."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        self.registry.api_tokens.add(digest(token), user, label, actor)
        return token

    def _right(
        self,
        name: str,
        password_hash: str | None,
        password: str,
        counts: Sequence[attempts.Count],
        address: str = "",
    ) -> bool:
        # Counted first, in the database: parallel guesses would otherwise all pass before the first
        # failure.
        attempts.count_attempt(self.registry, counts)
        right = _verified(password_hash, password)
        if right:
            attempts.forget(self.registry, counts)
        else:
            # People mistype their password as a name, so unknown names are not recorded.
            who = name if password_hash is not None else "unknown"
            detail = {"address": address} if address else {}
            self.registry.audit.record(who, "password.wrong", who, detail)
        return right


def _verified(password_hash: str | None, password: str) -> bool:
    try:
        with attempts.hashing():
            # Unknown names take as long as known ones, so that timing doesn't reveal who exists.
            return _hasher.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False


def confirmed(who: SignedIn) -> bool:
    """Return whether somebody gave the password lately enough for what cannot be undone."""
    return who.confirmed_at is not None and datetime.now(UTC) - who.confirmed_at < CONFIRMED
