"""Signing in: passwords, sessions of browsers, tokens of programs.

A session is a random cookie; the registry keeps its digest. It ends when it is not used for half an
hour, and after half a day in any case. What cannot be undone asks for the password again.
"""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import get_args

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from connectors.errors import BadInput, RateLimited
from connectors.registry import Registry, Role, SignedIn

IDLE = timedelta(minutes=30)
LASTS = timedelta(hours=12)
CONFIRMED = timedelta(minutes=5)
SHORTEST_PASSWORD = 12
TRIES, TRIES_SECONDS = 5, 60.0
TOKEN_PREFIX = "daybook_"  # noqa: S105 - what tokens begin with

_hasher = PasswordHasher()
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_hex(16))


def digest(secret: str) -> str:
    """What the registry knows of a cookie or token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(cookie: str) -> str:
    """What a form of this session must send along; it tells nothing about the cookie."""
    return hmac.new(cookie.encode(), b"daybook csrf", hashlib.sha256).hexdigest()


def hash_password(password: str) -> str:
    """The Argon2 hash to keep; `BadInput` for a password that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise BadInput(f"a password has at least {SHORTEST_PASSWORD} characters")
    return _hasher.hash(password)


def check_role(role: str) -> Role:
    """The role of that name; `BadInput` lists the known ones."""
    known: tuple[Role, ...] = get_args(Role)
    for one in known:
        if role == one:
            return one
    raise BadInput(f"there is no role {role!r}: choose one of {', '.join(known)}")


class Tries:
    """Wrong passwords of late, a name; the console is one process."""

    def __init__(self) -> None:
        self._failed: dict[str, list[float]] = {}

    def check(self, name: str) -> None:
        """`RateLimited` while there were too many for a name."""
        since = time.monotonic() - TRIES_SECONDS
        kept = {who: [at for at in times if at > since] for who, times in self._failed.items()}
        self._failed = {who: times for who, times in kept.items() if times}
        recent = self._failed.get(name, [])
        if len(recent) >= TRIES:
            wait = recent[0] - since
            raise RateLimited(f"too many wrong passwords: try again in {wait:.0f} s", wait)

    def failed(self, name: str) -> None:
        """One more."""
        self._failed.setdefault(name, []).append(time.monotonic())


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one home."""

    registry: Registry
    tries: Tries = field(default_factory=Tries)

    def sign_in(self, name: str, password: str) -> str | None:
        """A cookie for whoever knows the password; None for a wrong name or password.

        `RateLimited` after five wrong tries in a minute.
        """
        if not self._right(name, password):
            return None
        cookie = secrets.token_urlsafe(32)
        self.registry.start_session(digest(cookie), name, IDLE, LASTS)
        return cookie

    def who(self, cookie: str) -> SignedIn | None:
        """Whose session a cookie is, while it lasts."""
        return self.registry.session(digest(cookie), IDLE, LASTS) if cookie else None

    def bearer(self, token: str) -> SignedIn | None:
        """Whom a program's token acts for."""
        return self.registry.token_person(digest(token)) if token else None

    def confirm(self, cookie: str, password: str) -> bool:
        """Whether the person of a session gave the right password again."""
        who = self.who(cookie)
        if who is None or not self._right(who.name, password):
            return False
        self.registry.confirm_session(digest(cookie))
        return True

    def sign_out(self, cookie: str) -> None:
        """End a session."""
        self.registry.end_session(digest(cookie))

    def new_token(self, person: str, label: str, actor: str) -> str:
        """A token for a program; it is shown this once."""
        token = TOKEN_PREFIX + secrets.token_urlsafe(32)
        self.registry.add_api_token(digest(token), person, label, actor)
        return token

    def _right(self, name: str, password: str) -> bool:
        self.tries.check(name)
        kept = self.registry.password_hash(name)
        try:
            right = _hasher.verify(kept or _NOBODY, password) and kept is not None
        except (VerificationError, InvalidHashError):
            right = False
        if not right:
            self.tries.failed(name)
        return right


def confirmed(who: SignedIn) -> bool:
    """Whether somebody gave the password lately enough for what cannot be undone."""
    return who.confirmed_at is not None and datetime.now(UTC) - who.confirmed_at < CONFIRMED
