"""Etsy: OAuth with PKCE, members and shops, as its OpenAPI document describes them.

Error bodies and lifetimes: Etsy's Open API v3 documents on authentication. What a member who says
no leads to, and the answer to a wrong application at the token endpoint, are RFC 6749's.
"""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.etsy_feeds import EtsyFeeds, earned, number_of
from sandbox.etsy_money import EtsyMoney
from sandbox.faults import Faulty
from sandbox.limits import Limited, Limits
from sandbox.oauth import (
    Grant,
    Granting,
    GrantRefusal,
    Issued,
    OAuth,
    back_to,
    bearer,
    consent_page,
)
from sandbox.refusals import ETSY
from sandbox.sales import Sales

DAY = 86_400.0
SCOPES = {
    *("address_r", "address_w", "email_r", "listings_d", "listings_r", "listings_w"),
    *("profile_r", "profile_w", "shops_r", "shops_w", "transactions_r", "transactions_w"),
}


@dataclass
class EtsyShop:
    """One Etsy shop and the member it belongs to; a member may have none."""

    user_id: int
    shop_id: int | None = None
    shop_name: str = ""
    country: str = "GB"
    currency: str = "GBP"


class Etsy(Granting):
    """The platform with its sellers; `oauth` is what they granted, `faults` what goes wrong."""

    def __init__(self) -> None:
        self.shops = {
            str(shop.shop_id or shop.user_id): shop
            for shop in (
                EtsyShop(100200300, 22001144, "EmberCraftStudio", "GB", "GBP"),
                EtsyShop(400500600, 33002255, "WerkstattMorgen", "DE", "EUR"),
                EtsyShop(700800900, 44003366, "PrairieStitches", "US", "USD"),
                # A member without a shop: the consent succeeds and reaches nothing.
                EtsyShop(123123123),
            )
        }
        self.first, self.second, self.american, self.shopless = self.shops
        self.money = {
            self.first: EtsyMoney(),
            self.second: EtsyMoney("EUR", "Europe/Berlin", seed=2, quiet=True),
            self.american: EtsyMoney("USD", "America/New_York", seed=3),
        }
        self.sales = {account: self._sales_of(account) for account in self.money}
        self.oauth = OAuth(
            access_seconds=3600.0,
            refresh_seconds=90 * DAY,
            rotates=True,
            client_id="keystring0123456789abcdef",
            access_form=self._form,
            refresh_form=self._form,
        )
        self.limits = Limits(ETSY)
        application = Starlette(
            routes=[
                Route("/oauth/connect", self._page, methods=["GET"]),
                Route("/oauth/connect", self._decide, methods=["POST"]),
                Route("/v3/public/oauth/token", self._token, methods=["POST"]),
                Route("/v3/application/users/me", self._me),
                Route("/v3/application/shops/{shop_id:int}", self._shop),
                Route(
                    "/v3/application/shops/{shop_id:int}/payment-account/ledger-entries",
                    self._entries,
                ),
                Route("/v3/application/shops/{shop_id:int}/payments", self._payments),
                Route("/v3/application/shops/{shop_id:int}/receipts", self._receipts),
                Route("/v3/application/shops/{shop_id:int}/listings", self._listings),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return {"www": url, "api": url}

    def _form(self, grant: Grant) -> str:
        # Etsy's tokens begin with the user's number.
        return f"{self.shops[grant.accounts[0]].user_id}.{secrets.token_urlsafe(40)}"

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        address = urlsplit(query.get("redirect_uri", ""))
        wrong = {
            "client_id": query.get("client_id") != self.oauth.client_id,
            "response_type": query.get("response_type") != "code",
            "redirect_uri": address.scheme != "https" and address.hostname != "localhost",
            "scope": not set(query.get("scope", "").split()) <= SCOPES or not query.get("scope"),
            "state": not query.get("state"),
            # SHA-256 in base64url without padding (RFC 7636, 4.2).
            "code_challenge": len(query.get("code_challenge", "")) != 43,
            "code_challenge_method": query.get("code_challenge_method") != "S256",
        }
        if any(wrong.values()):
            return Response(f"wrong: {[name for name, is_wrong in wrong.items() if is_wrong]}", 400)
        return consent_page(
            "Etsy", request, {key: shop.shop_name or key for key, shop in self.shops.items()}
        )

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["decision"] == "deny":
            denied = {"error": "access_denied", "error_description": "The user denied access"}
            return back_to(form["redirect_uri"], {**denied, "state": form["state"]})
        code = self.oauth.code([form["account"]], form["redirect_uri"], form["code_challenge"])
        return back_to(form["redirect_uri"], {"code": code, "state": form["state"]})

    async def _token(self, request: Request) -> Response:
        if "application/x-www-form-urlencoded" not in request.headers.get("content-type", ""):
            return _refusal("invalid_request", "content type")
        form = dict(parse_qsl((await request.body()).decode()))
        # No secret is sent here: PKCE stands in for it.
        if form.get("client_id") != self.oauth.client_id:
            return _refusal("invalid_client", "client_id is invalid")
        try:
            if form.get("grant_type") == "authorization_code":
                requested = (form["code"], form["redirect_uri"], form["code_verifier"])
                issued = self.oauth.redeem(*requested)
            elif form.get("grant_type") == "refresh_token":
                issued = self.oauth.refresh(form["refresh_token"])
            else:
                return _refusal("unsupported_grant_type", "grant_type")
        except KeyError as missing:
            return _refusal("invalid_request", f"{missing} is missing")
        except GrantRefusal as why:
            return _refusal("invalid_grant", f"{why} is revoked")
        return JSONResponse(self._issued(issued))

    def _issued(self, issued: Issued) -> dict[str, Any]:
        return {
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": int(self.oauth.access_seconds),
            "refresh_token": issued.refresh_token,
        }

    async def _me(self, request: Request) -> Response:
        shop = self._caller(request)
        if isinstance(shop, Response):
            return shop
        # Without a shop the field is missing, not null.
        own = {"shop_id": shop.shop_id} if shop.shop_id else {}
        return JSONResponse({"user_id": shop.user_id, **own})

    async def _shop(self, request: Request) -> Response:
        caller = self._caller(request)
        if isinstance(caller, Response):
            return caller
        shop = self.shops.get(str(request.path_params["shop_id"]))
        if shop is None or not shop.shop_id:
            return JSONResponse({"error": "Resource not found"}, 404)
        return JSONResponse(
            {
                "shop_id": shop.shop_id,
                "user_id": shop.user_id,
                "shop_name": shop.shop_name,
                "title": None,
                "currency_code": shop.currency,
                "url": f"https://www.etsy.com/shop/{shop.shop_name}",
                "is_etsy_payments_onboarded": True,
                "is_shop_us_based": shop.country == "US",
                "shop_location_country_iso": shop.country,
            }
        )

    async def _entries(self, request: Request) -> Response:
        money = self._own_money(request)
        return money if isinstance(money, Response) else money.answer_entries(request)

    async def _payments(self, request: Request) -> Response:
        money = self._own_money(request)
        return money if isinstance(money, Response) else money.payments.answer(request)

    async def _receipts(self, request: Request) -> Response:
        money = self._own_money(request)
        if isinstance(money, Response):
            return money
        return self._feeds(request).answer_receipts(request)

    async def _listings(self, request: Request) -> Response:
        money = self._own_money(request)
        if isinstance(money, Response):
            return money
        return self._feeds(request).answer_listings(request)

    def _feeds(self, request: Request) -> EtsyFeeds:
        return EtsyFeeds(self.sales[str(request.path_params["shop_id"])])

    def _sales_of(self, account: str) -> Sales:
        return Sales(
            lambda: self.money[account],
            lambda: earned(self.money[account]),
            number_of,
            self.money[account].currency,
        )

    def _own_money(self, request: Request) -> EtsyMoney | Response:
        caller = self._caller(request)
        if isinstance(caller, Response):
            return caller
        if caller.shop_id != request.path_params["shop_id"]:
            return JSONResponse({"error": "User does not own Shop"}, 403)
        return self.money[str(caller.shop_id)]

    def _caller(self, request: Request) -> EtsyShop | Response:
        # Keystring and shared secret, joined by a colon.
        if request.headers.get("x-api-key") != f"{self.oauth.client_id}:{self.oauth.client_secret}":
            return JSONResponse({"error": "Invalid API key"}, 403)
        grant = self.oauth.holder(bearer(request))
        if grant is None:
            ended = {"error": "invalid_token", "error_description": "access token is expired"}
            return JSONResponse(ended, 401)
        return self.shops[grant.accounts[0]]


def _refusal(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, 400)
