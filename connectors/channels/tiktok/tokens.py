"""TikTok Shop's token endpoint: a GET, an envelope, and ends that are instants.

Facts: Partner Center's own SDK. The application's secret and the refresh token travel in the
query, so nothing here may tell an address. A refresh gives a new refresh token too; whether the
one before dies at once is UNCONFIRMED, so it is treated as dead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.accounts.broker import GrantRefused
from connectors.accounts.tokens import Token
from connectors.channels.tiktok.errors import TITLE, token_refusal
from connectors.errors import BadInput, Permanent
from connectors.http import Remote

_CREATOR = 1


@dataclass(frozen=True, slots=True)
class ShopTokens:
    """The exchange of tokens; `url` is the host."""

    url: str
    app_key: str
    app_secret: str

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Return the first pair, for a consent's code; raises as `refresh`.

        `BadInput` where a creator consented, who has no shop.
        """
        grant = {"auth_code": code, "grant_type": "authorized_code"}
        data = self._asked("/api/v2/token/get", grant)
        if data.get("user_type") == _CREATOR:
            raise BadInput(f"that was a creator's account: authorise {TITLE} as the seller")
        return _token(data, None)

    def refresh(self, refresh_token: str | None) -> Token:
        """Return the next pair.

        Raises `GrantRefused` when the grant is dead, `ConfigError` when the application is
        refused, `RateLimited`, `Transient` and `Permanent`.
        """
        if refresh_token is None:
            raise GrantRefused(TITLE)
        grant = {"refresh_token": refresh_token, "grant_type": "refresh_token"}
        return _token(self._asked("/api/v2/token/refresh", grant), refresh_token)

    def _asked(self, path: str, grant: Mapping[str, str]) -> Mapping[str, Any]:
        query = {"app_key": self.app_key, "app_secret": self.app_secret, **grant}
        with Remote(TITLE, error_for=token_refusal) as tiktok:
            response = tiktok.get(self.url + path, params=query)
        return _data(response)


def _data(response: Any) -> Mapping[str, Any]:
    data = response.get("data") if isinstance(response, dict) else None
    if not isinstance(data, dict):
        raise Permanent(f"{TITLE} answered without a usable access token")
    return data


def _token(data: Mapping[str, Any], asked_with: str | None) -> Token:
    now = datetime.now(UTC)
    try:
        return Token(
            access_token=str(data["access_token"]),
            expires_at=_instant(data["access_token_expire_in"]),
            refresh_token=str(data.get("refresh_token") or asked_with),
            refresh_expires_at=_instant(data["refresh_token_expire_in"]),
            issued_at=now,
            granted_at=now,
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Permanent(f"{TITLE} answered without a usable access token") from error


def _instant(seconds: object) -> datetime:
    """Return an instant: `..._expire_in` counts from 1970, in spite of its name."""
    return datetime.fromtimestamp(int(str(seconds)), UTC)
