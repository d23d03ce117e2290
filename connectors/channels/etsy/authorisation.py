"""Authorisation of an Etsy shop: the code flow with PKCE.

Facts: "Authentication" of Etsy's Open API v3 and its OpenAPI document. There is no client secret
at the token endpoint; calls carry the keystring and the shared secret beside the token. Access
tokens last an hour. Every refresh replaces the refresh token, which lives for 90 days. Etsy has no
sandbox, no call that revokes, and names no time zone.
"""

from collections.abc import Generator, Mapping
from datetime import timedelta
from urllib.parse import urlencode

import httpx2

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
    token_fields,
)
from connectors.accounts.time_zones import zone_of_country
from connectors.channels.etsy.deliveries import DELIVERIES
from connectors.http import Remote, TokenAuth

SCOPES = ("transactions_r", "shops_r", "listings_r")
_WHERE = "etsy.com/developers/your-apps, your app"


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    query = {
        "response_type": "code",
        "client_id": access.fields["client_id"],
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": question.state,
        # Etsy takes no client secret for a code, so the verifier alone proves who asked.
        "code_challenge": question.challenge,
        "code_challenge_method": "S256",
    }
    return f"{access.url('www', '/oauth/connect')}?{urlencode(query)}"


def _read(_access: Access, parameters: Mapping[str, str]) -> Code:
    return Code(read_code("Etsy", parameters))


def _tokens(access: Access) -> TokenEndpoint:
    return TokenEndpoint(
        title="Etsy",
        url=access.url("api", "/v3/public/oauth/token"),
        client_id=access.fields["client_id"],
        client_secret=None,
        method="none",
    )


class _EtsyAuth(TokenAuth):
    """A token, and the application's own key."""

    def __init__(self, access: Access) -> None:
        super().__init__(access.token)
        # "Authentication": one header carries both, with a colon between them.
        self._key = f"{access.fields['client_id']}:{access.fields['client_secret']}"

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["x-api-key"] = self._key
        yield from super().auth_flow(request)


def _accounts(access: Access) -> list[Account]:
    """Return the one shop of the member who consented; none where the member has no shop."""
    with Remote("Etsy", _EtsyAuth(access)) as etsy:
        shop_id = etsy.get(access.url("api", "/v3/application/users/me")).get("shop_id")
        # A buyer's account can consent as well.
        if not shop_id:
            return []
        shop = etsy.get(access.url("api", f"/v3/application/shops/{shop_id}"))
    country = shop.get("shop_location_country_iso")
    return [
        Account(
            id=str(shop_id),
            name=shop["shop_name"],
            country=country,
            currency=shop.get("currency_code"),
            timezone=zone_of_country(country),
            details={"url": shop.get("url"), "payments": shop.get("is_etsy_payments_onboarded")},
        )
    ]


ETSY = Platform(
    name="etsy",
    title="Etsy",
    kind="marketplace",
    endpoints={"www": "https://www.etsy.com", "api": "https://openapi.etsy.com"},
    application=(
        Field("client_id", "Keystring", _WHERE),
        Field("client_secret", "Shared secret", _WHERE, secret=True),
    ),
    keys=token_fields("from an earlier authorisation of your app"),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="your Etsy account, Account settings, Apps",
    sign=_EtsyAuth,
    accounts=_accounts,
    inactivity_limit=timedelta(days=90),
    deliveries=DELIVERIES,
)
