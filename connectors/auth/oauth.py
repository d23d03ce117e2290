"""Asking an OAuth 2 token endpoint for a new pair, and what its answers mean."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from connectors.auth.broker import GrantRefused
from connectors.auth.tokens import Token
from connectors.errors import ConfigError, Permanent, RateLimited, Transient

TIMEOUT_SECONDS = 30.0
RETRY_AFTER_SECONDS = 60.0
# RFC 6749, section 5.2: what is wrong with the application, not with the seller's grant.
_APPLICATION = {"invalid_client", "unauthorized_client"}


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """Where and as whom tokens are bought: `method` is how the client authenticates.

    `title` is the platform's name, for messages; `method` is `client_secret_basic`,
    `client_secret_post` or `none` (PKCE).
    """

    title: str
    url: str
    client_id: str
    client_secret: str | None
    method: str = "client_secret_basic"

    def refresh(self, refresh_token: str) -> Token:
        """A new pair (RFC 6749, section 6).

        Raises `GrantRefused` for `invalid_grant`, `ConfigError` when the application itself is
        refused, `RateLimited`, `Transient` for the network, 5xx and cut answers, and `Permanent`
        for anything else.
        """
        with self._client() as client:
            client.register_compliance_hook("refresh_token_response", self._not_busy)
            answer = self._answered(
                lambda: client.refresh_token(self.url, refresh_token=refresh_token)
            )
        return self._token(answer, refresh_token)

    def _client(self) -> Any:
        return OAuth2Client(
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_endpoint_auth_method=self.method,
            timeout=TIMEOUT_SECONDS,
            follow_redirects=False,
        )

    def _not_busy(self, response: httpx2.Response) -> httpx2.Response:
        if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
            stated = response.headers.get("Retry-After", "")
            wait = float(stated) if stated.isdigit() else RETRY_AFTER_SECONDS
            raise RateLimited(f"{self.title} asks us to wait {wait:g} s for a new token", wait)
        return response

    def _answered(self, ask: Any) -> dict[str, Any]:
        try:
            return dict(ask())
        except OAuthError as error:
            raise self._meaning(error) from error
        except httpx2.HTTPStatusError as error:
            status = error.response.status_code
            raise Transient(f"{self.title}'s token endpoint answers {status}: try again") from error
        except httpx2.TransportError as error:
            kind = type(error).__name__
            raise Transient(
                f"{self.title}'s token endpoint does not answer ({kind}): try again"
            ) from error
        except (json.JSONDecodeError, TypeError, ValueError) as error:
            raise Transient(
                f"{self.title}'s token endpoint sent an answer that is cut or no JSON: try again"
            ) from error

    def _meaning(self, error: OAuthError) -> Exception:
        if error.error == "invalid_grant":
            return GrantRefused(self.title)
        if error.error in _APPLICATION:
            return ConfigError(
                f"{self.title} refuses the application ({error.error}): correct its client id and "
                "secret"
            )
        return Permanent(f"{self.title}'s token endpoint refuses: {error.error}")

    def _token(self, answer: dict[str, Any], asked_with: str) -> Token:
        now = datetime.now(UTC)
        try:
            access = str(answer["access_token"])
            lasts = timedelta(seconds=int(answer["expires_in"]))
        except (KeyError, TypeError, ValueError) as error:
            raise Permanent(
                f"{self.title}'s token endpoint answered without access_token and expires_in"
            ) from error
        # Lifetimes of refresh tokens go by two names: QuickBooks' and eBay's.
        ends = answer.get("x_refresh_token_expires_in") or answer.get("refresh_token_expires_in")
        return Token(
            access_token=access,
            expires_at=now + lasts,
            # Without a new one, the old one stays good (RFC 6749, section 6).
            refresh_token=str(answer.get("refresh_token") or asked_with),
            refresh_expires_at=now + timedelta(seconds=int(ends)) if ends else None,
        )
