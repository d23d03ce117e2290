"""Parts of every OAuth 2 platform: a consent page, codes, tokens that rotate and are revoked.

A platform's emulator says what its parameters, lifetimes and error bodies are; the bookkeeping of
who granted what is here.
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from sandbox.faults import Faulty
from sandbox.limits import Limits

# Platforms allow one to ten minutes; RFC 6749, 4.1.2 recommends ten at most.
CODE_SECONDS = 300.0
_TEMPLATES = Environment(
    loader=PackageLoader("sandbox"), autoescape=True, undefined=StrictUndefined
)


class GrantRefusal(Exception):
    """A code or refresh token that buys nothing; `str` is why."""


@dataclass
class Grant:
    """One seller's consent: which accounts, and the tokens it has led to."""

    accounts: tuple[str, ...]
    scopes: str = ""
    refresh_token: str = ""
    refresh_ends: float = float("inf")
    before: str | None = None
    rotated_at: float = 0.0
    revoked: bool = False


@dataclass
class PendingCode:
    """A code that waits to be redeemed, once."""

    grant: Grant
    redirect_uri: str
    challenge: str | None
    ends: float
    redeemed: bool = False


@dataclass
class Issued:
    """The answer of a token endpoint; the platform writes it its own way."""

    access_token: str
    refresh_token: str
    grant: Grant


