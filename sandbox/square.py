"""Square: OAuth, merchants and locations, as its OpenAPI document describes them.

Error bodies and lifetimes: Square's OAuth API reference.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import square_answers as answers
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
from sandbox.refusals import SQUARE
from sandbox.sales import Sales
from sandbox.square_feeds import SquareFeeds, earned, number_of
from sandbox.square_money import SquareMoney
from sandbox.square_orders import refusal as _error
from sandbox.square_webhooks import SquareWebhooks

DAY = 86_400.0


@dataclass
class Merchant:
    """One Square seller."""

    id: str = "MLQW8DG0T5T7V"
    business_name: str = "Harbour Coffee"
    country: str = "US"
    currency: str = "USD"
    timezone: str = "America/New_York"
    locations: dict[str, str] = field(
        default_factory=lambda: {"L1HARBOUR0001": "Harbour", "L2MARKET00002": "Market Hall"}
    )


class SquareEmulator(Granting):
    """The platform with its sellers; `oauth` is what they granted, `faults` what goes wrong."""

    def __init__(self) -> None:
        other = Merchant("MLFOUNDRY0002", "Foundry Books", "GB", "GBP", "Europe/London")
        self.merchants = {merchant.id: merchant for merchant in (Merchant(), other)}
        self.first, self.second = self.merchants
        self.money = {
            merchant.id: SquareMoney(
                tuple(merchant.locations),
                merchant.currency,
                merchant.timezone,
                seed=1 + number,
                quiet=merchant is other,
            )
            for number, merchant in enumerate(self.merchants.values())
        }
        self.sales = {merchant.id: self._sales_of(merchant) for merchant in self.merchants.values()}
        self.feeds = {
            account: SquareFeeds(sales, partial(self.money.__getitem__, account))
            for account, sales in self.sales.items()
        }
        self.oauth = OAuth(access_seconds=30 * DAY)
        self.limits = Limits(SQUARE)
        self.webhooks = SquareWebhooks(self._holder)
        application = Starlette(
            routes=[
                Route("/oauth2/authorize", self._page, methods=["GET"]),
                Route("/oauth2/authorize", self._decide, methods=["POST"]),
                Route("/oauth2/token", self._token, methods=["POST"]),
                Route("/oauth2/revoke", self._revoke, methods=["POST"]),
                Route("/v2/merchants/me", self._merchant),
                Route("/v2/locations", self._locations),
                *self.webhooks.routes,
                Route("/v2/payouts", self._payouts),
                Route("/v2/payouts/{number}/payout-entries", self._entries),
                Route("/v2/payments", self._payments),
                Route("/v2/payments/{number}", self._one),
                Route("/v2/refunds", self._refunds),
                Route("/v2/refunds/{number}", self._one),
                Route("/v2/orders/batch-retrieve", self._orders, methods=["POST"]),
                Route("/v2/{what}/search", self._search, methods=["POST"]),
            ]
        )
        self.faults = Faulty(Limited(application, self.limits, self.caller))

    def endpoints(self, url: str) -> dict[str, str]:
        """Return what `DAYBOOK_ENDPOINTS` says of a server at `url`."""
        return {"api": url}

    async def _page(self, request: Request) -> Response:
        query = request.query_params
        if query.get("client_id") != self.oauth.client_id or not query.get("scope"):
            return Response("unknown application or no scope", 400)
        names = {m.id: m.business_name for m in self.merchants.values()}
        return consent_page("Square", request, names)

    async def _decide(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if form["decision"] == "deny":
            denied = {"error": "access_denied", "error_description": "user_denied"}
            return back_to(form["redirect_uri"], {**denied, "state": form["state"]})
        code = self.oauth.code([form["account"]], form["redirect_uri"])
        answer = {"code": code, "response_type": "code", "state": form["state"]}
        return back_to(form["redirect_uri"], answer)

    async def _token(self, request: Request) -> Response:
        if "application/json" not in request.headers.get("content-type", ""):
            return _error(400, "INVALID_REQUEST_ERROR", "INVALID_CONTENT_TYPE", "Expected JSON.")
        body = await request.json()
        if (body.get("client_id"), body.get("client_secret")) != (
            self.oauth.client_id,
            self.oauth.client_secret,
        ):
            return _unauthorised("The client_id or client_secret is not known.")
        try:
            if body["grant_type"] == "authorization_code":
                issued = self.oauth.redeem(body["code"], body["redirect_uri"])
            else:
                issued = self.oauth.refresh(body["refresh_token"])
        except GrantRefusal as why:
            return _unauthorised(f"The {why} provided is not valid.")
        return JSONResponse(self._issued(issued))

    def _issued(self, issued: Issued) -> dict[str, Any]:
        ends = datetime.fromtimestamp(self.oauth.now() + self.oauth.access_seconds, UTC)
        return {
            "access_token": issued.access_token,
            "token_type": "bearer",
            # An instant, and no `expires_in` (OAuth API reference).
            "expires_at": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
            "merchant_id": issued.grant.accounts[0],
            "refresh_token": issued.refresh_token,
            "short_lived": False,
        }

    async def _revoke(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Client {self.oauth.client_secret}":
            return _unauthorised("This request could not be authorized.")
        body = await request.json()
        if not self.oauth.revoke_token(body["access_token"]):
            return _error(404, "INVALID_REQUEST_ERROR", "NOT_FOUND", "access token not found")
        return JSONResponse({"success": True})

    async def _merchant(self, request: Request) -> Response:
        grant = self._holder(request)
        if isinstance(grant, Response):
            return grant
        merchant = self.merchants[grant.accounts[0]]
        return JSONResponse(
            {
                "merchant": {
                    "id": merchant.id,
                    "business_name": merchant.business_name,
                    "country": merchant.country,
                    "language_code": "en-US",
                    "currency": merchant.currency,
                    "status": "ACTIVE",
                    "main_location_id": next(iter(merchant.locations)),
                    "created_at": "2021-12-10T19:25:52.484Z",
                }
            }
        )

    async def _locations(self, request: Request) -> Response:
        grant = self._holder(request)
        if isinstance(grant, Response):
            return grant
        merchant = self.merchants[grant.accounts[0]]
        listed = [
            {
                "id": key,
                "name": name,
                "timezone": merchant.timezone,
                "merchant_id": merchant.id,
                "country": merchant.country,
                "currency": merchant.currency,
                "status": "ACTIVE",
            }
            for key, name in merchant.locations.items()
        ]
        return JSONResponse({"locations": listed})

    async def _payouts(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else answers.payouts(money, request)

    async def _entries(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else answers.entries(money, request)

    async def _payments(self, request: Request) -> Response:
        money = self._money(request)
        if isinstance(money, Response):
            return money
        return answers.payments(money, self._feeds(request), request)

    async def _refunds(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else answers.refunds(money, request)

    async def _one(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else answers.one(money, request)

    async def _orders(self, request: Request) -> Response:
        money = self._money(request)
        return money if isinstance(money, Response) else await answers.orders(money, request)

    async def _search(self, request: Request) -> Response:
        money = self._money(request)
        if isinstance(money, Response):
            return money
        feeds = self._feeds(request)
        searches = {
            "orders": feeds.search_orders,
            "catalog": feeds.search_catalog,
            "customers": feeds.search_customers,
        }
        search = searches.get(request.path_params["what"])
        return await search(request) if search else Response(None, 404)

    def _feeds(self, request: Request) -> SquareFeeds:
        grant = self._holder(request)
        assert not isinstance(grant, Response)
        return self.feeds[grant.accounts[0]]

    def _sales_of(self, merchant: Merchant) -> Sales:
        return Sales(
            lambda: self.money[merchant.id],
            lambda: earned(self.money[merchant.id]),
            number_of,
            merchant.currency,
        )

    def _money(self, request: Request) -> SquareMoney | Response:
        """Return the money of whoever calls, if the call names the version it is made for."""
        grant = self._holder(request)
        if isinstance(grant, Response):
            return grant
        # Square would take the application's default: here a call that pins none is a fault.
        if not request.headers.get("square-version"):
            return _error(400, "INVALID_REQUEST_ERROR", "BAD_REQUEST", "Square-Version is missing.")
        return self.money[grant.accounts[0]]

    def _holder(self, request: Request) -> Grant | Response:
        grant = self.oauth.holder(bearer(request))
        return grant or _unauthorised("This request could not be authorized.")


def _unauthorised(detail: str) -> Response:
    return _error(401, "AUTHENTICATION_ERROR", "UNAUTHORIZED", detail)
