"""The only place where tokens are refreshed: one process per grant at a time, saved before use.

Platforms that rotate refresh tokens revoke the whole grant when an old one comes back, so two
refreshes at once, or a new pair that was not saved, cost the seller a new consent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.accounts.tokens import Token
from connectors.accounts.vault import WAIT_SECONDS, Vault
from connectors.database.registry import Registry
from connectors.errors import ConfigError

TOKEN = "token"  # noqa: S105 - the name of a field
# A token must outlive the call that it is handed out for, retries included.
MARGIN = timedelta(minutes=2)
# Owner prefix of credentials that are not verified yet; no connection state depends on them.
STAGED = "new:"
_DEAD = "the platform rejected the stored authorisation"

# Exchanges a refresh token (None if the platform issues none) for a new pair.
Refresh = Callable[[str | None], Token]


class GrantRefused(Exception):
    """The token endpoint answered `invalid_grant`: this refresh token is no longer valid."""


class NeedsReconnection(ConfigError):
    """Only the account's owner can authorise Daybook again."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Broker:
    """Access tokens of connections; `clock` returns the current time."""

    vault: Vault
    registry: Registry
    clock: Callable[[], datetime] = _now
    wait_seconds: float = WAIT_SECONDS

    def access_token(self, slug: str, refresh: Refresh, refused: str | None = None) -> str:
        """Return a valid access token other than the `refused` one; `refresh` buys a new pair.

        `refresh` raises `GrantRefused` for `invalid_grant` alone; its `Transient` and
        `RateLimited` pass through, and the connection stays as it is. `NeedsReconnection` when
        the grant is dead, which the connection's state then says too.
        """
        token = self._kept(slug)
        if self._good(token, refused):
            return token.access_token
        try:
            return self._renewed(slug, refresh, refused).access_token
        except _Refused as dead:
            # The owner may have reconnected during the call: check once more.
            if self._kept(slug) == dead.token:
                raise self._dead(slug) from dead
        try:
            return self._renewed(slug, refresh, refused).access_token
        except _Refused as dead:
            raise self._dead(slug) from dead

    def _good(self, token: Token, refused: str | None) -> bool:
        return token.access_token != refused and token.is_valid(self.clock(), MARGIN)

    def _dead(self, slug: str) -> NeedsReconnection:
        if not slug.startswith(STAGED):
            self.registry.connections.set_state(slug, "needs_reauth", "token broker", _DEAD)
        return NeedsReconnection(f"{slug.removeprefix(STAGED)}: {_DEAD}: connect it again")

    def _kept(self, slug: str) -> Token:
        return _token(slug, self.vault.read(slug))

    def _renewed(self, slug: str, refresh: Refresh, refused: str | None) -> Token:
        """Refresh under the lock, unless another process did while this one waited for it."""
        # The lock is held during the call: two refreshes with one token would revoke the grant.
        with self.vault.hold(slug, self.wait_seconds) as locked:
            token = _token(slug, locked.fields)
            if self._good(token, refused):
                return token
            try:
                renewed = token.followed_by(_bought(token, refresh))
            except GrantRefused as error:
                raise _Refused(token) from error
            # Committed when the block ends, before any caller sees the new token.
            locked.save({TOKEN: renewed.to_json()})
        return renewed


class _Refused(Exception):
    """Both refresh tokens of a pair were refused."""

    def __init__(self, token: Token) -> None:
        super().__init__("the grant was refused")
        self.token = token


def _bought(token: Token, refresh: Refresh) -> Token:
    """Return a new pair; try the previous refresh token if the last one is refused."""
    try:
        return refresh(token.refresh_token)
    except GrantRefused:
        if token.previous_refresh_token is None:
            raise
        # A response that was lost on the way leaves us with the old token, which some platforms
        # still accept.
        return refresh(token.previous_refresh_token)


def _token(slug: str, fields: dict[str, str]) -> Token:
    if TOKEN not in fields:
        raise NeedsReconnection(f"{slug} is not authorised yet: connect it")
    return Token.from_json(fields[TOKEN])