@dataclass
class OAuth:
    """The grants of one application at one platform.

    `access_seconds` and `refresh_seconds` are the platform's lifetimes. With `rotates` each
    refresh replaces the refresh token, and the one before stays good for `grace_seconds`. `skew`
    is added to the server's clock: a positive one makes tokens end early.
    """

    access_seconds: float
    refresh_seconds: float | None = None
    rotates: bool = False
    grace_seconds: float = 0.0
    client_id: str = "client-id"
    client_secret: str = "client-secret"
    access_form: Callable[[Grant], str] = lambda _grant: f"at-{secrets.token_urlsafe(24)}"
    refresh_form: Callable[[Grant], str] = lambda _grant: f"rt-{secrets.token_urlsafe(24)}"
    # Tests move this clock forward instead of waiting for lifetimes to end.
    skew: float = 0.0
    rotations: int = 0
    codes: dict[str, PendingCode] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    access: dict[str, tuple[Grant, float]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> float:
        """Return the server's clock."""
        return time.time() + self.skew

    def granted(self, *accounts: str) -> str:
        """Return a refresh token of a consent that was given before: what a seller pastes."""
        grant = Grant(accounts)
        self._renew(grant)
        self.grants.append(grant)
        return grant.refresh_token

    def code(self, accounts: Sequence[str], redirect_uri: str, challenge: str | None = None) -> str:
        """Return a code for a consent just given."""
        grant = Grant(tuple(accounts))
        code = secrets.token_urlsafe(24)
        self.grants.append(grant)
        self.codes[code] = PendingCode(grant, redirect_uri, challenge, self.now() + CODE_SECONDS)
        return code

    def redeem(self, code: str, redirect_uri: str | None, verifier: str | None = None) -> Issued:
        """Return the first pair for a code; `GrantRefusal` for one that buys nothing."""
        with self._lock:
            pending = self.codes.get(code)
            if pending is None or pending.redeemed or pending.ends < self.now():
                raise GrantRefusal("code")
            # None is Shopify: its token request names no redirect URI.
            if redirect_uri is not None and redirect_uri != pending.redirect_uri:
                raise GrantRefusal("redirect_uri")
            if pending.challenge is not None and pending.challenge != challenge_of(verifier or ""):
                raise GrantRefusal("code_verifier")
            # RFC 6749, 4.1.2: a code must not be used twice.
            pending.redeemed = True
            self._renew(pending.grant)
            return self._issue(pending.grant)

    def refresh(self, refresh_token: str) -> Issued:
        """Return the next pair; a refresh token that was replaced long ago revokes its grant."""
        with self._lock:
            for grant in self.grants:
                if grant.revoked or grant.refresh_ends < self.now():
                    continue
                if refresh_token == grant.refresh_token:
                    if self.rotates:
                        # Only rotating platforms remember the previous token, to detect its reuse.
                        grant.before, grant.rotated_at = grant.refresh_token, self.now()
                        self._renew(grant)
                    return self._issue(grant)
                if refresh_token == grant.before:
                    # Shopify and Xero accept the previous token for a while, in case a response was
                    # lost.
                    if self.now() - grant.rotated_at < self.grace_seconds:
                        return self._issue(grant)
                    grant.revoked = True
            raise GrantRefusal("refresh_token")

    def own(self, *accounts: str) -> Issued:
        """Return a token of the client itself, for one grant that is always there."""
        with self._lock:
            grant = Grant(accounts)
            self.grants.append(grant)
            return self._issue(grant)

    def lasting(self, *accounts: str) -> str:
        """Return an access token that does not end, as platforms' own pages hand out."""
        grant = Grant(accounts)
        self.grants.append(grant)
        token = self.access_form(grant)
        self.access[token] = (grant, float("inf"))
        return token

    def holder(self, access_token: str) -> Grant | None:
        """Return whose access token it is, while it lasts."""
        grant, ends = self.access.get(access_token, (None, 0.0))
        return grant if grant and not grant.revoked and self.now() < ends else None

    def revoke(self, *accounts: str) -> None:
        """Take a seller's consent back, at the platform: of these accounts, or all."""
        for grant in self.grants:
            if not accounts or set(accounts) & set(grant.accounts):
                grant.revoked = True

    def alive(self, account: str) -> bool:
        """Return whether any grant for an account stands."""
        return any(account in grant.accounts and not grant.revoked for grant in self.grants)

    def revoke_token(self, token: str) -> bool:
        """Return the application gives a grant up, by either of its tokens."""
        for grant in self.grants:
            held, _ = self.access.get(token, (None, 0.0))
            if held is grant or token in {grant.refresh_token, grant.before}:
                grant.revoked = True
                return True
        return False

    def expire_access(self) -> None:
        """End every access token now."""
        self.access = {token: (grant, 0.0) for token, (grant, _) in self.access.items()}

    def _renew(self, grant: Grant) -> None:
        # The first token of a grant is no rotation.
        if grant.refresh_token:
            self.rotations += 1
        grant.refresh_token = self.refresh_form(grant)
        # Every renewal starts the life of an unused grant again.
        if self.refresh_seconds is not None:
            grant.refresh_ends = self.now() + self.refresh_seconds

    def _issue(self, grant: Grant) -> Issued:
        token = self.access_form(grant)
        self.access[token] = (grant, self.now() + self.access_seconds)
        return Issued(token, grant.refresh_token, grant)


class Granting:
    """The emulator of an OAuth 2 platform, unless its platform differs.

    `oauth` is what sellers granted there, `faults` the application with what goes wrong, `limits`
    how often it may be called.
    """

    oauth: OAuth
    faults: Faulty
    limits: Limits

    @property
    def application(self) -> Faulty:
        """Return the ASGI application."""
        return self.faults

    def fields(self) -> dict[str, str]:
        """Return the application, registered."""
        return {"client_id": self.oauth.client_id, "client_secret": self.oauth.client_secret}

    def chosen(self, account: str) -> dict[str, str]:
        """Return no field: nothing is chosen before."""
        return {}

    def keys(self, account: str) -> dict[str, str]:
        """Return a refresh token."""
        return {"refresh_token": self.oauth.granted(account)}

    def picks(self, account: str) -> str:
        """Return the account's id."""
        return account

    def expire(self) -> None:
        """End every access token now."""
        self.oauth.expire_access()

    def revoke(self, account: str) -> None:
        """Take the consent back, as the seller does on the platform's pages."""
        self.oauth.revoke(account)

    def alive(self, account: str) -> bool:
        """Return whether any grant for the account stands."""
        return self.oauth.alive(account)

    def caller(self, request: Request) -> str | None:
        """Return whose call it is, by the token that it carries; None where that opens nothing."""
        return self.holder_of(bearer(request))

    def holder_of(self, token: str) -> str | None:
        """Return the account that an access token is of."""
        grant = self.oauth.holder(token)
        return grant.accounts[0] if grant and grant.accounts else None


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def bearer(request: Request) -> str:
    """Return the token of an `Authorization: Bearer` header."""
    return request.headers.get("authorization", "").removeprefix("Bearer ")


def basic(client_id: str, client_secret: str) -> str:
    """Return the value of an `Authorization` header of HTTP Basic."""
    return "Basic " + base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()


def consent_page(
    title: str, request: Request, accounts: Mapping[str, str], *, several: bool = False
) -> Response:
    """Return the platform's question to the seller: which account, allow or deny."""
    parameters = request.query_params.items()
    page = _TEMPLATES.get_template("consent.html")
    return HTMLResponse(
        page.render(title=title, parameters=parameters, accounts=accounts, several=several)
    )


def back_to(redirect_uri: str, parameters: Mapping[str, str]) -> RedirectResponse:
    """Return the seller's browser goes back to the application."""
    # WooCommerce's return address has a query of its own.
    joint = "&" if "?" in redirect_uri else "?"
    return RedirectResponse(f"{redirect_uri}{joint}{urlencode(parameters)}", 302)
