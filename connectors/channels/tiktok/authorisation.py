"""Authorisation of TikTok Shops: a consent that covers every shop of one seller.

Facts: Partner Center's pages and SDK. Access tokens last seven days; how long a refresh token does
is in the answer that brought it. The page asks for the scopes that the application has in Partner
Center, and sends sellers back to the address registered there. UNCONFIRMED: every parameter of
the callback but `code` and `state`, and what it brings when a seller says no (read as OAuth's
`access_denied`). TikTok Shop names no way for an application to leave.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

import httpx2

from connectors.accounts.consent import Question
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
from connectors.channels.tiktok.deliveries import DELIVERIES
from connectors.channels.tiktok.errors import TITLE, refusal
from connectors.channels.tiktok.markets import CURRENCIES
from connectors.channels.tiktok.signature import ShopAuth
from connectors.channels.tiktok.tokens import ShopTokens
from connectors.errors import BadInput
from connectors.http import Remote

US, GLOBAL = "us", "global"
_WHERE = "partner.tiktokshop.com, your app, App detail"


def _consent_url(access: Access, question: Question, _redirect_uri: str) -> str:
    query = {"service_id": access.fields["service_id"], "state": question.state}
    # American sellers sign in at a host of their own.
    host = f"authorise_{access.fields['account_type']}"
    return f"{access.url(host, '/open/authorize')}?{urlencode(query)}"


def _read(access: Access, parameters: Mapping[str, str]) -> Code:
    code = read_code(TITLE, parameters)
    own = access.fields["client_id"]
    # Absent is accepted: whether TikTok Shop sends it is UNCONFIRMED.
    if parameters.get("app_key", own) != own:
        raise BadInput(f"{TITLE} answers for another application: begin again")
    return Code(code)


def _tokens(access: Access) -> ShopTokens:
    fields = access.fields
    return ShopTokens(access.url("auth"), fields["client_id"], fields["client_secret"])


def _sign(access: Access) -> httpx2.Auth:
    return ShopAuth(access.fields["client_id"], access.fields["client_secret"], access.token)


def _accounts(access: Access) -> list[Account]:
    """Return every shop of the seller; each is called by its cipher from then on."""
    with Remote(TITLE, _sign(access), error_for=refusal) as tiktok:
        # Without a cipher: this is the call that names them.
        response = tiktok.get(access.url("api", "/authorization/202309/shops"))
    return [_account(shop) for shop in response["data"].get("shops") or []]


def _account(shop: Mapping[str, Any]) -> Account:
    # Where a seller across the border is, and what it is paid in, the market does not say.
    local = shop.get("seller_type") != "CROSS_BORDER"
    region = shop["region"]
    return Account(
        id=shop["id"],
        name=shop.get("name") or shop["id"],
        country=region,
        currency=CURRENCIES.get(region) if local else None,
        timezone=zone_of_country(region) if local else None,
        details={"shop_code": shop.get("code"), "seller_type": shop.get("seller_type")},
        fields={"shop_cipher": shop["cipher"]},
    )


TIKTOK = Platform(
    name="tiktok",
    title=TITLE,
    kind="marketplace",
    endpoints={
        "authorise_us": "https://services.us.tiktokshop.com",
        "authorise_global": "https://services.tiktokshop.com",
        "auth": "https://auth.tiktok-shops.com",
        "api": "https://open-api.tiktokglobalshop.com",
    },
    application=(
        Field("client_id", "App key", _WHERE),
        Field("client_secret", "App secret", _WHERE, secret=True),
        Field("service_id", "Service ID", f"{_WHERE}, in the authorisation link"),
    ),
    account=(
        Field(
            "account_type",
            "Kind of seller account",
            "where the seller signs in",
            options={US: "United States", GLOBAL: "Everywhere else, the United Kingdom too"},
        ),
    ),
    keys=token_fields("of an authorisation given to this app elsewhere"),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="TikTok Shop Seller Center, Growth, My Apps & Services",
    sign=_sign,
    accounts=_accounts,
    history=date(2023, 7, 1),
    deliveries=DELIVERIES,
)
