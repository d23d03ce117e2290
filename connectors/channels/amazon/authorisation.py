"""Authorisation of an Amazon selling account: the website flow, or a self-authorised token.

Facts: the Selling Partner API's developer guide ("Website authorization workflow", "Connecting to
the SP-API") and the Sellers model. A refresh token stays good and is that of one region's account;
an authorisation lasts a year (UNCONFIRMED for applications outside the Appstore) and a client
secret 180 days. Amazon names the seller in the callback only: no call tells whose a token is.
"""

from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
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
    token_fields,
)
from connectors.accounts.time_zones import zone_of_country
from connectors.channels.amazon.marketplaces import KNOWN, REGIONS, Marketplace
from connectors.errors import BadInput, ConfigError
from connectors.home.redaction import remember
from connectors.http import Remote, TokenAuth
from connectors.http.tokens import unauthorised

_WHERE = "Solution Provider Portal, your application, View LWA credentials"
_APPLICATION_ID = Field(
    "application_id",
    "Application ID",
    "Solution Provider Portal, App ID beside your application",
)
_DRAFT = Field(
    "draft",
    "Draft application",
    "yes while Amazon lists the application as a draft",
    required=False,
    options={"no": "No", "yes": "Yes"},
)
_REGION = Field(
    "region",
    "Region",
    "where the seller's account is",
    options={name: region.title for name, region in REGIONS.items()},
)
_SELLER_ID = Field(
    "seller_id", "Seller ID", "Seller Central, Settings, Account Info, Your Merchant Token"
)


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    query = {
        "application_id": access.fields["application_id"],
        "state": question.state,
        "redirect_uri": redirect_uri,
    }
    if access.fields.get("draft") == "yes":
        # "Website authorization workflow" asks for this while the application is a draft.
        query["version"] = "beta"
    page = access.url(f"seller_central_{access.fields['region']}", "/apps/authorize/consent")
    return f"{page}?{urlencode(query)}"


def _read(_access: Access, parameters: Mapping[str, str]) -> Code:
    """Return the code that Amazon sent back.

    The answer to a seller's no is UNCONFIRMED; RFC 6749's `error` is understood.
    """
    code = read_code("Amazon", {**parameters, "code": parameters.get("spapi_oauth_code", "")})
    # Kept, because no call tells later whose token this is.
    seller = parameters.get("selling_partner_id")
    if not seller:
        raise BadInput("Amazon did not say which seller authorised: begin again")
    return Code(code, {"seller_id": seller})


def _tokens(access: Access) -> TokenEndpoint:
    return TokenEndpoint(
        title="Amazon",
        url=access.url("token", "/auth/o2/token"),
        client_id=access.fields["client_id"],
        client_secret=access.fields["client_secret"],
        method="client_secret_post",
    )


class _AmazonAuth(TokenAuth):
    """Amazon's headers: the token has one of its own, and the time of the call goes along."""

    def auth_flow(
        self, request: httpx2.Request
    ) -> Generator[httpx2.Request, httpx2.Response, None]:
        request.headers["x-amz-date"] = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        yield from super().auth_flow(request)


def _sign(access: Access) -> httpx2.Auth:
    return _AmazonAuth(access.token, "x-amz-access-token", "{}", _refused)


def sign_for_application(access: Access, scope: str) -> httpx2.Auth:
    """Return the same with a token of the application itself, which needs no seller's grant.

    Raises as `TokenEndpoint.refresh`, and `ConfigError` where Amazon gives none.
    """
    try:
        token = replace(_tokens(access), asks={"scope": scope}).for_client().access_token
    except GrantRefused as error:
        raise ConfigError(
            f"Amazon gives the application no token of its own for {scope}"
        ) from error
    # It is in no vault, so nothing else has it masked.
    remember([token])

    def current_token(refused: str | None = None) -> str:
        return token

    return _AmazonAuth(current_token, "x-amz-access-token", "{}", _refused)


