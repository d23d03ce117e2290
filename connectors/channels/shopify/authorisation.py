"""Authorisation of a Shopify shop: the code flow, or the token of the shop's own custom app.

Facts: "Authorization code grant", "Offline access tokens" and the Admin GraphQL schema of
`graphql.VERSION` (shopify.dev). Tokens are asked to expire: an hour, with a refresh token of 90
days that every refresh replaces. A custom app's token does not end. UNCONFIRMED: that a seller who
says no comes back with `error=access_denied`; and how values are escaped in what the callback's
`hmac` signs, of which both forms that Shopify has published are taken.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

import httpx2

from connectors.accounts.broker import GrantRefused
from connectors.accounts.consent import Question
from connectors.accounts.oauth import TokenEndpoint
from connectors.accounts.platform import (
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
from connectors.channels.shopify.deliveries import DELIVERIES
from connectors.channels.shopify.graphql import run_query, signing
from connectors.errors import BadInput, Permanent

SCOPES = (
    "read_orders",
    "read_products",
    "read_customers",
    "read_shopify_payments_accounts",
    "read_shopify_payments_payouts",
    "read_shopify_payments_disputes",
)
IDENTITY = """query Identity {
  shop {
    id
    name
    myshopifyDomain
    currencyCode
    ianaTimezone
    shopAddress { countryCodeV2 }
  }
}"""
UNINSTALL = "mutation Uninstall { appUninstall { app { id } userErrors { code message } } }"
_WHERE = "Dev Dashboard, your app, Settings; for a custom app: the shop's admin, Settings, Apps"
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
# Codes of Shopify's own for a grant that is over, besides RFC 6749's `invalid_grant`.
_OVER = {"invalid_request", "application_cannot_be_found"}


def read_shop(text: str) -> str:
    """Return `my-shop.myshopify.com`, from that, from `my-shop` or from an address in its admin."""
    typed = text.strip().lower()
    place = re.sub(r"^https?://", "", typed).removeprefix("admin.shopify.com/store/")
    name = re.split(r"[/?#]", place)[0]
    domain = name if "." in name else f"{name}.myshopify.com"
    # It becomes the host of calls that carry the client's secret.
    if not _DOMAIN.fullmatch(domain):
        raise BadInput(
            f"shop cannot be {typed[:80]!r}: give the name before .myshopify.com, as the shop's "
            "admin shows it under Settings, Domains"
        )
    return domain


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    query = {
        "client_id": access.fields["client_id"],
        "scope": ",".join(SCOPES),
        "redirect_uri": redirect_uri,
        "state": question.state,
    }
    return f"{access.url('shop', '/admin/oauth/authorize')}?{urlencode(query)}"


def _read(access: Access, parameters: Mapping[str, str]) -> Code:
    """Return the code, of the shop that was asked for, in a callback that Shopify signed."""
    if "error" not in parameters:
        if not _signed(parameters, access.fields["client_secret"]):
            raise BadInput("Shopify did not sign this answer: begin again, from Connected Stores")
        if parameters.get("shop") != access.fields["shop"]:
            raise BadInput(f"this answer is of another shop than {access.fields['shop']}")
    return Code(read_code("Shopify", parameters))


def _signed(parameters: Mapping[str, str], secret: str) -> bool:
    """Return whether `hmac` is the HMAC-SHA256 of the other parameters, sorted."""
    pairs = sorted((name, value) for name, value in parameters.items() if name != "hmac")
    escapes = str.maketrans({"%": "%25", "&": "%26"})
    names = str.maketrans({"%": "%25", "&": "%26", "=": "%3D"})
    plain = "&".join(f"{n.translate(names)}={v.translate(escapes)}" for n, v in pairs)
    signature = parameters.get("hmac", "").encode()
    return any(
        hmac.compare_digest(_hmac(secret, text), signature) for text in (plain, urlencode(pairs))
    )


def _hmac(secret: str, text: str) -> bytes:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().encode()


def _tokens(access: Access) -> TokenEndpoint:
    return TokenEndpoint(
        title="Shopify",
        url=access.url("shop", "/admin/oauth/access_token"),
        client_id=access.fields["client_id"],
        client_secret=access.fields["client_secret"],
        method="client_secret_post",
        # "Offline access tokens": without it Shopify hands out a token that never ends.
        code_asks={"expiring": "1"},
        error_for=_refusal,
    )


def _refusal(response: httpx2.Response) -> Exception | None:
    if response.status_code != httpx2.codes.BAD_REQUEST:
        return None
    try:
        fields = response.json()
    except ValueError:
        return None
    over = isinstance(fields, dict) and fields.get("error") in _OVER
    return GrantRefused("Shopify") if over else None


def _accounts(access: Access) -> list[Account]:
    """Return the one shop; its id is the number in Shopify's global id."""
    shop = run_query(access, IDENTITY)["shop"]
    return [
        Account(
            # The number and not the domain, which an owner may change.
            id=shop["id"].rsplit("/", 1)[-1],
            name=shop["name"],
            country=shop["shopAddress"]["countryCodeV2"],
            currency=shop["currencyCode"],
            timezone=shop["ianaTimezone"],
            details={"domain": shop["myshopifyDomain"]},
        )
    ]


def _revoke(access: Access) -> None:
    """Uninstall the application from the shop, which ends every token of it."""
    problems = run_query(access, UNINSTALL)["appUninstall"]["userErrors"]
    if problems:
        codes = ", ".join(str(problem["code"]) for problem in problems)
        raise Permanent(f"Shopify does not let the application go ({codes})")


SHOPIFY = Platform(
    name="shopify",
    title="Shopify",
    kind="cart",
    endpoints={"shop": "https://{shop}"},
    application=client_fields(_WHERE),
    account=(Field("shop", "Shop", "the name before .myshopify.com", read=read_shop),),
    keys=token_fields(_WHERE, access=True),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="the shop's admin, Settings, Apps and sales channels",
    sign=signing,
    accounts=_accounts,
    revoke=_revoke,
    inactivity_limit=timedelta(days=90),
    deliveries=DELIVERIES,
)
