"""Authorisation of a Square merchant: the code flow, or a token from the Developer Console.

Facts: Square's OAuth API (developer.squareup.com/docs/oauth-api) and its OpenAPI document. Access
tokens last 30 days; the refresh token of the code flow never ends and comes back unchanged. Token
requests are JSON, and ends of tokens are instants.
"""

from collections.abc import Mapping
from datetime import date
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
    Platform,
    client_fields,
    read_code,
    token_fields,
)
from connectors.channels.square.deliveries import DELIVERIES
from connectors.errors import ConfigError
from connectors.http import Remote, TokenAuth

VERSION = "2026-09-16"
SCOPES = (
    "MERCHANT_PROFILE_READ",
    "PAYMENTS_READ",
    "ORDERS_READ",
    "PAYOUTS_READ",
    "ITEMS_READ",
    "CUSTOMERS_READ",
    "DISPUTES_READ",
)
_WHERE = "Developer Console, your application, OAuth"


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    query = {
        "client_id": access.fields["client_id"],
        "scope": " ".join(SCOPES),
        # The merchant signs in each time, so that nobody grants the account left open in a browser.
        "session": "false",
        "state": question.state,
        "redirect_uri": redirect_uri,
    }
    return f"{access.url('api', '/oauth2/authorize')}?{urlencode(query)}"


def _read(_access: Access, parameters: Mapping[str, str]) -> Code:
    return Code(read_code("Square", parameters))


def _tokens(access: Access) -> TokenEndpoint:
    return TokenEndpoint(
        title="Square",
        url=access.url("api", "/oauth2/token"),
        client_id=access.fields["client_id"],
        client_secret=access.fields["client_secret"],
        method="client_secret_json",
        headers={"Square-Version": VERSION},
        error_for=_refusal,
    )


def _refusal(response: httpx2.Response) -> Exception | None:
    """Return the error that Square lists instead of RFC 6749's `error`.

    That a code or refresh token that buys nothing is answered with 400 or 401 is UNCONFIRMED: the
    error is told from an application that is refused by what its detail names.
    """
    if response.is_success:
        return None
    errors = response.json().get("errors", [])
    details = " ".join(str(error.get("detail", "")).lower() for error in errors)
    if "client" in details or "application" in details:
        return ConfigError("Square refuses the application: correct its client id and secret")
    if response.status_code in {httpx2.codes.BAD_REQUEST, httpx2.codes.UNAUTHORIZED}:
        return GrantRefused("Square")
    return None


def _sign(access: Access) -> httpx2.Auth:
    return TokenAuth(access.token)


def _accounts(access: Access) -> list[Account]:
    """Return the merchant; its time zone is that of its main location."""
    with Remote("Square", _sign(access), headers={"Square-Version": VERSION}) as square:
        merchant = square.get(access.url("api", "/v2/merchants/me"))["merchant"]
        locations = square.get(access.url("api", "/v2/locations")).get("locations", [])
    main = {place["id"]: place for place in locations}.get(merchant.get("main_location_id"), {})
    return [
        Account(
            id=merchant["id"],
            name=merchant.get("business_name") or merchant["id"],
            country=merchant["country"],
            currency=merchant.get("currency"),
            timezone=main.get("timezone"),
            details={"locations": [place.get("name") or place["id"] for place in locations]},
        )
    ]


def _revoke(access: Access) -> None:
    """End the whole authorisation (RevokeToken); only the application may."""
    if "client_secret" not in access.fields:
        raise ConfigError("a token that was typed is not Daybook's to revoke")
    body = {"client_id": access.fields["client_id"], "access_token": access.token()}
    # RevokeToken takes the application's secret under a scheme of Square's own, and no token.
    secret = {"Authorization": f"Client {access.fields['client_secret']}"}
    with Remote("Square", headers={"Square-Version": VERSION, **secret}) as square:
        square.post(access.url("api", "/oauth2/revoke"), json=body)


SQUARE = Platform(
    name="square",
    title="Square",
    kind="cart",
    endpoints={"api": "https://connect.squareup.com"},
    sandbox={"api": "https://connect.squareupsandbox.com"},
    application=(*client_fields(_WHERE), ENVIRONMENT),
    keys=token_fields(_WHERE, access=True),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="Square Dashboard, Settings, Account, App integrations",
    sign=_sign,
    accounts=_accounts,
    revoke=_revoke,
    history=date(2021, 1, 1),
    deliveries=DELIVERIES,
)