def _refused(response: httpx2.Response) -> bool:
    """Return whether the token is refused: 403 is a missing role as well, with other `details`.

    The words for a token that has expired are UNCONFIRMED.
    """
    if response.status_code != httpx2.codes.FORBIDDEN:
        return unauthorised(response)
    try:
        errors = response.json()["errors"]
        details = [str(e.get("details", "")) for e in errors if e.get("code") == "Unauthorized"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return any("expired" in detail or "revoked" in detail for detail in details)


class _RoleMissing(ConfigError):
    """A call that the application's roles do not allow; the grant is as good as before."""


def _error_for(response: httpx2.Response) -> ConfigError | None:
    if response.status_code != httpx2.codes.FORBIDDEN:
        return None
    return _RoleMissing(
        f"Amazon does not allow {response.request.url.path}: the application lacks a role for it, "
        "or the seller authorised it before it had that role"
    )


def _accounts(access: Access) -> list[Account]:
    """Return one seller in one region: a seller has the same id in several.

    The country is that of the registered business, or the only one sold in.
    """
    region = REGIONS[access.fields["region"]]
    with Remote("Amazon", _sign(access), _error_for) as amazon:
        url = access.url(region.api, "/sellers/v1/marketplaceParticipations")
        entries = amazon.get(url)["payload"]
        business = _business(amazon, access.url(region.api, "/sellers/v1/account"))
    listed = {entry["marketplace"]["id"] for entry in entries}
    # A token is good for one region; another one's would answer with none of these.
    if listed.isdisjoint(shop.id for shop in region.marketplaces):
        raise BadInput(f"this Amazon account is not in {region.title}: choose its region")
    # A marketplace in which the seller no longer takes part stays listed.
    taking = [e for e in entries if e["participation"]["isParticipating"]]
    shops = [KNOWN[e["marketplace"]["id"]] for e in taking if e["marketplace"]["id"] in KNOWN]
    names = [e["storeName"] for e in taking if e["storeName"]]
    country = business.get("registeredBusinessAddress", {}).get("countryCode")
    country = country or _only(shop.country for shop in shops)
    seller = access.fields["seller_id"]
    return [
        Account(
            id=f"{seller}/{access.fields['region']}",
            name=next(iter(names), business.get("name") or seller),
            country=country,
            currency=_currency(shops, country),
            timezone=zone_of_country(country),
            details={
                "region": region.title,
                "marketplaces": [
                    {"name": shop.name, "country": shop.country, "currency": shop.currency}
                    for shop in shops
                ],
            },
        )
    ]


def _business(amazon: Remote, url: str) -> Mapping[str, Any]:
    """Return the registered business; nothing where Amazon does not show it to this application."""
    try:
        account = amazon.get(url)["payload"]
    except _RoleMissing:
        return {}
    return account.get("business") or {}


def _currency(shops: list[Marketplace], country: str | None) -> str | None:
    """Return the currency of the home marketplace, or of all of them."""
    home = _only(shop.currency for shop in shops if shop.country == country)
    return home or _only(shop.currency for shop in shops)


def _only(values: Iterable[str]) -> str | None:
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None


_PAGES = {f"seller_central_{name}": f"https://{region.host}" for name, region in REGIONS.items()}
_QUEUES = "https://sqs.{region}.amazonaws.com"
_APIS = {
    f"api_{place}": f"https://sellingpartnerapi-{place}.amazon.com" for place in ("na", "eu", "fe")
}

AMAZON = Platform(
    name="amazon",
    title="Amazon",
    kind="marketplace",
    endpoints={"token": "https://api.amazon.com", **_APIS, **_PAGES, "sqs": _QUEUES},
    sandbox={name: url.replace("https://", "https://sandbox.") for name, url in _APIS.items()},
    application=(*client_fields(_WHERE), _APPLICATION_ID, _DRAFT, ENVIRONMENT),
    account=(_REGION,),
    keys=(_SELLER_ID, *token_fields("Solution Provider Portal, Authorize beside your application")),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="Seller Central, Apps and Services, Manage Your Apps",
    sign=_sign,
    accounts=_accounts,
    consent_lifetime=timedelta(days=365),
    secret_lifetime=timedelta(days=180),
    # The report list refuses 90 days exactly.
    history=timedelta(days=89),
)
