"""Authorisation of a Walmart seller account: the seller's own keys, or a consent.

Facts: Walmart's OpenAPI document of its token API, and its guides "Log in and authorize app scope"
and "Transfer authorization and refresh token" (developer.walmart.com/us-marketplace/docs). Access
tokens last 15 minutes. A seller's own keys buy them by themselves, and there is no refresh token;
a consent, to a solution provider's application, brings one that lasts a year and is not replaced;
one that was given before may be typed, with the Partner ID it is of.
Walmart has no call that names the seller or that revokes: the Partner ID typed beside keys is taken
as it is. UNCONFIRMED: how a seller who says no
comes back, and what a dead refresh token is answered with: 400 and 401 are taken for that.
"""

import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

import httpx2

from connectors.accounts.broker import GrantRefused
from connectors.accounts.consent import Question
from connectors.accounts.oauth import TokenEndpoint
from connectors.accounts.platform import (
    ENVIRONMENT,
    Access,
    Account,
    Code,
    Consent,
    Field,
    Platform,
    client_fields,
    read_code,
)
from connectors.accounts.tokens import Token
from connectors.channels.walmart.deliveries import DELIVERIES
from connectors.channels.walmart.marketplaces import MARKETS
from connectors.channels.walmart.signature import SERVICE, WalmartAuth, correlation
from connectors.errors import BadInput
from connectors.http import AccessRefused, Remote

_WHERE = "developer.walmart.com/generateKey; for a consent: your app's page there"


def _market(access: Access) -> str:
    return access.fields.get("market", "us")


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    query = {
        "responseType": "code",
        "clientId": access.fields["client_id"],
        "redirectUri": redirect_uri,
        "clientType": MARKETS[_market(access)].client_type,
        "nonce": uuid.uuid4().hex,
        "state": question.state,
    }
    return f"{access.url('login', '/authorize')}?{urlencode(query)}"


def _read(access: Access, parameters: Mapping[str, str]) -> Code:
    """Return the code, and which seller it is of: token calls must name it."""
    code = read_code("Walmart", parameters)
    if parameters.get("clientId", access.fields["client_id"]) != access.fields["client_id"]:
        raise BadInput("this answer of Walmart's is for another application: begin again")
    seller = parameters.get("sellerId", "")
    # It goes into a header of every token request.
    if not seller.isalnum():
        raise BadInput("Walmart did not say whose account this is: begin again")
    return Code(code, {"seller_id": seller})


@dataclass(frozen=True, slots=True)
class _WalmartTokens:
    """A consent's tokens, or those of a seller's own keys: these have no refresh token."""

    access: Access

    def redeem(self, code: str, redirect_uri: str, verifier: str) -> Token:
        """Return the first pair; its code is good with the seller's id alone."""
        return self._endpoint(delegated=True).redeem(code, redirect_uri, verifier)

    def refresh(self, refresh_token: str | None) -> Token:
        """Return a new access token, with the refresh token or, without one, with the keys."""
        if refresh_token is None:
            return self._endpoint(delegated=False).for_client()
        return self._endpoint(delegated=True).refresh(refresh_token)

    def _endpoint(self, *, delegated: bool) -> TokenEndpoint:
        fields = self.access.fields
        # Only where somebody else's account is meant: own keys name theirs by themselves.
        seller = {"WM_PARTNER.ID": fields["seller_id"]} if delegated else {}
        market = {"WM_MARKET": _market(self.access)}
        return TokenEndpoint(
            title="Walmart",
            url=self.access.url("api", "/v3/token"),
            client_id=fields["client_id"],
            client_secret=fields["client_secret"],
            headers={**correlation(), "WM_SVC.NAME": SERVICE, **seller, **market},
            error_for=_refusal,
        )


def _refusal(response: httpx2.Response) -> Exception | None:
    """Return the error of a token request; keys that Walmart does not know may get a bare 400."""
    refused = {httpx2.codes.BAD_REQUEST, httpx2.codes.UNAUTHORIZED}
    return GrantRefused("Walmart") if response.status_code in refused else None


def _sign(access: Access) -> httpx2.Auth:
    return WalmartAuth(access.token)


def _basic(access: Access) -> str:
    keys = f"{access.fields['client_id']}:{access.fields['client_secret']}"
    return f"Basic {b64encode(keys.encode()).decode()}"


def _accounts(access: Access) -> list[Account]:
    """Return the seller whose id was typed or came with the consent.

    The token's details prove it good.
    """
    headers = {
        "WM_SVC.NAME": SERVICE,
        # The contract asks for a body's type although there is no body.
        "Content-Type": "application/x-www-form-urlencoded",
        # Of all calls with a token, this one asks for the application's keys as well.
        "Authorization": _basic(access),
    }
    with Remote("Walmart", _sign(access), headers=headers) as walmart:
        detail = walmart.get(access.url("api", "/v3/token/detail"))
    # Answered with 200, so the status alone would not tell.
    if not detail.get("is_valid"):
        raise AccessRefused("Walmart calls the token invalid: connect the account again")
    seller, market = access.fields["seller_id"], MARKETS[_market(access)]
    return [
        Account(
            id=seller,
            name=f"Walmart seller {seller}",
            country=market.country,
            currency=market.currency,
            timezone=market.timezone,
            details={"scopes": detail.get("scopes", {})},
        )
    ]


WALMART = Platform(
    name="walmart",
    title="Walmart",
    kind="marketplace",
    endpoints={
        "api": "https://marketplace.walmartapis.com",
        "login": "https://login.account.wal-mart.com",
    },
    sandbox={"api": "https://sandbox.walmartapis.com"},
    application=(*client_fields(_WHERE), ENVIRONMENT),
    account=(
        Field(
            "market",
            "Market",
            "where the account sells; us where nothing is chosen",
            required=False,
            options={name: market.title for name, market in MARKETS.items()},
        ),
    ),
    keys=(
        Field("seller_id", "Partner ID", "the number Seller Center shows with your account"),
        Field(
            "refresh_token",
            "Refresh token",
            "of a consent to a solution provider's app; leave it out with your own keys",
            secret=True,
            required=False,
        ),
    ),
    consent=Consent(_consent_url, _read),
    tokens=_WalmartTokens,
    own_grant=True,
    revocation="Walmart Seller Center, Apps; your own keys: Developer Portal, API keys, Reset",
    sign=_sign,
    accounts=_accounts,
    consent_lifetime=timedelta(days=365),
    deliveries=DELIVERIES,
)
