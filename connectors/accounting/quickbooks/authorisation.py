"""Authorisation of a QuickBooks Online company: the code flow, or tokens of the Playground.

Facts: Intuit's OAuth 2 endpoints and its v3 schema (Finance.xsd, whose element names are those of
the JSON). Access tokens last an hour. A refresh token lives 100 days from its last use and five
years in all; its value may change about every 24 hours, so the one returned is kept. The company
is the `realmId` of the callback. UNCONFIRMED: that name, and the revocation endpoint (both as
Intuit's own client libraries have them). PKCE is not part of the flow.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

import httpx2

from connectors.accounting.quickbooks.webhooks import DELIVERIES, VERIFIER
from connectors.accounts.consent import Question
from connectors.accounts.oauth import TokenEndpoint
from connectors.accounts.platform import (
    ENVIRONMENT,
    SANDBOX,
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
from connectors.errors import BadInput, ConfigError, Permanent
from connectors.http import AccessRefused, Remote, TokenAuth

TITLE = "QuickBooks"
SCOPE = "com.intuit.quickbooks.accounting"
# Lower ones are ignored since 1 August 2025.
MINOR_VERSION = "75"
_WHERE = "developer.intuit.com, your app, Keys & credentials"
_VERIFIER = Field(
    VERIFIER,
    "Webhook verifier token",
    "developer.intuit.com, your app, Webhooks",
    secret=True,
    required=False,
)


def _realm(text: str) -> str:
    """Return a company ID, which QuickBooks shows in groups of four digits."""
    realm = text.replace(" ", "").replace("-", "")
    if not (realm.isascii() and realm.isdigit()):
        raise BadInput("realm_id must be the company ID, which is a number")
    return realm


def _consent_url(access: Access, question: Question, redirect_uri: str) -> str:
    # Production keys take https addresses alone, not even http://localhost; development keys do.
    if access.fields.get("environment") != SANDBOX and not redirect_uri.startswith("https://"):
        raise BadInput(
            f"{TITLE} sends nobody with production keys back to an http:// address: set "
            "DAYBOOK_PUBLIC_URL to an https:// address, or connect with a refresh token from "
            "Intuit's OAuth 2.0 Playground"
        )
    parameters = {
        "client_id": access.fields["client_id"],
        "response_type": "code",
        "scope": SCOPE,
        "redirect_uri": redirect_uri,
        "state": question.state,
    }
    return f"{access.url('authorise', '/connect/oauth2')}?{urlencode(parameters)}"


def _read(_access: Access, parameters: Mapping[str, str]) -> Code:
    code = read_code(TITLE, parameters)
    if not parameters.get("realmId"):
        raise BadInput(f"{TITLE} did not say which company it is (realmId): begin again")
    # Kept beside the token: no call tells which company a token is of.
    return Code(code, {"realm_id": _realm(parameters["realmId"])})


def _tokens(access: Access) -> TokenEndpoint:
    return TokenEndpoint(
        title=TITLE,
        url=access.url("identity", "/oauth2/v1/tokens/bearer"),
        client_id=access.fields["client_id"],
        client_secret=access.fields["client_secret"],
        # Asks for the end that a consent has however often it is used (five years).
        headers={"x-include-refresh-token-hard-expires-in": "true"},
    )


def _sign(access: Access) -> httpx2.Auth:
    return TokenAuth(access.token)


def refusal(response: httpx2.Response) -> Exception | None:
    """Return the error of a fault that its status does not tell; it may come with 200.

    120 is a user who is no longer an administrator, 6190 a subscription that ended.
    """
    try:
        fault = response.json().get("Fault") or {}
        codes = {str(error.get("code")) for error in fault.get("Error", [])}
    except (ValueError, AttributeError):
        return None
    if "120" in codes:
        return AccessRefused(
            f"whoever connected {TITLE} may no longer administer the company: connect it again"
        )
    if "6190" in codes:
        return ConfigError(f"the company's {TITLE} subscription has ended: renew it there")
    # Other faults have a status that says enough.
    if codes and response.is_success:
        return Permanent(f"{TITLE} answers with fault {', '.join(sorted(codes))[:40]}")
    return None


def _accounts(access: Access) -> list[Account]:
    """Return the company (CompanyInfo), and the currency it keeps its books in (Preferences)."""
    realm = access.fields["realm_id"]
    company = access.url("api", f"/v3/company/{realm}")
    parameters = {"minorversion": MINOR_VERSION}
    with Remote(TITLE, _sign(access), error_for=refusal) as quickbooks:
        info = quickbooks.get(f"{company}/companyinfo/{realm}", params=parameters)["CompanyInfo"]
        preferences = quickbooks.get(f"{company}/preferences", params=parameters)["Preferences"]
    money = preferences.get("CurrencyPrefs", {})
    return [
        Account(
            id=realm,
            name=info.get("CompanyName") or realm,
            country=_country(info),
            currency=money.get("HomeCurrency", {}).get("value"),
            timezone=_zone(info),
            details={
                "legal_name": info.get("LegalName"),
                "several_currencies": bool(money.get("MultiCurrencyEnabled")),
            },
            fields={"realm_id": realm},
        )
    ]


def _country(info: Mapping[str, Any]) -> str | None:
    """Return the schema calls `Country` a name; sandboxes answer with a code."""
    address = info.get("CompanyAddr") or {}
    stated = (info.get("Country"), address.get("CountryCode"), address.get("Country"))
    codes = (text for text in stated if re.fullmatch("[A-Z]{2}", text or ""))
    return next(codes, None)


def _zone(info: Mapping[str, Any]) -> str | None:
    """Return `DefaultTimeZone` where it is an IANA name: other values are not documented."""
    stated = info.get("DefaultTimeZone")
    return stated if stated in available_timezones() else zone_of_country(_country(info))


def _revoke(access: Access) -> None:
    """End the grant: either of its tokens names it."""
    client = httpx2.BasicAuth(access.fields["client_id"], access.fields["client_secret"])
    with Remote(TITLE, client) as quickbooks:
        url = access.url("revoke", "/v2/oauth2/tokens/revoke")
        quickbooks.post(url, json={"token": access.token()})


QUICKBOOKS = Platform(
    name="quickbooks",
    title=TITLE,
    kind="accounting",
    endpoints={
        "authorise": "https://appcenter.intuit.com",
        "identity": "https://oauth.platform.intuit.com",
        "revoke": "https://developer.api.intuit.com",
        "api": "https://quickbooks.api.intuit.com",
    },
    sandbox={"api": "https://sandbox-quickbooks.api.intuit.com"},
    application=(*client_fields(_WHERE), ENVIRONMENT, _VERIFIER),
    keys=(
        Field("realm_id", "Company ID", "QuickBooks, Account and settings, Billing", read=_realm),
        *token_fields("the OAuth 2.0 Playground, with this app's keys"),
    ),
    consent=Consent(_consent_url, _read),
    tokens=_tokens,
    revocation="QuickBooks, Apps, My apps",
    sign=_sign,
    accounts=_accounts,
    revoke=_revoke,
    inactivity_limit=timedelta(days=100),
    consent_lifetime=timedelta(days=5 * 365),
    deliveries=DELIVERIES,
)
