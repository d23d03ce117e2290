"""Authorisation of a Xero organisation: the code flow, or a custom connection.

Facts: Xero's OAuth 2 guides and its OpenAPI documents. Access tokens last 30 minutes. Refresh
tokens rotate, die after 60 days unused, and the one before stays good for about 30 minutes. A
consent may cover several organisations ("tenants"), and every token of a user reaches all that
the user ever connected: the one that is meant is always named. Leaving means deleting that one's
connection, not the token.

An app without a secret is a PKCE app. A custom connection belongs to one organisation and has no
consent and no refresh token; its tokens reach nothing but that organisation's own endpoints, and
need no tenant (UNCONFIRMED; so does Xero's own MCP server). That its token request may name
scopes is UNCONFIRMED too. Apps made since 2 March 2026 have these finer scopes only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

from connectors.accounting.xero.deliveries import DELIVERIES
from connectors.accounting.xero.zones import zones
from connectors.accounts.consent import Question
from connectors.accounts.oauth import TokenEndpoint
from connectors.accounts.platform import (
    Access,
    Account,
    Code,
    Consent,
    Field,
    Platform,
    read_code,
)
from connectors.accounts.tokens import Token
from connectors.errors import BadInput, ConfigError
from connectors.http import AccessRefused, Remote, TokenAuth

TITLE = "Xero"
SCOPES = (
    "accounting.manualjournals",
    "accounting.invoices",
    "accounting.banktransactions",
    "accounting.payments",
    "accounting.settings",
    "accounting.contacts",
    "accounting.attachments",
)
# Without it there is no refresh token.
OFFLINE = "offline_access"
TENANT = "xero-tenant-id"
WEB, CUSTOM = "web", "custom"
_WHERE = "developer.xero.com, My Apps, your app, Configuration"


def _custom(access: Access) -> bool:
    return access.fields.get("app_type") == CUSTOM


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    if _custom(access):
        raise BadInput("a custom connection is authorised in Xero: connect it with its keys")
    if redirect_uri.startswith("http://127."):
        raise BadInput(
            "Xero sends nobody back to http://127.0.0.1: set DAYBOOK_PUBLIC_URL to "
            "http://localhost, with the port, or to an https address"
        )
    parameters = {
        "response_type": "code",
        "client_id": access.fields["client_id"],
        "redirect_uri": redirect_uri,
        "scope": " ".join((OFFLINE, *SCOPES)),
        "state": question.state,
    }
    if "client_secret" not in access.fields:
        parameters |= {"code_challenge": question.challenge, "code_challenge_method": "S256"}
    return f"{access.url('login', '/identity/connect/authorize')}?{urlencode(parameters)}"


def _read(_access: Access, parameters: Mapping[str, str]) -> Code:
    return Code(read_code(TITLE, parameters))


@dataclass(frozen=True, slots=True)
class _XeroTokens:
    """Xero's token endpoint; a custom connection buys each token with its secret alone."""

    endpoint: TokenEndpoint
    custom: bool

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Return the first pair, for a consent's code."""
        return self.endpoint.redeem(code, redirect_uri, verifier)

    def refresh(self, refresh_token: str | None) -> Token:
        """Return the next pair, or a custom connection's next token."""
        if refresh_token is not None:
            return self.endpoint.refresh(refresh_token)
        if not self.custom:
            raise BadInput(f"{TITLE} needs refresh_token, or a consent in the console")
        return replace(self.endpoint, asks={"scope": " ".join(SCOPES)}).for_client()


def _tokens(access: Access) -> _XeroTokens:
    secret = access.fields.get("client_secret")
    endpoint = TokenEndpoint(
        title=TITLE,
        url=access.url("identity", "/connect/token"),
        client_id=access.fields["client_id"],
        client_secret=secret,
        method="client_secret_basic" if secret else "none",
    )
    return _XeroTokens(endpoint, _custom(access))


def _sign(access: Access) -> httpx2.Auth:
    return TokenAuth(access.token)


def _accounts(access: Access) -> list[Account]:
    """Return the organisations that the token reaches; the pinned one alone where one is pinned."""
    with Remote(TITLE, _sign(access)) as xero:
        if _custom(access):
            # Its tokens reach one organisation and not the list of connections.
            return [_account(_organisation(xero, access, {}), {})]
        pinned = access.fields.get("tenant_id")
        reached = [
            each
            for each in xero.get(access.url("api", "/connections"))
            # Practices are listed too, and have no books.
            if each["tenantType"] == "ORGANISATION" and pinned in {None, each["tenantId"]}
        ]
        if not reached:
            raise AccessRefused(f"{TITLE} no longer connects the organisation: connect it again")
        return [
            _account(_organisation(xero, access, {TENANT: each["tenantId"]}), each)
            for each in reached
        ]


def _organisation(xero: Remote, access: Access, tenant: Mapping[str, str]) -> dict[str, Any]:
    url = access.url("api", "/api.xro/2.0/Organisation")
    organisation: dict[str, Any] = xero.get(url, headers=tenant)["Organisations"][0]
    return organisation


def _account(organisation: Mapping[str, Any], connection: Mapping[str, str]) -> Account:
    tenant = connection.get("tenantId")
    return Account(
        id=tenant or organisation["OrganisationID"],
        name=organisation["Name"],
        country=organisation.get("CountryCode"),
        currency=organisation.get("BaseCurrency"),
        timezone=zones().get(organisation.get("Timezone", "")),
        details={
            "legal_name": organisation.get("LegalName"),
            "plan": organisation.get("Class"),
            "demo_company": bool(organisation.get("IsDemoCompany")),
        },
        fields={"tenant_id": tenant, "connection_id": connection["id"]} if tenant else {},
    )


def _revoke(access: Access) -> None:
    """Delete this organisation's connection, unless the seller did; the user's others stay."""
    if _custom(access):
        raise ConfigError("a custom connection ends in Xero alone")
    own = access.fields["connection_id"]
    with Remote(TITLE, _sign(access)) as xero:
        # Looked up first: deleting what the seller deleted before is answered with an error.
        if own in {each["id"] for each in xero.get(access.url("api", "/connections"))}:
            xero.call("DELETE", access.url("api", f"/connections/{own}"))


XERO = Platform(
    name="xero",
    title=TITLE,
    kind="accounting",
    endpoints={
        "login": "https://login.xero.com",
        "identity": "https://identity.xero.com",
        "api": "https://api.xero.com",
    },
    application=(
        Field("client_id", "Client ID", _WHERE),
        Field("client_secret", "Client secret", f"{_WHERE}; a PKCE app has none", True, False),
        Field(
            "app_type",
            "Kind of app",
            "as it was made on developer.xero.com",
            required=False,
            options={
                CUSTOM: "Custom connection (no consent to renew)",
                WEB: "Web app or PKCE app",
            },
        ),
    ),
    keys=(
        Field(
            "refresh_token",
            "Refresh token",
            "of a consent given elsewhere; a custom connection has none",
            secret=True,
            required=False,
        ),
    ),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    # A custom connection's tokens come from its own keys.
    own_grant=True,
    revocation="Xero, Settings, Connected apps",
    sign=_sign,
    accounts=_accounts,
    revoke=_revoke,
    inactivity_limit=timedelta(days=60),
    deliveries=DELIVERIES,
)
