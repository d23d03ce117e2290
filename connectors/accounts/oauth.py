"""OAuth 2 token endpoints: requests for a token pair, and the errors they answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx2

from connectors.accounts.broker import GrantRefused
from connectors.accounts.tokens import Token
from connectors.errors import ConfigError, Permanent, RateLimited, Transient
from connectors.http.remote import (
    TIMEOUT_SECONDS,
    ErrorFor,
    no_error,
    tls,
    unreachable,
    wait_seconds,
)

# Authlib costs a tenth of a second to import, and few processes exchange a token.
if TYPE_CHECKING:
    from authlib.integrations.base_client import OAuthError

# RFC 6749, section 5.2: errors of the application, not of the seller's grant.
_APPLICATION = {"invalid_client", "unauthorized_client"}
_HOOKS = ("access_token_response", "refresh_token_response")


@dataclass(frozen=True, slots=True)
class TokenEndpoint:
    """The address that issues tokens, and the client that requests them.

    `title` is the platform's name, for messages. `method` is how the client authenticates:
    `client_secret_basic`, `client_secret_post`, `client_secret_json` (the whole request is JSON)
    or `none` (PKCE). `headers` are added; `asks` are further form fields of every request,
    `code_asks` only of a code's.
    `error_for` reads responses outside RFC 6749: it returns an error, or None.
    """

    title: str
    url: str
    client_id: str
    client_secret: str | None
    method: str = "client_secret_basic"
    headers: Mapping[str, str] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)
    code_asks: Mapping[str, str] = field(default_factory=dict)
    error_for: ErrorFor = no_error

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Redeem a consent's code (RFC 6749, section 4.1.3); raises as `refresh`.

        The PKCE verifier goes along where the endpoint takes public clients.
        """
        form = {"code": code, "redirect_uri": redirect_uri, **self.asks, **self.code_asks}
        # Only the consents of public clients are asked for with a challenge.
        if self.method == "none":
            form["code_verifier"] = verifier
        return self._fetched("authorization_code", form)

    def for_client(self) -> Token:
        """Return a token of the client itself (RFC 6749, section 4.4), without a refresh token.

        Raises as `refresh`.
        """
        return self._fetched("client_credentials", dict(self.asks))

    def refresh(self, refresh_token: str | None) -> Token:
        """Return a new pair (RFC 6749, section 6).

        Raises `GrantRefused` for `invalid_grant` and where there is no refresh token,
        `ConfigError` when the application itself is refused, `RateLimited`, `Transient` for the
        network, 5xx and cut answers, and `Permanent` for anything else.
        """
        if refresh_token is None:
            raise GrantRefused(f"{self.title}: this token cannot be refreshed")
        with self._client() as client:
            answer = self._answered(
                lambda: client.refresh_token(
                    self.url, refresh_token=refresh_token, headers=self._headers(), **self.asks
                )
            )
        return self._token(answer, refresh_token)

    def _fetched(self, grant_type: str, form: dict[str, str]) -> Token:
        with self._client() as client:
            answer = self._answered(
                lambda: client.fetch_token(
                    self.url, grant_type=grant_type, headers=self._headers(), **form
                )
            )
        return self._token(answer, None)

    def _headers(self) -> dict[str, str]:
        return {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
            **self.headers,
        }

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        client = OAuth2Client(
            client_id=self.client_id,
            client_secret=self.client_secret,
            token_endpoint_auth_method=self.method,
            verify=tls(),
            timeout=TIMEOUT_SECONDS,
            # The request carries the client's secret; no other host may get it.
            follow_redirects=False,
        )
        client.register_client_auth_method(("client_secret_json", _as_json))
        for hook in _HOOKS:
            client.register_compliance_hook(hook, self._readable)
        return client

    def _readable(self, response: httpx2.Response) -> httpx2.Response:
        """Return the response if it follows the protocol; otherwise raise its error."""
        status = response.status_code
        if status == httpx2.codes.TOO_MANY_REQUESTS:
            wait = wait_seconds(response)
            raise RateLimited(f"{self.title} asks us to wait {wait:g} s for a new token", wait)
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise Transient(f"{self.title}'s token endpoint answers {status}: try again")
        error = self.error_for(response)
        if error is not None:
            raise error
        # An error of OAuth's own is left for Authlib to name: RFC 6749 sends it with 400 or 401.
        if status >= httpx2.codes.MULTIPLE_CHOICES and not _says_error(response):
            raise Permanent(f"{self.title}'s token endpoint answers {status}")
        return response

    def _answered(self, ask: Callable[[], Any]) -> dict[str, Any]:
        from authlib.integrations.base_client import OAuthError

        try:
            return dict(ask())
        except OAuthError as error:
            raise self._meaning(error) from error
        except httpx2.TransportError as error:
            raise unreachable(f"{self.title}'s token endpoint", error) from error
        except (json.JSONDecodeError, TypeError, ValueError) as error:
            raise Transient(
                f"{self.title}'s token endpoint sent an answer that is cut or no JSON: try again"
            ) from error

    def _meaning(self, error: "OAuthError") -> Exception:
        # The only error about the seller's grant; every other one would stay after a new consent.
        if error.error == "invalid_grant":
            return GrantRefused(self.title)
        if error.error in _APPLICATION:
            return ConfigError(
                f"{self.title} refuses the application ({error.error}): correct its client id and "
                "secret"
            )
        # Only the code: a description may quote what was sent.
        return Permanent(f"{self.title}'s token endpoint refuses: {error.error}")

    def _token(self, answer: Mapping[str, Any], asked_with: str | None) -> Token:
        try:
            return read_token(answer, asked_with)
        except (KeyError, TypeError, ValueError) as error:
            raise Permanent(
                f"{self.title}'s token endpoint answered without a usable access token"
            ) from error


