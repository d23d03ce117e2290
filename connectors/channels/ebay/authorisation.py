"""Authorisation of an eBay seller's account: the code flow, or a refresh token pasted.

Facts: eBay's OAuth pages ("Getting user consent", "Updating a user access token"), the Identity
API's document and "Digital signatures for APIs". The redirect URI is an alias, the RuName, whose
accept and decline addresses are set on eBay's pages. Access tokens last two hours; the refresh
token lives for 18 months (its seconds are UNCONFIRMED) and is never replaced. No call revokes it.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2

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
from connectors.channels.ebay.deliveries import DELIVERIES
from connectors.channels.ebay.marketplaces import CURRENCIES, SIGNING, country_of
from connectors.channels.ebay.signature import CIPHER, Signature, read_pair
from connectors.http import Remote, TokenAuth

_SCOPE = "https://api.ebay.com/oauth/api_scope"
SCOPES = (
    _SCOPE,
    f"{_SCOPE}/sell.finances",
    f"{_SCOPE}/sell.fulfillment.readonly",
    f"{_SCOPE}/sell.inventory.readonly",
    f"{_SCOPE}/commerce.identity.readonly",
)
_WHERE = "developer.ebay.com, Application Keys"
_RU_NAME = Field(
    "ru_name",
    "RuName",
    "developer.ebay.com, User Tokens, Get a Token from eBay via Your Application",
)
_SIGNING_JWE = Field(
    "signing_jwe", "Signing key (JWE)", "made by Daybook where it is empty", True, required=False
)
_SIGNING_KEY = Field(
    "signing_key", "Signing key (private)", "the Ed25519 key of that JWE", True, required=False
)


def _consent_url(access: Access, question: Question, _redirect_uri: str) -> str:
    query = {
        "client_id": access.fields["client_id"],
        # "Getting user consent": eBay takes the RuName here, and never an address.
        "redirect_uri": access.fields["ru_name"],
        "response_type": "code",
        "scope": " ".join(SCOPES),
        "state": question.state,
        # Otherwise the account that the browser happens to be signed in to would be asked for.
        "prompt": "login",
    }
    return f"{access.url('auth', '/oauth2/authorize')}?{urlencode(query)}"


def _read(_access: Access, parameters: Mapping[str, str]) -> Code:
    """Return the code that eBay sent back; UNCONFIRMED: a decline brings `access_denied`."""
    return Code(read_code("eBay", parameters))


def _tokens(access: Access) -> TokenEndpoint:
    return TokenEndpoint(
        title="eBay",
        url=access.url("api", "/identity/v1/oauth2/token"),
        client_id=access.fields["client_id"],
        client_secret=access.fields["client_secret"],
        # The RuName again, in place of the address that other platforms compare.
        code_asks={"redirect_uri": access.fields["ru_name"]},
    )


def _sign(access: Access) -> httpx2.Auth:
    token = TokenAuth(access.token)
    if not _has_pair(access):
        return token
    return Signature(access.fields["signing_jwe"], access.fields["signing_key"], token)


def _has_pair(access: Access) -> bool:
    return {"signing_jwe", "signing_key"} <= access.fields.keys()


def _accounts(access: Access) -> list[Account]:
    """Return the one member who consented; `userId` stays when the name changes.

    A seller whose calls must be signed gets a key pair, unless there is one.
    """
    with Remote("eBay", _sign(access)) as ebay:
        user = ebay.get(access.url("apiz", "/commerce/identity/v1/user/"))
    marketplace = user.get("registrationMarketplaceId") or ""
    country = _residence(user) or country_of(marketplace)
    pair = {}
    if country in SIGNING and not _has_pair(access):
        # Only now: eBay shows a private key once, and it is stored with the account.
        pair["signing_jwe"], pair["signing_key"] = _new_pair(access)
    return [
        Account(
            id=user["userId"],
            name=user["username"],
            country=country,
            currency=CURRENCIES.get(marketplace),
            timezone=zone_of_country(country),
            details={"marketplace": marketplace, "account_type": user.get("accountType")},
            fields={"marketplace": marketplace, **pair},
        )
    ]


def _residence(user: Mapping[str, Any]) -> str | None:
    """Return where the member lives, when eBay tells.

    Always of a business, else by further scopes.
    """
    business = (user.get("businessAccount") or {}).get("address") or {}
    private = (user.get("individualAccount") or {}).get("registrationAddress") or {}
    return business.get("country") or private.get("country")


def _new_pair(access: Access) -> tuple[str, str]:
    """Have a key pair made, which the application does with a token of its own."""
    # The Key Management API takes the application's token, not the seller's.
    token = application_token(access)
    with Remote("eBay", headers={"Authorization": f"Bearer {token}"}) as ebay:
        return read_pair(
            ebay.post(
                access.url("apiz", "/developer/key_management/v1/signing_key"),
                json={"signingKeyCipher": CIPHER},
            )
        )


def application_token(access: Access) -> str:
    """Return a token of the application itself, which reaches no seller's account."""
    return replace(_tokens(access), asks={"scope": _SCOPE}).for_client().access_token


EBAY = Platform(
    name="ebay",
    title="eBay",
    kind="marketplace",
    endpoints={
        "auth": "https://auth.ebay.com",
        "api": "https://api.ebay.com",
        "apiz": "https://apiz.ebay.com",
    },
    sandbox={
        "auth": "https://auth.sandbox.ebay.com",
        "api": "https://api.sandbox.ebay.com",
        "apiz": "https://apiz.sandbox.ebay.com",
    },
    application=(*client_fields(_WHERE), _RU_NAME, ENVIRONMENT),
    keys=(*token_fields("developer.ebay.com, User Tokens"), _SIGNING_JWE, _SIGNING_KEY),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="My eBay, Account settings, Third-party app access",
    sign=_sign,
    accounts=_accounts,
    consent_lifetime=timedelta(seconds=47_304_000),
    deliveries=DELIVERIES,
)