def _as_json(
    client: Any, _method: str, url: str, headers: dict[str, str], form: bytes
) -> tuple[str, dict[str, str], bytes]:
    """Authenticate a client of Authlib's by its id and secret, with the form as JSON."""
    secret = {"client_id": client.client_id, "client_secret": client.client_secret}
    body = json.dumps(dict(parse_qsl(form.decode())) | secret).encode()
    headers["Content-Type"] = "application/json"
    return url, headers, body


def _says_error(response: httpx2.Response) -> bool:
    try:
        document = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return False
    return isinstance(document, dict) and "error" in document


def read_token(answer: Mapping[str, Any], asked_with: str | None) -> Token:
    """Return the pair in a token endpoint's answer.

    `asked_with` is the refresh token that was used: without a new one, it stays valid (RFC 6749,
    section 6). Ends are read as `expires_in` (seconds) or `expires_at` (an instant); a token that
    names neither does not end. Raises `KeyError` or `ValueError` for an answer without a token.
    """
    now = datetime.now(UTC)
    # Lifetimes of refresh tokens go by two names: QuickBooks' and eBay's.
    lasts = answer.get("x_refresh_token_expires_in") or answer.get("refresh_token_expires_in")
    ends = answer.get("refresh_token_expires_at")
    # QuickBooks' consents end at a fixed date.
    hard = answer.get("x_refresh_token_hard_expires_in")
    return Token(
        access_token=str(answer["access_token"]),
        expires_at=_end(now, answer.get("expires_in"), answer.get("expires_at")),
        refresh_token=str(answer["refresh_token"]) if answer.get("refresh_token") else asked_with,
        refresh_expires_at=_end(now, lasts, ends),
        issued_at=now,
        granted_at=now,
        consent_expires_at=_end(now, hard, None),
    )


def _end(now: datetime, lasts: object, at: object) -> datetime | None:
    if lasts:
        return now + timedelta(seconds=int(str(lasts)))
    # Authlib puts the seconds of 1970 here when the platform named a span.
    if isinstance(at, int | float):
        return datetime.fromtimestamp(at, UTC)
    return datetime.fromisoformat(str(at)) if at else None
